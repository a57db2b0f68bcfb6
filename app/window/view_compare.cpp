#include "app/window/view_compare.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "app/window/colours.h"
#include "renderer/core/reduce.h"

namespace penumbra {
namespace {

using colour::kAgreed, colour::kFaintFill;
constexpr Rgba kBackground = colour::kPictureBackground, kObject = colour::kPictureObject;

Rgba grey(float coverage) { return mixColour(kBackground, kObject, std::clamp(coverage, 0.f, 1.f)); }

constexpr float kUsualGain = 4;        // where the softness is not known: of a band one pixel wide

// Coverage is softer than a mask by design; for the eye its edge is made about one pixel wide.
Rgba difference(float target, float coverage, float gain) {
  const float render = std::clamp(gain * (coverage - 0.5f) + 0.5f, 0.f, 1.f);
  const double both = std::clamp(std::min(target, render), 0.f, 1.f);
  const double apart = std::clamp(std::abs(render - target), 0.f, 1.f);
  return mixColour(mixColour(kBackground, kAgreed, both), render > target ? colour::kTooMuch : colour::kTooLittle,
                   std::sqrt(apart));
}

// Crossing of the level between two corner values, as a share of the way.
float crossing(float a, float b, float level) { return a == b ? 0.5f : std::clamp((level - a) / (b - a), 0.f, 1.f); }

// One cell with corners (0,0) (1,0) (1,1) (0,1); adds up to two segments.
void marchCell(const float corner[4], glm::vec2 origin, float level, std::vector<Segment>& out) {
  const glm::vec2 at[4] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
  glm::vec2 points[4];
  int count = 0;
  bool entering[4];
  for (int i = 0; i < 4; ++i) {
    const int j = (i + 1) % 4;
    const bool a = corner[i] >= level, b = corner[j] >= level;
    if (a == b) continue;
    entering[count] = b;
    points[count++] = origin + at[i] + crossing(corner[i], corner[j], level) * (at[j] - at[i]);
  }
  if (count == 2) out.push_back({points[0], points[1]});
  if (count != 4) return;
  // Two diagonal corners are inside: the mean decides whether they are joined.
  const bool joined = (corner[0] + corner[1] + corner[2] + corner[3]) / 4 >= level;
  const int first = (entering[0] == joined) ? 1 : 0;
  out.push_back({points[first], points[first + 1]});
  out.push_back({points[(first + 2) % 4], points[(first + 3) % 4]});
}

}  // namespace

const char* toString(CompareMode mode) {
  constexpr const char* kNames[kCompareModes] = {"Target", "Render", "Difference", "Contour", "Split"};
  return kNames[int(mode)];
}

// The profile rises by 1/4 over sqrt(sigma) half sides.
float edgeGain(double sigma, int width, int height) {
  if (!(sigma > 0)) return kUsualGain;
  return float(std::max(1.0, 4 * std::sqrt(sigma) * std::min(width, height) / 2));
}

Mask reduceMask(const Mask& mask, int maxSide) {
  const PictureSize full{mask.width, mask.height}, size = reducedSize(full, maxSide);
  if (size == full) return mask;
  Mask small(size.width, size.height);
  for (int y = 0; y < size.height; ++y)
    for (int x = 0; x < size.width; ++x)
      small.at(x, y) = reducedPixel(full.width, full.height, size.width, size.height, x, y,
                                    [&](int u, int v) { return mask.at(u, v); });
  return small;
}

RgbaImage reduceImage(const RgbaImage& image, int maxSide) {
  RgbaImage small;
  for (std::uint8_t Rgba::*channel : {&Rgba::r, &Rgba::g, &Rgba::b, &Rgba::a}) {
    Mask plane(image.width, image.height);
    for (std::size_t i = 0; i < image.pixels.size(); ++i) plane.pixels[i] = image.pixels[i].*channel;
    const Mask reduced = reduceMask(plane, maxSide);
    if (small.empty()) small = RgbaImage(reduced.width, reduced.height);
    for (std::size_t i = 0; i < small.pixels.size(); ++i) small.pixels[i].*channel = std::uint8_t(std::lround(reduced.pixels[i]));
  }
  return small;
}

RgbaImage composeView(const Mask& fullTarget, const Mask* fullRender, CompareMode mode, double split, int maxSide, double sigma) {
  const Mask target = reduceMask(fullTarget, maxSide);
  Mask render;
  if (fullRender && fullRender->width == fullTarget.width && fullRender->height == fullTarget.height)
    render = reduceMask(*fullRender, maxSide);
  const float gain = edgeGain(sigma, target.width, target.height);
  RgbaImage image(target.width, target.height);
  for (int y = 0; y < target.height; ++y)
    for (int x = 0; x < target.width; ++x) {
      const float t = target.at(x, y), r = render.empty() ? 0 : render.at(x, y);
      Rgba& out = image.at(x, y);
      if (mode == CompareMode::Target || (mode == CompareMode::Split && x < split * target.width)) out = grey(t);
      else if (mode == CompareMode::Contour) out = mixColour(kBackground, kFaintFill, std::clamp(t, 0.f, 1.f));
      else if (render.empty()) out = mixColour(kBackground, kFaintFill, std::clamp(t, 0.f, 1.f));
      else if (mode == CompareMode::Difference) out = difference(t, r, gain);
      else out = grey(r);
    }
  return image;
}

std::vector<Segment> outlineSegments(const Mask& mask, float level) {
  std::vector<Segment> segments;
  const auto value = [&](int x, int y) {
    return x < 0 || y < 0 || x >= mask.width || y >= mask.height ? 0.f : mask.at(x, y);
  };
  for (int y = -1; y < mask.height; ++y)
    for (int x = -1; x < mask.width; ++x) {
      const float corner[4] = {value(x, y), value(x + 1, y), value(x + 1, y + 1), value(x, y + 1)};
      marchCell(corner, glm::vec2(x + 0.5f, y + 0.5f), level, segments);
    }
  return segments;
}

std::vector<int> worstFirst(const std::vector<float>& viewIoU, int views) {
  std::vector<int> order(std::size_t(std::max(0, views)));
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int view) {
    const float iou = view < int(viewIoU.size()) ? viewIoU[std::size_t(view)] : -1;
    return iou < 0 ? 2.f : iou;
  };
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return key(a) < key(b); });
  return order;
}

}  // namespace penumbra
