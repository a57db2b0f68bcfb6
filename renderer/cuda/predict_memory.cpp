#include "renderer/cuda/iteration.h"

namespace penumbra {
namespace {

using device::MeasureExecutor;

DevicePrediction predict(const Topology& topology, std::span<const Camera> cameras, const DeviceOptions& options, int stepViews,
                         const MeasureExecutor& executor) {
  device::Iteration<MeasureExecutor> iteration{executor};
  iteration.setOptions(options);
  std::vector<DeviceViewInput> views;
  for (const Camera& camera : cameras) views.push_back({camera, {}, {}, 1});
  iteration.setViews(views, false);
  iteration.setMesh(topology, {std::vector<Vec3<float>>(std::size_t(topology.vertexCount)), {}, {}});
  const std::size_t bytes = iteration.predict(stepViews);
  return {bytes, iteration.viewsAtOnce()};
}

}  // namespace

DevicePrediction predictDeviceMemory(const Topology& topology, std::span<const Camera> cameras, const DeviceOptions& options,
                                     int stepViews, std::size_t freeBytes) {
  if (freeBytes == 0) return predict(topology, cameras, options, stepViews, MeasureExecutor());
  try {
    return predict(topology, cameras, options, stepViews, MeasureExecutor(freeBytes));
  } catch (const Error& error) {
    if (error.code() != ExitCode::Memory) throw;
  }
  DeviceOptions frugal = options;
  frugal.memoryLimit = 1;
  return {predict(topology, cameras, frugal, stepViews, MeasureExecutor()).bytes, 0};
}

}  // namespace penumbra
