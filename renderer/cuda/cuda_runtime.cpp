// CudaApi filled with the CUDA runtime. Compiled only when the toolkit is there.
#include <cuda_runtime_api.h>

#include <cstring>

#include "renderer/cuda/cuda_api.h"
#include "renderer/cuda/cuda_iteration.h"

// From cuda_gl_interop.h, which would need OpenGL's headers.
extern "C" cudaError_t cudaGraphicsGLRegisterBuffer(cudaGraphicsResource** resource, unsigned buffer, unsigned flags);
extern "C" cudaError_t cudaGLGetDevices(unsigned* count, int* devices, unsigned most, int list);

namespace penumbra::device {
namespace {

cudaStream_t streamOf(void* stream) { return static_cast<cudaStream_t>(stream); }
cudaGraphicsResource_t resourceOf(void* resource) { return static_cast<cudaGraphicsResource_t>(resource); }

// The runtime keeps the error of a call that failed; it must not come out of a later one.
CudaCode code(cudaError_t error) {
  if (error != cudaSuccess) cudaGetLastError();
  return int(error);
}

CudaCode deviceInfo(int device, CudaDeviceInfo* info) {
  cudaDeviceProp properties;
  if (const CudaCode failed = code(cudaGetDeviceProperties(&properties, device))) return failed;
  static_assert(sizeof info->name == sizeof properties.name);
  std::memcpy(info->name, properties.name, sizeof info->name);
  info->major = properties.major;
  info->minor = properties.minor;
  info->memory = properties.totalGlobalMem;
  info->processors = properties.multiProcessorCount;
  int kilohertz = 0;
  if (const CudaCode failed = code(cudaDeviceGetAttribute(&kilohertz, cudaDevAttrClockRate, device))) return failed;
  info->hertz = 1e3 * kilohertz;
  return 0;
}

CudaCode kernelUsable() {
  cudaFuncAttributes attributes;
  return code(cudaFuncGetAttributes(&attributes, probeKernel()));
}

CudaCode launch(const char*, const void* kernel, unsigned blocks, unsigned threads, void** arguments, void* stream) {
  return code(cudaLaunchKernel(kernel, dim3(blocks), dim3(threads), arguments, 0, streamOf(stream)));
}

CudaCode captureEnd(void* stream, void** graph) {
  return code(cudaStreamEndCapture(streamOf(stream), reinterpret_cast<cudaGraph_t*>(graph)));
}

CudaCode map(void* resource, void* stream) {
  cudaGraphicsResource_t one = resourceOf(resource);
  return code(cudaGraphicsMapResources(1, &one, streamOf(stream)));
}
CudaCode unmap(void* resource, void* stream) {
  cudaGraphicsResource_t one = resourceOf(resource);
  return code(cudaGraphicsUnmapResources(1, &one, streamOf(stream)));
}

void fillDevice(CudaApi& api) {
  api.driverVersion = [](int* v) { return code(cudaDriverGetVersion(v)); };
  api.runtimeVersion = [](int* v) { return code(cudaRuntimeGetVersion(v)); };
  api.deviceCount = [](int* count) { return code(cudaGetDeviceCount(count)); };
  api.deviceInfo = deviceInfo;
  api.setDevice = [](int device) { return code(cudaSetDevice(device)); };
  api.memoryInfo = [](std::size_t* available, std::size_t* total) { return code(cudaMemGetInfo(available, total)); };
  api.kernelUsable = kernelUsable;
}

void fillMemory(CudaApi& api) {
  api.allocate = [](void** pointer, std::size_t bytes) { return code(cudaMalloc(pointer, bytes)); };
  api.release = [](void* pointer) { return code(cudaFree(pointer)); };
  api.allocateHost = [](void** pointer, std::size_t bytes) {
    return code(cudaHostAlloc(pointer, bytes, cudaHostAllocDefault));
  };
  api.releaseHost = [](void* pointer) { return code(cudaFreeHost(pointer)); };
  api.copy = [](void* to, const void* from, std::size_t bytes, CudaCopy kind, void* stream) {
    return code(cudaMemcpyAsync(to, from, bytes, cudaMemcpyKind(int(kind)), streamOf(stream)));
  };
  api.fill = [](void* to, int byte, std::size_t bytes, void* stream) {
    return code(cudaMemsetAsync(to, byte, bytes, streamOf(stream)));
  };
}

void fillStreams(CudaApi& api) {
  api.streamCreate = [](void** stream) {
    return code(cudaStreamCreateWithFlags(reinterpret_cast<cudaStream_t*>(stream), cudaStreamNonBlocking));
  };
  api.streamDestroy = [](void* stream) { return code(cudaStreamDestroy(streamOf(stream))); };
  api.streamWait = [](void* stream) { return code(cudaStreamSynchronize(streamOf(stream))); };
  api.launch = launch;
}

void fillGraphs(CudaApi& api) {
  api.captureBegin = [](void* stream) {
    // Relaxed: the runtime may load a kernel at its first launch, which the stricter modes can refuse while recording.
    return code(cudaStreamBeginCapture(streamOf(stream), cudaStreamCaptureModeRelaxed));
  };
  api.captureEnd = captureEnd;
  api.graphInstantiate = [](void** executable, void* graph) {
    return code(
        cudaGraphInstantiate(reinterpret_cast<cudaGraphExec_t*>(executable), static_cast<cudaGraph_t>(graph), 0));
  };
  api.graphLaunch = [](void* executable, void* stream) {
    return code(cudaGraphLaunch(static_cast<cudaGraphExec_t>(executable), streamOf(stream)));
  };
  api.graphDestroy = [](void* graph) { return code(cudaGraphDestroy(static_cast<cudaGraph_t>(graph))); };
  api.executableDestroy = [](void* executable) {
    return code(cudaGraphExecDestroy(static_cast<cudaGraphExec_t>(executable)));
  };
}

void fillEvents(CudaApi& api) {
  api.eventCreate = [](void** event) {
    return code(cudaEventCreateWithFlags(reinterpret_cast<cudaEvent_t*>(event), cudaEventDisableTiming));
  };
  api.eventCreateTimed = [](void** event) { return code(cudaEventCreate(reinterpret_cast<cudaEvent_t*>(event))); };
  api.eventElapsed = [](float* milliseconds, void* from, void* to) {
    return code(cudaEventElapsedTime(milliseconds, static_cast<cudaEvent_t>(from), static_cast<cudaEvent_t>(to)));
  };
  api.eventRecord = [](void* event, void* stream) {
    return code(cudaEventRecord(static_cast<cudaEvent_t>(event), streamOf(stream)));
  };
  api.eventWait = [](void* event) { return code(cudaEventSynchronize(static_cast<cudaEvent_t>(event))); };
  api.streamWaitEvent = [](void* stream, void* event) {
    return code(cudaStreamWaitEvent(streamOf(stream), static_cast<cudaEvent_t>(event), 0));
  };
  api.eventDestroy = [](void* event) { return code(cudaEventDestroy(static_cast<cudaEvent_t>(event))); };
}

void fillOpenGl(CudaApi& api) {
  api.glDevices = [](int* devices, int most, int* count) {
    unsigned found = 0;
    const CudaCode failed = code(cudaGLGetDevices(&found, devices, unsigned(most), 1));  // cudaGLDeviceListAll
    *count = int(found);
    return failed;
  };
  api.registerGlBuffer = [](void** resource, unsigned buffer) {
    return code(cudaGraphicsGLRegisterBuffer(reinterpret_cast<cudaGraphicsResource**>(resource), buffer,
                                             cudaGraphicsRegisterFlagsWriteDiscard));
  };
  api.unregister = [](void* resource) { return code(cudaGraphicsUnregisterResource(resourceOf(resource))); };
  api.map = map;
  api.mappedPointer = [](void** pointer, std::size_t* bytes, void* resource) {
    return code(cudaGraphicsResourceGetMappedPointer(pointer, bytes, resourceOf(resource)));
  };
  api.unmap = unmap;
}

CudaApi makeTable() {
  CudaApi api{};
  fillDevice(api);
  fillMemory(api);
  fillStreams(api);
  fillGraphs(api);
  fillEvents(api);
  fillOpenGl(api);
  api.errorName = [](CudaCode c) { return cudaGetErrorName(cudaError_t(c)); };
  api.errorText = [](CudaCode c) { return cudaGetErrorString(cudaError_t(c)); };
  return api;
}

}  // namespace

const CudaApi* cudaRuntime() {
  static const CudaApi api = makeTable();
  return &api;
}

}  // namespace penumbra::device
