#include "tests/support/host_executor.h"
#include "tests/support/host_iteration.h"
#include "renderer/cuda/newton_iteration.h"

namespace penumbra::device {

std::unique_ptr<DeviceNewton> makeHostNewton(LaunchOrder order) {
  return std::make_unique<NewtonIteration<HostExecutor>>(HostExecutor(order));
}

}  // namespace penumbra::device
