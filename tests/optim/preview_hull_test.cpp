// The coarse hull that is shown while the real one is carved.
#include "optim/hull/preview_hull.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "optim/hull/visual_hull.h"
#include "optim/targets/targets.h"
#include "renderer/topology.h"
#include "tests/support/hull_scene.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

TEST(PreviewHull, isASoundCoarseHullOfMasksOfAnySize) {
  const Mesh torus = moved(torusMesh(64, 32), 1.9, glm::vec3(0));
  FitOptions options;
  options.views = 40;
  options.size = 300;
  std::vector<View> views;
  for (Camera& camera : placeCameras(options)) {
    camera.height -= 50;  // neither square nor a multiple of the small masks
    camera.cy -= 25;
    views.push_back({"view", camera, renderHardMask(torus, camera, 4)});
  }
  const Mesh mesh = previewHull(views, pool());
  expectSoundMesh(mesh);
  const TopologySummary topology = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  EXPECT_EQ(topology.genus(), 1);
  const double truth = volume(makeVisualHull(views, {.resolution = 64}, pool()).mesh);
  EXPECT_NEAR(volume(mesh), truth, 0.05 * truth);
  EXPECT_LT(mesh.faces.size(), 20000u);
  ThreadPool one(1);
  EXPECT_EQ(previewHull(views, one).positions, mesh.positions);
}

TEST(PreviewHull, isEmptyWhereThereIsNone) {
  auto views = viewsOf(moved(testing::ballMesh(3), 0.2, glm::vec3(0.6f, 0, 0)), 8);
  const auto others = viewsOf(moved(testing::ballMesh(3), 0.2, glm::vec3(-0.6f, 0, 0)), 8);
  views.insert(views.end(), others.begin(), others.end());
  EXPECT_TRUE(previewHull(views, pool()).faces.empty());
  for (View& view : views) std::fill(view.mask.pixels.begin(), view.mask.pixels.end(), 0.0f);
  EXPECT_TRUE(previewHull(views, pool()).faces.empty());
}

TEST(PreviewHull, boxedViewsSeeTheSame) {
  const View view = viewsOf(moved(testing::ballMesh(4), 0.6, glm::vec3(0.1f, 0.2f, 0)), 5, 130)[3];
  const View small = boxedDown(view, 4);
  EXPECT_EQ(small.mask.width, 32);
  EXPECT_EQ(small.camera.height, 32);
  const auto pixel = [](const Camera& camera) {
    const glm::dvec3 p = camera.toCamera({0.3, -0.2, 0.1});
    return glm::dvec2(camera.fx * p.x / p.z + camera.cx, camera.fy * p.y / p.z + camera.cy);
  };
  EXPECT_NEAR(glm::distance(4.0 * pixel(small.camera), pixel(view.camera)), 0, 1e-9);
  const auto area = [](const Mask& mask) { return std::accumulate(mask.pixels.begin(), mask.pixels.end(), 0.0); };
  EXPECT_NEAR(16 * area(small.mask), area(view.mask), 1e-3 * area(view.mask));
}

}  // namespace
}  // namespace penumbra
