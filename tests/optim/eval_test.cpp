// Measures of a mesh against shapes whose figures are known on paper.
#include "optim/eval/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optim/eval/solid_overlap.h"
#include "optim/eval/surface_samples.h"
#include "optim/eval/triangle_bvh.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"
#include "tests/support/measured_shapes.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

using namespace testing;

// --- Samples

TEST(SurfaceSamples, LieOnTheirFacesInProportionToArea) {
  for (const Mesh& mesh : {soup(40, 0.5f, 9), torusMesh(10, 6)}) {
    double area = 0;
    for (int f = 0; f < int(mesh.faces.size()); ++f) area += faceArea(mesh, f);
    const auto samples = sampleSurface(mesh, 20000, 3);
    std::vector<int> count(mesh.faces.size(), 0);
    for (const SurfaceSample& s : samples) {
      ++count[std::size_t(s.face)];
      const glm::dvec3 q = closestOnTriangle(s.point, corner(mesh, s.face, 0), corner(mesh, s.face, 1), corner(mesh, s.face, 2));
      EXPECT_LT(glm::length(q - s.point), 1e-9);
    }
    for (int f = 0; f < int(mesh.faces.size()); ++f)  // stratified: off by less than one sample at either end
      EXPECT_NEAR(count[std::size_t(f)], 20000 * faceArea(mesh, f) / area, 2);
    EXPECT_NE(sampleSurface(mesh, 10, 4)[0].point, samples[0].point);
  }
  // The mean of even samples of a triangle is its centroid; its spread is 1/18 of the squared sides
  Mesh triangle;
  triangle.positions = {{0, 0, 0}, {1, 0, 0}, {0, 1, 0}};
  triangle.faces = {{0, 1, 2}};
  glm::dvec3 mean(0);
  for (const SurfaceSample& s : sampleSurface(triangle, 10000, 0)) mean += s.point / 10000.0;
  EXPECT_NEAR(mean.x, 1.0 / 3, 4 * std::sqrt(1.0 / 18 / 10000));
  EXPECT_NEAR(mean.y, 1.0 / 3, 4 * std::sqrt(1.0 / 18 / 10000));
  EXPECT_TRUE(sampleSurface(Mesh(), 10, 0).empty());
}

// --- Solids

SolidOverlap overlap(const Mesh& a, const Mesh& b, int columns = 256) {
  ThreadPool pool(2);
  return overlapOfSolids(a, b, columns, pool);
}

TEST(SolidOverlap, ConcentricBallsShareTheCubeOfTheRatio) {
  const Mesh ball = ballMesh(4);
  for (const float ratio : {0.3f, 0.6f, 0.8f, 0.95f}) {
    const SolidOverlap o = overlap(ball, moved(ball, glm::vec3(ratio), glm::vec3(0)));
    EXPECT_NEAR(o.iou(), std::pow(double(ratio), 3), 2e-4) << ratio;
    ThreadPool pool(1);
    EXPECT_NEAR(o.volumeA, *meshQuality(ball, pool).volume, 1e-3 * o.volumeA);
  }
}

TEST(SolidOverlap, ShiftedBoxesShareWhatIsLeft) {
  const Mesh box = boxMesh({0, 0, 0}, {1, 1, 1});
  for (const float shift : {0.0f, 0.1f, 0.25f, 0.5f, 0.9f}) {
    const SolidOverlap o = overlap(box, moved(box, glm::vec3(1), {shift, 0, 0}));
    EXPECT_NEAR(o.iou(), (1 - shift) / (1 + shift), 3e-4) << shift;
    EXPECT_NEAR(o.volumeA, 1, 3e-4);
    EXPECT_NEAR(o.volumeB, 1, 3e-4);
    EXPECT_NEAR(o.both, 1 - shift, 3e-4);
  }
  EXPECT_EQ(overlap(box, moved(box, glm::vec3(1), {3, 0, 0})).both, 0);
}

