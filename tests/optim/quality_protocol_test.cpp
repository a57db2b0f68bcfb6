// The exam of the quality bench keeps to its rules, and can be sat.
#include "tests/bench/quality_protocol.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optim/eval/evaluate.h"
#include "optim/targets/metrics.h"
#include "renderer/error.h"
#include "tests/bench/quality_goals.h"
#include "tests/bench/quality_methods.h"
#include "tests/support/flat_scene.h"
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
  for (const auto& group : {methods(), ablations()})
    for (const Method& method : group) {
      EXPECT_NO_THROW(checkOptions(optionsOf(method, 0))) << method.name;
      EXPECT_EQ(optionsOf(method, 0) == FitOptions{}, method.name == "default") << method.name;
    }
  ThreadPool pool(2);
  const ViewSet exam = makeExam(testing::ballMesh(2), "ball", {CameraSet::Fibonacci, 6, 32, 0}, pool);
  for (const Method& method : methodsNamed("hull,softras,default")) {
    const Outcome outcome = runMethod(method, exam, 0, 1e-9, pool);  // one iteration
    EXPECT_EQ(outcome.failure, "") << method.name;
    EXPECT_FALSE(outcome.mesh.faces.empty()) << method.name;
    EXPECT_EQ(outcome.iterations, method.fits ? 1 : 0) << method.name;
  }
  EXPECT_THROW(methodsNamed("magic"), Error);
  EXPECT_THROW(shapesNamed("spot,nothing"), Error);
  EXPECT_GE(shapesNamed("all").size(), 15u);
}

TEST(QualityProtocol, AHullIsMeasuredAndAGoalCanBeMissed) {
  ThreadPool pool(2);
  Mesh torus = torusMesh(48, 24);
  for (auto& p : torus.positions) p /= std::sqrt(0.5f * 0.5f);
  const ViewSet exam = makeExam(torus, "torus", {CameraSet::Fibonacci, 16, 128, 0}, pool);
  const Outcome hull = runMethod(methods()[0], exam, 0, 0, pool);
  ASSERT_EQ(hull.failure, "");
  const EvalReport report = evaluate(hull.mesh, torus, {2000, 0, 64}, pool);
  EXPECT_GT(*report.volumeIoU, 0.9);
  const Goal goal = *goalFor("spot", 16, 512);
  EXPECT_EQ(goal.missed(0.99, 0.001, 0.995), "");
  EXPECT_EQ(goal.missed(0.98, 0.001, 0.995), " vol-0.0050");
  EXPECT_EQ(goal.text(), ".985/.0018/.9940");
}

}  // namespace
}  // namespace penumbra::quality
