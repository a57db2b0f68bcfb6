// Whole Gauss-Newton fits on the graphics card, which is the host here, against fits on the processor; and what becomes of
// them when the card fails.
#include "optim/newton/device_newton_solver.h"

#include <gtest/gtest.h>

#include <set>

#include "optim/fit/coverage_pass.h"
#include "renderer/topology.h"
#include "tests/support/device_access.h"
#include "tests/support/newton_problem.h"
#include "tests/support/session_help.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

FitOptions newtonOn(Backend backend) {
  FitOptions options = smallNewtonOptions();
  options.backend = backend;
  return options;
}

// From a coarse sphere whose triangles stay, so that two backends can be compared vertex by vertex.
FitOptions fixedNewton(Backend backend, int level = 2) {
  FitOptions options = newtonOn(backend);
  options.solver = SolverKind::Newton;
  options.start = StartShape::Sphere;
  options.sphereLevel = level;
  options.coarseToFine = false;
  options.heldOutViews = 1;
  return options;
}

constexpr double kNear = 3e-3;  // the diagonal is about 3

void expectNear(const FitState& a, const FitState& b) {
  ASSERT_EQ(a.positions.size(), b.positions.size());
  EXPECT_EQ(a.faces, b.faces);
  EXPECT_EQ(a.iteration, b.iteration);
  EXPECT_EQ(a.newton.steps, b.newton.steps);
  EXPECT_EQ(a.newton.stalls, b.newton.stalls);
  EXPECT_EQ(a.newton.level, b.newton.level);
  EXPECT_LE(farthestVertex(a, b), kNear);
}

TEST(DeviceNewtonSolver, StepsAreTheProcessors) {
  NewtonProblem p(eggMesh());
  Fitter processor(p.views, fixedNewton(Backend::Cpu, 3), p.pool);
  Fitter card(p.views, fixedNewton(Backend::Cuda, 3), p.pool, hostAccess());
  for (int i = 0; i < 9; ++i) {
    const Metrics a = processor.iterate(), b = card.iterate();
    EXPECT_EQ(b.iteration, i + 1);
    EXPECT_NEAR(a.loss, b.loss, 2e-2 * a.loss);  // it falls to a hundredth, rounding of the first steps is left
    EXPECT_NEAR(a.trainIoU, b.trainIoU, 1e-3);
    EXPECT_NEAR(a.outlinePx, b.outlinePx, 1e-2 * a.outlinePx);
    EXPECT_NEAR(a.gradientNorm, b.gradientNorm, 1e-2 * a.gradientNorm);
    ASSERT_EQ(card.viewIoU().size(), processor.viewIoU().size());
    for (std::size_t v = 0; v < card.viewIoU().size(); ++v) EXPECT_NEAR(card.viewIoU()[v], processor.viewIoU()[v], 2e-3);
  }
  expectNear(card.state(), processor.state());
  EXPECT_EQ(card.card(), "Host 1");
  EXPECT_EQ(card.backendReason(), "");
  EXPECT_EQ(card.takeBackendNote(), "");
  EXPECT_GT(card.cardUse().bytes, 0u);
  EXPECT_EQ(card.cardUse().viewsAtOnce, 8);
  EXPECT_NEAR(double(card.predictedCardNeed().bytes), double(card.cardUse().bytes), 0.3 * double(card.cardUse().bytes));
  ASSERT_EQ(card.vertexGradient().size(), processor.vertexGradient().size());
  const Mask a = card.coverage(0), b = processor.coverage(0);
  for (std::size_t i = 0; i < a.pixels.size(); ++i) ASSERT_NEAR(a.pixels[i], b.pixels[i], 0.05);
}

