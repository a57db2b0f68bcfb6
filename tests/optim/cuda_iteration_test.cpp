// Iterations of the graphics card's kernels, run on the host, against the fitter on the processor.
#include <gtest/gtest.h>

#include <cmath>

#include "optim/fit/device_solver.h"
#include "optim/fit/regularisers.h"
#include "optim/fit/schedule.h"
#include "optim/fit/view_sampler.h"
#include "tests/support/fit_problem.h"
#include "tests/support/test_iteration.h"

namespace penumbra {
namespace {

using device::LaunchOrder;

constexpr double kReach = 10;  // no vertex comes so far

struct Problem : FitProblem {
  explicit Problem(const FitOptions& o) : FitProblem(eggMesh(3), o) {}
  std::unique_ptr<DeviceIteration> device(const FitState& state, const DeviceOptions& d,
                                          LaunchOrder order = LaunchOrder::Ascending) {
    auto iteration = testIteration(order);
    iteration->setOptions(d);
    uploadViews(*iteration, views->train, options.softTarget, pool);
    iteration->setMesh(buildTopology(int(state.positions.size()), state.faces),
                       {state.positions, state.moment1, state.moment2});
    return iteration;
  }
  std::vector<DeviceStep> steps(const FitState& from, int count) const {
    std::vector<DeviceStep> result;
    for (int i = from.iteration; i < from.iteration + count; ++i)
      result.push_back({sigmaAt(options, i), learningRateAt(options, i, options.iterations),
                        from.optimizerStep + 1 + i - from.iteration,
                        sampleViews(int(views->train.size()), options.viewsPerStep, options.seed, i)});
    return result;
  }
};

struct Case {
  const char* name;
  void (*change)(FitOptions&);
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class CudaIteration : public testing::TestWithParam<Case> {
 protected:
  FitOptions options() const {
    FitOptions o = smallFixedOptions(5, 1, 40, 300);
    GetParam().change(o);
    return o;
  }
};

// Gradients of the whole objective after some steps, and metrics, agree to rounding.
TEST_P(CudaIteration, MetricsEqualTheFitters) {
  Problem problem(options());
  Fitter fitter(problem.views, problem.options, problem.pool);
  run(fitter, 5);
  const auto device = problem.device(fitter.state(), deviceOptions(problem.options, kReach));
  const std::vector<DeviceStep> steps = problem.steps(fitter.state(), 1);
  const Metrics expected = fitter.iterate();
  std::vector<glm::vec3> gradient;
  const DeviceMetrics now = device->gradient(steps[0], gradient);
  const auto near = [](double a, double b) { return std::abs(a - b) <= 2e-5 * std::abs(b) + 1e-9; };
  EXPECT_PRED2(near, now.loss, expected.loss);
  EXPECT_PRED2(near, now.silhouette, expected.silhouette);
  EXPECT_PRED2(near, now.laplacian, expected.laplacian);
  EXPECT_PRED2(near, now.normalConsistency, expected.normalConsistency);
  EXPECT_PRED2(near, now.edgeLength, expected.edgeLength);
  EXPECT_PRED2(near, now.gradientNorm, expected.gradientNorm);
  EXPECT_PRED2(near, now.trainIoU, expected.trainIoU);
  double error = 0, size = 0;
  for (std::size_t i = 0; i < gradient.size(); ++i) {
    const double g = fitter.vertexGradient()[i];
    error += std::pow(double(glm::length(gradient[i])) - g, 2);
    size += g * g;
  }
  EXPECT_LE(std::sqrt(error / size), 1e-4);
}

// 300 steps end at the same mesh, within a thousandth of its diagonal.
TEST_P(CudaIteration, PathEqualsTheFitters) {
  Problem problem(options());
  Fitter fitter(problem.views, problem.options, problem.pool);
  const auto device = problem.device(fitter.state(), deviceOptions(problem.options, kReach));
  device->run(problem.steps(fitter.state(), 300));
  run(fitter, 300);
  const DeviceProgress progress = device->finish();
  EXPECT_EQ(progress.done, 300);
  EXPECT_EQ(progress.reason, "");
  const DeviceState state = device->state();
  const double diagonal = boundsOf(Mesh{fitter.state().positions, {}}).diagonal();
  const double worst = farthestVertex(state.positions, fitter.state().positions);
  std::printf("             farthest vertex %.1e of the diagonal, loss %.6f\n", worst / diagonal, progress.last->loss);
  EXPECT_LE(worst, 1e-3 * diagonal);
}

const Case kCases[] = {
    {"defaults", [](FitOptions&) {}},
    {"l1", [](FitOptions& o) { o.loss = ImageLoss::L1, o.softTarget = false; }},
    {"softIoU", [](FitOptions& o) { o.loss = ImageLoss::SoftIoU, o.silhouetteWeight = 0.7; }},
    {"adamOnPositions",
     [](FitOptions& o) {
       o.optimizer = Optimizer::Adam, o.parameters = Parameters::Positions, o.learningRate = 4e-3, o.laplacian = 0.02;
     }},
    {"regularised", [](FitOptions& o) { o.laplacian = 0.01, o.normalConsistency = 0.01, o.edgeLength = 0.02; }},
    {"cotangent", [](FitOptions& o) { o.laplacian = 0.02, o.laplacianWeights = LaplacianWeights::Cotangent; }},
    {"sampledViews", [](FitOptions& o) { o.viewsPerStep = 2; }},
    {"softRas",
     [](FitOptions& o) { o.coverage = CoverageModel::SoftRas, o.size = 24, o.views = 3, o.sphereLevel = 1; }},
};
INSTANTIATE_TEST_SUITE_P(Options, CudaIteration, testing::ValuesIn(kCases),
                         [](const auto& which) { return which.param.name; });

}  // namespace
}  // namespace penumbra
