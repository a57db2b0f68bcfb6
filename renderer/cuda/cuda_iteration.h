// What cuda_iteration.cu offers to the host's files.
#pragma once
#include <memory>

#include "renderer/cuda/cuda_api.h"
#include "renderer/device_hull.h"
#include "renderer/device_iteration.h"
#include "renderer/device_newton.h"

namespace penumbra::device {

// By way of another table, which may look on (tests/bench/cuda_bench.cpp). Throws Error in a build without CUDA.
std::unique_ptr<DeviceIteration> makeCudaIteration(const CudaApi& api);
std::unique_ptr<DeviceNewton> makeCudaNewton(const CudaApi& api);
std::unique_ptr<DeviceHull> makeCudaHull(const CudaApi& api);

const void* probeKernel();  // any kernel: there is machine code for all or none

}  // namespace penumbra::device
