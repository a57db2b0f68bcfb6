// The window's state driving a real session, as the panels do it; and the table of actions.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <algorithm>
#include <chrono>
#include <set>
#include <thread>

#include "app/window/app_state.h"
#include "optim/io/mesh_io.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

TEST(Actions, HaveOneRowAndTheirOwnKeys) {
  std::set<Action> actions;
  std::set<std::string> keys, labels;
  for (const ActionInfo& row : actionTable()) {
    EXPECT_TRUE(actions.insert(row.action).second) << row.label;
    EXPECT_TRUE(labels.insert(std::string(toString(row.menu)) + row.label).second) << row.label;
    EXPECT_GT(std::string(row.doc).size(), 10u) << row.label;
    for (const Chord& chord : {row.chord, row.alternative}) {
      if (chord.key == key::kNone) continue;
      EXPECT_TRUE(keys.insert(std::to_string(chord.key) + "/" + std::to_string(chord.modifiers)).second) << row.label;
      EXPECT_EQ(findAction(chord)->action, row.action);
    }
  }
  EXPECT_EQ(int(actions.size()), int(Action::About) + 1);
  EXPECT_EQ(chordText({'Z', kCtrl | kShift}), "Ctrl+Shift+Z");
  EXPECT_EQ(findAction({'R', kNoModifier}), nullptr);  // nothing destructive on a bare key
}

TEST(Actions, AreHarmlessWithNothingOpen) {
  AppState state(nullptr, Settings{}, FitOptions{});
  for (const ActionInfo& row : actionTable()) perform(state, row.action);
  EXPECT_TRUE(state.quit);
}

TEST(Options, ContradictionsAreShownAndNotSent) {
  AppState state(nullptr, Settings{}, FitOptions{});
  FitOptions wrong;
  wrong.elevationMin = 50;
  wrong.elevationMax = -50;
  state.editAll(wrong, "wrong");
  EXPECT_NE(state.optionProblem(), "");
  state.undo();
  EXPECT_EQ(state.optionProblem(), "");
}

TEST(View, CopiesAndPastes) {
  AppState state(nullptr, Settings{}, FitOptions{});
  state.camera.orbit(100, 40, {0, 0, 800, 600});
  const std::string text = state.viewAsText();
  const OrbitPose pose = state.camera.pose();
  state.camera.orbit(-300, 10, {0, 0, 800, 600});
  EXPECT_TRUE(state.viewFromText(text));
  while (state.camera.advance(0.1)) {
  }
  EXPECT_NEAR(state.camera.pose().pitch, pose.pitch, 1e-12);
  for (const char* wrong : {"", "hello", "{}", "{\"penumbra_view\": {\"pivot\": [1]}}"}) EXPECT_FALSE(state.viewFromText(wrong));
}

class Driven : public ::testing::Test {
 protected:
  Driven() : state_(&session_, Settings{}, quick()) {
    model_ = folder_ / "ring.obj";
    writeMesh(model_, torusMesh(16, 8));
  }

  static FitOptions quick() {
    FitOptions options;
    options.solver = SolverKind::Gradient;
    options.start = StartShape::Sphere;
    options.views = 4;
    options.size = 32;
    options.heldOutViews = 2;
    options.sphereLevel = 2;
    options.iterations = 30;
    options.threads = 1;
    return options;
  }

  void settle() {
    session_.waitIdle();
    state_.update(now_ += 1);
    state_.update(now_ += 1);
  }

  void load() {
    state_.openNow(model_);
    settle();
    ASSERT_EQ(state_.snapshot().state, SessionState::Ready) << (state_.notices.error() ? state_.notices.error()->what : "");
  }

  TemporaryFolder folder_;
  std::filesystem::path model_;
  Session session_;
  AppState state_;
  double now_ = 0;
};

