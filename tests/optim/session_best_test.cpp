// The best state of a fit is kept by itself, and a fit that ends worse says so with the way back.
#include <gtest/gtest.h>

#include <algorithm>

#include "optim/session/checkpoints.h"
#include "tests/support/fit_problem.h"
#include "tests/support/session_help.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

FitOptions smallOptions(int heldOut) {
  FitOptions options = smallGradientOptions(6, heldOut, 48, 40);
  options.backend = Backend::Cpu;
  options.threads = 2;
  return options;
}

std::vector<CheckpointInfo> bestOf(const Session& session) {
  std::vector<CheckpointInfo> all = session.checkpoints();
  std::erase_if(all, [](const CheckpointInfo& c) { return c.reason != Checkpoints::kBestReason; });
  return all;
}

Event finished(Session& session) {
  for (const Event& e : session.takeEvents())
    if (e.kind == EventKind::Finished) return e;
  return {EventKind::Failed, {}, {}, {}, 0};
}

// A good fit, then one that destroys it: a huge Laplacian draws the mesh together.
class Best : public ::testing::TestWithParam<int> {};

// Goes on to the end of the plan with a mesh that shrinks away from the masks.
void spoil(Session& session, FitOptions options) {
  options.laplacian = 10;
  options.silhouetteWeight = 0;
  session.setOptions(options);
  session.start();
  session.waitIdle();
}

TEST_P(Best, isKeptAndComesBackWhenTheFitEndsWorse) {
  Session session;
  FitOptions options = smallOptions(GetParam());
  runWhole(session, options, torusMesh(16, 8));
  EXPECT_EQ(finished(session).advice, "") << "the last is the best";
  ASSERT_EQ(bestOf(session).size(), 1u);
  const CheckpointInfo best = bestOf(session)[0];
  EXPECT_EQ(best.iteration, 40);
  const auto good = session.snapshot();

  spoil(session, options);
  const Event end = finished(session);
  ASSERT_EQ(end.kind, EventKind::Finished);
  EXPECT_NE(end.text.find("Iteration 40 was better: IoU 0."), std::string::npos) << end.text;
  EXPECT_NE(end.advice.find(Checkpoints::kBestReason), std::string::npos) << end.advice;
  ASSERT_EQ(bestOf(session).size(), 1u);
  EXPECT_EQ(bestOf(session)[0].id, best.id) << "a worse state does not take its place";

  session.restore(best.id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 40);
  EXPECT_EQ(*session.snapshot()->positions, *good->positions);
}

TEST_P(Best, beginsAnewAfterAReset) {
  Session session;
  runWhole(session, smallOptions(GetParam()), torusMesh(16, 8));
  const int first = bestOf(session).at(0).id;
  session.reset();
  FitOptions shorter = smallOptions(GetParam());
  shorter.iterations = 3;
  session.setOptions(shorter);
  session.start();
  session.waitIdle();
  ASSERT_EQ(bestOf(session).size(), 1u);
  EXPECT_NE(bestOf(session)[0].id, first);
  EXPECT_EQ(bestOf(session)[0].iteration, 3) << "though it is worse than the one before the reset";
}

// Good up to iteration 100, where it is measured, then destroyed.
std::shared_ptr<const Snapshot> spoilt(Session& session, FitOptions options) {
  options.iterations = 250;
  options.stopWhenConverged = false;
  session.setOptions(options);
  session.loadModel(torusMesh(16, 8), "ring");
  session.step(100);
  session.waitIdle();
  const auto good = session.snapshot();
  spoil(session, options);
  return good;
}

TEST(EndWithBest, bringsBackTheMeshThatWasBetterOnHeldOutViews) {
  Session session;
  session.endWithBest(true);
  const auto good = spoilt(session, smallOptions(3));
  const auto s = session.snapshot();
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_EQ(s->iteration, 250) << "the count goes on";
  EXPECT_TRUE(s->restoredBest);
  EXPECT_EQ(s->bestIteration, 100);
  EXPECT_EQ(*s->positions, *good->positions);
  EXPECT_EQ(s->heldOut->back().iteration, 250);
  EXPECT_EQ(s->heldOut->back().iou, good->heldOut->back().iou);
  EXPECT_EQ(s->history->back().iteration, 250);
  EXPECT_EQ(s->history->back().trainIoU, good->history->back().trainIoU);
  const auto events = session.takeEvents();
  EXPECT_NE(texts(events, EventKind::Restored).find("Went back to the mesh of iteration 100"), std::string::npos) << texts(events);
  EXPECT_EQ(texts(events, EventKind::Finished).find("was better"), std::string::npos) << texts(events);
  session.step(1);
  session.waitIdle();
  EXPECT_FALSE(session.snapshot()->restoredBest) << "it has gone on from there";
}

TEST(EndWithBest, leavesTheEndAloneWhenItIsNotAskedForOrNothingWasHeldOutOrTheEndIsBest) {
  Session asked, unasked, blind;
  unasked.endWithBest(false);
  spoilt(unasked, smallOptions(3));
  blind.endWithBest(true);
  spoilt(blind, smallOptions(0));
  asked.endWithBest(true);
  FitOptions options = smallOptions(3);
  options.iterations = 250;
  runWhole(asked, options, torusMesh(16, 8));
  for (Session* session : {&unasked, &blind, &asked}) {
    EXPECT_EQ(session->snapshot()->state, SessionState::Done);
    EXPECT_FALSE(session->snapshot()->restoredBest);
    EXPECT_EQ(count(session->takeEvents(), EventKind::Restored), 0);
  }
}

// What is measured turns on the count of iterations alone, so that the same mesh is the best every time.
TEST(EndWithBest, measuresAfterTheSameIterationsHoweverOftenItPauses) {
  std::vector<int> measured[2];
  for (const bool inSteps : {false, true}) {
    FitOptions options = smallOptions(3);
    options.iterations = 250;
    options.stopWhenConverged = false;
    Session session;
    session.endWithBest(true);
    session.setOptions(options);
    session.loadModel(torusMesh(16, 8), "ring");
    for (int i = 0; inSteps && i < 12; ++i) session.step(20), session.waitIdle();
    session.start();
    session.waitIdle();
    for (const HeldOutMetrics& m : *session.snapshot()->heldOut) measured[inSteps].push_back(m.iteration);
  }
  EXPECT_EQ(measured[0], (std::vector<int>{100, 150, 200, 250}));
  EXPECT_EQ(measured[1], measured[0]);
}

INSTANTIATE_TEST_SUITE_P(WithAndWithoutHeldOutViews, Best, ::testing::Values(3, 0));

}  // namespace
}  // namespace penumbra
