// Sheets that run through each other by a little come apart; what is not near stays.
#include "optim/remesh/part_sheets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optim/eval/self_intersections.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/repair.h"
#include "tests/support/flat_scene.h"
#include "tests/support/measured_shapes.h"

namespace penumbra {
namespace {

using Pairs = std::vector<std::pair<int, int>>;

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

Pairs crossingOf(const Mesh& mesh) { return selfIntersectingPairs(mesh, TriangleBvh(mesh), pool()); }

int foldsOf(const Mesh& mesh) {
  const std::vector<char> folded = foldedFaces(mesh);
  return int(std::count(folded.begin(), folded.end(), 1));
}

// A disc as thick as a third of an edge; around (0.4, 0) its two sides have changed places by a little.
Mesh thinWall() {
  Mesh mesh = testing::ballMesh(4);
  for (glm::vec3& p : mesh.positions) {
    const float near = std::exp(-60 * ((p.x - 0.4f) * (p.x - 0.4f) + p.y * p.y));
    p.z *= 0.012f * (1 - 1.5f * near);
  }
  return mesh;
}

// Two balls that reach into each other by a fifth of an edge.
Mesh narrowGap() {
  const Mesh ball = testing::ballMesh(4);
  float right = 0;
  for (const glm::vec3& p : ball.positions) right = std::max(right, p.x);
  return testing::together(ball, testing::moved(ball, glm::vec3(1), {2 * right - 0.014f, 0.01f, 0.02f}));
}

TEST(PartSheets, wallsGrowAndGapsOpenByLessThanHalfAnEdge) {
  for (const Mesh& mesh : {thinWall(), narrowGap()}) {
    const Pairs crossing = crossingOf(mesh);
    ASSERT_GT(crossing.size(), 3u);
    Mesh parted = mesh;
    const RepairReport report = partMesh(parted, pool());
    EXPECT_GT(report.intersectingBefore, 3);
    EXPECT_EQ(report.intersectingAfter, 0);
    EXPECT_TRUE(crossingOf(parted).empty());
    EXPECT_LE(foldsOf(parted), foldsOf(mesh));
    EXPECT_EQ(parted.faces, mesh.faces);
    const double edge = meanEdgeLength(mesh);
    int moved = 0;
    for (std::size_t v = 0; v < mesh.positions.size(); ++v) {
      const float by = glm::distance(parted.positions[v], mesh.positions[v]);
      EXPECT_LE(by, kFarthestParting * edge * 1.001);
      moved += by > 0;
    }
    EXPECT_GT(moved, 3);
    EXPECT_LT(moved, int(mesh.positions.size()) / 4) << "only what is near";
  }
}

TEST(PartSheets, tellsWhatIsLeftAndIsTheSameForAnyNumberOfThreads) {
  const Mesh mesh = testing::together(thinWall(), testing::moved(thinWall(), glm::vec3(1), {0, 0.7f, 0.2f}));
  const Mesh deep = testing::together(mesh, testing::moved(mesh, glm::vec3(1), {0.1f, 0, 0.05f}));
  Mesh first;
  for (const int threads : {1, 2, 5}) {
    ThreadPool some(threads);
    Mesh parted = deep;
    Pairs left = partSheets(parted, crossingOf(deep), some), found = crossingOf(parted);
    std::sort(left.begin(), left.end());
    std::sort(found.begin(), found.end());
    EXPECT_EQ(left, found);
    if (threads == 1) first = parted;
    EXPECT_EQ(parted.positions, first.positions);
  }
}

TEST(PartSheets, leavesAloneWhatItCannotMakeBetter) {
  Mesh sound = testing::ballMesh(3);
  EXPECT_EQ(partMesh(sound, pool()).rounds, 0);
  EXPECT_EQ(sound.positions, testing::ballMesh(3).positions);
  // Two balls half in each other
  const Mesh deep = testing::together(sound, testing::moved(sound, glm::vec3(1), {0.9f, 0, 0}));
  Mesh same = deep;
  const Pairs crossing = crossingOf(deep), left = partSheets(same, crossing, pool());
  EXPECT_LE(left.size(), crossing.size() * 11 / 10);
  EXPECT_GT(left.size(), crossing.size() / 2);
}

TEST(SelfIntersectingPairs, areThoseOfTheFacesAndOfAnySubset) {
  const Mesh mesh = thinWall();
  const Pairs pairs = crossingOf(mesh);
  std::vector<char> met(mesh.faces.size(), 0);
  for (const auto& [f, g] : pairs) {
    EXPECT_LT(f, g);
    met[std::size_t(f)] = met[std::size_t(g)] = 1;
  }
  EXPECT_EQ(met, selfIntersectingFaces(mesh, TriangleBvh(mesh), pool()));
  Pairs some(pairs.begin(), pairs.begin() + 2);
  some.insert(some.begin() + 1, {0, int(mesh.faces.size()) - 1});
  EXPECT_EQ(intersectingOf(mesh, some), Pairs(pairs.begin(), pairs.begin() + 2));
  ThreadPool one(1);
  EXPECT_EQ(selfIntersectingPairs(mesh, TriangleBvh(mesh), one), pairs);
}

}  // namespace
}  // namespace penumbra
