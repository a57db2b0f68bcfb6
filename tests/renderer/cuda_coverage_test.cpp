// The kernels of the graphics card, run on the host, against the processor's backend, over every family of scenes.
#include <gtest/gtest.h>

#include <tuple>

#include "tests/support/test_iteration.h"
#include "tests/support/device_scene.h"

namespace penumbra {
namespace {

using device::LaunchOrder;

const std::vector<DeviceScene>& scenes() {
  static const std::vector<DeviceScene> all = deviceScenes();
  return all;
}

std::unique_ptr<DeviceIteration> iterationOf(const DeviceScene& scene, CoverageModel model, double sigma,
                                             LaunchOrder order = LaunchOrder::Ascending) {
  auto iteration = testIteration(order);
  DeviceOptions options = scene.options();
  options.coverage = model;
  options.largestSigma = sigma;
  iteration->setOptions(options);
  iteration->setViews(scene.inputs(), false);
  iteration->setMesh(scene.topology, {scene.positions, {}, {}});
  return iteration;
}

std::vector<Vec3<float>> gradientOf(DeviceIteration& iteration, double sigma) {
  DeviceStep step;
  step.sigma = sigma;
  std::vector<Vec3<float>> gradient;
  iteration.gradient(step, gradient);
  return gradient;
}

using Which = std::tuple<CoverageModel, std::size_t, double>;
class CudaCoverage : public testing::TestWithParam<Which> {};

// Same arithmetic up to the order of sums; the tolerances are a hundred times what is seen.
TEST_P(CudaCoverage, EqualsTheProcessor) {
  const auto [model, index, sigma] = GetParam();
  const DeviceScene& scene = scenes()[index];
  const SceneResult expected = onProcessor(scene, model, sigma);
  const auto iteration = iterationOf(scene, model, sigma);
  for (std::size_t v = 0; v < scene.cameras.size(); ++v) {
    const std::vector<float> alpha = iteration->coverage(int(v), sigma);
    ASSERT_EQ(alpha.size(), expected.alpha[v].size());
    double worst = 0;
    for (std::size_t i = 0; i < alpha.size(); ++i)
      worst = std::max(worst, double(std::abs(alpha[i] - expected.alpha[v][i])));
    EXPECT_LE(worst, 1e-5) << scene.name << " view " << v;
  }
  EXPECT_LE(relativeDifference(gradientOf(*iteration, sigma), expected.gradient), 1e-4) << scene.name;
}

// No thread relies on another of its launch: any order gives the same bits.
TEST_P(CudaCoverage, DoesNotDependOnTheOrderOfThreads) {
  const auto [model, index, sigma] = GetParam();
  const DeviceScene& scene = scenes()[index];
  const auto first = iterationOf(scene, model, sigma);
  const std::vector<float> alpha = first->coverage(0, sigma);
  const std::vector<Vec3<float>> gradient = gradientOf(*first, sigma);
  for (const LaunchOrder order : {LaunchOrder::Reversed, LaunchOrder::Shuffled, LaunchOrder::Together}) {
    const auto other = iterationOf(scene, model, sigma, order);
    EXPECT_EQ(other->coverage(0, sigma), alpha);
    EXPECT_EQ(gradientOf(*other, sigma), gradient);
  }
}

INSTANTIATE_TEST_SUITE_P(Families, CudaCoverage,
                         testing::Combine(testing::Values(CoverageModel::Contour, CoverageModel::SoftRas),
                                          testing::Range(std::size_t(0), std::size_t(13)), testing::Values(1e-3, 1e-4)),
                         [](const auto& which) {
                           const bool contour = std::get<0>(which.param) == CoverageModel::Contour;
                           return scenes()[std::get<1>(which.param)].name + (contour ? "Contour" : "SoftRas") +
                                  (std::get<2>(which.param) > 5e-4 ? "Wide" : "Narrow");
                         });

}  // namespace
}  // namespace penumbra
