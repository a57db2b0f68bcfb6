// Stands in for cuda_runtime.cpp and cuda_iteration.cu in a build without CUDA.
#include "renderer/cuda/cuda_iteration.h"

namespace penumbra {

const device::CudaApi* device::cudaRuntime() { return nullptr; }

std::unique_ptr<DeviceIteration> makeCudaIteration() {
  throw Error(ExitCode::Usage, "This program was built without CUDA.", "Run with --backend cpu.");
}

std::unique_ptr<DeviceNewton> makeCudaNewton() {
  throw Error(ExitCode::Usage, "This program was built without CUDA.", "Run with --backend cpu.");
}

std::unique_ptr<DeviceIteration> device::makeCudaIteration(const CudaApi&) { return penumbra::makeCudaIteration(); }
std::unique_ptr<DeviceNewton> device::makeCudaNewton(const CudaApi&) { return penumbra::makeCudaNewton(); }

}  // namespace penumbra
