#include "tests/support/fake_card.h"

#include "renderer/cuda/cuda_executor.h"
#include "renderer/cuda/hull_sampler.h"
#include "renderer/cuda/iteration.h"
#include "renderer/cuda/newton_iteration.h"
#include "tests/support/fake_cuda.h"

namespace penumbra {

using Executor = device::CudaExecutor<FakeKernels>;

std::unique_ptr<DeviceIteration> fakeIteration(const device::CudaApi& api) {
  return std::make_unique<device::Iteration<Executor>>(Executor(api));
}

std::unique_ptr<DeviceNewton> fakeNewton(const device::CudaApi& api) {
  return std::make_unique<device::NewtonIteration<Executor>>(Executor(api));
}

std::unique_ptr<DeviceHull> fakeHull(const device::CudaApi& api) {
  return std::make_unique<device::HullSampler<Executor>>(Executor(api));
}

}  // namespace penumbra
