#include "app/window/cuda_interop.h"

#include <algorithm>
#include <array>
#include <deque>
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
    if (room < bytes) throw Error(ExitCode::Internal, "A buffer of OpenGL is smaller than what is to be drawn.");
    device::checkCuda(api_, api_.copy(pointer, from, bytes, device::CudaCopy::DeviceToDevice, stream_), "Copying to OpenGL");
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
  for (Lane* lane : {&mesh_, &pictures_})
    if (lane->reading) static_cast<void>(api_->eventWait(lane->copied));  // of a failure nobody is left to be told
  forgetBuffers();
  for (Lane* lane : {&mesh_, &pictures_})
    if (lane->copied) api_->eventDestroy(lane->copied);
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
  for (Lane* lane : {&mesh_, &pictures_}) check(api_->eventCreate(&lane->copied), "cudaEventCreate");
  attach(tinyBuffer);
  Mapping mapping(*api_, resourceOf(tinyBuffer), stream_);
  mapping.close();
  check(api_->streamWait(stream_), "Waiting for OpenGL's buffer");
  forgetBuffer(tinyBuffer);
}

void CudaInterop::attach(unsigned buffer) {
  if (resourceOf(buffer)) return;
  Registered added{buffer};
  check(api_->registerGlBuffer(&added.resource, buffer), "Registering a buffer of OpenGL");
  registered_.push_back(added);
}

void* CudaInterop::resourceOf(unsigned buffer) const {
  for (const Registered& r : registered_)
    if (r.buffer == buffer) return r.resource;
  return nullptr;
}

void CudaInterop::forgetBuffer(unsigned buffer) {
  if (!resourceOf(buffer)) return;
  for (const Lane* lane : {&mesh_, &pictures_})  // copies into it may be under way; a failure is told by the next copy
    if (lane->reading) static_cast<void>(api_->eventWait(lane->copied));
  for (const Registered& r : registered_)
    if (r.buffer == buffer) api_->unregister(r.resource);
  std::erase_if(registered_, [&](const Registered& r) { return r.buffer == buffer; });
}

void CudaInterop::forgetBuffers() {
  for (const Registered& r : registered_) api_->unregister(r.resource);
  registered_.clear();
}

// The copies of the frame before; long done, as a rule.
void CudaInterop::finishEarlier(Lane& lane) {
  if (lane.reading) check(api_->eventWait(lane.copied), "Waiting for the last frame");
  lane.reading.reset();
}

void CudaInterop::copyNow(Lane& lane, void* ready, std::span<const Piece> pieces) {
  std::deque<Mapping> mappings;
  for (const Piece& piece : pieces) mappings.emplace_back(*api_, resourceOf(piece.buffer), stream_);
  check(api_->streamWaitEvent(stream_, ready), "Waiting for what was published");
  for (std::size_t i = 0; i < pieces.size(); ++i) mappings[i].write(pieces[i].from, pieces[i].bytes);
  for (Mapping& mapping : mappings) mapping.close();
  check(api_->eventRecord(lane.copied, stream_), "cudaEventRecord");
}

bool CudaInterop::copy(Lane& lane, std::shared_ptr<const void> source, void* ready, std::span<const Piece> pieces) {
  try {
    finishEarlier(lane);
    for (const Piece& piece : pieces) attach(piece.buffer);
    lane.reading = std::move(source);
    copyNow(lane, ready, pieces);
    return true;
  } catch (const Error& error) {
    switchOff(error.what());
    return false;
  }
}

bool CudaInterop::copy(std::shared_ptr<const PublishedGeometry> geometry, unsigned positions, unsigned normals) {
  if (!usable_) return false;
  const PublishedGeometry& g = *geometry;
  const Piece pieces[] = {{positions, g.positions, g.bytes()}, {normals, g.normals, g.bytes()}};
  return copy(mesh_, std::move(geometry), g.ready, pieces);
}

bool CudaInterop::copy(std::shared_ptr<const PublishedPictures> pictures, unsigned values) {
  if (!usable_) return false;
  const PublishedPictures& p = *pictures;
  const Piece piece{values, p.values, p.bytes()};
  return copy(pictures_, std::move(pictures), p.ready, {&piece, 1});
}

void CudaInterop::switchOff(const std::string& why) {
  usable_ = false;
  reason_ = why;
  if (stream_) api_->streamWait(stream_);  // copies under way; a failure changes nothing any more
  mesh_.reading.reset();
  pictures_.reading.reset();
  forgetBuffers();
}

}  // namespace penumbra
