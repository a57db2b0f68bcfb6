// Symmetric 3 x 3 matrices in six numbers.
#pragma once
#include <array>

#include "renderer/core/types.h"

namespace penumbra {

using Symmetric3 = std::array<float, 6>;  // xx xy xz yy yz zz

PENUMBRA_HD inline void addOuter(Symmetric3& sum, const glm::vec3& a, float w) {
  sum[0] += w * a.x * a.x, sum[1] += w * a.x * a.y, sum[2] += w * a.x * a.z;
  sum[3] += w * a.y * a.y, sum[4] += w * a.y * a.z, sum[5] += w * a.z * a.z;
}

// w (a b^T + b a^T)
PENUMBRA_HD inline void addOuterBoth(Symmetric3& sum, const glm::vec3& a, const glm::vec3& b, float w) {
  sum[0] += w * 2 * a.x * b.x, sum[1] += w * (a.x * b.y + a.y * b.x), sum[2] += w * (a.x * b.z + a.z * b.x);
  sum[3] += w * 2 * a.y * b.y, sum[4] += w * (a.y * b.z + a.z * b.y), sum[5] += w * 2 * a.z * b.z;
}

// m v
PENUMBRA_HD inline glm::vec3 times(const Symmetric3& m, const glm::vec3& v) {
  return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[1] * v.x + m[3] * v.y + m[4] * v.z,
          m[2] * v.x + m[4] * v.y + m[5] * v.z};
}
// The same; the fourth component is not looked at and comes out 0.
PENUMBRA_HD inline glm::vec4 times(const Symmetric3& m, const glm::vec4& v) {
  return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[1] * v.x + m[3] * v.y + m[4] * v.z,
          m[2] * v.x + m[4] * v.y + m[5] * v.z, 0};
}

// Inverse of a regular one, worked out in double.
PENUMBRA_HD inline Symmetric3 inverseOf(const Symmetric3& m) {
  const glm::dmat3 inverse = glm::inverse(glm::dmat3(m[0], m[1], m[2], m[1], m[3], m[4], m[2], m[4], m[5]));
  return {float(inverse[0][0]), float(inverse[0][1]), float(inverse[0][2]),
          float(inverse[1][1]), float(inverse[1][2]), float(inverse[2][2])};
}

}  // namespace penumbra
