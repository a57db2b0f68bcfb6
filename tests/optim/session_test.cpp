// The session's contract: states, events, exactness of what is restored, and no race or deadlock under fire.
#include "optim/session/session.h"

#include <gtest/gtest.h>

#include <atomic>
#include <limits>
#include <set>
#include <thread>

#include "optim/io/mesh_io.h"
#include "renderer/error.h"
#include "tests/support/fit_problem.h"
#include "tests/support/session_help.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

FitOptions smallOptions() {
  FitOptions options = smallGradientOptions(4, 2, 32, 30);
  options.sphereLevel = 1;
  options.lambda = 1;
  options.threads = 2;
  return options;
}

// Far from the origin, and neither of size 1.
Mesh egg() {
  Mesh mesh = icosphere(2);
  for (glm::vec3& p : mesh.positions) p = {5 + 2 * p.x, -3 + 3 * p.y, 2 * p.z * (1.2f + 0.3f * p.y)};
  return mesh;
}

std::vector<glm::vec3> meshAfter(const FitOptions& options, const std::vector<int>& pieces) {
  Session session;
  session.setOptions(options);
  session.loadModel(egg(), "egg");
  for (const int piece : pieces) {
    session.step(piece);
    session.waitIdle();
  }
  return *session.snapshot()->positions;
}

TEST(Session, isEmptyAtFirst) {
  Session session;
  session.waitIdle();
  ASSERT_NE(session.snapshot(), nullptr);
  EXPECT_EQ(session.snapshot()->state, SessionState::Empty);
  EXPECT_EQ(session.snapshot()->views, nullptr);
  session.start();
  session.step(3);
  session.reset();
  session.pause();
  session.restore(1);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Empty);
  EXPECT_EQ(count(session.takeEvents(), EventKind::Failed), 0) << "these are warnings";
}

TEST(Session, runsFromLoadToDoneAndOn) {
  Session session;
  session.setOptions(smallOptions());
  session.loadModel(egg(), "egg");
  session.waitIdle();
  auto s = session.snapshot();
  EXPECT_EQ(s->state, SessionState::Ready);
  ASSERT_NE(s->views, nullptr);
  EXPECT_EQ(s->views->train.size(), 4u);
  EXPECT_EQ(s->positions->size(), 42u);
  EXPECT_EQ(s->normals->size(), 42u);
  const std::vector<float> atStart = s->viewIoU;
  ASSERT_EQ(atStart.size(), 4u);
  for (const float iou : atStart) EXPECT_TRUE(iou > 0.4f && iou < 0.95f) << iou << " of the sphere";
  session.start();
  session.waitIdle();
  s = session.snapshot();
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_EQ(s->iteration, 30);
  EXPECT_EQ(s->plannedIterations, 30);
  ASSERT_EQ(s->history->size(), 30u);
  EXPECT_EQ(s->history->front().iteration, 1);
  EXPECT_EQ(s->history->back().iteration, 30);
  EXPECT_LT(s->history->back().silhouette, 0.5 * s->history->front().silhouette);
  ASSERT_FALSE(s->heldOut->empty());
  EXPECT_EQ(s->heldOut->back().iteration, 30);
  EXPECT_GT(s->heldOut->back().iou, 0.85);
  const auto events = session.takeEvents();
  for (const EventKind kind : {EventKind::Loaded, EventKind::Started, EventKind::Finished})
    EXPECT_GT(count(events, kind), 0) << texts(events);
  session.start();
  session.waitIdle();
  s = session.snapshot();
  EXPECT_EQ(s->iteration, 60) << "Start after the end plans as many more";
  for (std::size_t v = 0; v < atStart.size(); ++v) EXPECT_GT(s->viewIoU[v], atStart[v]);
  session.reset();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->viewIoU, atStart) << "of the mesh that is shown";
}

TEST(Session, stepsThenPauses) {
  Session session;
  session.setOptions(smallOptions());
  session.loadModel(egg(), "egg");
  session.step(7);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Paused);
  EXPECT_EQ(session.snapshot()->iteration, 7);
  EXPECT_GT(count(session.takeEvents(), EventKind::Paused), 0);
}

TEST(Session, givesTheSameBitsForAnyNumberOfThreads) {
  FitOptions options = smallOptions();
  options.views = 7;
  options.viewsPerStep = 3;
  options.laplacian = options.normalConsistency = options.edgeLength = 0.01;
  options.iterations = 50;
  options.threads = 1;
  const auto one = meshAfter(options, {50});
  for (const int threads : {2, 3}) {
    options.threads = threads;
    EXPECT_TRUE(sameBits(one, meshAfter(options, {50}))) << threads;
  }
  EXPECT_TRUE(sameBits(one, meshAfter(options, {1, 20, 29}))) << "pauses do not matter";
}

