#include "assets/make/shapes.h"

namespace penumbra::assets {

namespace {

// Catmull-Rom interpolation between b and c at t in [0, 1].
template <class T> T catmullRom(const T& a, const T& b, const T& c, const T& d, double t) {
  return 0.5 * ((2.0 * b) + t * (c - a) + t * t * (2.0 * a - 5.0 * b + 4.0 * c - d) +
                t * t * t * (3.0 * b - a - 3.0 * c + d));
}

template <class T> T knotOrMirror(const std::vector<T>& knots, int i) {
  const int n = int(knots.size());
  if (i < 0) return 2.0 * knots[0] - knots[1];
  if (i >= n) return 2.0 * knots[std::size_t(n - 1)] - knots[std::size_t(n - 2)];
  return knots[std::size_t(i)];
}

template <class T> std::vector<T> sampleCurve(const std::vector<T>& knots, int pieces) {
  std::vector<T> curve;
  for (int i = 0; i + 1 < int(knots.size()); ++i)
    for (int j = 0; j < pieces; ++j)
      curve.push_back(catmullRom(knotOrMirror(knots, i - 1), knotOrMirror(knots, i), knotOrMirror(knots, i + 1),
                                 knotOrMirror(knots, i + 2), double(j) / pieces));
  curve.push_back(knots.back());
  return curve;
}

}  // namespace

Tube::Tube(const std::vector<Knot>& knots, int pieces) : centre_(0) {
  std::vector<glm::dvec4> points;
  for (const Knot& k : knots) points.emplace_back(k.at, k.radius);
  const auto curve = sampleCurve(points, pieces);
  for (std::size_t i = 0; i + 1 < curve.size(); ++i)
    bars_.push_back({Point(curve[i]), Point(curve[i + 1]), curve[i].w, curve[i + 1].w});
  for (const auto& c : curve) centre_ += Point(c) / double(curve.size());
  for (const auto& c : curve) reach_ = std::max(reach_, glm::distance(centre_, Point(c)) + c.w);
}

double Tube::operator()(const Point& p) const {
  const double bound = glm::distance(p, centre_) - reach_;
  if (bound > kFar) return bound;
  double distance = 1e30;
  for (const Bar& b : bars_) distance = std::min(distance, bar(p, b));
  return distance;
}

Turned::Turned(const std::vector<glm::dvec2>& knots, int pieces) : outline_(sampleCurve(knots, pieces)) {
  for (auto& q : outline_) q.x = std::max(q.x, 0.0);
}

double Turned::operator()(const Point& p) const {
  const glm::dvec2 q(std::sqrt(p.x * p.x + p.z * p.z), p.y);
  double squared = 1e30;
  bool inside = false;
  for (std::size_t i = 0; i + 1 < outline_.size(); ++i) {
    const glm::dvec2 a = outline_[i], b = outline_[i + 1], axis = b - a;
    const double length2 = std::max(glm::dot(axis, axis), 1e-30);
    const glm::dvec2 gap = q - a - std::clamp(glm::dot(q - a, axis) / length2, 0.0, 1.0) * axis;
    squared = std::min(squared, glm::dot(gap, gap));
    // A ray towards larger radii crosses the outline an odd number of times when it starts inside.
    if ((a.y > q.y) != (b.y > q.y) && q.x < a.x + (q.y - a.y) / (b.y - a.y) * axis.x) inside = !inside;
  }
  return inside ? -std::sqrt(squared) : std::sqrt(squared);
}

}  // namespace penumbra::assets
