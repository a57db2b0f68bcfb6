// Optimisers, smooth steps, schedules, start shapes and the fitter that joins them.
#include "optim/fit/fitter.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <set>

#include "optim/fit/optimizer.h"
#include "optim/fit/schedule.h"
#include "optim/fit/smooth_steps.h"
#include "optim/fit/start_shapes.h"
#include "optim/fit/view_sampler.h"
#include "renderer/error.h"
#include "tests/support/fit_problem.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

FitOptions smallOptions() {
  FitOptions options = smallGradientOptions(6, 3, 64, 60);
  options.lambda = 3;
  options.learningRate = 0.05;
  return options;
}

struct Problem : FitProblem {
  Problem() : FitProblem(eggMesh(3), smallOptions()) {}
};

TEST(SmoothSteps, solveUndoesApply) {
  for (const double lambda : {0.01, 1.0, 19.0, 1000.0}) {
    Mesh mesh = torusMesh(30, 15);
    mesh.positions.push_back({9, 9, 9});  // no face uses it
    const Topology topology = buildTopology(int(mesh.positions.size()), mesh.faces);
    SmoothSteps smooth(topology, lambda);
    std::vector<glm::vec3> values = smooth.apply(mesh.positions);
    smooth.solve(values);
    for (std::size_t i = 0; i < values.size(); ++i)
      EXPECT_LT(glm::length(values[i] - mesh.positions[i]), 1e-6 * (1 + 12 * lambda) + 1e-5) << lambda;
    EXPECT_LT(glm::length(values.back() - glm::vec3(9)), 1e-5);
  }
}

TEST(SmoothSteps, keepConstantsAndSpreadPeaks) {
  const Mesh ball = icosphere(3);
  const Topology topology = buildTopology(int(ball.positions.size()), ball.faces);
  SmoothSteps smooth(topology, 19);
  std::vector<glm::vec3> values(ball.positions.size(), glm::vec3(1, -2, 3));
  smooth.solve(values);
  for (const glm::vec3& v : values) EXPECT_LT(glm::length(v - glm::vec3(1, -2, 3)), 1e-4);
  std::vector<glm::vec3> peak(ball.positions.size(), glm::vec3(0));
  peak[100] = {1, 0, 0};
  smooth.solve(peak);
  double sum = 0;
  for (const glm::vec3& v : peak) {
    EXPECT_GT(v.x, 0);
    EXPECT_LE(v.x, peak[100].x);
    sum += v.x;
  }
  EXPECT_NEAR(sum, 1, 1e-4) << "what is pushed stays the same in sum";
  EXPECT_LT(peak[100].x, 0.05);
}

TEST(Optimizer, firstStepsHaveTheLengthOfTheRate) {
  const std::vector<glm::vec3> gradient{{1e-3f, -4e-3f, 0}, {2e-3f, 0, 1e-3f}};
  for (const Optimizer method : {Optimizer::Adam, Optimizer::AdamUniform}) {
    std::vector<glm::vec3> step = gradient, m1, m2;
    int count = 0;
    optimizerStep({method, 0.1, 0.9, 0.999}, step, m1, m2, count);
    EXPECT_EQ(count, 1);
    EXPECT_NEAR(step[0].y, 0.1, 1e-5) << "against the largest component";
    EXPECT_EQ(step[0].z, 0);
    EXPECT_NEAR(step[0].x, method == Optimizer::Adam ? -0.1 : -0.025, 1e-5) << "one scale for all, or one each";
  }
}

TEST(Schedule, sigmaAndRateReachTheirEnds) {
  FitOptions o;
  o.sigma = 1e-3, o.sigmaEnd = 1e-5, o.sigmaSteps = 100, o.learningRate = 0.1, o.learningRateEnd = 0.01;
  EXPECT_EQ(sigmaAt(o, 0), 1e-3);
  EXPECT_NEAR(sigmaAt(o, 50), 1e-4, 6e-6);
  EXPECT_NEAR(sigmaAt(o, 100), 1e-5, 1e-17);
  EXPECT_EQ(sigmaAt(o, 5000), sigmaAt(o, 100));
  for (int i = 1; i <= 100; ++i) EXPECT_LE(sigmaAt(o, i), sigmaAt(o, i - 1));
  o.sigmaSteps = 0;
  EXPECT_EQ(sigmaAt(o, 77), 1e-3);
  EXPECT_NEAR(learningRateAt(o, 0, 200), 0.1, 1e-15);
  EXPECT_NEAR(learningRateAt(o, 199, 200), 0.001, 1e-15);
  EXPECT_NEAR(learningRateAt(o, 900, 200), 0.001, 1e-15);
  EXPECT_NEAR(learningRateAt(o, 0, 1), 0.1, 1e-15);
}

