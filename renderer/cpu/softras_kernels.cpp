#include "renderer/cpu/softras_kernels.h"

#include "renderer/cpu/isa.h"

namespace penumbra {

namespace baseline { template <class Real> const SoftRasKernels<Real>& softRasKernels(); }
#ifdef PENUMBRA_X86
namespace avx2 { template <class Real> const SoftRasKernels<Real>& softRasKernels(); }
namespace avx512 { template <class Real> const SoftRasKernels<Real>& softRasKernels(); }
#endif

template <class Real> const SoftRasKernels<Real>& softRasKernels() {
#ifdef PENUMBRA_X86
  if (currentIsa() == Isa::Avx512) return avx512::softRasKernels<Real>();
  if (currentIsa() == Isa::Avx2) return avx2::softRasKernels<Real>();
#endif
  return baseline::softRasKernels<Real>();
}
template const SoftRasKernels<float>& softRasKernels<float>();
template const SoftRasKernels<double>& softRasKernels<double>();

}  // namespace penumbra