TEST(SolidOverlap, OverlapsCountOnceHollowsAreEmptyAndWindingDoesNotMatter) {
  const Mesh box = boxMesh({0, 0, 0}, {1, 1, 1});
  const Mesh two = together(box, boxMesh({0.5f, 0, 0}, {1.5f, 1, 1}));
  EXPECT_NEAR(overlap(two, box).volumeA, 1.5, 1e-3);
  const Mesh hollow = together(box, insideOut(boxMesh({0.25f, 0.25f, 0.25f}, {0.75f, 0.75f, 0.75f})));
  EXPECT_NEAR(overlap(hollow, box).volumeA, 1 - 0.125, 1e-3);
  const Mesh torus = torusMesh(60, 30);
  EXPECT_EQ(overlap(insideOut(torus), torus).iou(), 1);
}

// --- Mesh against reference

EvalOptions fewSamples() {
  EvalOptions options;
  options.samples = 8000;
  options.columns = 128;
  return options;
}

TEST(Evaluate, ConcentricBalls) {
  ThreadPool pool(2);
  const Mesh ball = ballMesh(4);
  const double diagonal = 2 * std::sqrt(3.0);
  for (const float radius : {0.7f, 0.97f, 0.99f, 1.05f}) {
    const EvalReport r = evaluate(moved(ball, glm::vec3(radius), glm::vec3(0)), ball, fewSamples(), pool);
    const double gap = std::abs(1 - double(radius));
    const double facets = 5e-4;  // sag of the faces
    EXPECT_NEAR(r.chamferL1, gap, facets);
    EXPECT_NEAR(r.accuracy, gap, facets);
    EXPECT_NEAR(r.rms, gap, facets);
    EXPECT_NEAR(r.hausdorff95, gap, facets);
    EXPECT_NEAR(r.hausdorffMax, gap, 2 * facets);
    EXPECT_NEAR(*r.volumeIoU, std::pow(std::min(radius, 1 / radius), 3), 1e-3);
    EXPECT_EQ(r.fScore1, gap < 0.01 * diagonal) << radius;
    EXPECT_EQ(r.fScoreHalf, gap < 0.005 * diagonal) << radius;
    EXPECT_GT(r.normalConsistency, 0.998);
    EXPECT_EQ(r.flippedAreaPercent, 0);
  }
}

TEST(Evaluate, AShapeIsEqualToItself) {
  ThreadPool pool(2);
  for (const Mesh& mesh : {ballMesh(3), torusMesh(30, 15), boxMesh({0, 0, 0}, {1, 2, 3})}) {
    const EvalReport r = evaluate(mesh, mesh, fewSamples(), pool);
    EXPECT_LT(r.hausdorffMax, 1e-7);
    EXPECT_EQ(*r.volumeIoU, 1);
    EXPECT_EQ(r.fScoreHalf, 1);
    EXPECT_GT(r.normalConsistencySigned, 0.9999);  // a sample on an edge may meet the face beyond it
    const EvalReport turned = evaluate(insideOut(mesh), mesh, fewSamples(), pool);
    EXPECT_LT(turned.normalConsistencySigned, -0.9999);
    EXPECT_GT(turned.normalConsistency, 0.9999);
    EXPECT_DOUBLE_EQ(turned.flippedAreaPercent, 100);
  }
}

// Faces beyond a sharp rim have two faces of the reference equally near: its own side's and the other's.
TEST(Evaluate, FacesBeyondASharpRimAreNotFlipped) {
  ThreadPool pool(2);
  constexpr int kCorners = 3;
  Mesh top;  // two pyramids, base to base; so few faces that the tree cannot tell the sides apart
  top.positions = {{0, 0.3f, 0}, {0, -0.3f, 0}};
  for (int i = 0; i < kCorners; ++i) {
    const float angle = 6.2831853f * float(i) / kCorners;
    top.positions.emplace_back(std::cos(angle), 0, std::sin(angle));
    const int a = 2 + i, b = 2 + (i + 1) % kCorners;
    top.faces.emplace_back(a, 0, b);
    top.faces.emplace_back(a, b, 1);
  }
  const Mesh disc = moved(ballMesh(4), glm::vec3(1.1f, 0.05f, 1.1f), glm::vec3(0));
  EXPECT_EQ(evaluate(disc, top, fewSamples(), pool).flippedAreaPercent, 0);
  EXPECT_DOUBLE_EQ(evaluate(insideOut(disc), top, fewSamples(), pool).flippedAreaPercent, 100);
}

