#include "renderer/cuda/geometry_ring.h"

namespace penumbra::device {

// Owns two buffers and an event.
struct GeometryRing::Set {
  explicit Set(const CudaApi& a) : api(&a) {}
  Set(const Set&) = delete;
  Set& operator=(const Set&) = delete;
  ~Set() {
    for (void* buffer : {positions, normals})
      if (buffer) api->release(buffer);
    if (ready) api->eventDestroy(ready);
  }
  void allocate(std::size_t wanted) {
    checkCuda(*api, api->eventCreate(&ready), "cudaEventCreate");
    checkCuda(*api, api->allocate(&positions, wanted), "cudaMalloc for the window");
    checkCuda(*api, api->allocate(&normals, wanted), "cudaMalloc for the window");
    bytes = wanted;
  }
  void fill(const DeviceGeometry& from, std::size_t size) {
    checkCuda(*api, api->copy(positions, from.positions, size, CudaCopy::DeviceToDevice, from.stream), "Copying the mesh for the window");
    checkCuda(*api, api->copy(normals, from.normals, size, CudaCopy::DeviceToDevice, from.stream), "Copying the mesh for the window");
    checkCuda(*api, api->eventRecord(ready, from.stream), "cudaEventRecord");
    published = {positions, normals, from.vertexCount, ready};
  }

  const CudaApi* api;
  void *positions = nullptr, *normals = nullptr, *ready = nullptr;
  std::size_t bytes = 0;
  PublishedGeometry published;
};

struct GeometryRing::Idle {
  std::mutex mutex;
  std::vector<std::unique_ptr<Set>> sets;
  int alive = 0;  // idle and held

  void give(std::unique_ptr<Set> set) {
    const std::lock_guard lock(mutex);
    sets.push_back(std::move(set));
  }
};

GeometryRing::GeometryRing(const CudaApi& api) : api_(&api), idle_(std::make_shared<Idle>()) {}

// One of this size; null when all are held.
std::unique_ptr<GeometryRing::Set> GeometryRing::takeSet(std::size_t bytes) {
  std::unique_ptr<Set> set;
  {
    const std::lock_guard lock(idle_->mutex);
    if (idle_->sets.empty() && idle_->alive >= kSets) return nullptr;
    if (idle_->sets.empty()) ++idle_->alive;
    else set = std::move(idle_->sets.front()), idle_->sets.erase(idle_->sets.begin());
  }
  if (set && set->bytes == bytes) return set;
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

std::shared_ptr<const PublishedGeometry> GeometryRing::publish(const DeviceGeometry& geometry) {
  const std::size_t bytes = sizeof(Vec3<float>) * std::size_t(geometry.vertexCount);
  if (bytes == 0) return nullptr;
  std::unique_ptr<Set> set = takeSet(bytes);
  if (!set) return nullptr;
  try {
    set->fill(geometry, bytes);
  } catch (...) {
    idle_->give(std::move(set));
    throw;
  }
  Set* const raw = set.release();
  return {&raw->published, [raw, idle = idle_](const PublishedGeometry*) { idle->give(std::unique_ptr<Set>(raw)); }};
}

}  // namespace penumbra::device