// Without the one that is kept for being the best.
std::vector<CheckpointInfo> timely(const Session& session) {
  std::vector<CheckpointInfo> kept = session.checkpoints();
  std::erase_if(kept, [](const CheckpointInfo& c) { return c.reason == "best so far"; });
  return kept;
}

TEST(Session, aRestoredCheckpointGoesOnAsIfNothingHadHappened) {
  FitOptions options = smallOptions();
  options.viewsPerStep = 3;
  options.iterations = 130;
  Session session;
  const auto end = runWhole(session, options, egg());
  const auto regular = timely(session);
  ASSERT_EQ(regular.size(), 1u);
  EXPECT_EQ(regular[0].iteration, 100);
  session.restore(regular[0].id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Paused);
  EXPECT_EQ(session.snapshot()->iteration, 100);
  EXPECT_EQ(session.snapshot()->history->size(), 100u);
  EXPECT_FALSE(sameBits(*session.snapshot()->positions, *end->positions));
  session.start();
  session.waitIdle();
  EXPECT_TRUE(sameBits(*session.snapshot()->positions, *end->positions));
  EXPECT_EQ(session.snapshot()->history->back().loss, end->history->back().loss);
  // The restore itself can be undone.
  const auto after = timely(session);
  ASSERT_GE(after.size(), 2u);
  EXPECT_EQ(after[1].reason, "before restore");
  session.restore(after[1].id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 130);
  EXPECT_TRUE(sameBits(*session.snapshot()->positions, *end->positions));
}

TEST(Session, resetsToTheStartAndCanGoBackEvenToAnEarlierModel) {
  Session session;
  session.setOptions(smallOptions());
  session.loadModel(egg(), "egg");
  session.waitIdle();
  const auto start = session.snapshot();
  session.step(5);
  session.waitIdle();
  const auto stepped = session.snapshot();
  session.reset();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Ready);
  EXPECT_EQ(session.snapshot()->iteration, 0);
  EXPECT_TRUE(session.snapshot()->history->empty());
  EXPECT_TRUE(sameBits(*session.snapshot()->positions, *start->positions));
  ASSERT_EQ(session.checkpoints().size(), 1u);
  EXPECT_EQ(session.checkpoints()[0].reason, "before reset");
  session.loadModel(torusMesh(20, 10), "torus");
  session.restore(session.checkpoints()[0].id);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->views->name, stepped->views->name);
  EXPECT_TRUE(sameBits(*session.snapshot()->positions, *stepped->positions));
}

// The defaults from the hull: Gauss-Newton, which changes the faces under way and ends by itself.
TEST(Session, stopsWhenConvergedAndGoesOnWhenAsked) {
  FitOptions options;
  options.views = 8;
  options.heldOutViews = 2;
  options.size = 64;
  options.hullResolution = 32;
  options.iterations = 60;
  Session session;
  session.setOptions(options);
  session.loadModel(egg(), "egg");
  session.waitIdle();
  const auto hull = session.snapshot();
  session.start();
  session.waitIdle();
  auto s = session.snapshot();
  const int converged = s->iteration;
  EXPECT_EQ(s->state, SessionState::Done);
  EXPECT_LT(converged, 60);
  EXPECT_EQ(int(s->history->size()), converged);
  EXPECT_GT(s->history->back().trainIoU, 0.97);
  EXPECT_GE(s->history->back().outlinePx, 0);
  EXPECT_NE(*s->faces, *hull->faces);
  EXPECT_GT(s->facesVersion, hull->facesVersion);
  EXPECT_EQ(s->positions->size(), s->normals->size());
  EXPECT_EQ(s->positions->size(), s->vertexGradient->size());
  EXPECT_NE(texts(session.takeEvents()).find("Converged after " + std::to_string(converged) + " iterations: watertight, genus "), std::string::npos);
  session.start();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 60) << "Start goes on to what is planned";
  session.reset();
  options.stopWhenConverged = false;
  session.setOptions(options);
  session.start();
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 60);
  // What was there before the reset comes back, faces and all.
  session.restore(timely(session).front().id);
  session.waitIdle();
  s = session.snapshot();
  EXPECT_EQ(s->iteration, 60);
  EXPECT_EQ(s->positions->size(), s->normals->size());
  for (const Face& f : *s->faces) ASSERT_LT(std::max({f.x, f.y, f.z}), int(s->positions->size()));
}

