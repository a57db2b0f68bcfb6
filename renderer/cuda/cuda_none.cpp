// Stands in for cuda_runtime.cpp and cuda_iteration.cu in a build without CUDA.
#include "renderer/cuda/cuda_iteration.h"

namespace penumbra {

const device::CudaApi* device::cudaRuntime() { return nullptr; }

namespace {

Error noCuda() { return {ExitCode::Usage, "This program was built without CUDA.", "Run with --backend cpu."}; }

}  // namespace

std::unique_ptr<DeviceIteration> makeCudaIteration() { throw noCuda(); }
std::unique_ptr<DeviceHull> makeCudaHull() { throw noCuda(); }
std::unique_ptr<DeviceNewton> makeCudaNewton() { throw noCuda(); }

std::unique_ptr<DeviceIteration> device::makeCudaIteration(const CudaApi&) { return penumbra::makeCudaIteration(); }
std::unique_ptr<DeviceNewton> device::makeCudaNewton(const CudaApi&) { return penumbra::makeCudaNewton(); }
std::unique_ptr<DeviceHull> device::makeCudaHull(const CudaApi&) { return penumbra::makeCudaHull(); }

}  // namespace penumbra