// Where triangles are made anew the paths part at the last bit, so what is compared is what they lead to.
TEST(DeviceNewtonSolver, WholeFitsAreAsGoodAsTheProcessors) {
  for (const Mesh& model : {eggMesh(), torusMesh(40, 20)}) {
    NewtonProblem p(model);
    double iou[2], contour[2], outline[2];
    for (const int onCard : {0, 1}) {
      Fitter fitter(p.views, newtonOn(onCard ? Backend::Cuda : Backend::Cpu), p.pool, hostAccess());
      Metrics m;
      int steps = 0;
      while (!fitter.converged() && steps++ < 60) m = fitter.iterate();
      EXPECT_TRUE(fitter.converged());
      EXPECT_EQ(fitter.card().empty(), !onCard);
      EXPECT_NEAR(m.loss, m.silhouette + m.thinPlate, 1e-9 * m.loss);
      const HeldOutMetrics held = fitter.measureHeldOut();
      iou[onCard] = held.iou, contour[onCard] = held.contourErrorPx, outline[onCard] = m.outlinePx;
      const FitState& state = fitter.state();
      const auto summary = summarise(buildTopology(int(state.positions.size()), state.faces));
      EXPECT_TRUE(summary.closed());
      EXPECT_EQ(summary.components, 1);
    }
    EXPECT_NEAR(iou[1], iou[0], 2e-3);
    EXPECT_NEAR(contour[1], contour[0], 0.05);
    EXPECT_NEAR(outline[1], outline[0], 0.02);
  }
}

TEST(DeviceNewtonSolver, GoesOnExactlyFromASnapshot) {
  const auto run = [](int pauseAt) {
    NewtonProblem p(eggMesh());
    const FitOptions options = newtonOn(Backend::Cuda);
    Fitter fitter(p.views, options, p.pool, hostAccess());
    for (int i = 0; i < 14; ++i) {
      if (i == pauseAt) {
        Fitter resumed(p.views, options, p.pool, fitter.state(), hostAccess());
        for (; i < 14; ++i) resumed.iterate();
        return resumed.state().positions;
      }
      fitter.iterate();
    }
    return fitter.state().positions;
  };
  const auto whole = run(-1);
  for (const int pause : {3, 9}) EXPECT_TRUE(sameBits(whole, run(pause))) << pause;
}

TEST(DeviceNewtonSolver, BackendsCanBeExchangedWhileRunning) {
  NewtonProblem p(eggMesh());
  Fitter reference(p.views, fixedNewton(Backend::Cpu), p.pool);
  Fitter fitter(p.views, fixedNewton(Backend::Cuda), p.pool, hostAccess());
  for (const auto& [until, backend] : {std::pair{3, Backend::Cpu}, {5, Backend::Cuda}, {8, Backend::Auto}, {10, Backend::Cpu}}) {
    const auto before = fitter.state().positions;
    fitter.setOptions(fixedNewton(backend));
    EXPECT_TRUE(sameBits(before, fitter.state().positions));
    EXPECT_EQ(fitter.card().empty(), backend == Backend::Cpu);
    while (fitter.iteration() < until) fitter.iterate(), reference.iterate();
    expectNear(fitter.state(), reference.state());
  }
}

// The other solver has a twin on the card too.
TEST(DeviceNewtonSolver, CanBeExchangedWithTheGradientAtAnyTime) {
  NewtonProblem p(eggMesh());
  FitOptions options = newtonOn(Backend::Cuda);
  Fitter fitter(p.views, options, p.pool, hostAccess());
  for (const SolverKind kind : {SolverKind::Newton, SolverKind::Gradient, SolverKind::Newton}) {
    options.solver = kind;
    options.remesh = Remeshing::Off;
    const auto before = fitter.state().positions;
    fitter.setOptions(options);
    EXPECT_TRUE(sameBits(before, fitter.state().positions));
    const int from = fitter.iteration();
    for (int i = 0; i < 2; ++i) fitter.iterate();
    EXPECT_EQ(fitter.iteration(), from + 2);
    EXPECT_EQ(fitter.card(), "Host 1");
    EXPECT_EQ(fitter.vertexGradient().size(), fitter.state().positions.size());
    EXPECT_EQ(fitter.coverage(0).width, 72);
  }
}

TEST(DeviceNewtonSolver, BeginsAnewWhenThePriorChanges) {
  NewtonProblem p(eggMesh());
  FitOptions options = fixedNewton(Backend::Cuda);
  Fitter fitter(p.views, options, p.pool, hostAccess());
  for (int i = 0; i < 5; ++i) fitter.iterate();
  options.prior = 100;
  fitter.setOptions(options);
  EXPECT_EQ(fitter.state().newton.steps, 0);
  const double loss = fitter.iterate().loss;
  Fitter processor(p.views, fixedNewton(Backend::Cpu), p.pool);
  for (int i = 0; i < 5; ++i) processor.iterate();
  FitOptions stiff = fixedNewton(Backend::Cpu);
  stiff.prior = 100;
  processor.setOptions(stiff);
  EXPECT_NEAR(loss, processor.iterate().loss, 1e-3 * loss);
}

