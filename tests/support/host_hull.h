// The hull's stages of the graphics card, run on the host: for tests.
#pragma once
#include "tests/support/host_iteration.h"
#include "renderer/device_hull.h"

namespace penumbra::device {

std::unique_ptr<DeviceHull> makeHostHull(LaunchOrder order = LaunchOrder::Ascending);

}  // namespace penumbra::device