TEST(Session, keepsAtMostTwentyCheckpoints) {
  FitOptions options = smallOptions();
  options.size = 16;
  options.views = 1;
  options.heldOutViews = 0;
  options.iterations = 3000;
  options.stopWhenConverged = false;
  Session session;
  session.setOptions(options);
  session.loadModel(egg(), "egg");
  session.step(150);
  session.waitIdle();
  session.reset();
  session.start();
  session.waitIdle();
  const auto kept = timely(session);
  EXPECT_EQ(kept.size(), 20u);
  EXPECT_EQ(kept.back().iteration, 3000);
  std::set<std::string> reasons;
  for (const CheckpointInfo& c : kept) reasons.insert(c.reason);
  EXPECT_EQ(reasons.count("before reset"), 1u) << "what a command made outlives what the clock made";
  int last = 0, widest = 0;
  for (const CheckpointInfo& c : kept)
    if (c.reason != "before reset") widest = std::max(widest, c.iteration - last), last = c.iteration;
  EXPECT_LE(widest, 600) << "spread over the whole fit";
}

TEST(Session, optionsAreLiveAndRecorded) {
  FitOptions options = smallOptions();
  Session session;
  session.setOptions(options);
  session.loadModel(egg(), "egg");
  session.step(4);
  session.waitIdle();
  EXPECT_TRUE(session.snapshot()->edits->empty()) << "before the load they are no edits";
  const auto before = session.snapshot();
  options.learningRate = 0.005;
  options.lambda = 5;
  session.setOptions(options);
  session.waitIdle();
  auto s = session.snapshot();
  ASSERT_EQ(s->edits->size(), 2u);
  EXPECT_EQ(s->edits->at(0).iteration, 4);
  EXPECT_EQ(s->edits->at(0).name, "lambda");
  EXPECT_EQ(s->edits->at(1).from, optionText(before->options, *findOption("learning_rate")));
  EXPECT_EQ(s->edits->at(1).to, "0.005");
  EXPECT_TRUE(sameBits(*s->positions, *before->positions));
  EXPECT_EQ(s->viewsVersion, before->viewsVersion);
  // Options of the target make new masks and keep the mesh.
  options.views = 6;
  options.threads = 1;
  session.setOptions(options);
  session.waitIdle();
  s = session.snapshot();
  EXPECT_EQ(s->views->train.size(), 6u);
  EXPECT_GT(s->viewsVersion, before->viewsVersion);
  EXPECT_TRUE(sameBits(*s->positions, *before->positions));
  EXPECT_EQ(s->state, SessionState::Paused);
  EXPECT_NE(s->backend.find("1 thread,"), std::string::npos) << s->backend;
  // Nonsense changes nothing and is said.
  session.takeEvents();
  FitOptions nonsense = options;
  nonsense.views = 0;
  session.setOptions(nonsense);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->options, options);
  const auto events = session.takeEvents();
  ASSERT_GT(count(events, EventKind::Warning), 0);
  EXPECT_NE(texts(events).find("views is 0"), std::string::npos) << texts(events);
  session.step(2);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 6);
}

TEST(Session, exportsInTheCoordinatesOfTheInput) {
  const TemporaryFolder folder;
  FitOptions options = smallOptions();
  options.iterations = 60;
  options.sphereLevel = 2;
  Session session;
  session.setOptions(options);
  session.loadModel(egg(), "egg");
  session.start();
  session.exportMesh(folder / "early.ply");
  session.waitIdle();
  session.exportMesh(folder / "egg.ply");
  session.exportMesh(folder / "egg.xyz");
  session.exportMesh(folder / "nowhere" / "egg.ply");
  session.waitIdle();
  const auto events = session.takeEvents();
  EXPECT_EQ(count(events, EventKind::Exported), 2) << texts(events);
  EXPECT_EQ(count(events, EventKind::Failed), 2) << texts(events);
  EXPECT_EQ(session.snapshot()->state, SessionState::Done) << "a failed export harms nothing";
  const Bounds wanted = boundsOf(egg()), got = boundsOf(readMesh(folder / "egg.ply"));
  EXPECT_LT(glm::length(wanted.centre() - got.centre()), 0.1 * wanted.diagonal());
  EXPECT_NEAR(got.diagonal(), wanted.diagonal(), 0.15 * wanted.diagonal());
}

