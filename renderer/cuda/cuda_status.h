// The probe behind probeCuda(), for any table of functions.
#pragma once
#include "renderer/cuda/cuda_api.h"
#include "renderer/device_iteration.h"

namespace penumbra::device {

CudaStatus probeCuda(const CudaApi* api);  // null: built without CUDA

}  // namespace penumbra::device
