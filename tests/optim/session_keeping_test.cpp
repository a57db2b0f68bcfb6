// What a session does so that nothing is lost and nobody waits: loads that can be given up, fits that survive a kill,
// and meshes written in other axes and units.
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "optim/io/mesh_io.h"
#include "optim/session/mailbox.h"
#include "optim/session/recovery.h"
#include "renderer/error.h"
#include "renderer/topology.h"
#include "tests/support/fit_problem.h"
#include "tests/support/session_help.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

FitOptions smallOptions(SolverKind solver) {
  FitOptions options = smallGradientOptions(6, 2, 48, 14);
  options.solver = solver;
  if (solver == SolverKind::Newton) options.start = StartShape::Hull;
  options.hullResolution = 24;
  options.threads = 2;
  options.stopWhenConverged = false;
  return options;
}

class Keeping : public ::testing::Test {
 protected:
  Keeping() : model_(folder_ / "ring.ply"), kept_(folder_ / "kept") { writeMesh(model_, torusMesh(16, 8)); }

  // Minutes of work for the masks alone.
  static FitOptions hugeOptions() {
    FitOptions options = smallOptions(SolverKind::Gradient);
    options.views = 512;
    options.size = 2048;
    return options;
  }

  static void waitUntilLoading(Session& session) {
    for (auto s = session.snapshot(); s->state != SessionState::Loading || s->progress < 0.2; s = session.snapshot())
      session.waitForChange(s->version, 1);
  }

  TemporaryFolder folder_;
  fs::path model_, kept_;
};

TEST_F(Keeping, aLoadIsGivenUpPromptlyAndLeavesWhatWasThere) {
  Session session;
  session.setOptions(smallOptions(SolverKind::Gradient));
  session.load(model_);
  session.step(2);
  session.waitIdle();
  const auto before = session.snapshot();
  FitOptions huge = hugeOptions();
  Session fresh;
  fresh.setOptions(huge);
  fresh.load(model_);
  waitUntilLoading(fresh);
  const auto begun = std::chrono::steady_clock::now();
  fresh.cancelLoad();
  fresh.waitIdle();
  EXPECT_LT(secondsSince(begun), 5) << "one mask may be finished, not five hundred";
  EXPECT_EQ(fresh.snapshot()->state, SessionState::Empty);
  const auto events = fresh.takeEvents();
  EXPECT_EQ(count(events, EventKind::Cancelled), 1);
  EXPECT_EQ(count(events, EventKind::Failed) + count(events, EventKind::Loaded), 0);
  fresh.setOptions(smallOptions(SolverKind::Gradient));
  fresh.load(model_);
  fresh.step(2);
  fresh.waitIdle();
  EXPECT_TRUE(sameBits(*fresh.snapshot()->positions, *before->positions)) << "of use as if nothing had been";
}

TEST_F(Keeping, cancellingWithNothingToCancelDisturbsNothing) {
  Session session;
  session.setOptions(smallOptions(SolverKind::Gradient));
  session.cancelLoad();
  session.load(model_);
  session.waitIdle();
  session.takeEvents();
  session.start();
  for (int i = 0; i < 20; ++i) session.cancelLoad();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Done);
  EXPECT_EQ(session.snapshot()->iteration, 14);
  EXPECT_EQ(count(session.takeEvents(), EventKind::Cancelled), 0);
}

