// The iterations of the graphics card, run on the host: for tests, thousands of times slower than the card.
#pragma once
#include <memory>

#include "renderer/device_iteration.h"
#include "renderer/device_newton.h"

namespace penumbra::device {

// In which order the threads of a launch come; Together: some at a time. The result must not depend on it.
enum class LaunchOrder { Ascending, Reversed, Shuffled, Together };

std::unique_ptr<DeviceIteration> makeHostIteration(LaunchOrder order = LaunchOrder::Ascending);
std::unique_ptr<DeviceNewton> makeHostNewton(LaunchOrder order = LaunchOrder::Ascending);

}  // namespace penumbra::device
