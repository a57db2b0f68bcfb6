// The exam in small, with models that are bundled: what the defaults reach on shapes of known truth must not be lost.
// Figures only, never times; the full exam is tests/bench/quality_bench.
#include <gtest/gtest.h>

#include "optim/eval/evaluate.h"
#include "tests/bench/quality_goals.h"
#include "tests/bench/quality_methods.h"
#include "tests/bench/quality_protocol.h"

namespace penumbra::quality {
namespace {

struct Sat {
  Mesh shape;
  ViewSet exam;
};

Sat sit(const char* file) {
  ThreadPool pool;
  Sat sat{readShape(std::filesystem::path(PENUMBRA_SOURCE_DIR) / "assets" / file), {}};
  sat.exam = makeExam(sat.shape, file, {CameraSet::Fibonacci, 16, 256, 0}, pool);
  return sat;
}

Mesh answerOf(const Sat& sat, const char* method) {
  ThreadPool pool;
  const Outcome outcome = runMethod(methodsNamed(method)[0], sat.exam, 0, {}, pool);
  EXPECT_EQ(outcome.failure, "");
  return outcome.answer.mesh;
}

// Least or most of each that is still good.
struct Marks {
  double volumeIoU, chamferL1, heldOutIoU;
};

void expectGood(const Sat& sat, const Mesh& mesh, const Marks& marks) {
  ThreadPool pool;
  const EvalReport report = evaluate(mesh, sat.shape, {20000, 0, 256}, pool);
  EXPECT_GE(report.volumeIoU.value_or(0), marks.volumeIoU);
  EXPECT_LE(report.chamferL1, marks.chamferL1);
  EXPECT_GE(evaluateSilhouettes(mesh, sat.exam.heldOut, pool).iou, marks.heldOutIoU);
  EXPECT_TRUE(report.mesh.closed());
  EXPECT_EQ(report.mesh.genus, report.reference.genus);
  EXPECT_EQ(report.mesh.components, 1);
  EXPECT_LE(report.mesh.selfIntersectingPercent, kMostSelfIntersectingPercent);
  EXPECT_EQ(report.mesh.invertedAreaPercent.value_or(100), 0);
}

double volumeOf(const Sat& sat, const Mesh& mesh) {
  ThreadPool pool;
  return evaluate(mesh, sat.shape, {1000, 0, 256}, pool).volumeIoU.value_or(0);
}

TEST(QualityGate, theDefaultsReachTheirFiguresOnTheAvocado) {
  const Sat sat = sit("avocado.glb");
  const Mesh answer = answerOf(sat, "default");
  expectGood(sat, answer, {0.990, 0.0025, 0.994});
  EXPECT_LT(1 - volumeOf(sat, answer), 0.75 * (1 - volumeOf(sat, answerOf(sat, "hull")))) << "more than the hull";
}

TEST(QualityGate, theDefaultsReachTheirFiguresAndTheHandleOfTheKettle) {
  const Sat sat = sit("kettle.glb");
  expectGood(sat, answerOf(sat, "default"), {0.979, 0.0025, 0.990});
}

TEST(QualityGate, aSphereGrowsIntoTheAvocado) {
  const Sat sat = sit("avocado.glb");
  expectGood(sat, answerOf(sat, "grow"), {0.988, 0.003, 0.985});
  expectGood(sat, answerOf(sat, "steady:iterations=200"), {0.988, 0.003, 0.985});
}

}  // namespace
}  // namespace penumbra::quality
