// Start shapes from masks: right size and direction, closed, inside every frame.
#include "optim/fit/start_shapes_masks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optim/fit/start_shapes.h"
#include "optim/remesh/convex_hull.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "renderer/topology.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

ViewSet viewsOf(const Mesh& mesh, int count = 12, double zoom = 1) {
  FitOptions options;
  options.views = count;
  options.size = 96;
  ViewSet set;
  for (Camera& camera : placeCameras(options)) {
    camera.fx *= zoom, camera.fy *= zoom;
    set.train.push_back({"view", camera, renderHardMask(mesh, camera, 8)});
  }
  return set;
}

glm::dmat3 turned() {
  const glm::dvec3 x = glm::normalize(glm::dvec3(0.8, 0.5, 0.33)), y = glm::normalize(glm::cross(x, glm::dvec3(0.1, 1, 0.4)));
  return {x, y, glm::cross(x, y)};
}

Mesh ellipsoid(const glm::dvec3& half, const glm::dvec3& centre) {
  Mesh mesh = testing::ballMesh(4);
  for (auto& p : mesh.positions) p = glm::vec3(centre + turned() * (half * glm::dvec3(p)));
  return mesh;
}

double volume(const Mesh& mesh) {
  double sum = 0;
  for (const Face& f : mesh.faces) {
    const auto at = [&](int v) { return glm::dvec3(mesh.positions[std::size_t(v)]); };
    sum += glm::dot(at(f.x), glm::cross(at(f.y), at(f.z))) / 6;
  }
  return sum;
}

void expectClosedAndFramed(const Mesh& mesh, const ViewSet& views) {
  const auto summary = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  EXPECT_TRUE(summary.closed());
  EXPECT_EQ(summary.inconsistentEdges, 0);
  EXPECT_EQ(summary.genus(), 0);
  EXPECT_EQ(summary.components, 1);
  EXPECT_GT(volume(mesh), 0);
  for (const View& view : views.train)
    for (const auto& p : mesh.positions) {
      const glm::dvec3 x = view.camera.toCamera(glm::dvec3(p));
      const glm::dvec2 at(view.camera.fx * x.x / x.z + view.camera.cx, view.camera.fy * x.y / x.z + view.camera.cy);
      ASSERT_TRUE(x.z > 0 && at.x >= 0 && at.y >= 0 && at.x <= view.camera.width && at.y <= view.camera.height);
    }
}

TEST(StartEllipsoid, findsSizeAndDirectionOfEllipsoids) {
  for (const glm::dvec3& half : {glm::dvec3(0.8, 0.5, 0.3), glm::dvec3(0.6, 0.6, 0.15), glm::dvec3(0.4, 0.4, 0.4)}) {
    const glm::dvec3 centre(0.05, -0.02, 0.1);
    const ViewSet views = viewsOf(ellipsoid(half, centre));
    const Mesh mesh = ellipsoidStart(views.train, startBall(views).centre, 3);
    expectClosedAndFramed(mesh, views);
    for (const auto& p : mesh.positions) {
      const glm::dvec3 local = glm::transpose(turned()) * (glm::dvec3(p) - centre) / half;
      // Perspective makes near halves larger: first order in size over distance (0.27 here), partly averaged out
      EXPECT_NEAR(glm::length(local), 1, 0.13);
    }
  }
}

TEST(StartEllipsoid, flatAndUnseenShapesKeepSomeThickness) {
  const ViewSet flat = viewsOf(ellipsoid({0.8, 0.7, 0.004}, glm::dvec3(0)));
  expectClosedAndFramed(ellipsoidStart(flat.train, glm::dvec3(0), 2), flat);
  const ViewSet one = viewsOf(ellipsoid({0.6, 0.5, 0.4}, glm::dvec3(0)), 1);
  expectClosedAndFramed(ellipsoidStart(one.train, glm::dvec3(0), 2), one);
  const ViewSet none;
  EXPECT_NEAR(volume(ellipsoidStart(none.train, glm::dvec3(0), 3)), 4.19 * 0.125, 0.02);
}

