// Solids as implicit functions: f(p) < 0 inside, > 0 outside, |gradient| near 1, so f is about a distance in metres.
//
// Primitives are exact distances (capsules, spheres) or close to them (ellipsoids, tapered tubes). They are joined by
//
//   smoothUnion(a, b, k) = min(a, b) - h^3 k / 6,   h = max(k - |a - b|, 0) / k
//
// the cubic smooth minimum: twice continuously differentiable, exact where |a - b| >= k, fillet about k / 6 deep.
// Source: J. C. Hart, "Sphere tracing" (1996), for distances of primitives; the smooth minimum is folklore.
// Limits: the smooth minimum is not associative, so solids are joined in a fixed order.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <vector>

#include "renderer/core/types.h"

namespace penumbra::assets {

using Point = glm::dvec3;
using Solid = std::function<double(const Point&)>;

inline double smoothUnion(double a, double b, double k) {
  const double h = std::max(k - std::abs(a - b), 0.0) / k;
  return std::min(a, b) - h * h * h * k / 6.0;
}
// The solid a without b.
inline double smoothDifference(double a, double b, double k) { return -smoothUnion(-a, b, k); }

inline double sphere(const Point& p, const Point& centre, double radius) { return glm::length(p - centre) - radius; }

// First-order distance: k0 (k0 - 1) / k1 with k0 = |p / r|, k1 = |p / r^2|.
inline double ellipsoid(const Point& p, const Point& centre, const Point& radii) {
  const Point q = p - centre;
  const double k0 = glm::length(q / radii), k1 = glm::length(q / (radii * radii));
  return k1 > 1e-12 ? k0 * (k0 - 1.0) / k1 : -std::min({radii.x, radii.y, radii.z});
}

// A segment with a radius that goes linearly from one end to the other, round ends.
struct Bar {
  Point from, to;
  double radiusFrom, radiusTo;
};
inline double bar(const Point& p, const Bar& b) {
  const Point axis = b.to - b.from;
  const double t = std::clamp(glm::dot(p - b.from, axis) / glm::dot(axis, axis), 0.0, 1.0);
  return glm::length(p - (b.from + t * axis)) - (b.radiusFrom + t * (b.radiusTo - b.radiusFrom));
}

// A point of a curve and the radius of the tube there.
struct Knot {
  Point at;
  double radius;
};
// The Catmull-Rom curve through the knots, made of `pieces` bars a span, round ends. Far from it the value is a lower
// bound of the distance (a ball around everything), at least kFar.
class Tube {
 public:
  Tube(const std::vector<Knot>& knots, int pieces);
  double operator()(const Point& p) const;

 private:
  static constexpr double kFar = 0.06;  // m, beyond every fillet of what is made of tubes here
  std::vector<Bar> bars_;
  Point centre_;
  double reach_ = 0;
};

// A closed outline in the half plane (radius, height), turned around the y axis. The outline is the Catmull-Rom curve
// through its knots, which start and end on the axis.
class Turned {
 public:
  Turned(const std::vector<glm::dvec2>& knots, int pieces);
  double operator()(const Point& p) const;  // exact distance to the polyline

 private:
  std::vector<glm::dvec2> outline_;
};

}  // namespace penumbra::assets
