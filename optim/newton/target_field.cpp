#include "optim/newton/target_field.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

bool reachesFrame(const Mask& mask) {
  const auto inside = [&](int x, int y) { return mask.at(x, y) >= 0.5f; };
  for (int x = 0; x < mask.width; ++x)
    if (inside(x, 0) || inside(x, mask.height - 1)) return true;
  for (int y = 0; y < mask.height; ++y)
    if (inside(0, y) || inside(mask.width - 1, y)) return true;
  return false;
}

}  // namespace

TargetField::TargetField(const Mask& mask, double width) : outline_(traceOutline(mask)), touchesFrame_(reachesFrame(mask)) {
  distance_ = signedDistance(mask, outline_);
  if (width != 0)
    for (float& d : distance_.pixels) d -= float(width);
  for (const OutlineSegment& s : outline_) length_ += double(glm::distance(s.a, s.b));
  const auto grey = std::count_if(mask.pixels.begin(), mask.pixels.end(), [](float m) { return m > 0.02f && m < 0.98f; });
  if (length_ > 0) greyShare_ = std::min(1.0, double(grey) / length_);
  counts_.reserve(std::size_t(mask.width + 1) * std::size_t(mask.height));
  for (int y = 0; y < mask.height; ++y) {
    std::uint16_t count = 0;
    counts_.push_back(0);
    for (int x = 0; x < mask.width; ++x) counts_.push_back(count = std::uint16_t(count + (mask.at(x, y) >= 0.5f)));
    covered_ += count;
  }
}

TargetField::Sample TargetField::at(const glm::vec2& pixel) const {
  return sampleField(distance_.width, distance_.height, touchesFrame_, pixel,
                     [this](int x, int y) { return distance_.at(x, y); });
}

std::vector<TargetField> makeTargetFields(std::span<const View> views, ThreadPool& pool) {
  std::vector<TargetField> fields(views.size());
  pool.parallelFor(int(views.size()), [&](int v, int) { fields[std::size_t(v)] = TargetField(views[std::size_t(v)].mask, views[std::size_t(v)].width); });
  return fields;
}

}  // namespace penumbra