TEST_F(Driven, OpensRunsAndExports) {
  EXPECT_EQ(state_.primary().action, Action::OpenModel);
  load();
  EXPECT_EQ(state_.viewCount(), 4);
  EXPECT_EQ(state_.primary().label, "Start");
  EXPECT_EQ(state_.settings.recent.front(), model_);
  perform(state_, Action::StartPause);
  settle();
  EXPECT_EQ(state_.snapshot().state, SessionState::Done);
  EXPECT_TRUE(state_.showReport);
  EXPECT_EQ(state_.primary().label, "Continue +30");
  state_.openExportDialog();
  state_.exporting.setPath(folder_ / "out.ply");
  state_.exportNow(false);
  settle();
  EXPECT_EQ(readMesh(folder_ / "out.ply").faces.size(), state_.snapshot().faces->size());
  EXPECT_FALSE(state_.unsavedWork());
}

TEST_F(Driven, PastConvergenceItGoesOnForSomeSteps) {
  FitOptions options = quick();
  options.views = 8;
  options.size = 64;
  options.solver = SolverKind::Newton;
  options.start = StartShape::Hull;
  options.hullResolution = 24;
  options.iterations = 400;
  state_.editAll(options, "newton");
  load();
  EXPECT_FALSE(state_.applies(*findOption("learning_rate")));
  EXPECT_FALSE(state_.applies(*findOption("sphere_level")));
  EXPECT_TRUE(state_.applies(*findOption("prior")));
  EXPECT_TRUE(state_.applies(*findOption("iterations")));
  perform(state_, Action::StartPause);
  settle();
  const int converged = state_.snapshot().iteration;
  ASSERT_TRUE(state_.snapshot().converged);
  EXPECT_LT(converged, 200);
  EXPECT_EQ(state_.primary().label, "25 more steps");
  perform(state_, Action::StartPause);
  settle();
  EXPECT_EQ(state_.snapshot().iteration, converged + 25);
  EXPECT_EQ(state_.snapshot().state, SessionState::Paused);
}

TEST_F(Driven, EscCancelsALoad) {
  FitOptions huge = quick();
  huge.views = 512;
  huge.size = 2048;
  Session fresh;
  AppState other(&fresh, Settings{}, huge);
  other.openNow(model_);
  while (other.snapshot().state != SessionState::Loading) other.update(now_ += 0.01);
  EXPECT_EQ(other.primary().action, Action::CancelLoad);
  perform(other, Action::Leave);  // Esc
  fresh.waitIdle();
  other.update(now_ += 1);
  EXPECT_EQ(other.snapshot().state, SessionState::Empty);
  EXPECT_TRUE(other.opened.empty());
  EXPECT_FALSE(other.notices.error());
}

TEST_F(Driven, TheMeshIsExaminedWhenARunEnds) {
  load();
  perform(state_, Action::StartPause);
  settle();
  while (state_.reporter.working()) std::this_thread::sleep_for(std::chrono::milliseconds(5)), state_.update(now_ += 1);
  ASSERT_TRUE(state_.reporter.isOf(state_.snapshot()));
  EXPECT_EQ(state_.reporter.newest()->quality.faces, int(state_.snapshot().faces->size()));
  EXPECT_EQ(surfaceText(state_.reporter.newest()->quality), "watertight, 1 part, genus 0");
  EXPECT_GT(state_.reporter.newest()->edgePixels, 0.5);
  EXPECT_LT(state_.reporter.newest()->edgePixels, 32);
}

TEST_F(Driven, AStepLeavesTheReportOpen) {
  load();
  perform(state_, Action::MeshReport);
  perform(state_, Action::Step);
  settle();
  EXPECT_EQ(state_.snapshot().iteration, 1);
  EXPECT_TRUE(state_.showReport);
  state_.handle({EventKind::Started, "", {}, {}, 0});  // of a longer run
  EXPECT_FALSE(state_.showReport);
}

TEST_F(Driven, WhatIsBeingLoadedIsKnown) {
  state_.openNow(model_);
  EXPECT_EQ(state_.opening, model_);
  EXPECT_FALSE(state_.openingFolder);
  settle();
  state_.openNow(folder_.path());
  EXPECT_TRUE(state_.openingFolder);
  settle();
}

