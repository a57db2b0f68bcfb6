// Decimation keeps the shape at a fraction of the faces; repair takes folds and crossings out of a mesh.
#include "optim/remesh/decimate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optim/eval/triangle_bvh.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/patches.h"
#include "optim/remesh/repair.h"
#include "renderer/topology.h"
#include "tests/support/flat_scene.h"
#include "tests/support/measured_shapes.h"
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

TopologySummary topologyOf(const Mesh& mesh) { return summarise(buildTopology(int(mesh.positions.size()), mesh.faces)); }

bool watertight(const Mesh& mesh, const RepairReport& report) {
  const TopologySummary topology = topologyOf(mesh);
  return topology.closed() && topology.inconsistentEdges == 0 && report.foldedAfter + report.intersectingAfter == 0;
}

TEST(Repair, soundMeshesStayAsTheyAre) {
  for (const Mesh& mesh : {testing::ballMesh(3), torusMesh(40, 20)}) {
    Mesh same = mesh;
    const RepairReport report = repairMesh(same, {}, 10, pool());
    EXPECT_TRUE(watertight(same, report));
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
  EXPECT_TRUE(watertight(mesh, report));
  EXPECT_EQ(tag.size(), mesh.positions.size());
  // Edges are 0.07 long; only the surroundings of the damage moved, by about an edge
  EXPECT_LT(distanceBetween(mesh, sound), 0.05);
}

// Smoothing may fold what was sound: of all rounds the best counts.
TEST(Repair, neverLeavesMoreDamageThanItFound) {
  for (const float depth : {0.1f, 0.5f, 0.9f, 1.5f}) {
    const Mesh ball = testing::ballMesh(3);
    Mesh mesh = testing::together(ball, testing::moved(ball, glm::vec3(1, 0.2f, 1), {depth, 0.01f, 0.3f}));
    std::vector<float> tag(mesh.positions.size());
    for (std::size_t v = 0; v < tag.size(); ++v) tag[v] = float(v);
    const RepairReport report = repairMesh(mesh, {{&tag}, {}}, 4, pool());
    EXPECT_GT(report.intersectingBefore, 10);
    EXPECT_LE(report.foldedAfter + report.intersectingAfter, report.foldedBefore + report.intersectingBefore);
    EXPECT_EQ(tag.size(), mesh.positions.size());
    const RepairReport again = repairMesh(mesh, {}, 0, pool());
    EXPECT_EQ(again.foldedBefore, report.foldedAfter);
    EXPECT_EQ(again.intersectingBefore, report.intersectingAfter);
  }
}

TEST(Patches, AFaceACapAndABandAreReplacedByDiscs) {
  const Mesh ring = torusMesh(40, 20);
  std::vector<char> cut(ring.faces.size(), 0), fresh;
  Mesh one = ring;
  cut[7] = 1;
  EXPECT_EQ(replaceByDiscs(one, cut, fresh), 1);
  EXPECT_EQ(topologyOf(one).genus(), 1);
  EXPECT_EQ(std::count(fresh.begin(), fresh.end(), 1), 1);

  Mesh open = ring;  // all around the tube
  for (std::size_t f = 0; f < 40; ++f) cut[f] = 1;
  EXPECT_EQ(replaceByDiscs(open, cut, fresh), 2);
  const TopologySummary rod = topologyOf(open);
  EXPECT_TRUE(rod.closed());
  EXPECT_EQ(rod.inconsistentEdges, 0);
  EXPECT_EQ(rod.genus(), 0);
  EXPECT_EQ(open.positions.size(), ring.positions.size() + 2);
  EXPECT_EQ(fresh.size(), open.positions.size());
}

TEST(Patches, IslandsGoRimsAreUntiedAndNothingIsLeftOfNothing) {
  Mesh ball = testing::ballMesh(3);
  const auto height = [&](const Face& f) { return ball.positions[std::size_t(f.x)].z; };
  std::vector<char> cut, fresh;
  for (const Face& f : ball.faces) cut.push_back(height(f) > 0.8f && height(f) < 0.92f);  // a band around the pole
  EXPECT_EQ(replaceByDiscs(ball, cut, fresh), 1);
  EXPECT_EQ(topologyOf(ball).components, 1);
  EXPECT_EQ(topologyOf(ball).genus(), 0);

  // Two faces that meet in a vertex alone: the rim would visit it twice
  Mesh tied = torusMesh(40, 20);
  cut.assign(tied.faces.size(), 0);
  cut[0] = 1;
  const Face& first = tied.faces[0];
  for (std::size_t f = 1; f < cut.size(); ++f) {
    int common = 0;
    for (int k = 0; k < 9; ++k) common += tied.faces[f][k / 3] == first[k % 3];
    if (common == 1) { cut[f] = 1; break; }
  }
  ASSERT_EQ(std::count(cut.begin(), cut.end(), 1), 2);
  EXPECT_EQ(replaceByDiscs(tied, cut, fresh), 1);
  EXPECT_TRUE(topologyOf(tied).closed());
  EXPECT_TRUE(isRemeshable(tied).wholly);

  Mesh whole = torusMesh(10, 6);
  const Mesh same = whole;
  EXPECT_EQ(replaceByDiscs(whole, std::vector<char>(whole.faces.size(), 0), fresh), 0);
  EXPECT_EQ(replaceByDiscs(whole, std::vector<char>(whole.faces.size(), 1), fresh), 0);
  EXPECT_EQ(whole.faces, same.faces);
  EXPECT_EQ(whole.positions, same.positions);
}

// A ring whose tube is drawn into a crumpled thread for a while, as a stiff prior does to handles.
Mesh pinchedRing() {
  constexpr int kAround = 48, kTube = 24;
  const Mesh ring = torusMesh(kAround, kTube);
  Mesh pinched = ring;
  for (int i = 8; i < 16; ++i) {
    const auto at = [&](int j) { return std::size_t(i * kTube + j % kTube); };
    glm::vec3 centre(0);
    for (int j = 0; j < kTube; ++j) centre += ring.positions[at(j)] / float(kTube);
    for (int j = 0; j < kTube; ++j)  // seven times around
      pinched.positions[at(j)] = centre + (i < 10 || i > 13 ? 0.3f : 0.001f) * (ring.positions[at(7 * j)] - centre);
  }
  return pinched;
}

TEST(Repair, aThreadIsCutOutAndBothEndsAreClosed) {
  const Mesh pinched = pinchedRing();
  Mesh mesh = pinched;
  const RepairReport report = patchMesh(mesh, 4, pool());
  EXPECT_GT(report.intersectingBefore, 20);
  EXPECT_EQ(report.intersectingAfter, 0);
  EXPECT_EQ(report.foldedAfter, 0);
  EXPECT_TRUE(watertight(mesh, report));
  EXPECT_EQ(topologyOf(mesh).genus(), 0);
  EXPECT_EQ(topologyOf(mesh).components, 1);
  EXPECT_LT(distanceBetween(mesh, pinched), 0.15);  // the radius of the tube
  Mesh sound = torusMesh(40, 20);
  EXPECT_EQ(patchMesh(sound, 4, pool()).rounds, 0);
  EXPECT_EQ(sound.positions, torusMesh(40, 20).positions);
  Mesh open = pinched;
  open.faces.pop_back();
  EXPECT_EQ(patchMesh(open, 4, pool()).rounds, 0) << "open meshes stay";
  EXPECT_EQ(open.positions, pinched.positions);
}

}  // namespace
}  // namespace penumbra
