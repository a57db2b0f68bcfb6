// Is there a graphics card to compute on, and what do its errors mean?
#include "renderer/cuda/cuda_status.h"

namespace penumbra {
namespace device {
namespace {

std::string advice(CudaCode code) {
  if (code == kCudaOutOfMemory) return "Use smaller or fewer views at once, or run with --backend cpu.";
  if (code == kCudaDeviceBusy) return "Another program holds the graphics card; end it, or run with --backend cpu.";
  return "Run with --backend cpu; if it happens again, restart the program or update the NVIDIA driver.";
}

std::string version(int number) { return std::to_string(number / 1000) + "." + std::to_string(number % 1000 / 10); }

// Why there is no device; empty when there is one.
std::string missingDevice(const CudaApi& api) {
  int count = 0, driver = 0, runtime = 0;
  const CudaCode code = api.deviceCount(&count);
  if (code == 0) return count > 0 ? "" : "There is no NVIDIA graphics card.";
  if (code == kCudaNoDevice) return "There is no NVIDIA graphics card.";
  if (code != kCudaDriverTooOld) return std::string("CUDA does not start: ") + api.errorText(code) + ".";
  if (api.driverVersion(&driver) != 0 || driver == 0) return "There is no NVIDIA driver.";
  const bool known = api.runtimeVersion(&runtime) == 0;
  return "The NVIDIA driver is too old: it supports CUDA " + version(driver) +
         (known ? ", " + version(runtime) + " is needed." : ".");
}

// The runtime tells it in several ways.
bool holdsNoCode(CudaCode code) {
  return code == kCudaNoKernelImage || code == kCudaInvalidDeviceFunction || code == kCudaUnsupportedPtx;
}

}  // namespace

void checkCuda(const CudaApi& api, CudaCode code, const std::string& call) {
  if (code == 0) return;
  const ExitCode exit = code == kCudaOutOfMemory ? ExitCode::Memory : ExitCode::Internal;
  throw Error(exit, call + " failed: " + api.errorText(code) + " (" + api.errorName(code) + ").", advice(code));
}

CudaStatus probeCuda(const CudaApi* api) {
  CudaStatus status;
  const auto fail = [&](std::string reason) {
    status.available = false;
    status.reason = std::move(reason);
    return status;
  };
  if (!api) return fail("This program was built without CUDA.");
  if (std::string missing = missingDevice(*api); !missing.empty()) return fail(std::move(missing));
  CudaDeviceInfo info{};
  if (const CudaCode code = api->deviceInfo(0, &info))
    return fail(std::string("The graphics card cannot be asked: ") + api->errorText(code) + ".");
  status.name = info.name;
  status.memory = info.memory;
  const std::string card =
      status.name + " (compute capability " + std::to_string(info.major) + "." + std::to_string(info.minor) + ")";
  if (10 * info.major + info.minor < 75) return fail("The " + card + " is too old: 7.5 or newer is needed.");
  if (const CudaCode code = api->setDevice(0))
    return fail("The " + card + " cannot be used: " + api->errorText(code) + ".");
  if (const CudaCode code = api->kernelUsable())
    return fail(holdsNoCode(code) ? "This program holds no code for the " + card + "."
                                           : "The " + card + " cannot be used: " + api->errorText(code) + ".");
  std::size_t total = 0;
  if (const CudaCode code = api->memoryInfo(&status.freeMemory, &total))
    return fail("The " + card + " cannot be used: " + api->errorText(code) + ".");
  status.available = true;
  return status;
}

}  // namespace device

CudaStatus probeCuda() { return device::probeCuda(device::cudaRuntime()); }

}  // namespace penumbra
