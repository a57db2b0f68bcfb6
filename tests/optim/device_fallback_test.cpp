// What becomes of a fit without a graphics card, or whose card fails: the processor goes on, nothing is lost, one sentence
// says why.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <new>
#include <set>

#include "optim/fit/solver.h"
#include "renderer/cuda/published.h"
#include "tests/support/device_access.h"
#include "tests/support/fit_problem.h"
#include "tests/support/session_help.h"

namespace penumbra {
namespace {

FitOptions tinyOptions(Backend backend = Backend::Cuda) {
  FitOptions options = smallFixedOptions(2, 1, 16, 120);
  options.backend = backend;
  options.sphereLevel = 1;
  options.sigmaEnd = options.sigma;
  options.threads = 1;
  return options;
}

// A probe that says no, as `reason`.
DeviceAccess noCard(const std::string& reason) {
  DeviceAccess access;
  access.probe = [reason] {
    CudaStatus status;
    status.reason = reason;
    return status;
  };
  access.make = []() -> std::unique_ptr<DeviceIteration> { throw Error(ExitCode::Internal, "There is no card to use."); };
  return access;
}

struct Outcome {
  FitState state;
  std::string notes, reason, card;
  int rewound = 0;  // iterations done again
  bool published = true;  // always, while on the card
};

// A fit with a bit of everything that uses the card.
Outcome fit(const std::shared_ptr<const ViewSet>& views, ThreadPool& pool, const DeviceAccess& access, const FitOptions& options) {
  Fitter fitter(views, options, pool, access);
  Outcome run;
  int last = 0;
  while (fitter.iteration() < 60) {
    const Metrics m = fitter.iterate(nullptr, std::min(20, 60 - fitter.iteration()));
    EXPECT_TRUE(std::isfinite(m.loss));
    run.rewound += std::max(0, last - m.iteration);
    last = m.iteration;
    EXPECT_EQ(fitter.vertexGradient().size(), fitter.state().positions.size());
    EXPECT_EQ(fitter.coverage(0).pixels.size(), 256u);
    EXPECT_EQ(fitter.viewIoU().size(), 2u);
    const PictureWish wish{1, 8};
    const bool published = fitter.publishGeometry() && fitter.publishPictures({&wish, 1});
    if (!fitter.card().empty()) run.published &= published;
    else EXPECT_FALSE(published);
    run.notes += fitter.takeBackendNote();
  }
  run.state = fitter.state();
  run.notes += fitter.takeBackendNote();
  run.reason = fitter.backendReason();
  run.card = fitter.card();
  return run;
}

class Fallback : public testing::Test {
 protected:
  void SetUp() override { views = std::make_shared<const ViewSet>(makeViewSet(eggMesh(2), "egg", tinyOptions(), pool)); }
  // Vertex by vertex; the diagonal is about 3.
  static void expectNear(const FitState& a, const FitState& b) {
    ASSERT_EQ(a.positions.size(), b.positions.size());
    EXPECT_EQ(a.iteration, b.iteration);
    EXPECT_EQ(a.optimizerStep, b.optimizerStep);
    EXPECT_LE(farthestVertex(a, b), 3e-3);
  }
  ThreadPool pool{1};
  std::shared_ptr<const ViewSet> views;
};

// Every call of the runtime fails once, some way into the fit too; or it and all behind it, as on a card that is lost.
struct Failure {
  const char* name;
  int code;
  bool stays;
};
class FallbackAnywhere : public Fallback, public testing::WithParamInterface<Failure> {};

TEST_P(FallbackAnywhere, AnyFailureOfTheCardLeavesTheResultAsItWas) {
  const auto [name, code, stays] = GetParam();
  const FitState expected = fit(views, pool, noCard("None."), tinyOptions(Backend::Cpu)).state;
  long calls = 0;
  {
    FakeCuda fake;
    const Outcome clean = fit(views, pool, fakeAccess(fake, 1e9, tickingClock(0.02)), tinyOptions());
    EXPECT_EQ(clean.card, "Fake 1000");
    EXPECT_EQ(clean.notes + clean.reason, "");
    EXPECT_TRUE(clean.published);
    expectNear(clean.state, expected);
    calls = fake.calls;
  }
  ASSERT_GT(calls, 300);
  std::set<std::string> failed;
  for (long at = 0; at < calls; ++at) {
    FakeCuda fake;
    fake.failAt = at;
    fake.failCode = code;
    fake.staysFailed = stays;
    const Outcome run = fit(views, pool, fakeAccess(fake, 1e9, tickingClock(0.02)), tinyOptions());
    failed.insert(fake.failed);
    expectNear(run.state, expected);
    EXPECT_TRUE(fake.clean()) << fake.failed;
    const bool goesOn = code == device::kCudaOutOfMemory && !run.card.empty();  // fewer views at once, or nothing published
    if (goesOn || (fake.failed == "allocateHost" && !stays)) {  // it does without
      EXPECT_EQ(run.card, "Fake 1000");
      EXPECT_EQ(run.notes, "");
      continue;
    }
    EXPECT_TRUE(run.published);
    EXPECT_EQ(run.card, "") << fake.failed;
    EXPECT_EQ(std::count(run.notes.begin(), run.notes.end(), '\n'), 0);
    EXPECT_NE(run.notes.find("CPU"), std::string::npos) << fake.failed << ": " << run.notes;
    EXPECT_FALSE(run.reason.empty());
  }
  for (const char* call : {"deviceCount", "setDevice", "allocate", "allocateHost", "copy", "launch", "graphLaunch", "streamWait", "eventCreate", "eventRecord"})
    EXPECT_TRUE(failed.count(call)) << call << " never failed";
}

INSTANTIATE_TEST_SUITE_P(Calls, FallbackAnywhere,
                         testing::Values(Failure{"once", 700, false}, Failure{"outOfMemory", device::kCudaOutOfMemory, false},
                                         Failure{"forGood", 719, true}),
                         [](const auto& which) { return std::string(which.param.name); });

TEST_F(Fallback, TooLittleMemoryIsSaid) {
  FakeCuda fake;
  fake.memory = 20000;
  const Outcome run = fit(views, pool, fakeAccess(fake), tinyOptions());
  EXPECT_EQ(run.notes, "The graphics card has not enough memory for this fit. The CPU goes on from iteration 0.");
  EXPECT_EQ(run.reason, "The graphics card has not enough memory for this fit.");
  EXPECT_TRUE(fake.clean());
}

// The window can do without; the fit goes on where it is.
TEST_F(Fallback, NoRoomToPublishDoesNotEndTheFitOnTheCard) {
  FakeCuda fake;
  Fitter fitter(views, tinyOptions(), pool, fakeAccess(fake));
  EXPECT_FALSE(fitter.publishGeometry()) << "nothing was computed yet";
  fitter.iterate(nullptr, 5);
  EXPECT_TRUE(fitter.publishGeometry());
  const PictureWish small{1, 8};
  const auto pictures = fitter.publishPictures({&small, 1});
  ASSERT_TRUE(pictures);
  EXPECT_EQ(pictures->count, 64u);
  Fitter crowded(views, tinyOptions(), pool, fakeAccess(fake));
  crowded.iterate(nullptr, 5);
  fake.memory = fake.used;
  EXPECT_FALSE(crowded.publishGeometry());
  const PictureWish wish{0, 8};
  EXPECT_FALSE(crowded.publishPictures({&wish, 1}));
  crowded.iterate(nullptr, 5);
  EXPECT_EQ(crowded.card(), "Fake 1000");
  EXPECT_EQ(crowded.takeBackendNote(), "");
}

// With less memory than all views together need, fewer are rendered at once; the result stays the same to rounding.
TEST_F(Fallback, ShortMemoryMeansFewerViewsAtOnce) {
  FitOptions options = tinyOptions();
  options.views = 8;
  views = std::make_shared<const ViewSet>(makeViewSet(eggMesh(2), "egg", options, pool));
  FakeCuda fake;
  Fitter roomy(views, options, pool, fakeAccess(fake));
  roomy.iterate(nullptr, 1);
  const std::size_t needed = fake.used;
  EXPECT_EQ(roomy.cardUse().viewsAtOnce, 8);
  EXPECT_NEAR(double(roomy.predictedCardNeed().bytes), double(needed), 0.5 * double(needed));
  for (int i = 0; i < 30; ++i) roomy.iterate();
  const FitState expected = roomy.state();
  fake.memory = needed + needed * 8 / 10;  // beside the first
  Fitter tight(views, options, pool, fakeAccess(fake));
  for (int i = 0; i < 31; ++i) tight.iterate();
  EXPECT_EQ(tight.card(), "Fake 1000") << tight.backendReason();
  EXPECT_LT(tight.cardUse().viewsAtOnce, 8);
  EXPECT_GT(tight.cardUse().viewsAtOnce, 0);
  expectNear(tight.state(), expected);
}

TEST_F(Fallback, NoUsableCardIsSaidWhenItWasAskedFor) {
  const std::string reason = "There is no NVIDIA driver.";
  EXPECT_EQ(fit(views, pool, noCard(reason), tinyOptions(Backend::Cuda)).notes, "The fit runs on the CPU: " + reason);
  const Outcome automatic = fit(views, pool, noCard(reason), tinyOptions(Backend::Auto));
  EXPECT_EQ(automatic.notes, "");
  EXPECT_EQ(automatic.reason, reason);
  EXPECT_EQ(fit(views, pool, noCard(reason), tinyOptions(Backend::Cpu)).reason, "The processor was chosen.");
  FakeCuda fake;
  fake.driver = 11040;
  fake.failAt = 0;
  fake.failCode = device::kCudaDriverTooOld;
  EXPECT_EQ(fit(views, pool, fakeAccess(fake), tinyOptions()).reason, "The NVIDIA driver is too old: it supports CUDA 11.4, 13.0 is needed.");
}

// A card that failed is left alone until the backend is chosen anew.
TEST_F(Fallback, AFailedCardIsTriedAgainOnlyWhenAskedFor) {
  FakeCuda fake;
  Fitter fitter(views, tinyOptions(Backend::Auto), pool, fakeAccess(fake));
  fitter.iterate(nullptr, 10);
  fake.failAt = fake.calls + 3;
  for (int i = 0; i < 3; ++i) fitter.iterate(nullptr, 10);
  EXPECT_NE(fitter.takeBackendNote().find("The graphics card failed: "), std::string::npos);
  FitOptions options = tinyOptions(Backend::Auto);
  options.lambda = 7;
  fitter.setOptions(options);
  EXPECT_EQ(fitter.card(), "");
  options.backend = Backend::Cuda;
  fitter.setOptions(options);
  EXPECT_EQ(fitter.card(), "Fake 1000");
  fitter.iterate(nullptr, 10);
  EXPECT_EQ(fitter.takeBackendNote(), "");
}

// One that is lost for good says so again, and the processor goes on again.
TEST_F(Fallback, ALostCardChosenAnewIsSaidToBeLost) {
  FakeCuda fake;
  fake.staysFailed = true;
  Fitter fitter(views, tinyOptions(), pool, fakeAccess(fake));
  fitter.iterate(nullptr, 10);
  fake.failAt = fake.calls + 3;
  fitter.iterate(nullptr, 10);
  EXPECT_NE(fitter.takeBackendNote().find("The graphics card failed: "), std::string::npos);
  for (const Backend backend : {Backend::Cpu, Backend::Cuda}) fitter.setOptions(tinyOptions(backend));
  const int before = fitter.iteration();
  fitter.iterate(nullptr, 10);
  EXPECT_NE(fitter.takeBackendNote().find("The graphics card failed: cudaSetDevice failed: "), std::string::npos);
  EXPECT_EQ(fitter.iteration(), before + 1);
  EXPECT_EQ(fitter.card(), "");
}

TEST(DeviceSession, RunsOnTheCardAndReports) {
  Session session(hostAccess());
  const auto s = runWhole(session, tinyOptions(Backend::Auto), eggMesh(2));
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_EQ(s->iteration, 120);
  EXPECT_EQ(s->backend, "CUDA (Host 1)");
  EXPECT_TRUE(s->onCard);
  EXPECT_EQ(s->backendReason, "");
  EXPECT_GT(s->cardBytes, 0u);
  EXPECT_NE(texts(session.takeEvents(), EventKind::Loaded).find("The graphics card needs about "), std::string::npos);
  EXPECT_EQ(s->history->back().iteration, 120);
  for (std::size_t i = 1; i < s->history->size(); ++i) EXPECT_GT((*s->history)[i].iteration, (*s->history)[i - 1].iteration);
  EXPECT_EQ(session.checkpoints().back().iteration, 100);
  session.step(7);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 127);
  EXPECT_EQ(session.snapshot()->history->back().iteration, 127) << "what is reported is of the last iteration";
  session.restore(session.checkpoints().back().id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 100);
  session.reset();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 0);
}

