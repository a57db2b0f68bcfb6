// Decimation keeps the shape at a fraction of the faces; repair takes folds and crossings out of a mesh.
#include "optim/remesh/decimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optim/eval/triangle_bvh.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/repair.h"
#include "renderer/topology.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

// A cube of n x n squares a side: flat faces, sharp edges.
Mesh cube(int n) {
  Mesh mesh;
  for (int axis = 0; axis < 3; ++axis)
    for (const int side : {0, 1}) {
      const auto at = [&](int i, int j) {
        glm::vec3 p(0);
        p[axis] = float(side), p[(axis + 1) % 3] = float(i) / float(n), p[(axis + 2) % 3] = float(j) / float(n);
        const auto found = std::find(mesh.positions.begin(), mesh.positions.end(), p);
        if (found != mesh.positions.end()) return int(found - mesh.positions.begin());
        mesh.positions.push_back(p);
        return int(mesh.positions.size()) - 1;
      };
      for (int i = 0; i < n; ++i)
        for (int j = 0; j < n; ++j) {
          const int a = at(i, j), b = at(i + 1, j), c = at(i + 1, j + 1), d = at(i, j + 1);
          mesh.faces.push_back(side ? Face(a, b, c) : Face(a, c, b));
          mesh.faces.push_back(side ? Face(a, c, d) : Face(a, d, c));
        }
    }
  return mesh;
}

double distanceBetween(const Mesh& from, const Mesh& to) {
  const TriangleBvh bvh(to);
  double farthest = 0;
  for (const Face& f : from.faces) {
    const auto at = [&](int v) { return glm::dvec3(from.positions[std::size_t(v)]); };
    for (const glm::dvec3& p : {at(f.x), (at(f.x) + at(f.y) + at(f.z)) / 3.0})
      farthest = std::max(farthest, bvh.nearest(p).distance());
  }
  return farthest;
}

TEST(Decimate, reachesTheBudgetAndKeepsTopology) {
  for (const Mesh& mesh : {testing::ballMesh(4), torusMesh(60, 30), cube(12)}) {
    const auto before = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
    for (const int faces : {1000, 200, 60}) {
      const Mesh fewer = decimate(mesh, faces);
      const auto after = summarise(buildTopology(int(fewer.positions.size()), fewer.faces));
      EXPECT_LE(int(fewer.faces.size()), faces);
      EXPECT_GE(int(fewer.faces.size()), faces - 2);
      EXPECT_TRUE(after.closed());
      EXPECT_EQ(after.inconsistentEdges, 0);
      EXPECT_EQ(after.genus(), before.genus());
    }
  }
}

TEST(Decimate, errorIsNearThatOfTheBestMeshOfItsSize) {
  // N equilateral faces on a unit sphere have a chord error of about a / 6 = 4 pi / (N 2 sqrt 3 ) each, both signs halved
  const Mesh ball = testing::ballMesh(5);
  for (const int faces : {4000, 1000, 250}) {
    const double chord = 4 * 3.14159 / faces / (0.433 * 6);
    EXPECT_LT(distanceBetween(decimate(ball, faces), ball), 1.5 * chord) << faces;
  }
}

TEST(Decimate, sharpBodiesKeepCornersAndFlatSides) {
  const Mesh fine = cube(16), coarse = decimate(fine, 24);
  EXPECT_LT(distanceBetween(coarse, fine), 1e-4);
  EXPECT_LT(distanceBetween(fine, coarse), 1e-3);
}

TEST(Decimate, bordersStay) {
  Mesh open = testing::ballMesh(3);
  std::erase_if(open.faces, [&](const Face& f) { return open.positions[std::size_t(f.x)].z > 0.5f; });
  const int edges = summarise(buildTopology(int(open.positions.size()), open.faces)).boundaryEdges;
  const Mesh fewer = decimate(open, 300);
  EXPECT_EQ(summarise(buildTopology(int(fewer.positions.size()), fewer.faces)).boundaryEdges, edges);
  EXPECT_LE(int(fewer.faces.size()), 300);
}

TEST(Repair, soundMeshesStayAsTheyAre) {
  for (const Mesh& mesh : {testing::ballMesh(3), torusMesh(40, 20)}) {
    Mesh same = mesh;
    const RepairReport report = repairMesh(same, {}, 10, pool());
    EXPECT_TRUE(report.watertight);
    EXPECT_EQ(report.rounds, 0);
    EXPECT_EQ(same.positions, mesh.positions);
    EXPECT_EQ(same.faces, mesh.faces);
  }
}

TEST(Repair, foldsAndSpikesAreTakenOut) {
  Mesh mesh = testing::ballMesh(4);
  const Mesh sound = mesh;
  // Vertices pushed past their neighbours, and one poked through the other side
  for (std::size_t i = 100; i < mesh.positions.size(); i += 150) {
    const glm::vec3 across = glm::normalize(glm::cross(mesh.positions[i], glm::vec3(0.3f, 0.5f, 0.8f)));
    mesh.positions[i] += 0.15f * across;
  }
  mesh.positions[7] *= -1.2f;
  std::vector<float> tag(mesh.positions.size(), 1);
  const RepairReport report = repairMesh(mesh, {{&tag}, {}}, 20, pool());
  EXPECT_GT(report.foldedBefore, 10);
  EXPECT_GE(report.intersectingBefore, 10);
  EXPECT_EQ(report.foldedAfter, 0);
  EXPECT_EQ(report.intersectingAfter, 0);
  EXPECT_TRUE(report.watertight);
  EXPECT_EQ(tag.size(), mesh.positions.size());
  // Edges are 0.07 long; only the surroundings of the damage moved, by about an edge
  EXPECT_LT(distanceBetween(mesh, sound), 0.05);
}

TEST(Repair, openMeshesAreNotCalledWatertight) {
  Mesh open = testing::ballMesh(2);
  open.faces.pop_back();
  EXPECT_FALSE(repairMesh(open, {}, 3, pool()).watertight);
}

}  // namespace
}  // namespace penumbra