TEST_F(Driven, StartsByItselfWhenAsked) {
  state_.startWhenLoaded = true;
  state_.openNow(model_);
  settle();
  settle();
  EXPECT_EQ(state_.snapshot().state, SessionState::Done);
}

TEST_F(Driven, AFileThatCannotBeReadIsACard) {
  folder_.write("broken.obj", "this is no mesh");
  state_.openNow(folder_ / "broken.obj");
  settle();
  ASSERT_TRUE(state_.notices.error());
  EXPECT_NE(state_.notices.error()->what.find("broken.obj"), std::string::npos);
  state_.dropFiles({folder_ / "x.txt"});
  EXPECT_NE(state_.notices.error()->what.find("x.txt"), std::string::npos);
}

TEST_F(Driven, OptionsEditedLiveAreRecorded) {
  load();
  state_.step(5);
  settle();
  state_.editOption(*findOption("learning_rate"), 0.01);
  state_.editOption(*findOption("learning_rate"), 0.02);
  state_.endEdit();
  EXPECT_EQ(state_.undoStack.size(), 1u);
  state_.step(5);
  settle();
  EXPECT_EQ(state_.snapshot().options.learningRate, 0.02);
  ASSERT_TRUE(state_.snapshot().edits);
  EXPECT_FALSE(state_.snapshot().edits->empty());
  EXPECT_EQ(state_.snapshot().edits->back().name, "learning_rate");
  state_.undo();
  settle();
  EXPECT_EQ(state_.snapshot().options.learningRate, quick().learningRate);
}

TEST_F(Driven, TargetsAreMadeAnewWhenTheDragEnds) {
  load();
  state_.editOption(*findOption("views"), 5);
  state_.editOption(*findOption("views"), 6);
  settle();
  EXPECT_EQ(state_.viewCount(), 4);
  state_.endEdit();
  settle();
  EXPECT_EQ(state_.viewCount(), 6);
}

TEST_F(Driven, ResetCanBeUndoneAndRedone) {
  load();
  state_.step(20);
  settle();
  const auto fitted = *state_.snapshot().positions;
  state_.requestReset();
  settle();
  EXPECT_EQ(state_.snapshot().iteration, 0);
  const auto start = *state_.snapshot().positions;
  ASSERT_TRUE(state_.undoStack.canUndo());
  state_.undo();
  settle();
  EXPECT_EQ(state_.snapshot().iteration, 20);
  EXPECT_EQ(*state_.snapshot().positions, fitted);
  state_.redo();
  settle();
  EXPECT_EQ(*state_.snapshot().positions, start);
  state_.undo();
  settle();
  EXPECT_EQ(*state_.snapshot().positions, fitted);
}

TEST_F(Driven, UndoWaitsForWhatIsPending) {
  load();
  state_.step(20);
  settle();
  state_.editOption(*findOption("learning_rate"), 0.01);
  state_.endEdit();
  state_.resetNow();
  EXPECT_EQ(state_.pending(), "Resetting...");
  EXPECT_EQ(state_.primary().label, "Resetting...");
  EXPECT_FALSE(enabled(state_, Action::Undo));
  EXPECT_FALSE(enabled(state_, Action::Reset));
  state_.undo();  // would take back the option
  EXPECT_EQ(state_.options().learningRate, 0.01);
  settle();
  EXPECT_EQ(state_.pending(), "");
  state_.undo();
  EXPECT_EQ(state_.pending(), "Going back...");
  settle();
  EXPECT_EQ(state_.pending(), "");
  EXPECT_EQ(state_.snapshot().iteration, 20);
  state_.redo();
  EXPECT_EQ(state_.pending(), "Resetting...");
  settle();
  EXPECT_EQ(state_.pending(), "");
  EXPECT_EQ(state_.snapshot().iteration, 0);
}

