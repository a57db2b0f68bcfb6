#include "renderer/cuda/buffer_ring.h"

namespace penumbra::device {
namespace {

constexpr std::size_t kAlignment = 256;  // of parts, as cudaMalloc aligns
constexpr std::size_t kMostWaste = 4;    // a buffer of so many times the room wanted is replaced

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

// Owns a buffer and an event.
struct BufferRing::Set {
  explicit Set(const CudaApi& a) : api(&a) {}
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;
  ~Set() {
    if (buffer) api->release(buffer);
    if (published.ready) api->eventDestroy(published.ready);
  }
  void allocate(std::size_t wanted) {
    checkCuda(*api, api->eventCreate(&published.ready), "cudaEventCreate");
    checkCuda(*api, api->allocate(&buffer, wanted), "cudaMalloc for the window");
    bytes = wanted;
  }
  void fill(std::span<const Part> parts, void* stream) {
    published.parts.clear();
    char* to = static_cast<char*>(buffer);
    for (const Part& part : parts) {
      if (part.bytes > 0)
        checkCuda(*api, api->copy(to, part.data, part.bytes, CudaCopy::DeviceToDevice, stream), "Copying for the window");
      published.parts.push_back(to);
      to += aligned(part.bytes);
    }
    checkCuda(*api, api->eventRecord(published.ready, stream), "cudaEventRecord");
  }
  bool suits(std::size_t wanted) const { return bytes >= wanted && bytes / kMostWaste <= wanted; }

  const CudaApi* api;
  void* buffer = nullptr;
  std::size_t bytes = 0;
  PublishedBuffer published;
};

struct BufferRing::Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Set>> sets;
  int alive = 0;  // idle and held

  void give(std::unique_ptr<Set> set) {
    const std::lock_guard lock(mutex);
    sets.push_back(std::move(set));
  }
};

BufferRing::BufferRing(const CudaApi& api) : api_(&api), idle_(std::make_shared<Idle>()) {}

// One with room for so much; null when all are held.
std::unique_ptr<BufferRing::Set> BufferRing::takeSet(std::size_t bytes) {
  std::unique_ptr<Set> set;
  {
    const std::lock_guard lock(idle_->mutex);
    if (idle_->sets.empty() && idle_->alive >= kBuffers) return nullptr;
    if (idle_->sets.empty()) ++idle_->alive;
    else set = std::move(idle_->sets.front()), idle_->sets.erase(idle_->sets.begin());
  }
  if (set && set->suits(bytes)) return set;
  set = std::make_unique<Set>(*api_);  // of another size: the old one goes
  try {
    set->allocate(bytes);
  } catch (...) {
    const std::lock_guard lock(idle_->mutex);
    --idle_->alive;
    throw;
  }
  return set;
}

std::shared_ptr<const PublishedBuffer> BufferRing::publish(std::span<const Part> parts, void* stream) {
  std::size_t bytes = 0;
  for (const Part& part : parts) bytes += aligned(part.bytes);
  if (bytes == 0) return nullptr;
  std::unique_ptr<Set> set = takeSet(bytes);
  if (!set) return nullptr;
  try {
    set->fill(parts, stream);
  } catch (...) {
    idle_->give(std::move(set));
    throw;
  }
  Set* const raw = set.release();
  return {&raw->published, [raw, idle = idle_](const PublishedBuffer*) { idle->give(std::unique_ptr<Set>(raw)); }};
}

}  // namespace penumbra::device
