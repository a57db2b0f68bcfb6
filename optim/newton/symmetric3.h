// Symmetric 3 x 3 matrices in six numbers.
#pragma once
#include <array>

#include <glm/glm.hpp>

namespace penumbra {

using Symmetric3 = std::array<float, 6>;  // xx xy xz yy yz zz

inline void addOuter(Symmetric3& sum, const glm::vec3& a, float w) {
  sum[0] += w * a.x * a.x, sum[1] += w * a.x * a.y, sum[2] += w * a.x * a.z;
  sum[3] += w * a.y * a.y, sum[4] += w * a.y * a.z, sum[5] += w * a.z * a.z;
}

// w (a b^T + b a^T)
inline void addOuterBoth(Symmetric3& sum, const glm::vec3& a, const glm::vec3& b, float w) {
  sum[0] += w * 2 * a.x * b.x, sum[1] += w * (a.x * b.y + a.y * b.x), sum[2] += w * (a.x * b.z + a.z * b.x);
  sum[3] += w * 2 * a.y * b.y, sum[4] += w * (a.y * b.z + a.z * b.y), sum[5] += w * 2 * a.z * b.z;
}

// m v; the fourth component is not looked at and comes out 0.
inline glm::vec4 times(const Symmetric3& m, const glm::vec4& v) {
  return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[1] * v.x + m[3] * v.y + m[4] * v.z,
          m[2] * v.x + m[4] * v.y + m[5] * v.z, 0};
}

}  // namespace penumbra
