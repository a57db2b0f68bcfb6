// The exam of the quality bench keeps to its rules, and can be sat.
#include "tests/bench/quality_protocol.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>

#include "optim/eval/evaluate.h"
#include "optim/targets/metrics.h"
#include "renderer/error.h"
#include "tests/bench/quality_goals.h"
#include "tests/bench/quality_methods.h"
#include "tests/bench/quality_solid.h"
#include "tests/bench/quality_summary.h"
#include "tests/support/flat_scene.h"
#include "tests/support/measured_shapes.h"
#include "tests/support/small_meshes.h"

namespace penumbra::quality {
namespace {

TEST(QualityProtocol, TheUnitSphereFillsTheFrameButForThreePercent) {
  ThreadPool pool(2);
  const ViewSet exam = makeExam(testing::ballMesh(4), "ball", {CameraSet::Fibonacci, 8, 128, 0}, pool);
  ASSERT_EQ(exam.train.size(), 8u);
  ASSERT_EQ(exam.heldOut.size(), 16u);
  for (const View& view : exam.train) {
    EXPECT_NEAR(glm::length(view.camera.centre()), 4, 1e-9);
    EXPECT_NEAR(testing::sum(view.mask), 3.14159265 * std::pow(0.97 * 64, 2), 0.003 * 128 * 128);
    for (const float v : view.mask.pixels) EXPECT_NEAR(255 * v, std::round(255 * v), 1e-4);
  }
  EXPECT_EQ(exam.heldOut[0].mask.width, 512);
  for (const View& train : exam.train)
    for (const View& held : exam.heldOut)
      EXPECT_LT(glm::dot(train.camera.centre(), held.camera.centre()) / 16, 0.9999) << "held out, yet the same view";
}

TEST(QualityProtocol, OverlappingShellsAreOneSolid) {
  const Mesh ball = testing::ballMesh(4), ring = torusMesh(48, 24);
  const auto expect = [](const Mesh& mesh, int parts, int genus) {
    const SolidTopology solid = topologyOfSolid(mesh);
    EXPECT_EQ(solid.parts, parts);
    EXPECT_EQ(solid.genus, genus);
  };
  expect(ring, 1, 1);
  expect(testing::together(ball, testing::moved(ball, glm::vec3(1), {1.9f, 0, 0})), 1, 0);
  expect(testing::together(ball, testing::moved(ball, glm::vec3(1), {2.2f, 0, 0})), 2, 0);
  expect(testing::together(ball, testing::moved(ball, glm::vec3(0.5f), glm::vec3(0))), 1, 0);  // within
  expect(testing::together(ring, testing::moved(ring, glm::vec3(1), {0, 0, 5})), 2, 2);
}

TEST(QualityProtocol, NoiseDoesWhatItSays) {
  ThreadPool pool(2);
  const ViewSet clean = makeExam(testing::ballMesh(3), "ball", {CameraSet::Fibonacci, 12, 96, 0}, pool);
  for (const Noise noise : kNoises) {
    ViewSet views = clean;
    disturb(views, noise, 1);
    EXPECT_EQ(views.train.size(), noise == Noise::Dropped ? 11u : 12u);
    int changed = 0, broken = 0;
    for (std::size_t i = 0; i < views.train.size() && noise != Noise::Dropped; ++i) {
      const View &before = clean.train[i], &after = views.train[i];
      changed += before.mask.pixels != after.mask.pixels || before.camera.rotation != after.camera.rotation;
      broken += maskIoU(before.mask, after.mask) < 0.6;
      EXPECT_EQ(before.camera.rotation == after.camera.rotation, noise != Noise::Jitter);
      if (noise == Noise::DilateErode) { EXPECT_NEAR(contourErrorPx(before.mask, after.mask), 1, 0.3); }
    }
    if (noise == Noise::Corrupt) { EXPECT_EQ(changed, 1); }
    else if (noise != Noise::Dropped) { EXPECT_EQ(changed, 12) << toString(noise); }
    EXPECT_EQ(broken, noise == Noise::Corrupt) << toString(noise);
    ViewSet again = clean;
    disturb(again, noise, 1);
    for (std::size_t i = 0; i < views.train.size(); ++i) EXPECT_EQ(again.train[i].mask.pixels, views.train[i].mask.pixels);
  }
}

TEST(QualityProtocol, EveryMethodAndAblationIsMadeOfOptionsThatExist) {
  for (const auto& group : {methods(), ablations(), tuningGrid()})
    for (const Method& method : group) {
      EXPECT_NO_THROW(checkOptions(optionsOf(method, 0))) << method.name;
      const bool asItComes = optionsOf(method, 0) == FitOptions{} && method.polished && method.phantomsCut && method.kind == Kind::Fit;
      EXPECT_EQ(asItComes, method.name == "default") << method.name;
    }
  ThreadPool pool(2);
  const ViewSet exam = makeExam(testing::ballMesh(2), "ball", {CameraSet::Fibonacci, 6, 32, 0}, pool);
  for (const Method& method : methodsNamed("hull,softras,default")) {
    const Outcome outcome = runMethod(method, exam, 0, {.seconds = 1e-9}, pool);  // one iteration
    EXPECT_EQ(outcome.failure, "") << method.name;
    EXPECT_FALSE(outcome.answer.mesh.faces.empty()) << method.name;
    EXPECT_EQ(outcome.answer.iterations, method.kind == Kind::Fit ? 1 : 0) << method.name;
  }
  EXPECT_EQ(methodsNamed("grid").size(), tuningGrid().size());
  EXPECT_EQ(methodsNamed("grow:lambda=3")[0].name, "grow:lambda=3");
  EXPECT_THROW(methodsNamed("magic"), Error);
  EXPECT_THROW(shapesNamed("spot,nothing"), Error);
  EXPECT_GE(shapesNamed("all").size(), 15u);
}

TEST(QualityProtocol, SteadyIsWhatThePresetDoes) {
  std::ifstream file(std::filesystem::path(PENUMBRA_SOURCE_DIR) / "assets/presets/watch_it_grow.json");
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  EXPECT_EQ(optionsToJson(optionsFromJson(text)), optionsToJson(optionsOf(methodsNamed("steady")[0], 0)));
}

TEST(QualityProtocol, AHullIsMeasuredAndAGoalCanBeMissed) {
  ThreadPool pool(2);
  Mesh torus = torusMesh(48, 24);
  for (auto& p : torus.positions) p /= std::sqrt(0.5f * 0.5f);
  const ViewSet exam = makeExam(torus, "torus", {CameraSet::Fibonacci, 16, 128, 0}, pool);
  const Outcome hull = runMethod(methods()[0], exam, 0, {}, pool);
  ASSERT_EQ(hull.failure, "");
  const EvalReport report = evaluate(hull.answer.mesh, torus, {2000, 0, 64}, pool);
  EXPECT_GT(*report.volumeIoU, 0.9);
  const Goal goal = *goalFor("spot", 16, 512);
  EXPECT_EQ(goal.missed(0.99, 0.001, 0.995), "");
  EXPECT_EQ(goal.missed(0.98, 0.001, 0.995), " vol-0.0050");
  EXPECT_EQ(goal.text(), ".985/.0018/.9940");
}

TEST(QualityProtocol, AnEarlyAnswerIsTakenAtItsTimeAndTheFitGoesOn) {
  ThreadPool pool(1);
  const ViewSet exam = makeExam(testing::ballMesh(2), "ball", {CameraSet::Fibonacci, 6, 32, 0}, pool);
  const Method grow = methodsNamed("grow:iterations=20:sphere_level=2")[0];
  const Outcome first = runMethod(grow, exam, 0, {.earlyProcessorSeconds = 1e-9}, pool);
  ASSERT_TRUE(first.early.has_value());
  EXPECT_EQ(first.early->iterations, 1);
  EXPECT_EQ(first.answer.iterations, 20);
  EXPECT_NE(first.early->mesh.positions, first.answer.mesh.positions);
  const Outcome last = runMethod(grow, exam, 0, {.earlyProcessorSeconds = 1e9}, pool);
  ASSERT_TRUE(last.early.has_value()) << "done before its time: the answer is the last";
  EXPECT_EQ(last.early->mesh.positions, last.answer.mesh.positions);
}

TEST(QualityProtocol, TheSummaryTellsMedianWorstAndFaults) {
  const auto row = [](const char* shape, const char* method, double volume, int genus, double heldOut) {
    Json r = rowOf({shape, method, "clean", "fibonacci", 16, 512, 0});
    addAnswer(r, {}, 10);
    r["held_out"] = {{"iou", heldOut}};
    const Json mesh = {{"faces", 100}, {"genus", genus}, {"components", 1}, {"closed", true},
                       {"self_intersecting_percent", 0}, {"inverted_area_percent", 0}};
    Json reference = mesh;
    reference["genus"] = 1;
    r["shape_quality"] = {{"volume_iou", volume}, {"chamfer_l1", 1 - volume}, {"mesh", mesh}, {"reference", reference}};
    return r;
  };
  Json rows = Json::array();
  for (const char* method : {"hull", "default"}) {
    const bool fitted = method == std::string("default");
    rows.push_back(row("cup", method, fitted ? 0.98 : 0.9, 1, 0.99));
    rows.push_back(row("fork", method, fitted ? 0.8 : 0.85, 0, 0.95));
    rows.push_back(row("plate", method, fitted ? 0.95 : 0.91, 1, 0.99));
  }
  rows.push_back(row("cup", "prior_10", 0.97, 1, 0.98));
  const std::string summary = summaryOf(rows);
  EXPECT_NE(summary.find("3 shapes"), std::string::npos) << summary;
  EXPECT_NE(summary.find("| default | 0.9500, worst 0.8000 (fork)"), std::string::npos) << summary;
  EXPECT_NE(summary.find("2 / 3"), std::string::npos) << "right genus";
  EXPECT_NE(summary.find("- fork: genus 0 (1), held-out IoU 0.9500, volume IoU 0.8000 below the hull's 0.8500"),
            std::string::npos) << summary;
  EXPECT_EQ(summary.find("- cup"), std::string::npos) << "without fault";
  EXPECT_NE(summary.find("one ingredient changed, 1 shapes"), std::string::npos) << summary;
  EXPECT_NE(textOf(rows[0]), textOf(rows[1]));
}

}  // namespace
}  // namespace penumbra::quality