// "Flipped" is a matter of which side of the truth is nearest: a sound box beside a box is half flipped, not inside out.
TEST(Evaluate, FlippedFacesMayBeSoundOnes) {
  ThreadPool pool(2);
  const EvalReport r = evaluate(boxMesh({0, 0, -2}, {9, 9, -1}), boxMesh({0, 0, 0}, {9, 9, 1}), fewSamples(), pool);
  EXPECT_NEAR(r.flippedAreaPercent, 100 * 81.0 / 198, 1e-6) << "the side that looks at the other box, away from it";
  EXPECT_EQ(r.mesh.invertedAreaPercent, 0);
  EXPECT_EQ(r.mesh.selfIntersectingFaces, 0);
}

TEST(Evaluate, FiguresAreInUnitsOfTheReference) {
  ThreadPool pool(2);
  const Mesh mesh = moved(ballMesh(3), glm::vec3(0.9f, 1, 1.05f), {0.02f, 0, 0}), reference = ballMesh(3);
  const EvalReport once = evaluate(mesh, reference, fewSamples(), pool);
  const EvalReport again = evaluate(moved(mesh, glm::vec3(40), {7, 8, 9}), moved(reference, glm::vec3(40), {7, 8, 9}),
                                    fewSamples(), pool);
  const double rounding = 1e-5;  // of float positions
  EXPECT_NEAR(once.chamferL1, again.chamferL1, rounding);
  EXPECT_NEAR(once.hausdorffMax, again.hausdorffMax, rounding);
  EXPECT_NEAR(*once.volumeIoU, *again.volumeIoU, rounding);
  EXPECT_NEAR(once.mesh.edgeMean, again.mesh.edgeMean, rounding);
  EXPECT_NEAR(again.unit, 40, 40 * rounding);
}

TEST(Evaluate, BothDirectionsAreTold) {
  ThreadPool pool(2);
  // The second ball is not in the mesh: what there is is right, but incomplete
  const Mesh ball = ballMesh(3), two = together(ball, moved(ball, glm::vec3(1), {4, 0, 0}));
  const EvalReport r = evaluate(ball, two, fewSamples(), pool);
  EXPECT_LT(r.accuracy, 1e-6);
  EXPECT_GT(r.completeness, 0.5);
  EXPECT_NEAR(r.fScore1, 2.0 / 3, 0.01);  // P = 1, R = 1/2
  EXPECT_NEAR(*r.volumeIoU, 0.5, 1e-2);
  const EvalReport back = evaluate(two, ball, fewSamples(), pool);
  EXPECT_LT(back.completeness, 1e-6);
  EXPECT_GT(back.accuracy, 1);
}

TEST(Evaluate, OpenMeshesHaveNoVolume) {
  ThreadPool pool(2);
  Mesh open = ballMesh(2);
  open.faces.pop_back();
  EXPECT_FALSE(evaluate(open, ballMesh(2), fewSamples(), pool).volumeIoU);
  EXPECT_FALSE(evaluate(ballMesh(2), open, fewSamples(), pool).volumeIoU);
  EXPECT_TRUE(evaluate(ballMesh(2), ballMesh(2), fewSamples(), pool).volumeIoU);
}

