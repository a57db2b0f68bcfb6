// Where a session says its time went.
#include <gtest/gtest.h>

#include <chrono>

#include "optim/session/session.h"
#include "tests/support/newton_problem.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

TEST(SessionStages, tellsWhereTheTimeWent) {
  const FitOptions options = smallNewtonOptions();
  const auto begun = std::chrono::steady_clock::now();
  Session session;
  session.setOptions(options);
  session.loadModel(torusMesh(24, 12), "ring");
  session.waitIdle();
  const StageSeconds loaded = session.snapshot()->stages;
  EXPECT_GT(loaded.targets, 0);
  EXPECT_GT(loaded.start, 0);
  EXPECT_EQ(loaded.fitting(), 0);
  session.start();
  session.waitIdle();
  const StageSeconds done = session.snapshot()->stages;
  EXPECT_EQ(done.targets, loaded.targets);
  EXPECT_EQ(done.start, loaded.start);
  EXPECT_GT(done.fit, 0);
  EXPECT_GT(done.polish, 0);
  EXPECT_EQ(done.fitting(), session.snapshot()->secondsFitting);
  EXPECT_LE(done.targets + done.start + done.fitting(), secondsSince(begun)) << "no stage counts another's time";
  session.reset();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->stages.fitting(), 0);
  EXPECT_EQ(session.snapshot()->stages.targets, loaded.targets);
  EXPECT_NE(session.snapshot()->stages.start, loaded.start) << "the start shape was made anew";
  session.restore(session.checkpoints().back().id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->stages.fit, done.fit);
  EXPECT_EQ(session.snapshot()->stages.polish, done.polish);
}

TEST(SessionStages, newMasksAreTimedAnew) {
  FitOptions options = smallNewtonOptions();
  Session session;
  session.setOptions(options);
  session.loadModel(torusMesh(24, 12), "ring");
  session.waitIdle();
  const StageSeconds before = session.snapshot()->stages;
  options.size = 40;
  session.setOptions(options);
  session.waitIdle();
  EXPECT_GT(session.snapshot()->stages.targets, 0);
  EXPECT_NE(session.snapshot()->stages.targets, before.targets);
  EXPECT_EQ(session.snapshot()->stages.start, before.start) << "the start shape stayed";
}

}  // namespace
}  // namespace penumbra