TEST(Session, aFailedLoadLeavesWhatWasThere) {
  const TemporaryFolder folder;
  Session session;
  session.setOptions(smallOptions());
  session.load(folder / "missing.obj");
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Failed);
  EXPECT_FALSE(session.snapshot()->message.empty());
  FitOptions other = smallOptions();
  other.lambda = 2;
  session.setOptions(other);
  session.waitIdle();
  EXPECT_FALSE(session.snapshot()->message.empty()) << "it still has failed";
  auto events = session.takeEvents();
  ASSERT_GT(count(events, EventKind::Failed), 0);
  EXPECT_EQ(events.back().exitCode, int(ExitCode::Input));
  session.loadModel(egg(), "egg");
  session.step(3);
  session.waitIdle();
  const auto before = session.snapshot();
  EXPECT_EQ(before->iteration, 3);
  session.loadModel(Mesh{}, "nothing");
  session.load(folder / "missing folder");
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->state, SessionState::Paused);
  EXPECT_TRUE(sameBits(*session.snapshot()->positions, *before->positions));
  session.step(1);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 4);
}

TEST(Session, carriesTheCoverageOfWatchedViews) {
  Session session;
  session.setOptions(smallOptions());
  session.watchViews({1, 3, 99, -1});
  session.loadModel(egg(), "egg");
  session.waitIdle();
  const auto before = session.snapshot();
  ASSERT_EQ(before->coverage.size(), 2u);
  const Mask early = *before->coverage.at(3);
  EXPECT_EQ(early.width, 32);
  EXPECT_GT(*std::max_element(early.pixels.begin(), early.pixels.end()), 0.9f);
  session.step(10);
  session.waitIdle();
  EXPECT_NE(session.snapshot()->coverage.at(3)->pixels, early.pixels);
  EXPECT_EQ(before->coverage.at(3)->pixels, early.pixels) << "a snapshot never changes";
  session.watchViews({});
  session.waitIdle();
  EXPECT_TRUE(session.snapshot()->coverage.empty());
}

TEST(Session, pausesAndEndsPromptly) {
  FitOptions options = smallOptions();
  options.iterations = 1000000;
  options.size = 128;
  options.views = 8;
  auto session = std::make_unique<Session>();
  session->setOptions(options);
  session->loadModel(egg(), "egg");
  session->setYield(0.9);
  session->start();
  std::uint64_t version = 0;
  while (session->snapshot()->iteration < 3) {
    version = session->snapshot()->version;
    session->waitForChange(version, 1);
  }
  session->pause();
  session->waitIdle();
  EXPECT_EQ(session->snapshot()->state, SessionState::Paused);
  EXPECT_EQ(session->snapshot()->heldOut->back().iteration, session->snapshot()->iteration);
  session->start();
  const auto begun = std::chrono::steady_clock::now();
  session.reset();
  EXPECT_LT(std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count(), 2.0);
}

// Two threads give commands in every order, a third reads; run it under the thread sanitizer.
TEST(Session, survivesAThousandStartPauseResetLoad) {
  FitOptions options = smallOptions();
  options.views = 2;
  options.heldOutViews = 1;
  options.size = 16;
  options.sphereLevel = 0;
  Session session;
  session.setOptions(options);
  const Mesh model = icosphere(0);
  std::atomic<bool> done{false};
  std::thread reader([&] {
    std::uint64_t version = 0, events = 0;
    while (!done) {
      const auto s = session.snapshot();
      ASSERT_GE(s->version, version);
      version = s->version;
      ASSERT_TRUE(!s->positions || s->positions->size() == s->normals->size());
      events += session.takeEvents().size() + session.checkpoints().size();
      session.waitForChange(version, 0.001);
    }
  });
  const auto hammer = [&](int salt) {
    for (int i = 0; i < 500; ++i) {
      session.loadModel(model, "ball");
      session.start();
      if ((i + salt) % 3 == 0) session.watchViews({i % 2});
      if ((i + salt) % 5 == 0) session.step(2);
      if ((i + salt) % 7 == 0) {
        FitOptions other = options;
        other.lambda = 1 + i % 4;
        other.views = 2 + i % 2;
        other.threads = 1 + i % 2;
        session.setOptions(other);
      }
      session.pause();
      session.reset();
      if ((i + salt) % 11 == 0) session.restore(i);
      if (i % 10 == 9) session.waitIdle();
    }
  };
  std::thread first(hammer, 0), second(hammer, 1);
  first.join();
  second.join();
  session.waitIdle();
  done = true;
  reader.join();
  EXPECT_EQ(session.snapshot()->state, SessionState::Ready);
  session.loadModel(model, "ball");
  session.step(3);
  session.waitIdle();
  EXPECT_EQ(session.snapshot()->iteration, 3) << "still of use afterwards";
}

}  // namespace
}  // namespace penumbra
