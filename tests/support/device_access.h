// Graphics cards for the optimiser, made of host memory.
#pragma once
#include "optim/fit/device_access.h"
#include "renderer/cuda/cuda_status.h"
#include "tests/support/fake_card.h"
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

// The path through the CUDA runtime, with a table of functions made of host memory.
inline DeviceAccess fakeAccess(const FakeCuda& fake, double batchSeconds = 1e9,
                               std::function<double()> clock = secondsNow) {
  const device::CudaApi* api = &fake.api();
  return {[api] { return device::probeCuda(api); }, [api] { return fakeIteration(*api); }, api, batchSeconds,
          std::move(clock), [api] { return fakeNewton(*api); }, [api] { return fakeHull(*api); }};
}

}  // namespace penumbra
