// Measures of a mesh against shapes whose figures are known on paper.
#include "optim/eval/evaluate.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "optim/eval/self_intersections.h"
#include "optim/eval/solid_overlap.h"
#include "optim/eval/surface_samples.h"
#include "optim/eval/triangle_bvh.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

using testing::ballMesh;

Mesh boxMesh(const glm::vec3& lower, const glm::vec3& upper) {
  Mesh mesh;
  for (int i = 0; i < 8; ++i)
    mesh.positions.emplace_back(i & 1 ? upper.x : lower.x, i & 2 ? upper.y : lower.y, i & 4 ? upper.z : lower.z);
  mesh.faces = {{0, 2, 3}, {0, 3, 1}, {4, 5, 7}, {4, 7, 6}, {0, 1, 5}, {0, 5, 4},
                {2, 6, 7}, {2, 7, 3}, {0, 4, 6}, {0, 6, 2}, {1, 3, 7}, {1, 7, 5}};
  return mesh;
}

Mesh moved(Mesh mesh, const glm::vec3& scale, const glm::vec3& shift) {
  for (auto& p : mesh.positions) p = scale * p + shift;
  return mesh;
}

Mesh together(Mesh a, const Mesh& b) {
  const int first = int(a.positions.size());
  a.positions.insert(a.positions.end(), b.positions.begin(), b.positions.end());
  for (const Face& face : b.faces) a.faces.push_back(face + first);
  return a;
}

Mesh insideOut(Mesh mesh) {
  for (Face& face : mesh.faces) std::swap(face.y, face.z);
  return mesh;
}

// n x n squares in the plane z = 0, two triangles each.
Mesh sheet(int n) {
  Mesh mesh;
  for (int j = 0; j <= n; ++j)
    for (int i = 0; i <= n; ++i) mesh.positions.emplace_back(float(i) / float(n), float(j) / float(n), 0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const int a = j * (n + 1) + i, b = a + n + 1;
      mesh.faces.emplace_back(a, a + 1, b + 1);
      mesh.faces.emplace_back(a, b + 1, b);
    }
  return mesh;
}

// Triangles thrown into the unit cube.
Mesh soup(int faces, float size, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(-1, 1);
  const auto point = [&] { return glm::vec3(unit(random), unit(random), unit(random)); };
  Mesh mesh;
  for (int f = 0; f < faces; ++f) {
    const glm::vec3 centre = point();
    for (int k = 0; k < 3; ++k) mesh.positions.push_back(centre + size * point());
    mesh.faces.emplace_back(3 * f, 3 * f + 1, 3 * f + 2);
  }
  return mesh;
}

glm::dvec3 corner(const Mesh& mesh, int face, int k) {
  return glm::dvec3(mesh.positions[std::size_t(mesh.faces[std::size_t(face)][k])]);
}

int intersecting(const Mesh& mesh) {
  ThreadPool pool(2);
  return meshQuality(mesh, pool).selfIntersectingFaces;
}

// --- Nearest points

TEST(TriangleBvh, NearestAgreesWithTryingEveryFace) {
  for (const Mesh& mesh : {soup(1, 0.5f, 1), soup(7, 0.4f, 2), soup(900, 0.1f, 3), ballMesh(3), sheet(9)}) {
    const TriangleBvh bvh(mesh);
    std::mt19937 random(4);
    std::uniform_real_distribution<double> unit(-2, 2);
    for (int i = 0; i < 200; ++i) {
      const glm::dvec3 p(unit(random), unit(random), unit(random));
      double least = 1e300;
      for (int f = 0; f < int(mesh.faces.size()); ++f)
        least = std::min(least, glm::length(p - closestOnTriangle(p, corner(mesh, f, 0), corner(mesh, f, 1), corner(mesh, f, 2))));
      const NearestPoint nearest = bvh.nearest(p);
      EXPECT_DOUBLE_EQ(nearest.distance(), least);
      EXPECT_NEAR(glm::length(p - nearest.point), least, 1e-12);
      EXPECT_EQ(bvh.nearest(p, i % int(mesh.faces.size())).squaredDistance, nearest.squaredDistance);
    }
  }
  EXPECT_EQ(TriangleBvh(Mesh()).nearest({0, 0, 0}).face, -1);
}