TEST(ViewSampler, usesEveryViewOnceARoundAndOnlyTheSeedDecides) {
  for (const int perStep : {1, 3, 4, 9}) {
    const int steps = (10 + perStep - 1) / perStep;
    std::multiset<int> round;
    for (int step = 0; step < steps; ++step)
      for (const int view : sampleViews(10, perStep, 7, 5 * steps + step)) round.insert(view);
    EXPECT_EQ(round.size(), 10u);
    EXPECT_EQ(std::set<int>(round.begin(), round.end()).size(), 10u);
  }
  EXPECT_EQ(sampleViews(10, 3, 7, 123), sampleViews(10, 3, 7, 123));
  EXPECT_NE(sampleViews(100, 50, 7, 0), sampleViews(100, 50, 8, 0));
  EXPECT_NE(sampleViews(100, 50, 7, 0), sampleViews(100, 50, 7, 2));
  EXPECT_EQ(sampleViews(3, 0, 7, 123), (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(sampleViews(3, 5, 7, 123), (std::vector<int>{0, 1, 2}));
}

TEST(StartShapes, icospheresAreClosedUnitAndOutward) {
  for (const int level : {0, 1, 2, 4}) {
    const Mesh ball = icosphere(level);
    EXPECT_EQ(ball.positions.size(), 10u * (1u << (2 * level)) + 2);
    const TopologySummary t = summarise(buildTopology(int(ball.positions.size()), ball.faces));
    EXPECT_TRUE(t.closed());
    EXPECT_EQ(t.genus(), 0);
    EXPECT_EQ(t.inconsistentEdges, 0);
    for (const glm::vec3& p : ball.positions) EXPECT_NEAR(glm::length(p), 1, 1e-6);
    for (const Face& f : ball.faces) {
      const glm::vec3 a = ball.positions[std::size_t(f.x)], b = ball.positions[std::size_t(f.y)],
                      c = ball.positions[std::size_t(f.z)];
      EXPECT_GT(glm::dot(glm::cross(b - a, c - a), a + b + c), 0);
    }
  }
}

TEST(StartShapes, theBallLiesInAllFramesAndOverTheObject) {
  const Problem p;
  const Ball ball = startBall(*p.views);
  EXPECT_GT(ball.radius, 0.4);
  EXPECT_LT(ball.radius, 1);
  EXPECT_LT(glm::length(ball.centre), 0.2);
  for (const View& view : p.views->train)
    for (const glm::vec3& q : icosphere(2).positions) {
      const glm::dvec3 x = view.camera.toCamera(ball.centre + ball.radius * glm::dvec3(q));
      const double u = view.camera.fx * x.x / x.z + view.camera.cx, v = view.camera.fy * x.y / x.z + view.camera.cy;
      EXPECT_TRUE(x.z > 0 && u > 0 && v > 0 && u < view.camera.width && v < view.camera.height);
    }
  ViewSet blank = *p.views;
  for (View& view : blank.train) std::fill(view.mask.pixels.begin(), view.mask.pixels.end(), 0.0f);
  EXPECT_GT(startBall(blank).radius, 0) << "no mask shows anything";
}

// Every optimiser on every kind of parameters, with either coverage model and every loss.
TEST(Fitter, everyCombinationReducesTheLoss) {
  const Problem p;
  for (const auto method : {Optimizer::Adam, Optimizer::AdamUniform})
    for (const auto parameters : {Parameters::Positions, Parameters::Differential})
      for (const auto model : {CoverageModel::Contour, CoverageModel::SoftRas})
        for (const auto loss : {ImageLoss::L2, ImageLoss::L1, ImageLoss::SoftIoU}) {
          FitOptions o = p.options;
          o.optimizer = method, o.parameters = parameters, o.coverage = model, o.loss = loss;
          o.learningRate = parameters == Parameters::Positions ? 0.01 : 0.05;
          o.coarseToFine = false, o.sigmaSteps = 0, o.softTarget = model == CoverageModel::Contour;
          ThreadPool pool(2);
          Fitter fitter(p.views, o, pool);
          const double first = fitter.iterate().loss;
          Metrics last;
          for (int i = 0; i < 29; ++i) last = fitter.iterate();
          EXPECT_LT(last.loss, 0.7 * first) << int(method) << int(parameters) << int(model) << int(loss);
        }
}

TEST(Fitter, reconstructsAnEggOnViewsItNeverSaw) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  EXPECT_EQ(fitter.viewIoU(), std::vector<float>(6, -1));
  const HeldOutMetrics before = fitter.measureHeldOut();
  Metrics m;
  for (int i = 0; i < p.options.iterations; ++i) m = fitter.iterate();
  const HeldOutMetrics after = fitter.measureHeldOut();
  EXPECT_EQ(after.iteration, 60);
  EXPECT_GT(after.iou, 0.95);
  EXPECT_GT(after.iou, before.iou);
  EXPECT_LT(after.contourErrorPx, 0.5 * before.contourErrorPx);
  EXPECT_NEAR(m.trainIoU, after.iou, 0.04);
  EXPECT_GT(m.laplacian, 0) << "on by default";
  EXPECT_EQ(m.loss, m.silhouette + m.laplacian);
}

TEST(Fitter, goesOnExactlyFromAState) {
  Problem p;
  p.options.viewsPerStep = 4;
  Fitter whole(p.views, p.options, p.pool);
  run(whole, 13);
  const FitState middle = whole.state();
  run(whole, 12);
  Fitter resumed(p.views, p.options, p.pool, middle);
  run(resumed, 12);
  EXPECT_TRUE(sameBits(whole.state().positions, resumed.state().positions));
  EXPECT_TRUE(sameBits(whole.state().moment2, resumed.state().moment2));
}

TEST(Fitter, changesOfOptionsKeepTheMesh) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  run(fitter, 10);
  const auto before = fitter.state().positions;
  p.options.parameters = Parameters::Positions;
  p.options.learningRate = 0.005;
  fitter.setOptions(p.options);
  EXPECT_TRUE(sameBits(before, fitter.state().positions));
  EXPECT_EQ(fitter.state().optimizerStep, 0);
  EXPECT_EQ(fitter.state().iteration, 10);
  const double loss = fitter.iterate().loss;
  run(fitter, 20);
  EXPECT_LT(fitter.iterate().loss, loss);
}