TEST(DeviceSession, GoesBackToAnotherModelOnTheCard) {
  Session session(hostAccess());
  runWhole(session, tinyOptions(Backend::Auto), eggMesh(2));
  session.loadModel(icosphere(2), "ball");
  session.waitIdle();
  session.restore(session.checkpoints().back().id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 120);
  EXPECT_EQ(session.snapshot()->backend, "CUDA (Host 1)");
}

// What cannot be computed cannot be shown either: here the view that is watched.
TEST(DeviceSession, AFitThatCannotEvenBeShownHasFailedAndCanGoOn) {
  DeviceAccess access = hostAccess();
  std::atomic<bool> broken{true};
  access.make = [&]() -> std::unique_ptr<DeviceIteration> {
    if (broken) throw std::bad_alloc();
    return testIteration();
  };
  Session session(access);
  session.setOptions(tinyOptions(Backend::Cuda));
  session.loadModel(eggMesh(2), "egg");
  session.waitIdle();
  session.watchViews({0});
  session.start();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Failed);
  EXPECT_EQ(session.snapshot()->message, "There is not enough memory for this.");
  broken = false;
  session.start();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Done);
  EXPECT_EQ(session.snapshot()->coverage.size(), 1u);
}

// Before the first iteration: what it will take, how many views at once, and that it does not fit.
TEST(DeviceSession, MemoryIsToldWhenLoaded) {
  const auto told = [](std::size_t memory) {
    FakeCuda fake;
    fake.memory = memory;
    Session session(fakeAccess(fake));
    FitOptions options = tinyOptions();
    options.views = 8;
    session.setOptions(options);
    session.loadModel(eggMesh(2), "egg");
    session.waitIdle();
    return texts(session.takeEvents(), EventKind::Loaded);
  };
  const std::string roomy = told(std::size_t(1) << 30), none = told(20000);
  std::string tight;  // of some size in between
  for (std::size_t memory = 1500000; memory > 20000 && tight.find("at once") == std::string::npos; memory -= 20000) tight = told(memory);
  EXPECT_NE(roomy.find("The graphics card needs about "), std::string::npos) << roomy;
  EXPECT_EQ(roomy.find("at once"), std::string::npos) << roomy;
  EXPECT_NE(tight.find(" of 8 views at once"), std::string::npos) << tight;
  EXPECT_NE(none.find("1 MB are free: the CPU will have to do it"), std::string::npos) << none;
}

