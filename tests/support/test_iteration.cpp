#include "tests/support/test_iteration.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace penumbra {
namespace {

class CardEnvironment : public testing::Environment {
 public:
  void SetUp() override {
    if (!testsOnCard()) return;
    const CudaStatus status = probeCuda();
    if (status.available) {
      std::printf("On the graphics card: %s\n", status.name.c_str());
      return;
    }
    std::printf("No graphics card to test on: %s\n", status.reason.c_str());
    GTEST_SKIP() << status.reason;
  }
};

[[maybe_unused]] const testing::Environment* const kEnvironment = testing::AddGlobalTestEnvironment(new CardEnvironment);

}  // namespace

bool testsOnCard() {
  const char* wanted = std::getenv("PENUMBRA_TEST_DEVICE");
  return wanted && std::string_view(wanted) == "cuda";
}

std::unique_ptr<DeviceIteration> testIteration(device::LaunchOrder order) {
  return testsOnCard() ? makeCudaIteration() : device::makeHostIteration(order);
}

std::unique_ptr<DeviceNewton> testNewton(device::LaunchOrder order) {
  return testsOnCard() ? makeCudaNewton() : device::makeHostNewton(order);
}

std::unique_ptr<DeviceHull> testHull(device::LaunchOrder order) {
  return testsOnCard() ? makeCudaHull() : device::makeHostHull(order);
}

}  // namespace penumbra