// The fine hull takes long enough for its preview to be seen.
TEST_F(Keeping, aPreviewIsSeenWhileTheHullIsCarvedAndGoesWhenTheLoadIsCancelled) {
  FitOptions fine = smallOptions(SolverKind::Newton);
  fine.size = 128;
  fine.hullResolution = 192;
  Session session;
  session.setOptions(fine);
  const auto cancelAtPreview = [&] {
    const auto before = session.snapshot();
    auto now = before;
    session.load(model_);
    for (; now->state != SessionState::Loading || now->faces == before->faces; now = session.snapshot()) {
      ASSERT_EQ(count(session.takeEvents(), EventKind::Loaded), 0) << "no preview came";
      session.waitForChange(now->version, 1);
    }
    EXPECT_EQ(now->normals->size(), now->positions->size());
    EXPECT_EQ(now->vertexGradient->size(), now->positions->size());
    EXPECT_GT(now->facesVersion, before->facesVersion);
    session.cancelLoad();
    session.waitIdle();
    EXPECT_EQ(count(session.takeEvents(), EventKind::Cancelled), 1);
  };
  cancelAtPreview();
  EXPECT_EQ(session.snapshot()->positions, nullptr);
  EXPECT_EQ(session.snapshot()->faces, nullptr);
  session.load(model_);
  session.waitIdle();
  session.takeEvents();
  const auto whole = session.snapshot();
  cancelAtPreview();
  EXPECT_EQ(*session.snapshot()->positions, *whole->positions);
  EXPECT_EQ(*session.snapshot()->faces, *whole->faces);
}

// However the commands fall between the worker's steps, the session ends in a state that can be used.
TEST_F(Keeping, survivesLoadsCancelledAtAnyMoment) {
  Session session;
  session.setOptions(smallOptions(SolverKind::Gradient));
  for (int i = 0; i < 100; ++i) {
    session.load(model_);
    if (i % 3 == 0) session.start();
    if (i % 4 > 0) session.waitForChange(session.snapshot()->version, 0.001 * (i % 4));
    session.cancelLoad();
    if (i % 5 == 0) session.reset();
  }
  session.waitIdle();
  session.load(model_);
  session.step(3);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 3);
}

// Each of the three would take minutes if it had to wait for the masks.
TEST_F(Keeping, masksBeingMadeGiveWayToNewerOptionsToLoadsAndToTheEnd) {
  const FitOptions small = smallOptions(SolverKind::Gradient);
  Session session;
  session.setOptions(small);
  session.load(model_);
  session.waitIdle();
  const auto makeHugeMasks = [&] {
    session.setOptions(hugeOptions());
    for (auto s = session.snapshot(); s->message.empty(); s = session.snapshot()) session.waitForChange(s->version, 1);
  };
  makeHugeMasks();
  session.setOptions(small);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->options, small);
  EXPECT_EQ(session.snapshot()->message, "");
  session.step(1);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 1) << "the fit can go on";

  session.takeEvents();
  makeHugeMasks();
  session.load(model_);
  while (count(session.takeEvents(), EventKind::Loaded) == 0) session.waitForChange(session.snapshot()->version, 0.05);
  FitOptions other = small;
  other.views = 5;
  session.setOptions(other);  // instead of the huge ones, which came again behind the load
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->options, other);
  EXPECT_EQ(session.snapshot()->views->train.size(), 5u);
  makeHugeMasks();
}

TEST_F(Keeping, meshesAskedForAreWrittenThoughTheSessionEnds) {
  {
    FitOptions options = smallOptions(SolverKind::Gradient);
    options.iterations = 1000000;
    Session session;
    session.setOptions(options);
    session.load(model_);
    session.step(2);
    session.waitIdle();
    session.start();
    session.exportMesh(folder_ / "last.ply");
  }
  EXPECT_FALSE(readMesh(folder_ / "last.ply").faces.empty());
}

TEST(Mailbox, waitingEndsWhenTheLastLoadIsCancelled) {
  Mailbox mail;
  mail.send(command::LoadPath{"a"});
  std::thread waiter([&] { mail.waitIdle(); });
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // it waits by now, most likely
  mail.cancelLoad();
  waiter.join();
  EXPECT_EQ(count(mail.takeEvents(), EventKind::Cancelled), 1);
}

