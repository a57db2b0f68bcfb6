// The same fit again and again: not a bit may differ. On the card 50 times (its threads come in another order each time), on
// the host in the orders there are.
#include <gtest/gtest.h>

#include <cstring>

#include "optim/fit/device_solver.h"
#include "optim/fit/start_shapes.h"
#include "optim/targets/targets.h"
#include "tests/support/small_meshes.h"
#include "tests/support/test_iteration.h"

namespace penumbra {
namespace {

using device::LaunchOrder;

class DeviceRepeat : public testing::TestWithParam<CoverageModel> {};

std::vector<Vec3<float>> positionsAfter(const ViewSet& views, const FitOptions& options, LaunchOrder order, ThreadPool& pool) {
  const auto iteration = testIteration(order);
  iteration->setOptions(deviceOptions(options, 10));
  uploadViews(*iteration, views.train, true, pool);
  const Mesh start = makeStartMesh(options, views, pool);
  iteration->setMesh(buildTopology(int(start.positions.size()), start.faces), {start.positions, {}, {}});
  std::vector<DeviceStep> steps;
  for (int i = 0; i < (testsOnCard() ? 200 : 12); ++i) steps.push_back({options.sigma, options.learningRate, i + 1, {}});
  iteration->run(steps);
  EXPECT_EQ(iteration->finish().done, int(steps.size()));
  return iteration->state().positions;
}

TEST_P(DeviceRepeat, GivesTheSameBits) {
  ThreadPool pool{2};
  FitOptions options;
  options.coverage = GetParam();
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = testsOnCard() ? 12 : 3;
  options.size = testsOnCard() ? 128 : 24;
  options.sphereLevel = testsOnCard() ? 4 : 1;
  options.sigma = options.sigmaEnd = 1e-3;
  options.laplacian = options.normalConsistency = options.edgeLength = 0.01;
  Mesh egg = icosphere(3);
  for (glm::vec3& p : egg.positions) p = {0.6f * p.x, p.y, 0.8f * p.z};
  const ViewSet views = makeViewSet(egg, "egg", options, pool);
  const LaunchOrder orders[] = {LaunchOrder::Ascending, LaunchOrder::Reversed, LaunchOrder::Shuffled, LaunchOrder::Together};
  const auto first = positionsAfter(views, options, LaunchOrder::Ascending, pool);
  for (int run = 1; run < (testsOnCard() ? 50 : 4); ++run) {
    const auto again = positionsAfter(views, options, orders[run % 4], pool);
    ASSERT_EQ(std::memcmp(first.data(), again.data(), first.size() * sizeof first[0]), 0) << "run " << run;
  }
}

INSTANTIATE_TEST_SUITE_P(Models, DeviceRepeat, testing::Values(CoverageModel::Contour, CoverageModel::SoftRas),
                         [](const auto& which) { return which.param == CoverageModel::Contour ? "contour" : "softRas"; });

}  // namespace
}  // namespace penumbra
