#include "app/window/cuda_interop.h"

#include <algorithm>
#include <array>
#include <utility>

namespace penumbra {

using device::CudaApi;
using device::CudaCode;

namespace {

// A buffer of OpenGL that CUDA may write to, until close() or the end of the scope.
class Mapping {
 public:
  Mapping(const CudaApi& api, void* resource, void* stream) : api_(api), resource_(resource), stream_(stream) {
    device::checkCuda(api_, api_.map(resource_, stream_), "Mapping a buffer of OpenGL");
  }
  ~Mapping() {
    if (resource_) api_.unmap(resource_, stream_);  // after another failure, which is the one told
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
  void close() { device::checkCuda(api_, api_.unmap(std::exchange(resource_, nullptr), stream_), "Unmapping a buffer of OpenGL"); }

  void write(const void* from, std::size_t bytes) {
    void* pointer = nullptr;
    std::size_t room = 0;
    device::checkCuda(api_, api_.mappedPointer(&pointer, &room, resource_), "Asking for a mapped buffer");
    if (room < bytes) throw Error(ExitCode::Internal, "A buffer of OpenGL is smaller than the mesh.");
    device::checkCuda(api_, api_.copy(pointer, from, bytes, device::CudaCopy::DeviceToDevice, stream_), "Copying the mesh to OpenGL");
  }

 private:
  const CudaApi& api_;
  void *resource_, *stream_;
};

}  // namespace

CudaInterop::CudaInterop(const CudaApi* api, InteropMode mode) : api_(api) {
  if (mode == InteropMode::Off || !api) {
    probed_ = true;
    reason_ = mode == InteropMode::Off ? "It was switched off." : "This program was built without CUDA.";
  }
}

CudaInterop::~CudaInterop() {
  if (reading_) static_cast<void>(api_->eventWait(copied_));  // of a failure nobody is left to be told
  forgetBuffers();
  if (copied_) api_->eventDestroy(copied_);
  if (stream_) api_->streamDestroy(stream_);
}

void CudaInterop::probe(unsigned tinyBuffer) {
  if (probed_) return;
  probed_ = true;
  try {
    tryOut(tinyBuffer);
    usable_ = reason_.empty();
  } catch (const Error& error) {
    switchOff(error.what());
  }
}

void CudaInterop::tryOut(unsigned tinyBuffer) {
  constexpr int kComputing = 0;  // the card CudaExecutor uses
  check(api_->setDevice(kComputing), "cudaSetDevice");
  std::array<int, 16> devices{};
  int count = 0;
  if (api_->glDevices(devices.data(), int(devices.size()), &count) != 0) count = 0;  // no CUDA card draws: told as an error
  if (std::find(devices.begin(), devices.begin() + count, kComputing) == devices.begin() + count)
    return switchOff("The window is not drawn by the graphics card that computes.");
  check(api_->streamCreate(&stream_), "cudaStreamCreate");
  check(api_->eventCreate(&copied_), "cudaEventCreate");
  Registered tiny;
  attach(tiny, tinyBuffer);
  CudaCode waited = 0;
  try {
    Mapping mapping(*api_, tiny.resource, stream_);
    mapping.close();
    waited = api_->streamWait(stream_);
  } catch (...) {
    detach(tiny);
    throw;
  }
  detach(tiny);
  check(waited, "Waiting for OpenGL's buffer");
}

void CudaInterop::attach(Registered& to, unsigned buffer) {
  if (to.resource && to.buffer == buffer) return;
  detach(to);
  check(api_->registerGlBuffer(&to.resource, buffer), "Registering a buffer of OpenGL");
  to.buffer = buffer;
}

void CudaInterop::detach(Registered& from) {
  if (from.resource) api_->unregister(from.resource);
  from = {};
}

void CudaInterop::forgetBuffers() {
  detach(positions_);
  detach(normals_);
}

// The copies of the frame before; long done, as a rule.
void CudaInterop::finishEarlier() {
  if (reading_) check(api_->eventWait(copied_), "Waiting for the last frame");
  reading_.reset();
}

void CudaInterop::copyNow(const PublishedGeometry& geometry) {
  Mapping positions(*api_, positions_.resource, stream_), normals(*api_, normals_.resource, stream_);
  check(api_->streamWaitEvent(stream_, geometry.ready), "Waiting for the published mesh");
  positions.write(geometry.positions, geometry.bytes());
  normals.write(geometry.normals, geometry.bytes());
  normals.close();
  positions.close();
  check(api_->eventRecord(copied_, stream_), "cudaEventRecord");
}

bool CudaInterop::copy(std::shared_ptr<const PublishedGeometry> geometry, unsigned positions, unsigned normals) {
  if (!usable_) return false;
  try {
    finishEarlier();
    attach(positions_, positions);
    attach(normals_, normals);
    reading_ = std::move(geometry);
    copyNow(*reading_);
    return true;
  } catch (const Error& error) {
    switchOff(error.what());
    return false;
  }
}

void CudaInterop::switchOff(const std::string& why) {
  usable_ = false;
  reason_ = why;
  if (stream_) api_->streamWait(stream_);  // copies under way; a failure changes nothing any more
  reading_.reset();
  forgetBuffers();
}

}  // namespace penumbra