TEST(DeviceSession, AMissingCardIsAWarningAndTheFitRuns) {
  Session session(noCard("There is no NVIDIA driver."));
  const auto s = runWhole(session, tinyOptions(Backend::Cuda), eggMesh(2));
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_EQ(s->backend.rfind("CPU (", 0), 0u);
  EXPECT_EQ(s->backendReason, "There is no NVIDIA driver.");
  EXPECT_EQ(texts(session.takeEvents(), EventKind::Warning), "The fit runs on the CPU: There is no NVIDIA driver.\n");
}

TEST(DeviceSession, ACardLostWhileRunningIsAWarningAndTheFitEnds) {
  FakeCuda fake;
  fake.failAt = 400;
  Session session(fakeAccess(fake, 0));  // one iteration at a time: many calls
  const auto s = runWhole(session, tinyOptions(Backend::Auto), eggMesh(2));
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_EQ(s->iteration, 120);
  const auto events = session.takeEvents();
  const std::string warning = texts(events, EventKind::Warning);
  EXPECT_NE(warning.find("The graphics card failed: "), std::string::npos) << warning;
  EXPECT_NE(warning.find("The CPU goes on from iteration "), std::string::npos) << warning;
  EXPECT_EQ(texts(events, EventKind::Failed), "");
  for (std::size_t i = 1; i < s->history->size(); ++i) EXPECT_GT((*s->history)[i].iteration, (*s->history)[i - 1].iteration);
}

}  // namespace
}  // namespace penumbra
