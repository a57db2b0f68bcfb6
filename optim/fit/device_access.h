// How the optimiser gets at a graphics card: a value handed down from Session to Fitter, so that tests can put the
// kernels run on the host, or a card that fails, in its place.
#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "renderer/cuda/cuda_api.h"
#include "renderer/device_hull.h"
#include "renderer/device_iteration.h"
#include "renderer/device_newton.h"

namespace penumbra {

inline double secondsNow() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

struct DeviceAccess {
  std::function<CudaStatus()> probe = probeCuda;
  std::function<std::unique_ptr<DeviceIteration>()> make = makeCudaIteration;
  const device::CudaApi* api = device::cudaRuntime();  // for sharing the mesh with a window; null: never shared
  double batchSeconds = 1.0 / 60;  // iterations are queued for about so long; how many does not change the result
  std::function<double()> seconds = secondsNow;
  std::function<std::unique_ptr<DeviceNewton>()> makeNewton = makeCudaNewton;
  std::function<std::unique_ptr<DeviceHull>()> makeHull = makeCudaHull;
};

}  // namespace penumbra