TEST(StartBox, boundsTheObject) {
  const ViewSet views = viewsOf(ellipsoid({0.7, 0.5, 0.3}, {0.1, 0, 0}), 24);
  const Mesh mesh = boxStart(views.train, 2000, pool());
  expectClosedAndFramed(mesh, views);
  EXPECT_NEAR(double(mesh.positions.size()), 2000, 200);
  const Bounds box = boundsOf(mesh), object = boundsOf(ellipsoid({0.7, 0.5, 0.3}, {0.1, 0, 0}));
  for (int k = 0; k < 3; ++k) {
    EXPECT_NEAR(box.lower[k], object.lower[k], 0.08);  // the hull of 24 views stands out a little
    EXPECT_NEAR(box.upper[k], object.upper[k], 0.08);
  }
}

TEST(StartConvex, fillsHollowsAndHoles) {
  Mesh torus = torusMesh(64, 32);
  for (auto& p : torus.positions) p *= 1.8f;
  const ViewSet views = viewsOf(torus, 24);
  const Mesh mesh = convexStart(views.train, 1500, pool());
  expectClosedAndFramed(mesh, views);
  EXPECT_NEAR(double(mesh.positions.size()), 1500, 300);
  // Disc of radius 0.35 inside the rim of radius 0.15, Pappus; times 1.8 cubed
  const double pi = 3.14159265, flat = pi * 0.35 * 0.35 * 0.3, rim = 0.5 * pi * 0.15 * 0.15 * 2 * pi * (0.35 + 4 * 0.15 / (3 * pi));
  EXPECT_NEAR(volume(mesh), (flat + rim) * std::pow(1.8, 3), 0.1 * (flat + rim) * std::pow(1.8, 3));
}

TEST(StartShapes, shrinkIntoFramesThatAreTooSmall) {
  const ViewSet views = viewsOf(ellipsoid({0.9, 0.8, 0.7}, glm::dvec3(0)), 8, 2);
  const Mesh ball = ellipsoidStart(views.train, glm::dvec3(0), 3), box = boxStart(views.train, 500, pool()),
             convex = convexStart(views.train, 500, pool());
  for (const Mesh& mesh : {ball, box, convex}) expectClosedAndFramed(mesh, views);
}

// Every point inside every face's plane, every hull vertex a point: the definition.
TEST(ConvexHull, holdsAllPointsOfCloudsGridsAndBalls) {
  std::vector<std::vector<glm::vec3>> families(3);
  std::uint32_t state = 3;
  const auto random = [&] { return float((state = state * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1; };
  for (int i = 0; i < 2000; ++i) families[0].emplace_back(random(), random(), random());
  for (int i = 0; i < 512; ++i) families[1].emplace_back(i % 8, i / 8 % 8, i / 64);
  families[2] = testing::ballMesh(4).positions;
  for (const auto& points : families) {
    const Mesh hull = convexHull(points);
    const auto summary = summarise(buildTopology(int(hull.positions.size()), hull.faces));
    EXPECT_TRUE(summary.closed());
    EXPECT_EQ(summary.eulerCharacteristic, 2);
    double worst = 0;
    for (const Face& f : hull.faces) {
      const auto at = [&](int v) { return glm::dvec3(hull.positions[std::size_t(v)]); };
      const glm::dvec3 a = at(f.x), n = glm::normalize(glm::cross(at(f.y) - a, at(f.z) - a));
      for (const auto& p : points) worst = std::max(worst, glm::dot(n, glm::dvec3(p) - a));
    }
    EXPECT_LT(worst, 1e-6);
  }
  EXPECT_NEAR(volume(convexHull(families[1])), 343, 1e-3);
  EXPECT_EQ(convexHull(families[2]).positions.size(), families[2].size()) << "all points of a ball are on its hull";
  const std::vector<glm::vec3> flat{{0, 0, 0}, {1, 0, 0}, {0, 1, 0}, {1, 1, 0}, {0.5f, 0.2f, 0}};
  EXPECT_THROW(convexHull(flat), Error);
}

}  // namespace
}  // namespace penumbra
