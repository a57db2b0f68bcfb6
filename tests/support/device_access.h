// Graphics cards for the optimiser, made of host memory.
#pragma once
#include "optim/fit/device_access.h"
#include "renderer/cuda/cuda_executor.h"
#include "renderer/cuda/cuda_status.h"
#include "renderer/cuda/hull_sampler.h"
#include "renderer/cuda/iteration.h"
#include "renderer/cuda/newton_iteration.h"
#include "tests/support/fake_cuda.h"
#include "tests/support/test_iteration.h"

namespace penumbra {

inline CudaStatus hostCard() {
  CudaStatus status;
  status.available = true;
  status.name = "Host 1";
  return status;
}

// The kernels run on the host, or on the card (test_iteration.h). `batchSeconds`: 0 for one iteration at a time.
inline DeviceAccess hostAccess(double batchSeconds = 1e9, std::function<double()> clock = secondsNow) {
  return {hostCard, [] { return testIteration(); }, nullptr, batchSeconds, std::move(clock), [] { return testNewton(); },
          [] { return testHull(); }};
}

// A clock that goes on by so much whenever it is looked at.
inline std::function<double()> tickingClock(double seconds) {
  return [now = std::make_shared<double>(0), seconds] { return *now += seconds; };
}

inline std::unique_ptr<DeviceHull> fakeHull(const device::CudaApi& api) {
  using Executor = device::CudaExecutor<FakeKernels>;
  return std::make_unique<device::HullSampler<Executor>>(Executor(api));
}

// The path through the CUDA runtime, with a table of functions made of host memory.
inline DeviceAccess fakeAccess(const FakeCuda& fake, double batchSeconds = 1e9,
                               std::function<double()> clock = secondsNow) {
  const device::CudaApi* api = &fake.api();
  using Executor = device::CudaExecutor<FakeKernels>;
  return {[api] { return device::probeCuda(api); },
          [api]() -> std::unique_ptr<DeviceIteration> {
            return std::make_unique<device::Iteration<Executor>>(Executor(*api));
          },
          api, batchSeconds, std::move(clock),
          [api]() -> std::unique_ptr<DeviceNewton> {
            return std::make_unique<device::NewtonIteration<Executor>>(Executor(*api));
          },
          [api] { return fakeHull(*api); }};
}

}  // namespace penumbra
