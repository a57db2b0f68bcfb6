#include "renderer/cuda/iteration.h"

namespace penumbra {

std::size_t predictDeviceMemory(const Topology& topology, std::span<const Camera> cameras, const DeviceOptions& options,
                                int viewsAtOnce) {
  using device::MeasureExecutor;
  device::Iteration<MeasureExecutor> iteration{MeasureExecutor()};
  iteration.setOptions(options);
  std::vector<DeviceViewInput> views;
  for (const Camera& camera : cameras) views.push_back({camera, {}, {}, 1});
  iteration.setViews(views, false);
  iteration.setMesh(topology, {std::vector<Vec3<float>>(std::size_t(topology.vertexCount)), {}, {}});
  return iteration.predict(viewsAtOnce);
}

}  // namespace penumbra
