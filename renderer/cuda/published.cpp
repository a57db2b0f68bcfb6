#include "renderer/cuda/published.h"

namespace penumbra::device {

std::shared_ptr<const PublishedGeometry> publish(BufferRing& ring, const DeviceGeometry& geometry) {
  const std::size_t bytes = sizeof(Vec3<float>) * std::size_t(geometry.vertexCount);
  const BufferRing::Part parts[] = {{geometry.positions, bytes}, {geometry.normals, bytes}};
  auto copies = ring.publish(parts, geometry.stream);
  if (!copies) return nullptr;
  PublishedGeometry result{copies->parts[0], copies->parts[1], geometry.vertexCount, copies->ready, std::move(copies)};
  return std::make_shared<const PublishedGeometry>(std::move(result));
}

std::shared_ptr<const PublishedPictures> publish(BufferRing& ring, const DevicePictures& pictures) {
  const BufferRing::Part part{pictures.values, sizeof(float) * pictures.count};
  auto copies = ring.publish({&part, 1}, pictures.stream);
  if (!copies) return nullptr;
  PublishedPictures result{copies->parts[0], pictures.count, pictures.list, copies->ready, std::move(copies)};
  return std::make_shared<const PublishedPictures>(std::move(result));
}

}  // namespace penumbra::device