TEST(TriangleBvh, NoPointOfATriangleIsNearerThanTheClosest) {
  const Mesh mesh = soup(60, 1, 5);
  std::mt19937 random(6);
  std::uniform_real_distribution<double> unit(0, 1);
  for (int f = 0; f < 60; ++f) {
    const glm::dvec3 a = corner(mesh, f, 0), b = corner(mesh, f, 1), c = corner(mesh, f, 2);
    const glm::dvec3 p(3 * unit(random) - 1.5, 3 * unit(random) - 1.5, 3 * unit(random) - 1.5);
    const glm::dvec3 q = closestOnTriangle(p, a, b, c);
    for (int i = 0; i < 200; ++i) {
      double s = unit(random), t = unit(random);
      if (i % 4 == 0) s = 0;  // the border as well
      if (s + t > 1) s = 1 - s, t = 1 - t;
      EXPECT_LE(glm::length(p - q), glm::length(p - (a + s * (b - a) + t * (c - a))) + 1e-12);
    }
  }
}

TEST(TriangleBvh, TrianglesWithoutAreaStillHaveANearestPoint) {
  const glm::dvec3 a(0), b(1, 0, 0), c(0.25, 0, 0), p(0.5, 2, 0);
  EXPECT_DOUBLE_EQ(glm::length(p - closestOnTriangle(p, a, b, b)), 2);
  EXPECT_DOUBLE_EQ(glm::length(p - closestOnTriangle(p, a, a, a)), glm::length(p));
  EXPECT_TRUE(std::isfinite(glm::length(closestOnTriangle(p, a, b, c))));
}

TEST(TriangleBvh, WindingNumberTellsInsideFromOutside) {
  const Mesh ball = ballMesh(3), torus = torusMesh(24, 12);
  const TriangleBvh inBall(ball), inTorus(torus);
  std::mt19937 random(7);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (int i = 0; i < 2000; ++i) {
    const glm::dvec3 p(unit(random), unit(random), unit(random));
    const double radius = glm::length(p);
    if (radius < 0.985) { EXPECT_EQ(inBall.windingAlongZ(p), 1); }
    if (radius > 1) { EXPECT_EQ(inBall.windingAlongZ(p), 0); }
    const double tube = std::hypot(std::hypot(p.x, p.y) - 0.35, p.z);
    if (tube < 0.13) { EXPECT_EQ(inTorus.windingAlongZ(p), 1); }
    if (tube > 0.15) { EXPECT_EQ(inTorus.windingAlongZ(p), 0); }
  }
  // Lines through vertices and along edges, where crossings could be lost or counted twice
  const TriangleBvh box(boxMesh({-1, -1, -1}, {1, 1, 1}));
  for (const double x : {-1.0, -0.5, 0.0, 0.5})
    for (const double y : {-1.0, -0.5, 0.0, 0.5}) EXPECT_EQ(box.windingAlongZ({x, y, 0}), 1);
  for (const glm::vec3& v : ball.positions)
    if (glm::length(glm::vec2(v)) < 0.99f) { EXPECT_EQ(inBall.windingAlongZ({v.x, v.y, 0}), 1); }
}

// --- Intersections

TEST(SelfIntersections, SoundMeshesHaveNone) {
  for (const Mesh& mesh : {ballMesh(0), ballMesh(4), torusMesh(40, 20), sheet(12), boxMesh({0, 0, 0}, {1, 2, 3}),
                           together(ballMesh(2), moved(ballMesh(2), glm::vec3(1), {2.5f, 0, 0})),
                           together(ballMesh(2), moved(insideOut(ballMesh(2)), glm::vec3(0.5f), {0, 0, 0}))}) {
    EXPECT_EQ(intersecting(mesh), 0) << mesh.faces.size();
    EXPECT_EQ(intersecting(moved(mesh, glm::vec3(1e-3f), {0.7f, -3, 11})), 0) << "far from the origin";
  }
}

TEST(SelfIntersections, CrossingBoxesAreFoundOnlyWhereTheyCross) {
  const Mesh still = boxMesh({-1, -1, -1}, {1, 1, 1});
  struct Case {
    glm::vec3 lower, upper;
    int faces;
  };
  const Case cases[] = {{{1.5f, -0.3f, -0.2f}, {2, 0.4f, 0.5f}, 0},             // apart
                        {{-0.4f, -0.3f, -0.2f}, {0.4f, 0.4f, 0.5f}, 0},         // within
                        // A bar through the x = 1 side: both of that side's triangles, the 8 long ones of the bar
                        {{0.5f, -0.3f, -0.2f}, {1.5f, 0.4f, 0.5f}, 2 + 8},
                        {{-2, -0.3f, -0.2f}, {2, 0.4f, 0.5f}, 4 + 8}};          // through both
  for (const Case& c : cases) EXPECT_EQ(intersecting(together(still, boxMesh(c.lower, c.upper))), c.faces);
}

