// The optimiser's mesh and pictures as the window gets them: copies on the card, see buffer_ring.h.
#pragma once
#include "renderer/cuda/buffer_ring.h"
#include "renderer/device_iteration.h"

namespace penumbra {

// Positions and unit normals of one moment, V x 3 floats each, on the card. Whoever reads them lets a stream wait for
// `ready` first, and keeps this until the reading is over.
struct PublishedGeometry {
  const void *positions = nullptr, *normals = nullptr;
  int vertexCount = 0;
  void* ready = nullptr;                                // event
  std::shared_ptr<const device::PublishedBuffer> keep;  // what the above lie in
  std::size_t bytes() const { return sizeof(Vec3<float>) * std::size_t(vertexCount); }  // of each
};

// Coverage of some views at one moment, reduced for display: floats 0..1, row by row from the top, at values + offset.
struct PublishedPictures {
  const void* values = nullptr;
  std::size_t count = 0;  // of all pictures together
  std::vector<DevicePicture> list;
  void* ready = nullptr;
  std::shared_ptr<const device::PublishedBuffer> keep;
  std::size_t bytes() const { return sizeof(float) * count; }
  const DevicePicture* find(const PictureWish& wish) const {
    for (const DevicePicture& picture : list)
      if (picture.wish == wish) return &picture;
    return nullptr;
  }
};

namespace device {

// Null when all buffers of the ring are held. Both throw Error when the card fails.
std::shared_ptr<const PublishedGeometry> publish(BufferRing& ring, const DeviceGeometry& geometry);
std::shared_ptr<const PublishedPictures> publish(BufferRing& ring, const DevicePictures& pictures);

}  // namespace device
}  // namespace penumbra
