// Every call of the CUDA runtime that this program makes, as a table of functions without CUDA's headers: tests replace
// it to see each call fail, and everything but the one file that fills it compiles without the toolkit.
//
// Codes are those of cudaError_t; 0 is success. Streams, graphs, events and resources are CUDA's own pointers.
#pragma once
#include <cstddef>
#include <string>

#include "renderer/error.h"

namespace penumbra::device {

using CudaCode = int;
enum CudaCodes : CudaCode {
  kCudaOutOfMemory = 2,
  kCudaDriverTooOld = 35,
  kCudaDeviceBusy = 46,
  kCudaInvalidDeviceFunction = 98,
  kCudaNoDevice = 100,
  kCudaNoKernelImage = 209,
  kCudaUnsupportedPtx = 222,
};

struct CudaDeviceInfo {
  char name[256];
  int major, minor;    // compute capability
  std::size_t memory;  // bytes
  int processors = 0;  // multiprocessors
  double hertz = 0;    // of their clock, at most
};

enum class CudaCopy { HostToDevice = 1, DeviceToHost = 2, DeviceToDevice = 3 };

struct CudaApi {
  // Device.
  CudaCode (*driverVersion)(int* version);  // 1000 major + 10 minor, 0: no driver
  CudaCode (*runtimeVersion)(int* version);
  CudaCode (*deviceCount)(int* count);
  CudaCode (*deviceInfo)(int device, CudaDeviceInfo* info);
  CudaCode (*setDevice)(int device);
  CudaCode (*memoryInfo)(std::size_t* available, std::size_t* total);
  CudaCode (*kernelUsable)();  // is there machine code for this device?
  // Memory.
  CudaCode (*allocate)(void** pointer, std::size_t bytes);
  CudaCode (*release)(void* pointer);
  CudaCode (*allocateHost)(void** pointer, std::size_t bytes);  // page-locked
  CudaCode (*releaseHost)(void* pointer);
  CudaCode (*copy)(void* to, const void* from, std::size_t bytes, CudaCopy kind, void* stream);
  CudaCode (*fill)(void* to, int byte, std::size_t bytes, void* stream);
  // Streams and launches.
  CudaCode (*streamCreate)(void** stream);
  CudaCode (*streamDestroy)(void* stream);
  CudaCode (*streamWait)(void* stream);
  CudaCode (*launch)(const char* name, const void* kernel, unsigned blocks, unsigned threads, void** arguments,
                     void* stream);
  // Graphs.
  CudaCode (*captureBegin)(void* stream);
  CudaCode (*captureEnd)(void* stream, void** graph);
  CudaCode (*graphInstantiate)(void** executable, void* graph);
  CudaCode (*graphLaunch)(void* executable, void* stream);
  CudaCode (*graphDestroy)(void* graph);
  CudaCode (*executableDestroy)(void* executable);
  // Events.
  CudaCode (*eventCreate)(void** event);
  CudaCode (*eventCreateTimed)(void** event);
  CudaCode (*eventRecord)(void* event, void* stream);
  CudaCode (*eventWait)(void* event);
  CudaCode (*streamWaitEvent)(void* stream, void* event);
  CudaCode (*eventElapsed)(float* milliseconds, void* from, void* to);  // of timed ones that have come about
  CudaCode (*eventDestroy)(void* event);
  // Buffers of OpenGL; to be called by the thread that owns the context.
  CudaCode (*glDevices)(int* devices, int most, int* count);       // the cards that draw the current context
  CudaCode (*registerGlBuffer)(void** resource, unsigned buffer);  // to be overwritten as a whole
  CudaCode (*unregister)(void* resource);
  CudaCode (*map)(void* resource, void* stream);
  CudaCode (*mappedPointer)(void** pointer, std::size_t* bytes, void* resource);
  CudaCode (*unmap)(void* resource, void* stream);
  // Words.
  const char* (*errorName)(CudaCode code);
  const char* (*errorText)(CudaCode code);
};

// The runtime's functions; null in a build without CUDA.
const CudaApi* cudaRuntime();

// Throws Error unless `code` is 0: "cudaMalloc of 12 MB failed: out of memory (cudaErrorMemoryAllocation)."
void checkCuda(const CudaApi& api, CudaCode code, const std::string& call);

}  // namespace penumbra::device
