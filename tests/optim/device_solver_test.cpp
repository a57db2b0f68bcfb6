// Fits on the graphics card, which is the host here, against fits on the processor: the same meshes, exchanged at any time.
#include "optim/fit/device_solver.h"

#include <gtest/gtest.h>

#include "tests/support/device_access.h"
#include "tests/support/fit_problem.h"

namespace penumbra {
namespace {

FitOptions smallOptions() { return smallFixedOptions(4, 2, 32, 300); }

struct Problem : FitProblem {
  explicit Problem(const FitOptions& o = smallOptions(), const Mesh& shape = eggMesh(3)) : FitProblem(shape, o) {}
  Fitter onProcessor() {
    FitOptions o = options;
    o.backend = Backend::Cpu;
    return Fitter(views, o, pool);
  }
  Fitter onCard(const DeviceAccess& access) { return Fitter(views, options, pool, access); }
};

// Iterates until `iteration`; returns the metrics of the last one.
Metrics runTo(Fitter& fitter, int iteration) {
  Metrics m;
  while (fitter.iteration() < iteration) m = fitter.iterate(nullptr, iteration - fitter.iteration());
  return fitter.untoldMetrics().value_or(m);
}

double diagonal(const FitState& state) { return boundsOf(Mesh{state.positions, {}}).diagonal(); }

std::string codesOf(const FitState& s) {
  std::string bytes;
  for (const auto* values : {&s.positions, &s.moment1, &s.moment2})
    bytes.append(reinterpret_cast<const char*>(values->data()), values->size() * sizeof(glm::vec3));
  return bytes + "|" + std::to_string(s.iteration) + "|" + std::to_string(s.optimizerStep) + "|" + std::to_string(s.stepScale);
}

constexpr double kNear = 1e-3;  // of the diagonal

TEST(DeviceSolver, FinalMeshIsTheProcessors) {
  Mesh bump = icosphere(3), slab = icosphere(3);
  for (glm::vec3& p : bump.positions) p *= 1 + 0.25f * std::sin(4 * p.x) * std::cos(3 * p.y);
  for (glm::vec3& p : slab.positions) p.y *= 0.35f;
  for (const Mesh& shape : {eggMesh(3), bump, slab}) {
    Problem problem(smallOptions(), shape);
    Fitter processor = problem.onProcessor(), card = problem.onCard(hostAccess());
    const Metrics a = runTo(processor, 300), b = runTo(card, 300);
    EXPECT_EQ(card.card(), "Host 1");
    EXPECT_LE(farthestVertex(processor.state(), card.state()), kNear * diagonal(processor.state()));
    EXPECT_NEAR(a.loss, b.loss, 1e-3 * a.loss);  // rounding, amplified over 300 steps
    EXPECT_EQ(a.sigma, b.sigma);
    EXPECT_EQ(a.learningRate, b.learningRate);
    EXPECT_EQ(b.iteration, 300);
    EXPECT_NEAR(processor.measureHeldOut().iou, card.measureHeldOut().iou, 2e-3);
  }
}

// However iterations are grouped, the state is the same to the bit.
TEST(DeviceSolver, BatchesDoNotMatter) {
  FitOptions options = smallOptions();
  options.viewsPerStep = 2;
  Problem problem(options);
  Fitter reference = problem.onCard(hostAccess());
  runTo(reference, 60);
  for (const int most : {1, 7, 60}) {
    Fitter other = problem.onCard(hostAccess(1e9, tickingClock(1)));  // metrics of every batch
    while (other.iteration() < 60) other.iterate(nullptr, std::min(most, 60 - other.iteration()));
    EXPECT_EQ(codesOf(other.state()), codesOf(reference.state())) << most;
    EXPECT_EQ(other.viewIoU().size(), problem.views->train.size());
    for (const float iou : other.viewIoU()) EXPECT_GT(iou, most == 60 ? -2.f : 0.f);  // all, but for one long batch
  }
}

TEST(DeviceSolver, StopsAtTheLimit) {
  Problem problem;
  Fitter fitter = problem.onCard(hostAccess());
  fitter.iterate(nullptr, 1);  // the first batch is short: nothing is known of the speed yet
  EXPECT_EQ(fitter.iteration(), 1);
  fitter.iterate(nullptr, 5);
  EXPECT_EQ(fitter.iteration(), 6);
  fitter.iterate(nullptr, 44);
  EXPECT_EQ(fitter.iteration(), DeviceSolver::kGoodEvery);
  std::atomic<bool> stop{true};
  fitter.setStopFlag(&stop);
  EXPECT_THROW(fitter.iterate(nullptr, 1000), Interrupted);
  EXPECT_EQ(fitter.iteration(), DeviceSolver::kGoodEvery);
}

// Processor -> card -> processor, at odd moments: mesh, moments and counters go along, so the path stays the same.
TEST(DeviceSolver, BackendsCanBeExchangedWhileRunning) {
  Problem problem;
  Fitter reference = problem.onProcessor(), fitter = problem.onCard(hostAccess());
  FitOptions options = problem.options;
  for (const auto& [until, backend] : {std::pair{37, Backend::Cpu}, {91, Backend::Cuda}, {150, Backend::Cpu}, {200, Backend::Auto}}) {
    options.backend = backend;
    const std::string before = codesOf(fitter.state());
    fitter.setOptions(options);
    EXPECT_EQ(codesOf(fitter.state()), before);
    EXPECT_EQ(fitter.card().empty(), backend == Backend::Cpu);
    EXPECT_EQ(fitter.backendReason().empty(), backend != Backend::Cpu);
    runTo(fitter, until);
    runTo(reference, until);
    EXPECT_EQ(fitter.state().optimizerStep, reference.state().optimizerStep);
    EXPECT_LE(farthestVertex(reference.state(), fitter.state()), kNear * diagonal(reference.state()));
  }
  EXPECT_EQ(fitter.takeBackendNote(), "");
}

TEST(DeviceSolver, OptionsAndViewsChangeWhileRunning) {
  Problem problem;
  Fitter reference = problem.onProcessor(), card = problem.onCard(hostAccess());
  FitOptions options = problem.options;
  const auto both = [&](int until, void (*change)(FitOptions&)) {
    change(options);
    for (Fitter* f : {&reference, &card}) {
      FitOptions mine = options;
      mine.backend = f == &card ? Backend::Cuda : Backend::Cpu;
      f->setOptions(mine);
      runTo(*f, until);
    }
    EXPECT_EQ(reference.state().optimizerStep, card.state().optimizerStep);
    EXPECT_LE(farthestVertex(reference.state(), card.state()), kNear * diagonal(reference.state()));
  };
  both(20, [](FitOptions&) {});
  both(40, [](FitOptions& o) { o.lambda = 8; });  // empties the moments
  both(60, [](FitOptions& o) { o.softTarget = false; });
  both(80, [](FitOptions& o) { o.sigma = 3e-3, o.laplacian = 0.01; });
  both(100, [](FitOptions& o) { o.parameters = Parameters::Positions, o.optimizer = Optimizer::Adam, o.learningRate = 5e-3; });
  both(110, [](FitOptions& o) { o.coverage = CoverageModel::SoftRas; });
  FitOptions fewer = options;
  fewer.views = 3;
  const auto views = std::make_shared<const ViewSet>(makeViewSet(eggMesh(3), "egg", fewer, problem.pool));
  for (Fitter* f : {&reference, &card}) f->setViews(views);
  both(125, [](FitOptions& o) { o.views = 3; });
  EXPECT_EQ(card.viewIoU().size(), 3u);
}

// Re-carving replaces the triangles while the card iterates: it goes on there with the new mesh, finer or coarser, also
// when the backend changes right behind.
TEST(DeviceSolver, AnotherMeshGoesOnOnTheCard) {
  Problem problem;
  Fitter reference = problem.onProcessor(), card = problem.onCard(hostAccess());
  FitOptions options = problem.options;
  runTo(reference, 20);
  runTo(card, 20);
  for (const int level : {3, 1}) {
    const Mesh mesh = icosphere(level);
    FitState next = reference.state();
    next.positions = mesh.positions;
    next.faces = mesh.faces;
    next.moment1.clear();
    next.moment2.clear();
    next.optimizerStep = 0;
    next.growth = {};
    const std::uint64_t before = card.facesVersion();
    reference.restore(next);
    card.restore(next);
    EXPECT_NE(card.facesVersion(), before);
    for (const Backend backend : {Backend::Cuda, Backend::Cpu, Backend::Cuda}) {
      options.backend = backend;
      card.setOptions(options);
      const int until = reference.iteration() + 10;
      runTo(reference, until);
      runTo(card, until);
      EXPECT_EQ(card.card(), backend == Backend::Cuda ? "Host 1" : "");
      EXPECT_EQ(card.vertexGradient().size(), mesh.positions.size());
      EXPECT_EQ(card.state().faces, mesh.faces);
      EXPECT_EQ(card.state().optimizerStep, reference.state().optimizerStep);
      EXPECT_LE(farthestVertex(reference.state(), card.state()), kNear * diagonal(reference.state())) << level;
    }
  }
}

// What is shown and kept of a fit agrees with the processor's.
TEST(DeviceSolver, CoverageAndGradientsAreTheProcessors) {
  Problem problem;
  Fitter reference = problem.onProcessor(), card = problem.onCard(hostAccess());
  runTo(reference, 10);
  runTo(card, 10);
  ASSERT_EQ(card.vertexGradient().size(), reference.vertexGradient().size());
  for (std::size_t i = 0; i < card.vertexGradient().size(); ++i) EXPECT_NEAR(card.vertexGradient()[i], reference.vertexGradient()[i], 2e-4);
  for (int view = 0; view < 2; ++view) {
    Fitter fresh(problem.views, problem.options, problem.pool, card.state());  // renders it now, on the processor
    const Mask a = fresh.coverage(view), b = card.coverage(view);
    ASSERT_EQ(a.pixels.size(), b.pixels.size());
    for (std::size_t i = 0; i < a.pixels.size(); ++i) ASSERT_NEAR(a.pixels[i], b.pixels[i], 1e-5) << i;
    EXPECT_FLOAT_EQ(card.viewIoU()[std::size_t(view)], reference.viewIoU()[std::size_t(view)]);
  }
}

// Sigma and triangles follow the outlines on either: rounding decides which edge is split, so the ways
// part, not the ends.
TEST(DeviceSolver, AdaptsLikeTheProcessor) {
  FitOptions options = smallOptions();
  options.coarseToFine = true;
  options.remesh = Remeshing::Auto;
  options.size = 64;
  Problem problem(options);
  Fitter reference = problem.onProcessor(), card = problem.onCard(hostAccess()), single = problem.onCard(hostAccess(0));
  std::uint64_t version = card.facesVersion();
  int changes = 0;
  for (int until = 10; until <= 100; until += 10) {
    const Metrics m = runTo(card, until);
    changes += card.facesVersion() != version;
    version = card.facesVersion();
    EXPECT_EQ(card.state().growth.wanted.size(), card.state().positions.size());
    EXPECT_EQ(card.vertexGradient().size(), card.state().positions.size());
    EXPECT_GE(m.outlinePx, 0);
  }
  EXPECT_GE(changes, 3);
  runTo(single, 100);
  EXPECT_EQ(codesOf(card.state()), codesOf(single.state())) << "batches do not matter";
  runTo(reference, 100);
  EXPECT_NEAR(card.measureHeldOut().iou, reference.measureHeldOut().iou, 0.01);
  EXPECT_NEAR(card.state().growth.sigma, reference.state().growth.sigma, 0.5 * reference.state().growth.sigma);
}

TEST(DeviceSolver, WhatItCannotDoIsSaidAndDoneByTheProcessor) {
  Problem problem;
  problem.options.backend = Backend::Cuda;
  for (void (*change)(FitOptions&) :
       {+[](FitOptions& o) { o.optimizer = Optimizer::VectorAdam; },
        +[](FitOptions& o) { o.rateUnit = RateUnit::Pixels; }, +[](FitOptions& o) { o.motionSmoothing = 0.1; }}) {
    Problem other(problem.options);
    change(other.options);
    EXPECT_NE(whyNotOnDevice(other.options), "");
    Fitter fitter = other.onCard(hostAccess());
    EXPECT_EQ(fitter.card(), "");
    EXPECT_NE(fitter.takeBackendNote().find("processor"), std::string::npos);
    EXPECT_EQ(fitter.iterate().iteration, 1);
  }
  EXPECT_EQ(whyNotOnDevice(FitOptions{}), "");
}

TEST(DeviceSolver, AStateKeptIsGoneBackToExactly) {
  Problem problem;
  Fitter fitter = problem.onCard(hostAccess());
  runTo(fitter, 23);
  const FitState kept = fitter.state();
  runTo(fitter, 71);
  const std::string after = codesOf(fitter.state());
  fitter.restore(kept);
  EXPECT_EQ(codesOf(fitter.state()), codesOf(kept));
  runTo(fitter, 71);
  EXPECT_EQ(codesOf(fitter.state()), after);
}

// As on the processor, but states to go back to are kept at multiples of kGoodEvery.
TEST(DeviceSolver, BreakDownsAreUndoneAndTheThirdIsAnError) {
  Problem problem;
  Fitter fitter = problem.onCard(hostAccess());
  runTo(fitter, 64);
  FitOptions wild = problem.options;
  wild.silhouetteWeight = std::numeric_limits<double>::infinity();
  fitter.setOptions(wild);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    std::optional<std::string> recovered;
    fitter.iterate(&recovered, 20);
    ASSERT_TRUE(recovered.has_value());
    EXPECT_EQ(*recovered, "Iteration " + std::to_string(attempt == 1 ? 65 : 51) +
                              " broke down (the objective or a vertex was not finite); went back to iteration 50 with half the step.");
    EXPECT_EQ(fitter.state().iteration, 50);
    EXPECT_EQ(fitter.state().stepScale, std::pow(0.5, attempt));
  }
  EXPECT_THROW(fitter.iterate(), Error);
  for (const glm::vec3& x : fitter.state().positions) ASSERT_TRUE(std::isfinite(x.x + x.y + x.z));
  fitter.setOptions(problem.options);
  std::optional<std::string> recovered;
  fitter.iterate(&recovered);
  EXPECT_FALSE(recovered.has_value()) << "sane options: it goes on";
  EXPECT_EQ(fitter.card(), "Host 1");
}

}  // namespace
}  // namespace penumbra