TEST_F(Driven, WhateverEndsACommandEndsTheWait) {
  FitOptions coarse = quick();
  coarse.hullResolution = 16;
  state_.editAll(coarse, "coarse");
  load();
  state_.step(5);
  settle();
  for (const EventKind kind : {EventKind::Recarved, EventKind::Cancelled, EventKind::Warning, EventKind::Failed}) {
    state_.recarve();
    EXPECT_EQ(state_.pending(), "Re-carving...");
    state_.handle({EventKind::Paused, "", {}, {}, 0});  // of something else
    EXPECT_EQ(state_.pending(), "Re-carving...");
    state_.handle({kind, "x", {}, {}, 0});
    EXPECT_EQ(state_.pending(), "");
    settle();
  }
}

TEST_F(Driven, APauseIsOverWhenTheFitStands) {
  FitOptions options = quick();
  options.iterations = 100000;
  state_.editAll(options, "long");
  load();
  state_.startPause();
  while (!state_.running()) state_.update(now_ += 0.01);
  state_.startPause();
  EXPECT_EQ(state_.pending(), "Pausing...");
  EXPECT_TRUE(enabled(state_, Action::Reset));
  settle();
  EXPECT_EQ(state_.pending(), "");
  EXPECT_EQ(state_.primary().label, "Resume");
}

TEST_F(Driven, GoingBackInHistoryCanBeUndone) {
  load();
  state_.step(20);
  settle();
  const auto fitted = *state_.snapshot().positions;
  state_.resetNow();
  settle();
  state_.restoreCheckpoint(state_.checkpoints().back().id);
  settle();
  EXPECT_EQ(*state_.snapshot().positions, fitted);
  state_.undo();
  settle();
  EXPECT_EQ(state_.snapshot().iteration, 0);
  state_.redo();
  settle();
  EXPECT_EQ(*state_.snapshot().positions, fitted);
}

TEST_F(Driven, AsksOnlyWhenThereIsSomethingToLose) {
  load();
  perform(state_, Action::Quit);
  EXPECT_TRUE(state_.quit);
  state_.quit = false;
  state_.editOption(*findOption("iterations"), 300);
  state_.step(250);
  settle();
  EXPECT_TRUE(state_.unsavedWork());
  perform(state_, Action::Quit);
  EXPECT_FALSE(state_.quit);
  EXPECT_EQ(state_.dialog, Dialog::ConfirmQuit);
  state_.requestOpen(model_);
  EXPECT_EQ(state_.dialog, Dialog::ConfirmOpen);
  state_.requestReset();
  EXPECT_EQ(state_.dialog, Dialog::ConfirmReset);
}

// A few slow iterations are as dear as many fast ones.
TEST(UnsavedWork, CountsIterationsAndTime) {
  AppState state(nullptr, Settings{}, FitOptions{});
  const auto show = [&](int iteration, double seconds) {
    auto s = std::make_shared<Snapshot>();
    s->state = SessionState::Paused;
    s->positions = std::make_shared<std::vector<glm::vec3>>(3);
    s->faces = std::make_shared<std::vector<Face>>(1);
    s->iteration = iteration;
    s->secondsFitting = seconds;
    state.setSnapshot(s);
  };
  show(200, 10);
  EXPECT_FALSE(state.unsavedWork());
  show(201, 10);
  EXPECT_TRUE(state.unsavedWork());
  show(3, 10.5);
  EXPECT_TRUE(state.unsavedWork());
  state.handle({EventKind::Exported, "Saved.", {}, "/tmp/a.glb", 0});
  EXPECT_FALSE(state.unsavedWork());
  show(4, 20);
  EXPECT_FALSE(state.unsavedWork());
  show(4, 21);
  EXPECT_TRUE(state.unsavedWork());
  EXPECT_NE(state.unsavedText().find("1 iteration has"), std::string::npos);
}

