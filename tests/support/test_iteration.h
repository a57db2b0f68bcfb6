// Where tests of the graphics card run: on the host, or, with PENUMBRA_TEST_DEVICE=cuda in the environment, on
// the card itself. Without a usable card all tests of such a program are skipped, with the probe's sentence.
#pragma once
#include <memory>

#include "tests/support/host_hull.h"

namespace penumbra {

bool testsOnCard();
// `order` matters on the host only; a card has its own.
std::unique_ptr<DeviceIteration> testIteration(device::LaunchOrder order = device::LaunchOrder::Ascending);
std::unique_ptr<DeviceNewton> testNewton(device::LaunchOrder order = device::LaunchOrder::Ascending);

std::unique_ptr<DeviceHull> testHull(device::LaunchOrder order = device::LaunchOrder::Ascending);

}  // namespace penumbra
