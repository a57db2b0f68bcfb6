// Remeshing between steps: edges come into their window, shape and topology stay, values follow, any pool gives the same.
#include "optim/remesh/adaptive_remesh.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "renderer/error.h"
#include "renderer/topology.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

struct Family {
  std::string name;
  Mesh mesh;
  float edge;
  std::function<double(const glm::dvec3&)> distance;  // to the true surface
};

Mesh boxMesh() {
  Mesh mesh;
  for (int i = 0; i < 8; ++i) mesh.positions.emplace_back(i & 1 ? 1 : -1, i & 2 ? 0.5f : -0.5f, i & 4 ? 0.25f : -0.25f);
  mesh.faces = {{0, 2, 1}, {1, 2, 3}, {4, 5, 6}, {5, 7, 6}, {0, 1, 4}, {1, 5, 4},
                {2, 6, 3}, {3, 6, 7}, {0, 4, 2}, {2, 4, 6}, {1, 3, 5}, {3, 7, 5}};
  return mesh;
}

// Coarser and finer than wanted, round, holed and sharp.
std::vector<Family> families() {
  const auto ball = [](const glm::dvec3& p) { return glm::length(p) - 1; };
  const auto torus = [](const glm::dvec3& p) { return std::hypot(std::hypot(p.x, p.y) - 0.35, p.z) - 0.15; };
  const auto box = [](const glm::dvec3& p) {
    const glm::dvec3 q = glm::abs(p) - glm::dvec3(1, 0.5, 0.25);
    return glm::length(glm::max(q, 0.0)) + std::min(std::max({q.x, q.y, q.z}), 0.0);
  };
  return {{"fine ball", testing::ballMesh(4), 0.15f, ball},    {"coarse ball", testing::ballMesh(3), 0.08f, ball},
          {"fine torus", torusMesh(96, 48), 0.035f, torus},    {"coarse torus", torusMesh(30, 15), 0.03f, torus},
          {"box", boxMesh(), 0.1f, box}};
}

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

TopologySummary summaryOf(const Mesh& mesh) { return summarise(buildTopology(int(mesh.positions.size()), mesh.faces)); }

double volume(const Mesh& mesh) {
  double sum = 0;
  for (const Face& f : mesh.faces) {
    const auto at = [&](int v) { return glm::dvec3(mesh.positions[std::size_t(v)]); };
    sum += glm::dot(at(f.x), glm::cross(at(f.y), at(f.z))) / 6;
  }
  return sum;
}

AdaptiveRemeshReport passes(Mesh& mesh, float edge, int count, AdaptiveRemeshOptions options = {}) {
  std::vector<float> wanted(mesh.positions.size(), edge);
  AdaptiveRemeshReport last;
  for (int i = 0; i < count; ++i) last = adaptiveRemesh(mesh, wanted, {}, options, pool());
  return last;
}

TEST(AdaptiveRemesh, edgesComeIntoTheirWindowAndStayThere) {
  for (Family& f : families()) {
    passes(f.mesh, f.edge, 10);
    const Topology topology = buildTopology(int(f.mesh.positions.size()), f.mesh.faces);
    double sum = 0;
    int within = 0;
    for (const auto& e : topology.edges) {
      const glm::vec3 a = f.mesh.positions[std::size_t(e.x)], b = f.mesh.positions[std::size_t(e.y)];
      const double ratio = double(glm::distance(a, b) / f.edge);
      sum += ratio;
      within += ratio > 0.6 && ratio < 1.45;
    }
    EXPECT_GT(within, 0.98 * topology.edgeCount()) << f.name;
    EXPECT_NEAR(sum / topology.edgeCount(), kMeanRatio, 0.08) << f.name;
    const auto again = passes(f.mesh, f.edge, 1);
    EXPECT_LT(again.collapses + again.splits + again.flips, 0.01 * topology.edgeCount()) << f.name << ": it has settled";
  }
}

TEST(AdaptiveRemesh, topologyStaysClosedAndManifold) {
  for (Family& f : families()) {
    const auto before = summaryOf(f.mesh);
    for (int i = 0; i < 3; ++i) {
      passes(f.mesh, f.edge, 1);
      const auto after = summaryOf(f.mesh);
      EXPECT_TRUE(after.closed()) << f.name;
      EXPECT_EQ(after.inconsistentEdges, 0) << f.name;
      EXPECT_EQ(after.genus(), before.genus()) << f.name;
      EXPECT_TRUE(isRemeshable(f.mesh).wholly) << f.name << ": one fan a vertex";
    }
  }
}

