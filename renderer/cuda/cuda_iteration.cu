// The only file compiled for graphics cards: one __global__ function for each kernel, and what is made of them.
//
// Compiled with -fmad=false: products and sums are rounded as on the host, so that what the host's tests show holds
// here, to the bit. What that costs is small: most kernels wait for memory.
#include <cuda.h>

#include "renderer/cuda/cuda_executor.h"
#include "renderer/cuda/cuda_iteration.h"
#include "renderer/cuda/hull_sampler.h"
#include "renderer/cuda/iteration.h"
#include "renderer/cuda/layout.h"
#include "renderer/cuda/newton_iteration.h"

namespace penumbra {
namespace device {
namespace {

template <class Kernel>
__global__ void __launch_bounds__(kThreads) runKernel(const Kernel kernel, const Index count) {
  const Index index = Index(blockIdx.x) * blockDim.x + threadIdx.x;
  if (index < count) kernel(index);
}

struct DeviceKernels {
  template <class Kernel>
  static const void* pointer() {
    return reinterpret_cast<const void*>(&runKernel<Kernel>);
  }
};

}  // namespace

const void* probeKernel() { return DeviceKernels::pointer<VertexNormals>(); }

std::unique_ptr<DeviceIteration> makeCudaIteration(const CudaApi& api) {
  using Executor = CudaExecutor<DeviceKernels>;
  return std::make_unique<Iteration<Executor>>(Executor(api));
}

std::unique_ptr<DeviceNewton> makeCudaNewton(const CudaApi& api) {
  using Executor = CudaExecutor<DeviceKernels>;
  return std::make_unique<NewtonIteration<Executor>>(Executor(api));
}

std::unique_ptr<DeviceHull> makeCudaHull(const CudaApi& api) {
  using Executor = CudaExecutor<DeviceKernels>;
  return std::make_unique<HullSampler<Executor>>(Executor(api));
}

}  // namespace device

std::unique_ptr<DeviceIteration> makeCudaIteration() { return device::makeCudaIteration(*device::cudaRuntime()); }
std::unique_ptr<DeviceNewton> makeCudaNewton() { return device::makeCudaNewton(*device::cudaRuntime()); }
std::unique_ptr<DeviceHull> makeCudaHull() { return device::makeCudaHull(*device::cudaRuntime()); }

}  // namespace penumbra
