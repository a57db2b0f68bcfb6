// Signs of determinants of grid points, always right.
//
// Coordinates are integers below 2^39 in magnitude, held in doubles. With differences below 2^40 a product of three
// stays below 2^120, six of them below 2^123: 128 bit integers hold the determinants exactly. The double evaluation is
// taken where it is larger than its rounding error can be.
#pragma once
#include <cmath>

#include "renderer/core/types.h"

namespace penumbra {

__extension__ typedef __int128 Int128;

inline int signOf(Int128 v) { return (v > 0) - (v < 0); }

// +1 when d lies on the side of abc that its normal (b - a) x (c - a) points to, -1 on the other, 0 in the plane.
inline int orientation(const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c, const glm::dvec3& d) {
  const glm::dvec3 u = b - a, v = c - a, w = d - a;  // exact
  const double xy = v.x * w.y, yx = v.y * w.x, yz = v.y * w.z, zy = v.z * w.y, zx = v.z * w.x, xz = v.x * w.z;
  const double value = u.x * (yz - zy) + u.y * (zx - xz) + u.z * (xy - yx);
  const double size = std::abs(u.x) * (std::abs(yz) + std::abs(zy)) + std::abs(u.y) * (std::abs(zx) + std::abs(xz)) +
                      std::abs(u.z) * (std::abs(xy) + std::abs(yx));
  constexpr double kBound = 1e-15;  // (7 + 56 eps) eps of Shewchuk, eps = 2^-53, rounded up
  if (std::abs(value) > kBound * size) return value > 0 ? 1 : -1;
  const auto exact = [](double x) { return Int128(static_cast<long long>(x)); };
  return signOf(exact(u.x) * (exact(v.y) * exact(w.z) - exact(v.z) * exact(w.y)) +
                exact(u.y) * (exact(v.z) * exact(w.x) - exact(v.x) * exact(w.z)) +
                exact(u.z) * (exact(v.x) * exact(w.y) - exact(v.y) * exact(w.x)));
}

// Sign of the area of abc seen along `axis`, the other two axes in cyclic order.
inline int orientationAlong(int axis, const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c) {
  const int x = (axis + 1) % 3, y = (axis + 2) % 3;
  const auto exact = [](double v) { return Int128(static_cast<long long>(v)); };
  return signOf(exact(b[x] - a[x]) * exact(c[y] - a[y]) - exact(b[y] - a[y]) * exact(c[x] - a[x]));
}

}  // namespace penumbra
