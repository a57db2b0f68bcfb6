#include "optim/hull/hull_field.h"

#include <algorithm>
#include <cmath>

#include "optim/targets/distance_field.h"

namespace penumbra {
namespace {

bool showsObject(const Mask& mask) {
  return std::any_of(mask.pixels.begin(), mask.pixels.end(), [](float m) { return m >= 0.5f; });
}

}  // namespace

HullField::HullField(std::span<const View> views, double radius, bool frameCarves, ThreadPool& pool)
    : radius_(float(radius)), unseen_(frameCarves ? kHullFar : -kHullFar) {
  setUp(views, {}, pool);
}

HullField::HullField(std::span<const View> views, std::span<const Mask* const> distances, double radius, ThreadPool& pool,
                     bool frameCarves)
    : radius_(float(radius)), unseen_(frameCarves ? kHullFar : -kHullFar) {
  setUp(views, distances, pool);
}

void HullField::setUp(std::span<const View> views, std::span<const Mask* const> distances, ThreadPool& pool) {
  std::vector<FieldView> all(views.size());
  pool.parallelFor(int(views.size()), [&](int index, int) {
    const View& view = views[std::size_t(index)];
    if (!showsObject(view.mask)) return;
    const Camera& c = view.camera;
    const glm::dmat3 rows = glm::transpose(c.rotation);  // columns are the camera's axes in the world
    FieldView& f = all[std::size_t(index)];
    f.right = glm::vec3(c.fx * rows[0]);
    f.down = glm::vec3(c.fy * rows[1]);
    f.forward = glm::vec3(rows[2]);
    f.offset = glm::vec3(c.fx * c.translation.x, c.fy * c.translation.y, c.translation.z);
    f.cx = float(c.cx), f.cy = float(c.cy), f.width = float(c.width), f.height = float(c.height);
    f.focal = float(std::sqrt(c.fx * c.fy));
    f.source = index;
    f.distance = distances.empty() ? signedDistance(view.mask) : *distances[std::size_t(index)];
    const float width = distances.empty() ? float(view.width) : 0;
    for (float& d : f.distance.pixels) d = width - d;  // outside positive
  });
  for (FieldView& f : all)
    if (!f.distance.empty()) views_.push_back(std::move(f));
}

void HullField::leaveOut(std::span<const int> views) {
  std::erase_if(views_, [&](const FieldView& f) { return std::find(views.begin(), views.end(), f.source) != views.end(); });
}

void HullField::widen(float pixels) {
  for (FieldView& f : views_)
    for (float& d : f.distance.pixels) d -= pixels;
}

float HullField::value(const glm::vec3& x, std::span<const std::uint16_t> views) const {
  float most = glm::length(x) - radius_;
  for (const std::uint16_t v : views) most = std::max(most, scaledDistance(views_[v], views_[v].image(), x, unseen_));
  return most;
}

// In loops without branches, which the compiler makes vectors of; only the four values around a place are fetched one by
// one.
void HullField::values(const glm::vec3& start, float step, std::span<const std::uint16_t> views,
                       std::span<float> out) const {
  constexpr int kPoints = kCube * kCube * kCube;
  alignas(64) float x[kPoints], y[kPoints], z[kPoints], u[kPoints], v[kPoints], depth[kPoints], most[kPoints];
  alignas(64) float corners[4][kPoints];
  alignas(64) int column[kPoints], row[kPoints];
  const float unseen = unseen_;
  for (int i = 0; i < kPoints; ++i) {
    x[i] = start.x + step * float(i % kCube);
    y[i] = start.y + step * float(i / kCube % kCube);
    z[i] = start.z + step * float(i / (kCube * kCube));
    most[i] = std::sqrt(x[i] * x[i] + y[i] * y[i] + z[i] * z[i]) - radius_;
  }
  for (const std::uint16_t index : views) {
    const FieldView& f = views_[index];
    const Mask& image = f.distance;
    const float lastX = float(image.width - 1), lastY = float(image.height - 1), perFocal = 1 / f.focal;
    const int lastColumn = std::max(0, image.width - 2), lastRow = std::max(0, image.height - 2);
    const int right = image.width > 1, below = image.height > 1 ? image.width : 0;
    for (int i = 0; i < kPoints; ++i) {
      depth[i] = f.forward.x * x[i] + f.forward.y * y[i] + f.forward.z * z[i] + f.offset.z;
      const float inverse = 1 / depth[i];
      u[i] = (f.right.x * x[i] + f.right.y * y[i] + f.right.z * z[i] + f.offset.x) * inverse + f.cx;
      v[i] = (f.down.x * x[i] + f.down.y * y[i] + f.down.z * z[i] + f.offset.y) * inverse + f.cy;
      column[i] = int(between(u[i] - 0.5f, lastX));
      row[i] = int(between(v[i] - 0.5f, lastY));
      column[i] = column[i] < lastColumn ? column[i] : lastColumn;
      row[i] = row[i] < lastRow ? row[i] : lastRow;
    }
    for (int i = 0; i < kPoints; ++i) {
      const float* p = image.pixels.data() + std::size_t(row[i]) * std::size_t(image.width) + std::size_t(column[i]);
      corners[0][i] = p[0], corners[1][i] = p[right], corners[2][i] = p[below], corners[3][i] = p[below + right];
    }
    for (int i = 0; i < kPoints; ++i) {
      const float a = between(u[i] - 0.5f, lastX) - float(column[i]), b = between(v[i] - 0.5f, lastY) - float(row[i]);
      const float top = corners[0][i] + a * (corners[1][i] - corners[0][i]);
      const float bottom = corners[2][i] + a * (corners[3][i] - corners[2][i]);
      const float inFrame = top + b * (bottom - top);
      float d = u[i] >= 0 ? inFrame : unseen;
      d = v[i] >= 0 ? d : unseen;
      d = u[i] <= f.width ? d : unseen;
      d = v[i] <= f.height ? d : unseen;
      const float scaled = d * depth[i] * perFocal, before = most[i];
      const float candidate = depth[i] > kHullNear ? scaled : before;
      most[i] = before < candidate ? candidate : before;
    }
  }
  std::copy_n(most, kPoints, out.begin());
}

HullSample HullField::sample(const glm::vec3& x, std::span<const std::uint16_t> views) const {
  const float length = glm::length(x);
  HullSample result{length - radius_, length > 0 ? x / length : glm::vec3(0)};
  const FieldView* deciding = nullptr;
  for (const std::uint16_t v : views) {
    const float d = scaledDistance(views_[v], views_[v].image(), x, unseen_);
    if (d > result.value) result.value = d, deciding = &views_[v];
  }
  if (deciding) result.gradient = scaledDistanceGradient(*deciding, deciding->image(), x, result.value);
  return result;
}

HullField::Side HullField::classify(const glm::vec3& c, float r, std::span<const std::uint16_t> views,
                                    HullViews& undecided) const {
  undecided.clear();
  const float ball = glm::length(c) - radius_;
  if (ball > r) return Side::Out;
  bool in = ball < -r;
  for (const std::uint16_t index : views) {
    const BallSide side = ballSide(views_[index], views_[index].image(), c, r, unseen_);
    if (side == BallSide::Out) return Side::Out;
    if (side == BallSide::In) continue;
    in = false;
    undecided.push_back(index);
  }
  return in ? Side::In : Side::Mixed;
}

HullField::Footprint HullField::project(int index, const glm::vec3& x) const {
  const FieldView& view = views_[std::size_t(index)];
  const float z = glm::dot(view.forward, x) + view.offset.z;
  if (z <= kHullNear) return {};
  const float u = (glm::dot(view.right, x) + view.offset.x) / z + view.cx;
  const float v = (glm::dot(view.down, x) + view.offset.y) / z + view.cy;
  const bool seen = u >= 0 && v >= 0 && u <= view.width && v <= view.height;
  return {seen, {u, v}, z / view.focal};
}

// Radius from the disc's: f r w / (z - r) = free, w = sqrt(1 + t^2).
bool HullField::carves(int index, const glm::vec3& x, float& ball) const {
  ball = 0;
  const FieldView& view = views_[std::size_t(index)];
  const float z = glm::dot(view.forward, x) + view.offset.z;
  if (z <= kHullNear) return false;
  const float u = (glm::dot(view.right, x) + view.offset.x) / z, v = (glm::dot(view.down, x) + view.offset.y) / z;
  const float pu = u + view.cx, pv = v + view.cy, d = distanceAt(view, view.image(), pu, pv, unseen_);
  if (d <= 0) return false;
  const float toFrame = std::min(std::min(pu, view.width - pu), std::min(pv, view.height - pv));  // < 0 outside
  const float same = toFrame < 0 ? -toFrame : unseen_ > 0 ? d : std::min(d, toFrame);  // pixels around that are so, too
  const float free = same - kHullSlack;
  if (free <= 0) return true;
  const float w = std::sqrt(view.focal * view.focal + u * u + v * v);  // f sqrt(1 + t^2)
  ball = 0.99f * free * z / (w + free);
  return true;
}

HullField::Ray HullField::ray(int index, const glm::vec2& pixel) const {
  const FieldView& view = views_[std::size_t(index)];
  const glm::vec3 right = view.right / glm::dot(view.right, view.right), down = view.down / glm::dot(view.down, view.down);
  return {-(view.offset.x * right + view.offset.y * down + view.offset.z * view.forward),
          (pixel.x - view.cx) * right + (pixel.y - view.cy) * down + view.forward};
}

double HullField::pixelAt(const glm::vec3& x) const {
  double sum = 0;
  int count = 0;
  for (int v = 0; v < viewCount(); ++v) {
    const Footprint f = project(v, x);
    if (f.seen) sum += f.pixelSize, ++count;
  }
  return count > 0 ? sum / count : 0;
}

}  // namespace penumbra
