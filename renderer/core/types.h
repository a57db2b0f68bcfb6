// Vectors and the host/device marker used by all single-source mathematics.
#pragma once
#ifdef __CUDACC__
#define PENUMBRA_HD __host__ __device__
#ifndef GLM_FORCE_CUDA
#define GLM_FORCE_CUDA
#endif
#else
// Always inlined: these functions are compiled for several instruction sets, and no linker may mix them up.
#define PENUMBRA_HD __attribute__((always_inline))
#endif
#include <glm/glm.hpp>

namespace penumbra {

template <class Real> using Vec2 = glm::vec<2, Real, glm::defaultp>;
template <class Real> using Vec3 = glm::vec<3, Real, glm::defaultp>;
template <class Real> using Mat3 = glm::mat<3, 3, Real, glm::defaultp>;  // column major: m[column][row]
using Face = glm::ivec3;                                                  // three vertex indices

}  // namespace penumbra