TEST(DeviceNewtonSolver, StopsAndChangesNothing) {
  NewtonProblem p(eggMesh());
  for (const int steps : {0, 2}) {
    Fitter fitter(p.views, newtonOn(Backend::Cuda), p.pool, hostAccess());
    for (int i = 0; i < steps; ++i) fitter.iterate();
    const FitState before = fitter.state();
    std::atomic<bool> stop{true};
    fitter.setStopFlag(&stop);
    EXPECT_THROW(fitter.iterate(), Interrupted);  // the first step also makes the mesh coarse
    EXPECT_TRUE(sameBits(before.positions, fitter.state().positions));
    EXPECT_EQ(before.faces, fitter.state().faces);
    EXPECT_EQ(fitter.state().iteration, steps);
    stop = false;
    EXPECT_EQ(fitter.iterate().iteration, steps + 1);
    EXPECT_EQ(fitter.card(), "Host 1");
  }
}

// The solver by itself: what it keeps for the guard, and what it calls a break-down.
struct Alone {
  NewtonProblem problem{eggMesh()};
  FitOptions options = fixedNewton(Backend::Cuda, 1);
  FitState state;
  Topology topology;
  DeviceNewtonSolver solver{problem.views, problem.pool,
                            std::make_shared<const JudgedMasks>(problem.views->train, problem.pool), hostAccess()};
  Alone() {
    const Mesh ball = icosphere(1);
    state.positions = ball.positions;
    state.faces = ball.faces;
    topology = buildTopology(int(ball.positions.size()), ball.faces);
  }
  Metrics iterate() { return solver.iterate(state, topology, options, 100); }
};

TEST(DeviceNewtonSolver, KeepsStatesForTheGuard) {
  Alone fit;
  while (fit.state.iteration < DeviceNewtonSolver::kGoodEvery) {
    EXPECT_EQ(fit.solver.goodIteration(), -1);
    fit.iterate();
    EXPECT_EQ(fit.solver.trouble(), "");
  }
  const auto at50 = fit.state.positions;
  fit.iterate();
  EXPECT_EQ(fit.solver.goodIteration(), DeviceNewtonSolver::kGoodEvery);
  FitState good;
  fit.solver.fetchGood(fit.state, good);
  EXPECT_EQ(good.iteration, DeviceNewtonSolver::kGoodEvery);
  EXPECT_TRUE(sameBits(good.positions, at50));
  fit.solver.meshReplaced();
  EXPECT_EQ(fit.solver.goodIteration(), -1);
}

TEST(DeviceNewtonSolver, SeesBreakDowns) {
  Alone far, broken;
  far.solver.setLimits({1, 0.5});
  far.iterate();
  EXPECT_EQ(far.solver.trouble(), "a vertex left the scene");
  far.solver.setLimits({1, 10});
  far.iterate();
  EXPECT_EQ(far.solver.trouble(), "");
  broken.state.positions[7].y = std::nanf("");
  EXPECT_FALSE(std::isfinite(broken.iterate().loss));
  EXPECT_EQ(broken.solver.trouble(), "the objective was not finite");
}

// A card that computes, but wrongly.
class WrongNewton : public DeviceNewton {
 public:
  WrongNewton(std::unique_ptr<DeviceNewton> right, double factor) : right_(std::move(right)), factor_(factor) {}
  void setViews(std::span<const DeviceNewtonView> views) override { right_->setViews(views); }
  void setMesh(const Topology& topology, std::span<const Vec3<float>> positions, const DevicePlate& plate) override {
    right_->setMesh(topology, positions, plate);
  }
  DeviceNewtonReport step(const DeviceNewtonSettings& settings) override {
    DeviceNewtonReport report = right_->step(settings);
    report.here.silhouette *= factor_, report.here.bending *= factor_;
    return report;
  }
  std::vector<Vec3<float>> positions() override { return right_->positions(); }
  std::vector<Vec3<float>> gradient() override { return right_->gradient(); }
  DeviceWork work() override { return right_->work(); }
  std::size_t memoryInUse() const override { return right_->memoryInUse(); }

