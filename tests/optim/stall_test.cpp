// Gradient fits end by themselves when there is nothing more to gain, and not before.
#include "optim/fit/stall.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optim/session/recovery.h"
#include "tests/support/device_access.h"
#include "tests/support/fit_problem.h"
#include "tests/support/session_help.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

constexpr int kPlanned = 500;
constexpr StallTest::Signs kStill{0.1, 1000, 5000, true};

// Adaptations of ten steps until it has converged, at most `most`, each with the signs that `now` gives for its number.
template <class Now> int adaptationsUntilConverged(const Now& now, int most = 200, int planned = kPlanned) {
  StallState state;
  for (int i = 0; i < most; ++i) {
    StallTest::watch(state, now(i), 10, planned);
    if (state.converged) return i;
  }
  return most;
}

TEST(StallTest, convergesAfterAShareOfThePlanWithoutGain) {
  const auto still = [](int) { return kStill; };
  EXPECT_EQ(adaptationsUntilConverged(still), 6);
  EXPECT_EQ(adaptationsUntilConverged(still, 200, 2000), 24);
  EXPECT_EQ(adaptationsUntilConverged(still, 200, 20), StallTest::kLeast / 10) << "a short plan does not make it hasty";
  const auto noisy = [](int i) {
    StallTest::Signs now = kStill;
    now.outlinePx *= i % 2 ? 1.05 : 0.995;
    now.outlineLength *= i % 3 ? 1.0004 : 0.9996;
    now.faces -= 20 * i;
    return now;
  };
  EXPECT_EQ(adaptationsUntilConverged(noisy), 6);
}

TEST(StallTest, goesOnWhileAnySignMoves) {
  const auto nearer = [](int i) {
    StallTest::Signs now = kStill;
    now.outlinePx *= std::pow(0.995, i);
    return now;
  };
  const auto longer = [](int i) {  // a bough grows, its outlines on the masks' all along
    StallTest::Signs now = kStill;
    now.outlineLength += 0.3 * i;
    return now;
  };
  const auto finer = [](int i) {
    StallTest::Signs now = kStill;
    now.faces += 30 * i;
    return now;
  };
  const auto blurred = [](int) {
    StallTest::Signs now = kStill;
    now.sharp = false;
    return now;
  };
  const auto unseen = [](int) { return StallTest::Signs{-1, 0, 5000, true}; };
  EXPECT_EQ(adaptationsUntilConverged(nearer), 200);
  EXPECT_EQ(adaptationsUntilConverged(longer), 200);
  EXPECT_EQ(adaptationsUntilConverged(finer, 80), 80);
  EXPECT_EQ(adaptationsUntilConverged(blurred), 200);
  EXPECT_EQ(adaptationsUntilConverged(unseen), 200);
}

struct Problem : FitProblem {
  Problem() : FitProblem(eggMesh(3), stalling()) {}
  static FitOptions stalling() {
    FitOptions options = smallGradientOptions(8, 4, 64, 400);
    options.backend = Backend::Cpu;
    return options;
  }
};

// Iterations until it has converged, at most those planned.
int runToConvergence(Fitter& fitter, int planned = 400) {
  while (fitter.iteration() < planned && !fitter.converged()) fitter.iterate();
  return fitter.iteration();
}

TEST(StalledFit, convergesSoonerThanPlannedAndLosesNothing) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  const int end = runToConvergence(fitter);
  EXPECT_LT(end, 400);
  EXPECT_GT(end, 100);
  const double iou = fitter.measureHeldOut().iou;
  run(fitter, 400 - end);
  EXPECT_LT(fitter.measureHeldOut().iou, iou + 0.0005) << "converged after " << end;
}

TEST(StalledFit, isNotOneThatHasJustBegunOrStillCreeps) {
  Problem p;
  p.options.learningRate = 1e-3;
  Fitter slow(p.views, p.options, p.pool);
  run(slow, 150);
  EXPECT_FALSE(slow.converged());
  p.options = Problem::stalling();
  p.options.coarseToFine = false;
  Fitter scheduled(p.views, p.options, p.pool);
  run(scheduled, 400);
  EXPECT_FALSE(scheduled.converged()) << "sigma has a plan of its own";
}

TEST(StalledFit, isToldAtTheSameIterationWhenResumedAndForAnyNumberOfThreads) {
  Problem p;
  Fitter whole(p.views, p.options, p.pool);
  const int end = runToConvergence(whole);
  ThreadPool one(1);
  Fitter first(p.views, p.options, one);
  run(first, end - 15);
  EXPECT_GT(first.state().growth.stall.iterations, 0);
  const TemporaryFolder folder;
  Recovery kept;
  kept.info.planned = 400;
  kept.options = p.options;
  kept.fit = first.state();
  writeRecovery(folder / "kept", kept);
  Fitter resumed(p.views, p.options, p.pool, readRecovery(folder / "kept").fit);
  EXPECT_EQ(runToConvergence(resumed), end);
  EXPECT_TRUE(sameBits(whole.state().positions, resumed.state().positions));
}

TEST(StalledFit, isToldOnTheCardHoweverIterationsAreGrouped) {
  Problem p;
  p.options.backend = Backend::Auto;
  p.options.size = 48;
  int ends[2];
  for (const int most : {1, 37}) {
    Fitter fitter(p.views, p.options, p.pool, hostAccess());
    while (fitter.iteration() < 400 && !fitter.converged()) fitter.iterate(nullptr, most);
    ends[most > 1] = fitter.iteration();
    EXPECT_FALSE(fitter.card().empty());
  }
  EXPECT_LT(ends[0], 400);
  EXPECT_EQ(ends[0], ends[1]);
}

TEST(StalledFit, isOverWhenAnOptionThatMattersChanges) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  runToConvergence(fitter);
  ASSERT_TRUE(fitter.converged());
  FitOptions more = p.options;
  more.iterations = 900;
  more.stopWhenConverged = false;
  more.threads = 1;
  fitter.setOptions(more);
  EXPECT_TRUE(fitter.converged()) << "these change no step";
  const FitState still = fitter.state();
  const auto changes = {+[](FitOptions& o) { o.sigma = 1e-3; }, +[](FitOptions& o) { o.learningRate = 0.1; },
                        +[](FitOptions& o) { o.minEdge = 0.7; }, +[](FitOptions& o) { o.solver = SolverKind::Newton; }};
  for (const auto change : changes) {
    Fitter other(p.views, p.options, p.pool, still);
    ASSERT_TRUE(other.converged());
    FitOptions next = p.options;
    change(next);
    other.setOptions(next);
    EXPECT_FALSE(other.converged());
    other.setOptions(p.options);
    EXPECT_FALSE(other.converged()) << "it has to be seen again";
  }
  fitter.setViews(p.views);
  EXPECT_FALSE(fitter.converged());
}

TEST(StalledFit, endsTheSessionsRunAndStartGoesOnToWhatIsPlanned) {
  FitOptions options = Problem::stalling();
  Session session;
  auto s = runWhole(session, options, eggMesh(3));
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_TRUE(s->converged);
  const int end = s->iteration;
  EXPECT_LT(end, 400);
  const std::string said = "Converged after " + std::to_string(end) + " iterations";
  EXPECT_NE(texts(session.takeEvents(), EventKind::Finished).find(said), std::string::npos);
  session.start();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 400);
  options.stopWhenConverged = false;
  s = runWhole(session, options, eggMesh(3));
  EXPECT_EQ(s->iteration, 400);
}

}  // namespace
}  // namespace penumbra