TEST(Primary, TellsHowFarItGoes) {
  AppState state(nullptr, Settings{}, FitOptions{});
  const auto labelAt = [&](int iteration, int planned) {
    auto s = std::make_shared<Snapshot>();
    s->state = SessionState::Done;
    s->solver = SolverKind::Gradient;
    s->iteration = iteration;
    s->plannedIterations = planned;
    state.setSnapshot(s);
    return state.primary().label;
  };
  EXPECT_EQ(labelAt(20, 500), "Continue +480");
  EXPECT_EQ(labelAt(500, 500), "Continue +500");
}

TEST(ShownState, IsNoFailureOnceItsCardIsDismissed) {
  AppState state(nullptr, Settings{}, FitOptions{});
  auto s = std::make_shared<Snapshot>();
  s->state = SessionState::Failed;
  state.setSnapshot(s);
  state.notices.error("Could not open it", "because", "");
  EXPECT_EQ(state.shownState(), SessionState::Failed);
  state.notices.dismissError();
  EXPECT_EQ(state.shownState(), SessionState::Empty);
}

TEST_F(Driven, APresetIsOneUndoEntry) {
  const FitOptions before = state_.options();
  const int fast = int(std::find_if(state_.presets().begin(), state_.presets().end(), [](const Preset& p) { return p.label == "Fast preview"; }) - state_.presets().begin());
  ASSERT_LT(fast, int(state_.presets().size()));
  state_.choosePreset(fast);
  EXPECT_EQ(state_.options().views, 12);
  EXPECT_EQ(state_.options().threads, 1);
  EXPECT_EQ(matchingPreset(state_.presets(), state_.options()), fast);
  EXPECT_EQ(state_.undoStack.size(), 1u);
  state_.undo();
  EXPECT_EQ(state_.options(), before);
}

TEST_F(Driven, TheCommandLineNamesWhatDiffers) {
  load();
  const std::string line = state_.commandLine();
  EXPECT_NE(line.find("penumbra fit " + model_.string()), std::string::npos);
  EXPECT_NE(line.find(" --views=4"), std::string::npos);
  EXPECT_NE(line.find(" --sphere-level=2"), std::string::npos);
  EXPECT_EQ(line.find("--seed"), std::string::npos);
  EXPECT_EQ(line.find("--export"), std::string::npos);
  state_.settings.exportFrame = {UpAxis::Z, 0.001};
  EXPECT_NE(state_.commandLine().find(" --export-up z --export-scale 0.001"), std::string::npos) << state_.commandLine();
}

TEST_F(Driven, AnotherStartAsksForAReset) {
  EXPECT_FALSE(state_.resetWanted());
  load();
  state_.editOption(*findOption("sphere_level"), 1);  // not begun: made at once
  EXPECT_FALSE(state_.resetWanted());
  state_.step(2);
  settle();
  EXPECT_FALSE(state_.resetWanted());
  state_.editOption(*findOption("learning_rate"), 0.01);
  EXPECT_FALSE(state_.resetWanted());
  state_.editOption(*findOption("hull_resolution"), 64);  // of no effect on a sphere
  EXPECT_FALSE(state_.resetWanted());
  state_.editOption(*findOption("sphere_level"), 3);
  state_.endEdit();
  EXPECT_TRUE(state_.resetWanted());
  state_.undo();
  EXPECT_FALSE(state_.resetWanted());
  state_.editOption(*findOption("sphere_level"), 3);
  settle();
  state_.resetNow();
  settle();
  EXPECT_FALSE(state_.resetWanted());
}

TEST_F(Driven, WatchedViewsCarryTheirCoverage) {
  load();
  state_.watch({1, 2});
  state_.step(2);
  settle();
  for (int i = 0; i < 100 && state_.snapshot().coverage.size() < 2; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(10)), state_.update(now_ += 1);
  EXPECT_EQ(state_.snapshot().coverage.count(1), 1u);
  EXPECT_EQ(state_.snapshot().coverage.count(2), 1u);
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