// File names are any bytes.
TEST_F(Keeping, aFitOfAnOddlyNamedFileIsRecovered) {
  const fs::path odd = folder_ / "caf\xe9 \"1\".ply";
  fs::copy_file(model_, odd);
  Session killed;
  killed.setOptions(smallOptions(SolverKind::Gradient));
  killed.keepRecovery(kept_);
  killed.load(odd);
  killed.step(2);
  killed.waitIdle();
  EXPECT_EQ(readRecoveryInfo(kept_).source, odd);
  Session next;
  next.recover(kept_);
  next.waitIdle();
  EXPECT_EQ(next.snapshot()->iteration, 2) << texts(next.takeEvents());
}

// The first session stands for a program that is killed: its file is read by another one.
TEST_F(Keeping, aRecoveredFitGoesOnToTheSameBits) {
  for (const SolverKind solver : {SolverKind::Gradient, SolverKind::Newton}) {
    Session whole;
    whole.setOptions(smallOptions(solver));
    whole.load(model_);
    whole.start();
    whole.waitIdle();
    Session killed;
    killed.setOptions(smallOptions(solver));
    killed.keepRecovery(kept_);
    killed.load(model_);
    killed.step(8);
    killed.waitIdle();
    ASSERT_TRUE(fs::exists(kept_));
    const RecoveryInfo info = readRecoveryInfo(kept_);
    EXPECT_EQ(info.source, model_);
    EXPECT_EQ(info.iteration, 8);
    EXPECT_EQ(info.planned, 14);
    Session next;
    next.recover(kept_);
    next.waitIdle();
    const auto s = next.snapshot();
    ASSERT_EQ(s->state, SessionState::Paused) << s->message;
    EXPECT_EQ(s->options, smallOptions(solver));
    EXPECT_TRUE(sameBits(*s->positions, *killed.snapshot()->positions));
    EXPECT_EQ(*s->faces, *killed.snapshot()->faces);
    next.start();
    next.waitIdle();
    EXPECT_EQ(next.snapshot()->iteration, 14);
    EXPECT_TRUE(sameBits(*next.snapshot()->positions, *whole.snapshot()->positions)) << int(solver);
  }
}

// A sphere that was pressed against a ring's outlines covers its hole; carved anew it has it. Undone it is as before.
TEST_F(Keeping, recarvingGivesTheTopologyOfTheMasksAndCanBeTakenBack) {
  FitOptions options = smallOptions(SolverKind::Gradient);
  options.views = 12;
  options.size = 64;
  options.hullResolution = 48;
  options.iterations = 60;
  Session session;
  session.setOptions(options);
  session.load(model_);
  session.recarve();  // nothing to carve yet: a warning
  session.step(40);
  session.waitIdle();
  EXPECT_EQ(count(session.takeEvents(), EventKind::Warning), 1);
  const auto before = session.snapshot();
  session.recarve();
  session.waitIdle();
  const auto after = session.snapshot();
  EXPECT_EQ(count(session.takeEvents(), EventKind::Recarved), 1);
  EXPECT_EQ(after->state, SessionState::Paused);
  EXPECT_EQ(after->iteration, 40);
  const TopologySummary topology = summarise(buildTopology(int(after->positions->size()), *after->faces));
  EXPECT_TRUE(topology.closed());
  EXPECT_EQ(topology.genus(), 1);
  EXPECT_GT(after->heldOut->back().iou, before->heldOut->empty() ? 0 : before->heldOut->back().iou);
  session.restore(session.checkpoints().back().id);
  session.waitIdle();
  EXPECT_TRUE(sameBits(*session.snapshot()->positions, *before->positions));
  session.recarve();
  session.start();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Done);
  EXPECT_GT(session.snapshot()->history->back().trainIoU, 0.9);
}

