// Iterations of the graphics card's kernels, run on the host, against the fitter on the processor.
#include <gtest/gtest.h>

#include <cmath>

#include "optim/fit/fitter.h"
#include "optim/fit/regularisers.h"
#include "optim/fit/schedule.h"
#include "optim/fit/start_shapes.h"
#include "optim/fit/view_sampler.h"
#include "optim/targets/soft_target.h"
#include "optim/targets/targets.h"
#include "tests/support/small_meshes.h"
#include "tests/support/test_iteration.h"

namespace penumbra {
namespace {

using device::LaunchOrder;

FitOptions smallOptions() {
  FitOptions options;
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = 5;
  options.heldOutViews = 1;
  options.size = 40;
  options.sphereLevel = 2;
  options.lambda = 3;
  options.iterations = 300;
  options.sigma = 1e-3;
  options.sigmaEnd = 1e-4;
  options.coarseToFine = false;      // a card's iteration ends before the mesh and sigma are adapted
  options.remesh = Remeshing::Off;
  return options;
}

DeviceOptions deviceOptions(const FitOptions& o) {
  DeviceOptions d;
  d.coverage = o.coverage;
  d.loss = o.loss == ImageLoss::L2 ? DeviceLoss::L2 : o.loss == ImageLoss::L1 ? DeviceLoss::L1 : DeviceLoss::SoftIoU;
  d.largestSigma = std::max(o.sigma, o.sigmaEnd);
  d.silhouetteWeight = o.silhouetteWeight;
  const bool uniform = o.laplacianWeights == LaplacianWeights::Uniform;
  d.uniformLaplacian = uniform ? o.laplacian : 0;
  d.cotangentLaplacian = uniform ? 0 : o.laplacian;
  d.normalConsistency = o.normalConsistency;
  d.edgeLength = o.edgeLength;
  d.adamUniform = o.optimizer == Optimizer::AdamUniform;
  d.beta1 = o.beta1;
  d.beta2 = o.beta2;
  d.differential = o.parameters == Parameters::Differential;
  d.lambda = o.lambda;
  return d;
}

struct Problem {
  FitOptions options;
  ThreadPool pool{2};
  std::shared_ptr<const ViewSet> views;
  std::vector<SoftTarget> targets;

  explicit Problem(const FitOptions& o) : options(o) {
    Mesh mesh = icosphere(3);
    for (glm::vec3& p : mesh.positions) p = {0.6f * p.x, p.y, 0.8f * p.z * (1 + 0.3f * p.y)};
    views = std::make_shared<const ViewSet>(makeViewSet(mesh, "egg", o, pool));
    targets = makeSoftTargets(views->train, pool);
  }
  std::unique_ptr<DeviceIteration> device(const FitState& state, const DeviceOptions& d,
                                          LaunchOrder order = LaunchOrder::Ascending) const {
    auto iteration = testIteration(order);
    iteration->setOptions(d);
    std::vector<DeviceViewInput> inputs;
    for (std::size_t v = 0; v < targets.size(); ++v)
      inputs.push_back(
          {views->train[v].camera, targets[v].distance.pixels, views->train[v].mask.pixels, targets[v].normaliser});
    iteration->setViews(inputs, options.softTarget);
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

double largestDistance(const std::vector<glm::vec3>& a, const std::vector<glm::vec3>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, double(glm::length(a[i] - b[i])));
  return worst;
}

struct Case {
  const char* name;
  void (*change)(FitOptions&);
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class CudaIteration : public testing::TestWithParam<Case> {
 protected:
  FitOptions options() const {
    FitOptions o = smallOptions();
    GetParam().change(o);
    return o;
  }
};

// Gradients of the whole objective after some steps, and metrics, agree to rounding.
TEST_P(CudaIteration, MetricsEqualTheFitters) {
  Problem problem(options());
  Fitter fitter(problem.views, problem.options, problem.pool);
  for (int i = 0; i < 5; ++i) fitter.iterate();
  const auto device = problem.device(fitter.state(), deviceOptions(problem.options));
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
  const auto device = problem.device(fitter.state(), deviceOptions(problem.options));
  device->run(problem.steps(fitter.state(), 300));
  for (int i = 0; i < 300; ++i) fitter.iterate();
  const DeviceProgress progress = device->finish();
  EXPECT_EQ(progress.done, 300);
  EXPECT_EQ(progress.reason, "");
  const DeviceState state = device->state();
  const double diagonal = boundsOf(Mesh{fitter.state().positions, {}}).diagonal();
  const double worst = largestDistance(state.positions, fitter.state().positions);
  std::printf("             farthest vertex %.1e of the diagonal, loss %.6f\n", worst / diagonal, progress.last.loss);
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
