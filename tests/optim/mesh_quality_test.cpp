// The tree of triangles, self-intersections, and the figures of a mesh on its own, on shapes that are known.
#include "optim/eval/mesh_quality.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "optim/eval/self_intersections.h"
#include "optim/eval/triangle_bvh.h"
#include "tests/support/flat_scene.h"
#include "tests/support/measured_shapes.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

using namespace testing;

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

}  // namespace
}  // namespace penumbra
