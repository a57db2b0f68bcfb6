// Meshes handed from the optimiser to the window without leaving the graphics card: a few sets of buffers, each filled by
// copies on the optimiser's stream and followed by an event.
//
// publish() never waits: a set is used again only when nobody holds it any more, and when all are held nothing is
// published. The optimiser's own buffers are never read by anyone else, so it need not wait for a frame either.
#pragma once
#include <memory>
#include <mutex>
#include <vector>

#include "renderer/cuda/cuda_api.h"
#include "renderer/device_iteration.h"

namespace penumbra {

// Positions and unit normals of one moment, V x 3 floats each, on the card. Whoever reads them lets a stream wait for
// `ready` first, and keeps this until the reading is over.
struct PublishedGeometry {
  const void *positions = nullptr, *normals = nullptr;
  int vertexCount = 0;
  void* ready = nullptr;  // event
  std::size_t bytes() const { return sizeof(Vec3<float>) * std::size_t(vertexCount); }  // of each
};

namespace device {

class GeometryRing {
 public:
  static constexpr int kSets = 6;  // newest, shown, last drawn, in flight to OpenGL, one spare, the one being written

  explicit GeometryRing(const CudaApi& api);

  // Copies on the stream of the geometry. Null when all sets are held. Throws Error when the card fails.
  std::shared_ptr<const PublishedGeometry> publish(const DeviceGeometry& geometry);

 private:
  struct Set;
  struct Idle;  // sets nobody holds; outlives the ring while a set is held

  std::unique_ptr<Set> takeSet(std::size_t bytes);

  const CudaApi* api_;
  std::shared_ptr<Idle> idle_;
};

}  // namespace device
}  // namespace penumbra
