#include "renderer/cuda/newton_iteration.h"

namespace penumbra {

std::size_t predictNewtonMemory(const Topology& topology, std::span<const Camera> cameras) {
  device::NewtonIteration<device::MeasureExecutor> iteration{device::MeasureExecutor()};
  std::vector<DeviceNewtonView> views;
  for (const Camera& camera : cameras) views.push_back({camera, {}, {}});
  iteration.setViews(views);
  const std::size_t vertices = std::size_t(topology.vertexCount);
  const std::vector<int> starts(vertices + 1), neighbours(2 * topology.edges.size());
  const std::vector<float> numbers(vertices);
  iteration.setMesh(topology, std::vector<Vec3<float>>(vertices), {starts, neighbours, starts, neighbours, numbers, numbers});
  return iteration.predict();
}

}  // namespace penumbra