TEST(Evaluate, WhatCannotBeMeasuredIsRefused) {
  ThreadPool pool(1);
  Mesh line = sheet(1);
  line.positions = {{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
  Mesh infinite = ballMesh(1);
  infinite.positions[3].x = INFINITY;
  for (const Mesh& bad : {Mesh(), line, infinite}) {
    EXPECT_THROW(evaluate(bad, ballMesh(1), fewSamples(), pool), Error);
    EXPECT_THROW(evaluate(ballMesh(1), bad, fewSamples(), pool), Error);
  }
}

TEST(Evaluate, ResultsDoNotDependOnThreads) {
  const Mesh mesh = together(moved(ballMesh(4), glm::vec3(0.9f), glm::vec3(0)), moved(torusMesh(40, 20), glm::vec3(2), glm::vec3(0)));
  std::vector<EvalReport> reports;
  for (const int threads : {1, 2, 5}) {
    ThreadPool pool(threads);
    reports.push_back(evaluate(mesh, ballMesh(4), fewSamples(), pool));
  }
  for (const EvalReport& r : reports) {
    const EvalReport& first = reports[0];
    EXPECT_EQ(r.chamferL1, first.chamferL1);
    EXPECT_EQ(r.normalConsistency, first.normalConsistency);
    EXPECT_EQ(r.hausdorff95, first.hausdorff95);
    EXPECT_EQ(*r.volumeIoU, *first.volumeIoU);
    EXPECT_EQ(r.mesh.selfIntersectingFaces, first.mesh.selfIntersectingFaces);
    EXPECT_GT(r.mesh.selfIntersectingFaces, 0);
    EXPECT_EQ(*r.mesh.invertedAreaPercent, *first.mesh.invertedAreaPercent);
  }
}

TEST(EvaluateSilhouettes, ASmallerBallMissesARing) {
  ThreadPool pool(2);
  FitOptions options;
  options.views = 3;
  options.heldOutViews = 0;
  options.size = 96;
  const ViewSet set = makeViewSet(ballMesh(4), "ball", options, pool);
  const SilhouetteReport same = evaluateSilhouettes(*set.reference, set.train, pool);
  EXPECT_EQ(same.iou, 1);
  EXPECT_LT(same.contourErrorPx, 0.01);  // the field is read between pixels
  const float ratio = 0.9f;
  const SilhouetteReport less = evaluateSilhouettes(moved(*set.reference, glm::vec3(ratio), glm::vec3(0)), set.train, pool);
  // A ball's silhouette at distance D has radius f / sqrt((D / r)^2 - 1); it fills 0.97 of 48 px
  const double distance = distanceForUnitSphere(options.fieldOfView);
  const double radius = 0.97 * 48, smaller = radius * std::sqrt((distance * distance - 1) / (distance * distance / ratio / ratio - 1));
  EXPECT_NEAR(less.contourErrorPx, radius - smaller, 0.1);
  EXPECT_NEAR(less.iou, smaller * smaller / radius / radius, 0.01);
  EXPECT_LE(less.worstIoU, less.iou);
  EXPECT_EQ(less.views, 3);
}

// --- Held-out silhouettes

TEST(EvaluateHeldOut, AShapeIsEqualToItselfWhereverItStands) {
  ThreadPool pool(2);
  for (const Mesh& mesh : {ballMesh(4), torusMesh(24, 12, glm::dvec3(3, -2, 5), 40)}) {
    const SilhouetteReport same = evaluateHeldOut(mesh, mesh, pool);
    EXPECT_EQ(same.views, 16);
    EXPECT_EQ(same.iou, 1);
    EXPECT_EQ(same.worstIoU, 1);
    EXPECT_LT(same.contourErrorPx, 0.01);  // the field is read between pixels
  }
}

TEST(EvaluateHeldOut, ASmallerBallMissesARing) {
  ThreadPool pool(2);
  const Mesh ball = ballMesh(5);
  double before = 1;
  for (const double ratio : {0.95, 0.8, 0.5}) {
    const SilhouetteReport less = evaluateHeldOut(moved(ball, glm::vec3(float(ratio)), glm::vec3(0)), ball, pool);
    // A ball of radius r at distance 4 is seen with radius f r / sqrt(16 - r^2); the unit ball fills 0.97 of 256 px
    const double radius = 0.97 * 256, smaller = radius * ratio * std::sqrt(15 / (16 - ratio * ratio));
    EXPECT_NEAR(less.iou, smaller * smaller / radius / radius, 1e-3) << ratio;  // facets, and pixels cut at one half
    EXPECT_NEAR(less.contourErrorPx, radius - smaller, 0.1) << ratio;
    EXPECT_LT(less.iou, before) << ratio;
    before = less.iou;
  }
}

TEST(EvaluateHeldOut, BothMeshesAreTakenAsGiven) {
  ThreadPool pool(2);
  const Mesh ball = ballMesh(4), away = moved(ball, glm::vec3(1), glm::vec3(3, 0, 0));
  EXPECT_LT(evaluateHeldOut(away, ball, pool).iou, 0.3) << "no alignment";
  EXPECT_THROW(evaluateHeldOut(ball, Mesh{}, pool), Error);
  EXPECT_THROW(evaluateHeldOut(Mesh{}, ball, pool), Error);
}

}  // namespace
}  // namespace penumbra
