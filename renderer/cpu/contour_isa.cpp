// Compiled once per instruction set; see renderer/CMakeLists.txt. Nothing here may call a function that is not inlined.
#include "renderer/core/contour.h"
#include "renderer/core/profile.h"
#include "renderer/cpu/contour_kernels.h"

namespace penumbra::PENUMBRA_ISA {
namespace {

template <class Real>
void faceBits(const Real* __restrict nx, const Real* __restrict ny, const Real* __restrict nz,
              const Real* __restrict d, int faces, const Real* __restrict cx, const Real* __restrict cy,
              const Real* __restrict cz, int views, std::uint32_t* __restrict bits) {
  for (int begin = 0; begin < faces; begin += kFaceBlock) {
    const int end = begin + kFaceBlock;
    for (int f = begin; f < end; ++f) bits[f] = 0;
    for (int v = 0; v < views; ++v) {
      const Real x = cx[v], y = cy[v], z = cz[v];
      const std::uint32_t bit = std::uint32_t(1) << v;
      for (int f = begin; f < end; ++f) {
        const Real side = nx[f] * x + ny[f] * y + nz[f] * z - d[f];
        bits[f] |= side > 0 ? bit : 0u;
      }
    }
  }
}

template <class Real>
void distanceRow(Real* __restrict best, int* __restrict nearest, int count, Real x0, Real y, Real ex, Real ey,
                 Real inverse, int piece) {
  for (int i = 0; i < (count & ~(kLanes - 1)); ++i) {
    const Real d2 = squaredDistance(x0 + Real(i), y, ex, ey, inverse);
    const bool closer = d2 < best[i];
    best[i] = closer ? d2 : best[i];
    nearest[i] = closer ? piece : nearest[i];
  }
}

template <class Real>
void profile(const Real* __restrict distance, int count, Real perPixel, Real* __restrict alpha,
             Real* __restrict slope) {
  for (int i = 0; i < (count & ~(kLanes - 1)); ++i) {
    const ProfileValue<Real> value = coverageProfile(distance[i] * perPixel);
    alpha[i] = value.alpha;
    slope[i] = value.slope * perPixel;
  }
}

}  // namespace

template <class Real> const ContourKernels<Real>& contourKernels() {
  static constexpr ContourKernels<Real> table{faceBits<Real>, distanceRow<Real>, profile<Real>};
  return table;
}
template const ContourKernels<float>& contourKernels<float>();
template const ContourKernels<double>& contourKernels<double>();

}  // namespace penumbra::PENUMBRA_ISA