TEST_F(Keeping, nothingIsKeptBeforeTheFirstIterationAndWhatCannotBeWrittenIsSaidOnce) {
  Session session;
  session.setOptions(smallOptions(SolverKind::Gradient));
  session.keepRecovery(kept_);
  session.load(model_);
  session.waitIdle();
  EXPECT_FALSE(fs::exists(kept_));
  session.keepRecovery(folder_ / "no such folder" / "kept");
  session.takeEvents();
  session.step(1);
  session.waitIdle();
  session.step(1);
  session.waitIdle();
  EXPECT_EQ(count(session.takeEvents(), EventKind::Warning), 1);
  EXPECT_EQ(session.snapshot()->iteration, 2);
}

TEST_F(Keeping, damagedRecoveryFilesAreRefusedAndChangeNothing) {
  Session session;
  session.setOptions(smallOptions(SolverKind::Gradient));
  session.keepRecovery(kept_);
  session.load(model_);
  session.step(2);
  session.waitIdle();
  session.keepRecovery({});
  std::ifstream file(kept_, std::ios::binary);
  const std::string whole((std::istreambuf_iterator<char>(file)), {});
  ASSERT_NO_THROW(readRecovery(kept_));
  std::vector<std::string> damaged = {"", "hello\n", whole.substr(0, 30), whole.substr(0, whole.size() - 1)};
  damaged.push_back(whole);
  for (std::size_t i = 1; i <= 4; ++i) damaged.back()[damaged.back().size() - i] = '\x7f';  // a face's vertex
  for (const std::string& text : damaged) {
    std::ofstream(kept_, std::ios::binary | std::ios::trunc) << text;
    EXPECT_THROW(readRecovery(kept_), Error) << text.size();
    session.recover(kept_);
    session.waitIdle();
    EXPECT_EQ(session.snapshot()->state, SessionState::Paused);
    EXPECT_EQ(session.snapshot()->iteration, 2);
    EXPECT_EQ(count(session.takeEvents(), EventKind::Failed), 1);
  }
}

TEST(ExportFrame, turnsByWholeQuartersAndKeepsHandedness) {
  for (const UpAxis up : {UpAxis::Y, UpAxis::Z})
    for (int axis = 0; axis < 3; ++axis)
      for (const double sign : {-1.0, 1.0}) {
        glm::dvec3 from(0), to(0);
        from[axis] = sign;
        to[up == UpAxis::Y ? 1 : 2] = 1;
        const glm::dmat3 r = exportRotation(up, from * 0.9 + glm::dvec3(0.1, -0.2, 0.15));
        EXPECT_EQ(r * from, to);
        EXPECT_EQ(glm::determinant(r), 1);
        EXPECT_EQ(r * glm::transpose(r), glm::dmat3(1));
      }
  EXPECT_EQ(exportRotation(UpAxis::AsInput, {0, 0, 1}), glm::dmat3(1));
  EXPECT_EQ(exportRotation(UpAxis::Z, {0, 1, 0}) * glm::dvec3(1, 2, 3), glm::dvec3(1, -3, 2));
  EXPECT_EQ(exportRotation(UpAxis::Y, {0, 0, 1}) * glm::dvec3(1, 2, 3), glm::dvec3(1, 3, -2));
}

TEST_F(Keeping, exportsInTheAxesAndUnitsAskedFor) {
  Session session;
  session.setOptions(smallOptions(SolverKind::Gradient));
  session.load(model_);
  session.step(1);
  session.exportMesh(folder_ / "as_input.ply");
  session.exportMesh(folder_ / "z_up.ply", {UpAxis::Z, 10});
  session.waitIdle();
  const Mesh plain = readMesh(folder_ / "as_input.ply"), turned = readMesh(folder_ / "z_up.ply");
  ASSERT_EQ(plain.positions.size(), turned.positions.size());
  for (std::size_t i = 0; i < plain.positions.size(); ++i) {
    const glm::vec3 p = plain.positions[i], q = turned.positions[i];
    EXPECT_LT(glm::length(q - 10.f * glm::vec3(p.x, -p.z, p.y)), 2e-6f * 10) << "rounding of floats";
  }
}

}  // namespace
}  // namespace penumbra