TEST(SelfIntersections, TouchingAndDoubledFacesCount) {
  const Mesh box = boxMesh({0, 0, 0}, {1, 1, 1});
  EXPECT_EQ(intersecting(together(box, box)), 24) << "all faces lie on another one";
  Mesh doubled = ballMesh(1);
  doubled.faces.push_back(doubled.faces[5]);
  EXPECT_EQ(intersecting(doubled), 2);
  EXPECT_GE(intersecting(together(box, boxMesh({1, 0.25f, 0.25f}, {2, 0.5f, 0.5f}))), 4) << "flat on each other";
}

TEST(SelfIntersections, AVertexDraggedOverItsNeighboursIsFound) {
  ThreadPool pool(1);
  for (const float shift : {0.05f, 0.09f, 0.11f, 0.2f, 0.3f}) {
    Mesh mesh = sheet(8);
    const std::size_t middle = 4 * 9 + 4;
    mesh.positions[middle].x += shift;
    mesh.positions[middle].y -= 0.3f * shift;
    const bool over = shift + 0.3f * shift > 0.125f;  // beyond the side x - y = 1/8 of the hexagon around it
    EXPECT_EQ(intersecting(mesh) > 0, over) << shift;
    EXPECT_EQ(meshQuality(mesh, pool).foldedEdges > 0, over) << shift;
    mesh.positions[middle].z = 1e-6f;  // a cone over the hexagon: its faces do not meet any more, but stay folded
    EXPECT_EQ(intersecting(mesh), 0) << shift;
    EXPECT_EQ(meshQuality(mesh, pool).foldedEdges > 0, over) << shift;
  }
  Mesh ball = ballMesh(3);
  ball.positions[100] *= -1.2f;
  EXPECT_GT(intersecting(ball), 4);
}

// Independent: plain arithmetic in long double on faces in general position.
bool pierces(const glm::dvec3& p, const glm::dvec3& q, const Mesh& mesh, int face) {
  using Vec = glm::vec<3, long double, glm::defaultp>;
  const Vec a(corner(mesh, face, 0)), u = Vec(corner(mesh, face, 1)) - a, v = Vec(corner(mesh, face, 2)) - a;
  const Vec direction = Vec(q) - Vec(p), n = glm::cross(u, v);
  const long double t = glm::dot(a - Vec(p), n) / glm::dot(direction, n);
  const Vec x = Vec(p) + t * direction - a;
  const long double s = glm::dot(glm::cross(x, v), n) / glm::dot(n, n), r = glm::dot(glm::cross(u, x), n) / glm::dot(n, n);
  return t >= 0 && t <= 1 && s >= 0 && r >= 0 && s + r <= 1;
}

TEST(SelfIntersections, AgreeWithPlainArithmeticInGeneralPosition) {
  for (const float size : {0.05f, 0.15f, 0.4f}) {
    const Mesh mesh = soup(150, size, 8);
    ThreadPool pool(2);
    const std::vector<char> found = selfIntersectingFaces(mesh, TriangleBvh(mesh), pool);
    for (int f = 0; f < 150; ++f) {
      bool expected = false;
      for (int g = 0; g < 150 && !expected; ++g)
        for (int k = 0; k < 3 && f != g && !expected; ++k)
          expected = pierces(corner(mesh, f, k), corner(mesh, f, (k + 1) % 3), mesh, g) ||
                     pierces(corner(mesh, g, k), corner(mesh, g, (k + 1) % 3), mesh, f);
      EXPECT_EQ(bool(found[std::size_t(f)]), expected) << f << " of size " << size;
    }
  }
}

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
  const Mesh ball = ballMesh(5);
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

// --- Quality of one mesh

