// What a session does to a mesh beyond moving it: another topology when the masks demand one, a verdict at the end, and
// fewer faces in the file when asked.
#include <gtest/gtest.h>

#include <algorithm>

#include "optim/eval/self_intersections.h"
#include "optim/eval/surface_samples.h"
#include "optim/fit/mesh_care.h"
#include "optim/io/mesh_io.h"
#include "optim/session/session.h"
#include "optim/targets/targets.h"
#include "renderer/topology.h"
#include "tests/support/flat_scene.h"
#include "tests/support/measured_shapes.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

FitOptions fromSphere() {
  FitOptions options;
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = 8;
  options.heldOutViews = 2;
  options.size = 64;
  options.hullResolution = 48;
  options.sphereLevel = 3;
  options.iterations = 300;
  options.threads = 2;
  options.retopology = true;
  return options;
}

struct Result {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<Event> events;
  std::vector<CheckpointInfo> checkpoints;
  int count(EventKind kind) const {
    return int(std::count_if(events.begin(), events.end(), [&](const Event& e) { return e.kind == kind; }));
  }
  std::string text(EventKind kind) const {
    for (const Event& e : events)
      if (e.kind == kind) return e.text;
    return {};
  }
  TopologySummary topology() const { return summarise(buildTopology(int(snapshot->positions->size()), *snapshot->faces)); }
};

Result fitted(const Mesh& model, const FitOptions& options) {
  Session session;
  session.setOptions(options);
  session.loadModel(model, "model");
  session.start();
  session.waitIdle();
  return {session.snapshot(), session.takeEvents(), session.checkpoints()};
}

TEST(MeshCare, opensTheHoleOfARingThatWasBegunAsASphere) {
  const Result ring = fitted(torusMesh(48, 24), fromSphere());
  ASSERT_EQ(ring.snapshot->state, SessionState::Done);
  EXPECT_EQ(ring.count(EventKind::Recarved), 1) << ring.text(EventKind::Recarved);
  EXPECT_NE(ring.text(EventKind::Recarved).find("genus 0 -> 1"), std::string::npos);
  EXPECT_TRUE(ring.topology().closed());
  EXPECT_EQ(ring.topology().genus(), 1);
  EXPECT_NE(ring.text(EventKind::Finished).find("watertight, genus 1, "), std::string::npos) << ring.text(EventKind::Finished);
  EXPECT_TRUE(std::any_of(ring.checkpoints.begin(), ring.checkpoints.end(),
                          [](const CheckpointInfo& c) { return c.reason == "before re-carving"; }));
  EXPECT_EQ(*fitted(torusMesh(48, 24), fromSphere()).snapshot->positions, *ring.snapshot->positions) << "not repeatable";
}

TEST(MeshCare, opensItForTheNewtonSolverToo) {
  FitOptions options = fromSphere();
  options.solver = SolverKind::Newton;
  const Result ring = fitted(torusMesh(48, 24), options);
  ASSERT_EQ(ring.snapshot->state, SessionState::Done);
  EXPECT_EQ(ring.count(EventKind::Recarved), 1) << ring.text(EventKind::Recarved);
  EXPECT_TRUE(ring.topology().closed());
  EXPECT_EQ(ring.topology().genus(), 1);
  EXPECT_GT(ring.snapshot->history->back().trainIoU, 0.98);
  EXPECT_LT(ring.snapshot->iteration, options.iterations) << "it converges on the new mesh as well";
}

