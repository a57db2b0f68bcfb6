#include "renderer/cpu/contour_kernels.h"

#include "renderer/cpu/isa.h"

namespace penumbra {

namespace baseline { template <class Real> const ContourKernels<Real>& contourKernels(); }
#ifdef PENUMBRA_X86
namespace avx2 { template <class Real> const ContourKernels<Real>& contourKernels(); }
namespace avx512 { template <class Real> const ContourKernels<Real>& contourKernels(); }
#endif

template <class Real> const ContourKernels<Real>& contourKernels() {
#ifdef PENUMBRA_X86
  if (currentIsa() == Isa::Avx512) return avx512::contourKernels<Real>();
  if (currentIsa() == Isa::Avx2) return avx2::contourKernels<Real>();
#endif
  return baseline::contourKernels<Real>();
}
template const ContourKernels<float>& contourKernels<float>();
template const ContourKernels<double>& contourKernels<double>();

}  // namespace penumbra