 private:
  std::unique_ptr<DeviceNewton> right_;
  double factor_;
};

TEST(DeviceNewtonSolver, ACardThatComputesWronglyIsFoundOut) {
  NewtonProblem p(eggMesh());
  Fitter processor(p.views, fixedNewton(Backend::Cpu), p.pool);
  processor.iterate();
  for (const double factor : {0.9, 1.1, 1.01}) {
    DeviceAccess access = hostAccess();
    access.makeNewton = [factor] { return std::make_unique<WrongNewton>(testNewton(), factor); };
    Fitter card(p.views, fixedNewton(Backend::Cuda), p.pool, access);
    card.iterate();
    const bool close = factor == 1.01;  // as far as rounding might come
    EXPECT_EQ(card.card(), close ? "Host 1" : "");
    EXPECT_EQ(card.backendReason().find("another energy than the processor") == std::string::npos, close) << card.backendReason();
    expectNear(card.state(), processor.state());
  }
}

TEST(DeviceNewtonSolver, OnlyTheReportIsReadBack) {
  NewtonProblem p(eggMesh());
  FakeCuda fake;
  Fitter fitter(p.views, fixedNewton(Backend::Cuda), p.pool, fakeAccess(fake));
  fitter.iterate();
  const std::size_t mesh = fitter.state().positions.size() * sizeof(glm::vec3);
  fake.downloads.clear();
  const long replays = fake.replays, launches = fake.launches;
  for (int i = 0; i < 4; ++i) fitter.iterate();
  EXPECT_LE(fake.replays - replays, 4 * NewtonStepper::kAttempts);
  EXPECT_LT(fake.launches - launches, 4 * 100) << "recorded launches are not made again";
  std::size_t bytes = 0;
  for (const auto& [size, count] : fake.downloads) {
    EXPECT_NE(size, mesh);
    bytes += size * std::size_t(count);
  }
  EXPECT_LT(bytes, 4u * 2000u);
  EXPECT_EQ(fake.unlocked, 0);
  fake.downloads.clear();
  fitter.state();
  fitter.state();
  EXPECT_EQ(fake.downloads[mesh], 1);
  EXPECT_FALSE(fake.foreignCalls);
}

// --- Failing cards ---

struct Outcome {
  FitState state;
  std::string notes, reason, card;
};

Outcome fit(const NewtonProblem& p, ThreadPool& pool, const DeviceAccess& access, const FitOptions& options, int steps) {
  Fitter fitter(p.views, options, pool, access);
  Outcome run;
  while (fitter.iteration() < steps) {
    EXPECT_TRUE(std::isfinite(fitter.iterate().loss));
    if (fitter.iteration() % 2 == 0) {  // as the window does now and then
      EXPECT_EQ(fitter.state().positions.size(), fitter.vertexGradient().size());
      EXPECT_EQ(fitter.coverage(0).pixels.size(), std::size_t(options.size * options.size));
    }
    EXPECT_FALSE(fitter.publishGeometry());
    run.notes += fitter.takeBackendNote();
  }
  run.state = fitter.state();
  run.notes += fitter.takeBackendNote();
  run.reason = fitter.backendReason();
  run.card = fitter.card();
  return run;
}

struct Failure {
  const char* name;
  int code;
  bool stays;
};
class DeviceNewtonFallback : public testing::TestWithParam<Failure> {};