// Ten passes with relaxation drift by a small part of an edge: no shrinking, no rounding of creases.
TEST(AdaptiveRemesh, shapeStays) {
  for (Family& f : families()) {
    double before = 0;  // points of the coarse faces are as far off as the input is
    for (const Face& face : f.mesh.faces) {
      glm::dvec3 sum(0);
      for (int k = 0; k < 3; ++k) sum += glm::dvec3(f.mesh.positions[std::size_t(face[k])]);
      before = std::max(before, std::abs(f.distance(sum / 3.0)));
    }
    const double start = volume(f.mesh);
    passes(f.mesh, f.edge, 10);
    double farthest = 0;
    for (const auto& p : f.mesh.positions) farthest = std::max(farthest, std::abs(f.distance(glm::dvec3(p))));
    EXPECT_LT(farthest, 0.08 * double(f.edge) + 0.25 * before) << f.name;
    // Finer meshes of round shapes hold more: the chords' share of the volume, at most 4 % for the coarse torus
    EXPECT_GT(volume(f.mesh), 0.993 * start) << f.name;
    EXPECT_LT(volume(f.mesh), 1.04 * start) << f.name;
  }
}

TEST(AdaptiveRemesh, facesAreEven) {
  for (Family& f : families()) {
    passes(f.mesh, f.edge, 10);
    double least = 180;
    int turned = 0;
    for (const Face& face : f.mesh.faces) {
      glm::dvec3 p[3];
      for (int k = 0; k < 3; ++k) p[k] = glm::dvec3(f.mesh.positions[std::size_t(face[k])]);
      for (int k = 0; k < 3; ++k) {
        const glm::dvec3 e = glm::normalize(p[(k + 1) % 3] - p[k]), g = glm::normalize(p[(k + 2) % 3] - p[k]);
        least = std::min(least, glm::degrees(std::acos(glm::dot(e, g))));
      }
      const glm::dvec3 middle = (p[0] + p[1] + p[2]) / 3.0, n = glm::normalize(glm::cross(p[1] - p[0], p[2] - p[0]));
      const double h = 1e-4;  // the true surface rises along the normal
      turned += f.distance(middle + h * n) < f.distance(middle - h * n);
    }
    EXPECT_GT(least, 20) << f.name;
    EXPECT_EQ(turned, 0) << f.name;
  }
}

TEST(AdaptiveRemesh, lengthsAreGradedWhereTheyAreWantedSo) {
  Mesh mesh = testing::ballMesh(4);
  std::vector<float> wanted;
  for (int i = 0; i < 6; ++i) {
    wanted.clear();
    for (const auto& p : mesh.positions) wanted.push_back(p.x > 0 ? 0.05f : 0.05f + 0.1f * std::min(1.0f, -2 * p.x));
    adaptiveRemesh(mesh, wanted, {}, {}, pool());
  }
  const auto lengths = meanEdgeLengths(mesh);
  for (std::size_t i = 0; i < lengths.size(); ++i) EXPECT_NEAR(lengths[i] / wanted[i], kMeanRatio, 0.4);
}

TEST(AdaptiveRemesh, channelsFollowTheSurface) {
  for (Family& f : families()) {
    std::vector<float> wanted(f.mesh.positions.size(), f.edge), height, none;
    std::vector<glm::vec3> place;
    for (const auto& p : f.mesh.positions) height.push_back(2 * p.x + p.y), place.push_back(0.5f * p);
    for (int i = 0; i < 3; ++i) adaptiveRemesh(f.mesh, wanted, {{&height, &none}, {&place}}, {}, pool());
    ASSERT_EQ(height.size(), f.mesh.positions.size());
    ASSERT_EQ(place.size(), f.mesh.positions.size());
    EXPECT_TRUE(none.empty());
    // Linear in space, so they are off by no more than the curved surface is off its faces
    for (std::size_t i = 0; i < height.size(); ++i) {
      const glm::vec3 p = f.mesh.positions[i];
      EXPECT_NEAR(height[i], 2 * p.x + p.y, 0.8f * f.edge) << f.name;
      EXPECT_LT(glm::distance(place[i], 0.5f * p), 0.2f * f.edge) << f.name;
    }
  }
}

TEST(AdaptiveRemesh, sameBitsForAnyNumberOfThreads) {
  ThreadPool one(1), four(4);
  Mesh a = torusMesh(40, 20), b = a;
  std::vector<float> wantedA(a.positions.size(), 0.03f), wantedB = wantedA;
  for (int i = 0; i < 3; ++i) {
    adaptiveRemesh(a, wantedA, {}, {}, one);
    adaptiveRemesh(b, wantedB, {}, {}, four);
  }
  EXPECT_EQ(a.faces, b.faces);
  EXPECT_EQ(a.positions, b.positions);
  EXPECT_EQ(wantedA, wantedB);
}