// Two masks show a hole that is not there, and carving it at such coarse steps spoils the rest.
TEST(MeshCare, takesBackATrialThatBringsNothing) {
  FitOptions options = fromSphere();
  options.views = 40;
  options.hullResolution = 16;
  options.learningRate = 1e-6;  // the meshes stay what they are
  options.remesh = Remeshing::Off;
  ThreadPool pool(2);
  Mesh egg = testing::ballMesh(4);
  for (auto& p : egg.positions) p *= glm::vec3(0.9f, 0.7f, 0.8f);
  auto views = std::make_shared<ViewSet>(makeViewSet(egg, "egg", options, pool));
  for (const std::size_t v : {3u, 9u})
    for (int y = 27; y < 38; ++y)
      for (int x = 27; x < 38; ++x) views->train[v].mask.at(x, y) = 0;
  FitState state;
  for (const auto& p : egg.positions) state.positions.push_back(glm::vec3(views->normalisation.apply(glm::dvec3(p))));
  state.faces = egg.faces;
  Fitter fitter(views, options, pool, state);
  MeshCare care;
  int changes = 0;
  const MeshCare::Fit fit{fitter, *views, options, pool, 600, [&](const char*) { ++changes; }};
  std::vector<std::string> sentences;
  std::vector<glm::vec3> before;
  std::size_t carved = 0;
  for (int i = 0; i < 560; ++i) {
    fitter.iterate();
    if (changes == 0) before = fitter.state().positions;
    const MeshCare::Outcome outcome = care.whileRunning(fit);
    if (outcome.changed) sentences.push_back(outcome.sentence);
    if (sentences.size() == 1) carved = fitter.state().positions.size();
  }
  ASSERT_EQ(sentences.size(), 2u);
  EXPECT_NE(sentences[0].find("carved anew"), std::string::npos) << sentences[0];
  EXPECT_NE(carved, before.size());
  EXPECT_NE(sentences[1].find("the mesh before is back"), std::string::npos) << sentences[1];
  EXPECT_EQ(changes, 1) << "there is no further trial";
  ASSERT_EQ(fitter.state().positions.size(), before.size());
  for (std::size_t i = 0; i < before.size(); ++i)
    ASSERT_LT(glm::distance(fitter.state().positions[i], before[i]), 1e-3f) << "as before, but for the steps since";
}

// The wide ball is carved to its size and the stray one goes, but such coarse steps lose the ring.
TEST(MeshCare, takesBackATrialThatLosesAHole) {
  FitOptions options = fromSphere();
  options.size = 192;
  options.hullResolution = 16;
  options.learningRate = 1e-6;  // the meshes stay what they are
  options.remesh = Remeshing::Off;
  ThreadPool pool(2);
  const Mesh ball = testing::ballMesh(3), ring = testing::moved(torusMesh(48, 24), glm::vec3(0.4f), {-0.7f, 0, 0});
  const auto at = [&](float radius, const glm::vec3& centre) { return testing::moved(ball, glm::vec3(radius), centre); };
  const Mesh model = testing::together(ring, at(0.4f, {0.5f, 0, 0}));
  const Mesh begun = testing::together(ring, testing::together(at(0.6f, {0.5f, 0, 0}), at(0.15f, {-0.2f, 0.6f, 0})));
  auto views = std::make_shared<ViewSet>(makeViewSet(model, "model", options, pool));
  FitState state;
  for (const auto& p : begun.positions) state.positions.push_back(glm::vec3(views->normalisation.apply(glm::dvec3(p))));
  state.faces = begun.faces;
  Fitter fitter(views, options, pool, state);
  MeshCare care;
  const MeshCare::Fit fit{fitter, *views, options, pool, 600, {}};
  std::vector<std::string> sentences;
  for (int i = 0; i < 560; ++i) {
    fitter.iterate();
    if (const MeshCare::Outcome outcome = care.whileRunning(fit); outcome.changed) sentences.push_back(outcome.sentence);
  }
  ASSERT_EQ(sentences.size(), 2u) << (sentences.empty() ? "" : sentences[0]);
  EXPECT_NE(sentences[0].find("genus 1 -> 0"), std::string::npos) << sentences[0];
  EXPECT_NE(sentences[1].find("lost holes or parts"), std::string::npos) << sentences[1];
  EXPECT_EQ(fitter.state().positions.size(), begun.positions.size());
}

TEST(MeshCare, leavesARingAloneWhenToldTo) {
  FitOptions options = fromSphere();
  options.retopology = false;
  const Result ring = fitted(torusMesh(48, 24), options);
  EXPECT_EQ(ring.count(EventKind::Recarved), 0);
  EXPECT_EQ(ring.topology().genus(), 0);
}

// What is said at the end of a fit to the masks of `model` that has come to `mesh`.
std::string verdictAtEnd(const Mesh& model, const Mesh& mesh) {
  FitOptions options = fromSphere();
  options.retopology = false;
  options.size = 256;  // a gap below a pixel has no outline in the masks
  ThreadPool pool(2);
  auto views = std::make_shared<ViewSet>(makeViewSet(model, "model", options, pool));
  FitState state;
  for (const auto& p : mesh.positions) state.positions.push_back(glm::vec3(views->normalisation.apply(glm::dvec3(p))));
  state.faces = mesh.faces;
  Fitter fitter(views, options, pool, state);
  return MeshCare().atEnd({fitter, *views, options, pool, 600, {}}, false).verdict;
}

