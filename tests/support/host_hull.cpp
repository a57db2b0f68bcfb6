#include "tests/support/host_hull.h"

#include "tests/support/host_executor.h"
#include "renderer/cuda/hull_sampler.h"

namespace penumbra::device {

std::unique_ptr<DeviceHull> makeHostHull(LaunchOrder order) {
  return std::make_unique<HullSampler<HostExecutor>>(HostExecutor(order));
}

}  // namespace penumbra::device