TEST(AdaptiveRemesh, faceLimitStretchesAllLengthsAlike) {
  Mesh mesh = testing::ballMesh(3);
  AdaptiveRemeshOptions options;
  options.maxFaces = 3000;
  const auto report = passes(mesh, 0.01f, 5, options);
  EXPECT_LE(int(mesh.faces.size()), options.maxFaces);
  EXPECT_GT(int(mesh.faces.size()), 0.75 * options.maxFaces);
  const auto lengths = meanEdgeLengths(mesh);
  const auto [least, most] = std::minmax_element(lengths.begin(), lengths.end());
  EXPECT_LT(*most, 2 * *least) << "not first come, first served";
  EXPECT_GE(report.stretched, 1);
}

TEST(AdaptiveRemesh, lengthLimitsHold) {
  Mesh fine = testing::ballMesh(3), coarse = fine;
  AdaptiveRemeshOptions options;
  options.minEdge = 0.1f;
  passes(fine, 0.001f, 4, options);
  options = {};
  options.maxEdge = 0.25f;
  passes(coarse, 50, 8, options);
  const auto mean = [](const Mesh& mesh) {
    double sum = 0;
    for (const float l : meanEdgeLengths(mesh)) sum += double(l);
    return sum / double(mesh.positions.size());
  };
  EXPECT_NEAR(mean(fine), 0.1, 0.015);
  EXPECT_NEAR(mean(coarse), 0.25, 0.03);
}

// Faces pushed through each other by a step: a few passes leave none that looks against its neighbours.
TEST(AdaptiveRemesh, foldsAndSliversAreCleaned) {
  Mesh mesh = testing::ballMesh(4);
  std::uint32_t state = 7;
  const auto random = [&] { return float((state = state * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1; };
  for (auto& p : mesh.positions) {
    const glm::vec3 shake(random(), random(), random());
    p += 0.055f * (shake - glm::dot(shake, p) * p);  // tangentially, edges are 0.07 long
  }
  const auto inward = [](const Mesh& m) {
    return std::count_if(m.faces.begin(), m.faces.end(), [&](const Face& f) {
      const glm::vec3 a = m.positions[std::size_t(f.x)];
      return glm::dot(glm::cross(m.positions[std::size_t(f.y)] - a, m.positions[std::size_t(f.z)] - a), a) <= 0;
    });
  };
  ASSERT_GT(inward(mesh), 100);
  passes(mesh, 0.07f, 8);
  EXPECT_EQ(inward(mesh), 0);
  EXPECT_TRUE(summaryOf(mesh).closed());
}

TEST(AdaptiveRemesh, bordersAndNonManifoldPartsStay) {
  Mesh open = testing::ballMesh(3);
  std::erase_if(open.faces, [&](const Face& f) { return open.positions[std::size_t(f.x)].z > 0.5f; });
  std::vector<glm::vec3> border;
  const Topology topology = buildTopology(int(open.positions.size()), open.faces);
  for (int e = 0; e < topology.edgeCount(); ++e)
    if (topology.edgeFaceStart[std::size_t(e) + 1] - topology.edgeFaceStart[std::size_t(e)] == 1)
      for (int k = 0; k < 2; ++k) border.push_back(open.positions[std::size_t(topology.edges[std::size_t(e)][k])]);
  ASSERT_FALSE(border.empty());
  const auto verdict = isRemeshable(open);
  EXPECT_FALSE(verdict.wholly);
  EXPECT_EQ(verdict.reason, std::to_string(border.size() / 2) + " vertices on borders or non-manifold edges stay as they are");
  const int edges = summaryOf(open).boundaryEdges;
  passes(open, 0.08f, 4);
  EXPECT_EQ(summaryOf(open).boundaryEdges, edges);
  EXPECT_EQ(summaryOf(open).nonManifoldEdges, 0);
  for (const auto& p : border) EXPECT_NE(std::find(open.positions.begin(), open.positions.end(), p), open.positions.end());

  // A fin on one edge of a ball: three faces there
  Mesh fin = testing::ballMesh(3);
  const Face f = fin.faces[0];
  fin.positions.push_back(2.0f * fin.positions[std::size_t(f.x)]);
  fin.faces.emplace_back(f.x, f.y, int(fin.positions.size()) - 1);
  passes(fin, 0.08f, 4);
  EXPECT_EQ(summaryOf(fin).nonManifoldEdges, 1);
  EXPECT_EQ(summaryOf(fin).boundaryEdges, 2);
}

TEST(AdaptiveRemesh, impossibleInputIsRefused) {
  Mesh mesh = testing::ballMesh(1);
  std::vector<float> wanted(3, 0.1f);
  EXPECT_THROW(adaptiveRemesh(mesh, wanted, {}, {}, pool()), Error);
  wanted.assign(mesh.positions.size(), 0.1f);
  std::vector<float> tooFew(5, 1.0f);
  EXPECT_THROW(adaptiveRemesh(mesh, wanted, {{&tooFew}, {}}, {}, pool()), Error);
  mesh.positions[4].y = std::nanf("");
  EXPECT_THROW(adaptiveRemesh(mesh, wanted, {}, {}, pool()), Error);
}

}  // namespace
}  // namespace penumbra