TEST(Fitter, noStepIsLongerThanHalfAnEdge) {
  Problem p;
  p.options.learningRate = 1;
  p.options.parameters = Parameters::Positions;
  Fitter fitter(p.views, p.options, p.pool);
  const FitState before = fitter.state();
  fitter.iterate();
  std::vector<float> longest(before.positions.size(), 0);
  for (const Face& f : before.faces)
    for (int k = 0; k < 3; ++k) {
      const std::size_t a = std::size_t(f[k]), b = std::size_t(f[(k + 1) % 3]);
      longest[a] = std::max(longest[a], glm::length(before.positions[a] - before.positions[b]));
    }
  for (std::size_t i = 0; i < longest.size(); ++i)
    EXPECT_LE(glm::length(fitter.state().positions[i] - before.positions[i]), 0.5001f * longest[i]);
}

TEST(Fitter, breakDownsAreUndoneAndTheThirdIsAnError) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  run(fitter, 12);
  const auto good = fitter.state();
  // A weight beyond all range makes the gradient infinite.
  FitOptions wild = p.options;
  wild.silhouetteWeight = std::numeric_limits<double>::infinity();
  fitter.setOptions(wild);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    std::optional<std::string> recovered;
    fitter.iterate(&recovered);
    ASSERT_TRUE(recovered.has_value());
    EXPECT_NE(recovered->find("went back to iteration 10 with half the step"), std::string::npos) << *recovered;
    EXPECT_EQ(fitter.state().iteration, 10);
    EXPECT_EQ(fitter.state().stepScale, std::pow(0.5, attempt));
  }
  try {
    fitter.iterate();
    FAIL() << "the third in a row must throw";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::Numeric);
    EXPECT_FALSE(error.advice().empty());
  }
  for (const glm::vec3& x : fitter.state().positions) ASSERT_TRUE(std::isfinite(x.x + x.y + x.z));
  fitter.setOptions(p.options);
  std::optional<std::string> recovered;
  fitter.iterate(&recovered);
  EXPECT_FALSE(recovered.has_value()) << "sane options: it goes on";
}

TEST(Fitter, refusesWhatItCannotUse) {
  Problem p;
  EXPECT_THROW(Fitter(std::make_shared<const ViewSet>(), p.options, p.pool), Error);
  Fitter fitter(p.views, p.options, p.pool);
  FitState broken = fitter.state();
  broken.positions[3].y = std::numeric_limits<float>::quiet_NaN();
  EXPECT_THROW(fitter.restore(broken), Error);
  FitState torn = fitter.state();
  torn.faces[0].x = 100000;
  EXPECT_THROW(fitter.restore(torn), Error);
  EXPECT_NO_THROW(fitter.iterate());
}

TEST(Fitter, stopsBetweenViewsAndChangesNothing) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  fitter.iterate();
  const FitState before = fitter.state();
  std::atomic<bool> stop{true};
  fitter.setStopFlag(&stop);
  EXPECT_THROW(fitter.iterate(), Interrupted);
  EXPECT_TRUE(sameBits(before.positions, fitter.state().positions));
  EXPECT_EQ(before.iteration, fitter.state().iteration);
  stop = false;
  EXPECT_EQ(fitter.iterate().iteration, 2);
}

}  // namespace
}  // namespace penumbra
