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

TEST_P(Best, isKeptAndComesBackWhenTheFitEndsWorse) {
  Session session;
  FitOptions options = smallOptions(GetParam());
  runWhole(session, options, torusMesh(16, 8));
  EXPECT_EQ(finished(session).advice, "") << "the last is the best";
  ASSERT_EQ(bestOf(session).size(), 1u);
  const CheckpointInfo best = bestOf(session)[0];
  EXPECT_EQ(best.iteration, 40);
  const auto good = session.snapshot();

  options.laplacian = 10;
  options.silhouetteWeight = 0;
  session.setOptions(options);
  session.start();
  session.waitIdle();
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

INSTANTIATE_TEST_SUITE_P(WithAndWithoutHeldOutViews, Best, ::testing::Values(3, 0));

}  // namespace
}  // namespace penumbra