TEST_P(DeviceNewtonFallback, AnyFailureOfTheCardLeavesTheResultAsItWas) {
  const auto [name, code, stays] = GetParam();
  FitOptions options = fixedNewton(Backend::Cuda, 1);
  options.views = 6;
  options.size = 24;
  NewtonProblem p(eggMesh(2), options, 1);
  constexpr int kSteps = 4;
  FitOptions onProcessor = options;
  onProcessor.backend = Backend::Cpu;
  const FitState expected = fit(p, p.pool, hostAccess(), onProcessor, kSteps).state;
  std::vector<std::string> log;
  {
    FakeCuda fake;
    fake.keepLog = true;
    const Outcome clean = fit(p, p.pool, fakeAccess(fake), options, kSteps);
    EXPECT_EQ(clean.card, "Fake 1000");
    EXPECT_EQ(clean.notes + clean.reason, "");
    expectNear(clean.state, expected);
    log = fake.log;
  }
  std::set<std::string> failed;
  for (std::size_t at = 0; at < log.size(); ++at) {
    if (log[at] == "launch" && at % 29 != 0) continue;  // hundreds, all alike
    FakeCuda fake;
    fake.failAt = long(at);
    fake.failCode = code;
    fake.staysFailed = stays;
    const Outcome run = fit(p, p.pool, fakeAccess(fake), options, kSteps);
    failed.insert(fake.failed);
    expectNear(run.state, expected);
    EXPECT_TRUE(fake.clean()) << fake.failed;
    if (fake.failed == "allocateHost" && !stays) {  // it does without
      EXPECT_EQ(run.card, "Fake 1000");
      continue;
    }
    EXPECT_EQ(run.card, "") << fake.failed;
    EXPECT_NE(run.notes.find("CPU"), std::string::npos) << fake.failed << ": " << run.notes;
    EXPECT_FALSE(run.reason.empty());
  }
  for (const char* call : {"setDevice", "allocate", "allocateHost", "copy", "fill", "launch", "captureEnd", "graphLaunch", "streamWait"})
    EXPECT_TRUE(failed.count(call)) << call << " never failed";
}

INSTANTIATE_TEST_SUITE_P(Calls, DeviceNewtonFallback,
                         testing::Values(Failure{"once", 700, false}, Failure{"outOfMemory", device::kCudaOutOfMemory, false},
                                         Failure{"forGood", 719, true}),
                         [](const auto& which) { return std::string(which.param.name); });

// Lost between two levels of density: the processor has the mesh of the finer one, or that before it.
TEST(DeviceNewtonSolver, ACardLostWhileRefiningLosesNothing) {
  FitOptions options = newtonOn(Backend::Cuda);
  options.size = 40;
  NewtonProblem p(eggMesh(3), options, 1);
  FitOptions onProcessor = options;
  onProcessor.backend = Backend::Cpu;
  Fitter processor(p.views, onProcessor, p.pool);
  for (int i = 0; i < 25 && !processor.converged(); ++i) processor.iterate();
  const double expected = processor.measureHeldOut().iou;
  long calls = 0;
  for (const double share : {1.0, 0.15, 0.4, 0.7}) {
    FakeCuda fake;
    if (share < 1) fake.failAt = long(share * double(calls));
    fake.staysFailed = true;
    Fitter fitter(p.views, options, p.pool, fakeAccess(fake));
    for (int i = 0; i < 25 && !fitter.converged(); ++i) EXPECT_TRUE(std::isfinite(fitter.iterate().loss));
    EXPECT_EQ(fitter.card().empty(), share < 1);
    EXPECT_NEAR(fitter.measureHeldOut().iou, expected, 5e-3);
    calls = fake.calls;
    if (share == 1) continue;
    EXPECT_NE(fitter.takeBackendNote().find("The CPU goes on from iteration "), std::string::npos);
    calls = std::max(calls, long(double(fake.failAt) / share));
  }
}

TEST(DeviceNewtonSolver, TooLittleMemoryIsSaid) {
  NewtonProblem p(eggMesh());
  FakeCuda fake;
  fake.memory = 200000;
  const Outcome run = fit(p, p.pool, fakeAccess(fake), newtonOn(Backend::Cuda), 2);
  EXPECT_EQ(run.notes, "The graphics card has not enough memory for this fit. The CPU goes on from iteration 0.");
  EXPECT_EQ(run.state.iteration, 2);
}

TEST(DeviceNewtonSession, RunsOnTheCardAndReports) {
  Session session(hostAccess());
  FitOptions options = newtonOn(Backend::Auto);
  options.iterations = 6;
  const auto s = runWhole(session, options, eggMesh(3));
  EXPECT_EQ(s->iteration, 6);
  EXPECT_EQ(s->backend, "CUDA (Host 1)");
  EXPECT_TRUE(s->onCard);
  EXPECT_EQ(s->backendReason, "");
  EXPECT_GT(s->cardBytes, 0u);
  EXPECT_NE(texts(session.takeEvents(), EventKind::Loaded).find("The graphics card needs about "), std::string::npos);
  EXPECT_EQ(s->history->back().iteration, 6);
}

}  // namespace
}  // namespace penumbra
