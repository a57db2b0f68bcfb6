#include "tests/support/host_iteration.h"

#include "tests/support/host_executor.h"
#include "renderer/cuda/iteration.h"

namespace penumbra::device {

std::unique_ptr<DeviceIteration> makeHostIteration(LaunchOrder order) {
  return std::make_unique<Iteration<HostExecutor>>(HostExecutor(order));
}

}  // namespace penumbra::device
