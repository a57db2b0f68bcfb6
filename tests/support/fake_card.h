// The path of the graphics card through the CUDA runtime, on a card made of host memory (fake_cuda.h). Compiled once for
// all tests: an instance of the kernels is most of what a test of them costs to compile.
#pragma once
#include <memory>

#include "renderer/cuda/cuda_api.h"
#include "renderer/device_hull.h"
#include "renderer/device_iteration.h"
#include "renderer/device_newton.h"

namespace penumbra {

std::unique_ptr<DeviceIteration> fakeIteration(const device::CudaApi& api);
std::unique_ptr<DeviceNewton> fakeNewton(const device::CudaApi& api);
std::unique_ptr<DeviceHull> fakeHull(const device::CudaApi& api);

}  // namespace penumbra