// Balls that run into each other: smoothing does not part them, cutting does and leaves a gap.
TEST(MeshCare, cutsDamageOutUnlessMasksShowWhatWouldGo) {
  const Mesh ball = testing::ballMesh(3), two = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.75f, 0, 0}));
  Mesh apart = two;
  ThreadPool pool(2);
  const RepairReport patched = patchMesh(apart, 4, pool);
  ASSERT_EQ(patched.foldedAfter + patched.intersectingAfter, 0);
  EXPECT_EQ(verdictAtEnd(apart, two), "watertight, genus 0, 2 parts, no self-intersections");
  EXPECT_NE(verdictAtEnd(two, two).find("faces run through others"), std::string::npos) << verdictAtEnd(two, two);
}

// One side of it is.
Mesh crumpled(Mesh ball) {
  for (std::size_t i = 0; i < ball.positions.size(); ++i)
    for (int k = 0; k < 3; ++k)
      if (ball.positions[i].x < -0.6f) ball.positions[i][k] += 0.2f * float(hashedUnit(1, 3 * i + std::size_t(k)) - 0.5);
  return ball;
}

// Cutting all damage out of a ball as it was would spoil what masks show of a crumpled side; smoothing mends that side.
TEST(MeshCare, cutsWhatSmoothingLeaves) {
  const Mesh ball = testing::ballMesh(4), two = testing::together(crumpled(ball), testing::moved(ball, glm::vec3(1), {1.75f, 0, 0}));
  const Mesh apart = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.85f, 0, 0}));
  EXPECT_EQ(verdictAtEnd(apart, two), "watertight, genus 0, 2 parts, no self-intersections");
}

struct CareScene {
  FitOptions options = fromSphere();
  ThreadPool pool{2};
  std::shared_ptr<ViewSet> views;
  FitState state;
  CareScene(const Mesh& model, const Mesh& mesh) {
    options.size = 128;
    options.solver = SolverKind::Newton;
    views = std::make_shared<ViewSet>(makeViewSet(model, "model", options, pool));
    for (const auto& p : mesh.positions) state.positions.push_back(glm::vec3(views->normalisation.apply(glm::dvec3(p))));
    state.faces = mesh.faces;
  }
  // By the Newton solver at its last density, and no topology is tried.
  void hasConverged() {
    options.retopology = false;
    state.newton.level = 2;
    state.newton.converged = true;
  }
};

TEST(MeshCare, aMeshThatWasCutIsAsConvergedAsBefore) {
  const Mesh ball = testing::ballMesh(4), two = testing::together(crumpled(ball), testing::moved(ball, glm::vec3(1), {1.75f, 0, 0}));
  const Mesh apart = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.85f, 0, 0}));
  CareScene s(apart, two);
  s.hasConverged();
  Fitter fitter(s.views, s.options, s.pool, s.state);
  const auto outcome = MeshCare().atEnd({fitter, *s.views, s.options, s.pool, 600, {}}, false);
  ASSERT_EQ(outcome.verdict, "watertight, genus 0, 2 parts, no self-intersections");
  ASSERT_NE(fitter.state().positions.size(), two.positions.size()) << "it was to be cut";
  EXPECT_TRUE(fitter.converged());
}

// A fit that draws the balls through each other again, whatever is done to them.
TEST(MeshCare, mendsThenCarvesAnewThenGivesUp) {
  const Mesh ball = testing::ballMesh(3), two = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.75f, 0, 0}));
  CareScene s(two, two);
  Fitter fitter(s.views, s.options, s.pool, s.state);
  std::vector<std::string> deeds;
  const MeshCare::Fit fit{fitter, *s.views, s.options, s.pool, 600, [&](const char* deed) { deeds.push_back(deed); }};
  MeshCare care;
  const auto mended = care.atEnd(fit, true);
  ASSERT_TRUE(mended.goOn) << mended.verdict;
  EXPECT_NE(mended.sentence.find("mended, and the fit goes on"), std::string::npos) << mended.sentence;
  fitter.restore(s.state);
  const auto carved = care.atEnd(fit, true);
  ASSERT_TRUE(carved.goOn) << carved.verdict;
  EXPECT_NE(carved.sentence.find("Mending brought the outlines no nearer to the masks: the mesh before is back. Faces ran through each other: carved anew"),
            std::string::npos) << carved.sentence;
  fitter.restore(s.state);
  const auto judged = care.atEnd(fit, true);
  EXPECT_FALSE(judged.goOn);
  EXPECT_NE(judged.sentence.find("Carving anew left as much damage"), std::string::npos) << judged.sentence;
  EXPECT_EQ(deeds, (std::vector<std::string>{"mending", "re-carving"}));
}

