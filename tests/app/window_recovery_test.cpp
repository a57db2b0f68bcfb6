// Fits that survive the end of the program: whose file is whose, and how the window brings one back.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>

#include "app/window/app_state.h"
#include "optim/io/mesh_io.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

FitOptions quick() {
  FitOptions options;
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = 4;
  options.size = 32;
  options.heldOutViews = 2;
  options.sphereLevel = 1;
  options.iterations = 30;
  options.threads = 1;
  return options;
}

Recovery someFit(const fs::path& source, int iteration) {
  Recovery r;
  r.info = {source, "ring", iteration, 30, 1.5};
  r.options = quick();
  const Mesh mesh = torusMesh(8, 6);
  r.fit.positions = mesh.positions;
  r.fit.faces = mesh.faces;
  r.fit.iteration = iteration;
  return r;
}

int filesIn(const fs::path& folder) {
  int n = 0;
  for ([[maybe_unused]] const auto& entry : fs::directory_iterator(folder)) ++n;
  return n;
}

class Recovering : public ::testing::Test {
 protected:
  Recovering() : folder_(temporary_ / "state"), model_(temporary_ / "ring.ply") { writeMesh(model_, torusMesh(16, 8)); }

  // A process that keeps a fit and is killed, as by a power cut.
  void killOneThatKept(int iteration) {
    const pid_t child = fork();
    if (child == 0) {
      const RecoveryStore store(folder_);
      writeRecovery(store.file(), someFit(model_, iteration));
      raise(SIGKILL);
    }
    int status = 0;
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status));
  }

  TemporaryFolder temporary_;
  fs::path folder_, model_;
};

TEST_F(Recovering, ACleanEndLeavesNothing) {
  {
    const RecoveryStore store(folder_);
    ASSERT_FALSE(store.file().empty());
    writeRecovery(store.file(), someFit(model_, 3));
    EXPECT_TRUE(store.abandoned().empty());
  }
  EXPECT_EQ(filesIn(folder_), 0);
}

TEST_F(Recovering, WhatAKilledProcessKeptIsOfferedOnceAtATime) {
  killOneThatKept(7);
  killOneThatKept(9);
  const RecoveryStore open(folder_);
  ASSERT_EQ(open.abandoned().size(), 2u);
  EXPECT_EQ(open.abandoned()[0].info.source, model_);
  EXPECT_EQ(open.abandoned()[0].info.iteration + open.abandoned()[1].info.iteration, 16);
  const RecoveryStore second(folder_);
  EXPECT_TRUE(second.abandoned().empty()) << "the first window has claimed them";
  EXPECT_NE(second.file(), open.file());
}

TEST_F(Recovering, FitsOfOpenWindowsAreNotOffered) {
  const RecoveryStore open(folder_);
  writeRecovery(open.file(), someFit(model_, 3));
  const RecoveryStore second(folder_);
  EXPECT_TRUE(second.abandoned().empty());
  EXPECT_TRUE(fs::exists(open.file()));
}

TEST_F(Recovering, WhatIsNotTakenUpIsOfferedAgainAndWhatIsDiscardedIsGone) {
  killOneThatKept(7);
  { EXPECT_EQ(RecoveryStore(folder_).abandoned().size(), 1u); }
  {
    RecoveryStore store(folder_);
    ASSERT_EQ(store.abandoned().size(), 1u);
    store.discard(0);
    EXPECT_TRUE(store.abandoned().empty());
  }
  EXPECT_EQ(filesIn(folder_), 0);
}

TEST_F(Recovering, AFolderThatCannotBeUsedDisturbsNobody) {
  const fs::path file = temporary_.write("file", "in the way");
  const RecoveryStore store(file / "below");
  EXPECT_TRUE(store.file().empty());
  EXPECT_TRUE(store.abandoned().empty());
  const RecoveryStore none{fs::path()};
  EXPECT_TRUE(none.file().empty());
}

TEST_F(Recovering, FilesThatCannotBeReadAreCleared) {
  fs::create_directories(folder_);
  temporary_.write("state/1-0.fit", "from the future");
  const RecoveryStore store(folder_);
  EXPECT_TRUE(store.abandoned().empty());
  EXPECT_FALSE(fs::exists(folder_ / "1-0.fit"));
}

TEST_F(Recovering, TheWindowBringsAFitBackAndThenKeepsItItself) {
  killOneThatKept(7);
  {
    RecoveryStore store(folder_);
    Session session;
    AppState state(&session, Settings{}, FitOptions{});
    state.useRecovery(store);
    ASSERT_EQ(state.abandonedFits().size(), 1u);
    const fs::path abandoned = state.abandonedFits()[0].file;
    state.recoverFit(0);
    session.waitIdle();
    state.update(1);
    state.update(2);
    EXPECT_EQ(state.snapshot().state, SessionState::Paused);
    EXPECT_EQ(state.snapshot().iteration, 7);
    EXPECT_EQ(state.options(), quick());
    EXPECT_EQ(state.opened, model_);
    EXPECT_TRUE(state.abandonedFits().empty());
    EXPECT_FALSE(fs::exists(abandoned));
    EXPECT_TRUE(fs::exists(store.file())) << "a second crash loses nothing either";
    perform(state, Action::StartPause);
    session.waitIdle();
    EXPECT_EQ(session.snapshot()->iteration, 30);
  }
  EXPECT_EQ(filesIn(folder_), 0);
}

TEST_F(Recovering, ItsFileStaysUntilTheFitItselfIsKept) {
  killOneThatKept(7);
  RecoveryStore store(folder_);
  writeRecovery(store.file(), someFit(model_, 3));  // what was fitted here until now
  const fs::path abandoned = store.abandoned().at(0).file;
  store.adopting();
  store.adopted(abandoned);
  store.tidy();
  EXPECT_TRUE(fs::exists(abandoned));
  writeRecovery(store.file(), someFit(model_, 7));
  fs::last_write_time(store.file(), fs::file_time_type::clock::now() + std::chrono::seconds(1));  // coarse clocks
  store.tidy();
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(store.abandoned().empty());
}

TEST_F(Recovering, IsOfferedBesideAnOpenModelAndAsksBeforeWorkIsLost) {
  killOneThatKept(7);
  RecoveryStore store(folder_);
  Session session;
  FitOptions options = quick();
  options.iterations = 300;
  AppState state(&session, Settings{}, options);
  state.useRecovery(store);
  state.openNow(model_);
  state.offerRecovery();
  ASSERT_FALSE(state.notices.toasts().empty());
  EXPECT_NE(state.notices.toasts().back().advice.find("Recover fit"), std::string::npos);
  session.waitIdle();
  state.update(1);
  state.step(250);
  session.waitIdle();
  state.update(2);
  ASSERT_TRUE(state.unsavedWork());
  state.requestRecover(0);
  EXPECT_EQ(state.dialog, Dialog::ConfirmOpen);
  EXPECT_EQ(state.pendingOpen, model_);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 250) << "nothing before it is confirmed";
  state.openPending();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 7);
}

TEST_F(Recovering, AFitWhoseInputIsGoneStaysForLater) {
  killOneThatKept(7);
  fs::rename(model_, temporary_ / "elsewhere.ply");
  {
    RecoveryStore store(folder_);
    Session session;
    AppState state(&session, Settings{}, FitOptions{});
    state.useRecovery(store);
    state.recoverFit(0);
    session.waitIdle();
    state.update(1);
    ASSERT_TRUE(state.notices.error());
    EXPECT_EQ(state.abandonedFits().size(), 1u);
  }
  EXPECT_EQ(RecoveryStore(folder_).abandoned().size(), 1u);
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