TEST(MeshQuality, TopologyOfKnownShapes) {
  ThreadPool pool(2);
  const MeshQuality ball = meshQuality(ballMesh(2), pool), torus = meshQuality(torusMesh(20, 10), pool);
  EXPECT_EQ(*ball.genus, 0);
  EXPECT_EQ(ball.vertices, 162);
  EXPECT_EQ(ball.faces, 320);
  EXPECT_EQ(*torus.genus, 1);
  const MeshQuality both = meshQuality(together(ballMesh(2), moved(torusMesh(20, 10), glm::vec3(1), {3, 0, 0})), pool);
  EXPECT_EQ(both.components, 2);
  EXPECT_EQ(*both.genus, 1);
  const MeshQuality open = meshQuality(sheet(4), pool);
  EXPECT_EQ(open.boundaryEdges, 16);
  EXPECT_FALSE(open.genus || open.volume || open.invertedAreaPercent);
  EXPECT_FALSE(open.closed());
  Mesh fin = ballMesh(1);
  fin.faces.emplace_back(fin.faces[0].x, fin.faces[0].y, 30);
  EXPECT_GE(meshQuality(fin, pool).nonManifoldEdges, 1);
  Mesh turned = ballMesh(1);
  std::swap(turned.faces[7].x, turned.faces[7].y);
  EXPECT_EQ(meshQuality(turned, pool).inconsistentEdges, 3);
}

TEST(MeshQuality, SizesAndAnglesOfKnownShapes) {
  ThreadPool pool(2);
  const MeshQuality box = meshQuality(boxMesh({0, 0, 0}, {1, 1, 1}), pool);
  EXPECT_DOUBLE_EQ(box.area, 6);
  EXPECT_DOUBLE_EQ(*box.volume, 1);
  EXPECT_NEAR(box.minAngleDegrees, 45, 1e-9);
  EXPECT_DOUBLE_EQ(box.edgeMin, 1);
  EXPECT_DOUBLE_EQ(box.edgeMax, std::sqrt(2.0));
  EXPECT_NEAR(box.edgeMean, (12 + 6 * std::sqrt(2.0)) / 18, 1e-12);
  EXPECT_NEAR(meshQuality(ballMesh(0), pool).minAngleDegrees, 60, 1e-4);
  EXPECT_NEAR(meshQuality(ballMesh(0), pool).edgeDeviation, 0, 1e-3);
  for (const float thin : {0.3f, 0.03f, 0.003f}) {
    Mesh sliver;
    sliver.positions = {{0, 0, 0}, {1, 0, 0}, {0.5f, thin, 0}};
    sliver.faces = {{0, 1, 2}};
    EXPECT_NEAR(meshQuality(sliver, pool).minAngleDegrees, std::atan2(double(thin), 0.5) * 180 / 3.14159265358979, 1e-9);
  }
  Mesh flat = ballMesh(0);
  flat.positions[flat.faces[0].x] = flat.positions[flat.faces[0].y];
  EXPECT_EQ(meshQuality(flat, pool).degenerateFaces, 2);
}

TEST(MeshQuality, WhatIsInsideOutIsToldByItsArea) {
  ThreadPool pool(2);
  const Mesh ball = ballMesh(3), torus = torusMesh(24, 12);
  for (const Mesh& mesh : {ball, torus, boxMesh({-1, -1, -1}, {1, 2, 3})}) {
    EXPECT_EQ(*meshQuality(mesh, pool).invertedAreaPercent, 0);
    EXPECT_DOUBLE_EQ(*meshQuality(insideOut(mesh), pool).invertedAreaPercent, 100);
    EXPECT_LT(*meshQuality(insideOut(mesh), pool).volume, 0);
  }
  const double own = meshQuality(ball, pool).area, other = 0.25 * own;
  const Mesh small = moved(ball, glm::vec3(0.5f), {3, 0, 0});
  EXPECT_NEAR(*meshQuality(together(ball, insideOut(small)), pool).invertedAreaPercent, 100 * other / (own + other), 1e-4);
  // A hollow is wound inwards and right so; overlapping parts are buried, not inverted
  EXPECT_EQ(*meshQuality(together(ball, insideOut(moved(ball, glm::vec3(0.5f), glm::vec3(0)))), pool).invertedAreaPercent, 0);
  EXPECT_EQ(*meshQuality(together(ball, moved(ball, glm::vec3(1), {1, 0, 0})), pool).invertedAreaPercent, 0);
}

TEST(MeshQuality, FoldsAreCounted) {
  ThreadPool pool(1);
  for (const double degrees : {10.0, 90.0, 150.0, 170.0, 179.0}) {
    const double turn = degrees * 3.14159265358979 / 180;
    Mesh hinge;
    hinge.positions = {{0, 0, 0}, {0, 1, 0}, {-1, 0, 0}, {float(std::cos(turn)), 0, float(std::sin(turn))}};
    hinge.faces = {{0, 1, 2}, {1, 0, 3}};
    EXPECT_EQ(meshQuality(hinge, pool).foldedEdges, degrees > kFoldDegrees) << degrees;
  }
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
  const Mesh ball = ballMesh(5);
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

}  // namespace
}  // namespace penumbra