// Discs that take the place of what was cut spoil more than a polish may, until the fit goes on.
TEST(MeshCare, mendsWhatTheFitCanBringHome) {
  const Mesh ball = testing::ballMesh(3);
  const Mesh apart = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.78f, 0, 0}));
  const Mesh two = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.75f, 0, 0}));
  CareScene s(apart, two);
  s.hasConverged();
  Fitter fitter(s.views, s.options, s.pool, s.state);
  const MeshCare::Fit fit{fitter, *s.views, s.options, s.pool, 600, {}};
  MeshCare care;
  const auto mended = care.atEnd(fit, true);
  ASSERT_TRUE(mended.goOn) << mended.verdict;
  ASSERT_FALSE(fitter.converged());
  while (!fitter.converged()) fitter.iterate();
  const auto judged = care.atEnd(fit, true);
  EXPECT_FALSE(judged.goOn);
  EXPECT_EQ(judged.sentence, "");
  EXPECT_EQ(judged.verdict, "watertight, genus 0, 2 parts, no self-intersections");
}

// The masks ask for two balls in each other: every step would have them cross again.
TEST(MeshCare, whatWasMendedStaysApart) {
  const Mesh ball = testing::ballMesh(3), two = testing::together(ball, testing::moved(ball, glm::vec3(1), {1.75f, 0, 0}));
  for (const bool watched : {true, false}) {
    CareScene s(two, two);
    s.hasConverged();
    Fitter fitter(s.views, s.options, s.pool, s.state);
    const MeshCare::Fit fit{fitter, *s.views, s.options, s.pool, 600, {}};
    MeshCare care;
    EXPECT_FALSE(care.watchesNewton());
    ASSERT_TRUE(care.atEnd(fit, true).goOn);
    EXPECT_TRUE(care.watchesNewton());
    std::size_t most = 0;
    for (int i = 0; i < 8 && !fitter.converged(); ++i) {
      fitter.iterate();
      if (watched) care.whileRunning(fit);
      const Mesh mesh{fitter.state().positions, fitter.state().faces};
      most = std::max(most, selfIntersectingPairs(mesh, TriangleBvh(mesh), s.pool).size());
    }
    EXPECT_EQ(most == 0, watched) << most;
  }
}

TEST(MeshCare, findsNothingToDoOnABall) {
  FitOptions options = fromSphere();
  Mesh egg = testing::ballMesh(3);
  for (auto& p : egg.positions) p *= glm::vec3(1, 0.7f, 0.8f);
  for (const SolverKind solver : {SolverKind::Gradient, SolverKind::Newton}) {
    options.solver = solver;
    options.start = solver == SolverKind::Newton ? StartShape::Hull : StartShape::Sphere;
    const Result ball = fitted(egg, options);
    EXPECT_EQ(ball.count(EventKind::Recarved), 0) << ball.text(EventKind::Recarved);
    EXPECT_NE(ball.text(EventKind::Finished).find("watertight, genus 0, no self-intersections."), std::string::npos)
        << ball.text(EventKind::Finished);
  }
}

TEST(MeshCare, everyStartFromTheMasksIsFitted) {
  FitOptions options = fromSphere();
  options.iterations = 150;
  options.sigmaSteps = 80;
  Mesh egg = testing::ballMesh(3);
  for (auto& p : egg.positions) p *= glm::vec3(1, 0.5f, 0.7f);
  for (const StartShape start : {StartShape::Ellipsoid, StartShape::Box, StartShape::Convex}) {
    options.start = start;
    options.solver = SolverKind::Auto;
    const Result result = fitted(egg, options);
    EXPECT_EQ(result.snapshot->solver, SolverKind::Gradient);
    EXPECT_GT(result.snapshot->history->back().trainIoU, 0.95) << int(start);
  }
}

TEST(MeshCare, writesNoMoreFacesThanAskedFor) {
  TemporaryFolder folder;
  FitOptions options = fromSphere();
  Session session;
  session.setOptions(options);
  session.loadModel(torusMesh(48, 24), "ring");
  session.step(1);
  session.waitIdle();
  session.takeEvents();
  session.exportMesh(folder / "few.ply", {UpAxis::AsInput, 1, 300});
  session.exportMesh(folder / "all.ply", {UpAxis::AsInput, 1, 1000000});
  session.waitIdle();
  EXPECT_EQ(readMesh(folder / "few.ply").faces.size(), 300u);
  EXPECT_EQ(readMesh(folder / "all.ply").faces.size(), 1280u);
  EXPECT_NE(session.takeEvents().front().text.find("few.ply with 300 of 1280 faces."), std::string::npos);
}

}  // namespace
}  // namespace penumbra
