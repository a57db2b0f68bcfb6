#include <gtest/gtest.h>

#include <random>

#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;
using namespace penumbra::testing;

TEST(HardMask, SphereHasTheAreaAndCentreOfItsProjectedDisc) {
  for (const auto& [width, height] : {std::pair{256, 256}, {200, 120}, {90, 170}}) {
    const double distance = 3;
    const Camera camera = lookAt({0, 0, distance}, {0, 0, 0}, {0, 1, 0}, 45, width, height);
    const double radius = camera.fx * std::tan(std::asin(1 / distance));
    const Mask mask = renderHardMask(ballMesh(5), camera, 8);
    double x = 0, y = 0;
    for (int j = 0; j < height; ++j)
      for (int i = 0; i < width; ++i) {
        const double weight = double(mask.at(i, j));
        x += weight * (i + 0.5);
        y += weight * (j + 0.5);
      }
    const double area = M_PI * radius * radius;
    EXPECT_NEAR(sum(mask), area, 0.002 * area);  // the ball of triangles lies inside the sphere by up to 3e-4
    EXPECT_NEAR(x / sum(mask), 0.5 * width, 0.01);
    EXPECT_NEAR(y / sum(mask), 0.5 * height, 0.01);
  }
}

TEST(HardMask, EveryPixelOfADiscIsWithinOneSampleRowOfItsExactCoverage) {
  const int size = 128;
  const Camera camera = lookAt({0, 0, 3}, {0, 0, 0}, {0, 1, 0}, 45, size, size);
  const double radius = camera.fx * std::tan(std::asin(1.0 / 3));
  const Mask mask = renderHardMask(ballMesh(6), camera, 8);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const glm::dvec2 p(x + 0.5 - size / 2, y + 0.5 - size / 2);
      const double r = glm::length(p);
      // Nearly straight at this radius (40 px): coverage of the half plane behind the tangent
      const float exact = r < 1 ? 1 : halfPlaneCoverage(x, y, -p / r, -radius - glm::dot(p / r, glm::dvec2(size / 2)));
      EXPECT_NEAR(mask.at(x, y), exact, 0.13) << x << " " << y;
    }
}

TEST(HardMask, PolygonAreasAreKept) {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> at(4, 60);
  double worst = 0;
  for (int trial = 0; trial < 60; ++trial) {
    const std::vector<glm::dvec2> corners{{at(random), at(random)}, {at(random), at(random)}, {at(random), at(random)}};
    const double area = polygonArea(corners);
    double length = 0;
    for (int k = 0; k < 3; ++k) length += glm::length(corners[k] - corners[(k + 1) % 3]);
    const Mask mask = renderHardMask(polygonMesh(corners), pixelCamera(64, 64), 8);
    worst = std::max(worst, std::abs(sum(mask) - area) / length);  // mean offset of the outline, px
  }
  EXPECT_LT(worst, 0.01);
}

TEST(HardMask, UprightEdgesAreResolvedToTheSquareOfTheGrid) {
  for (const double x : {10.0, 10.03, 10.11, 10.27, 10.5, 10.77, 10.98}) {
    const Mask mask = renderHardMask(polygonMesh({{x, 2}, {30, 2}, {30, 30}, {x, 30}}), pixelCamera(32, 32), 4);
    EXPECT_NEAR(mask.at(10, 16), 11 - x, 1.0 / 16) << x;
  }
}

TEST(HardMask, SharedEdgesLeaveNoCracks) {
  // A square cut into many thin and odd faces, on and off the sample grid: all inner pixels must be full.
  std::mt19937 random(2);
  for (const double shift : {0.0, 0.125, 0.0625, 0.37}) {
    std::uniform_real_distribution<double> jitter(-0.8, 0.8);
    const int n = 30;
    Mesh mesh;
    for (int j = 0; j <= n; ++j)
      for (int i = 0; i <= n; ++i) {
        const bool inner = i > 0 && j > 0 && i < n && j < n;
        const glm::dvec2 move = inner && shift > 0 ? glm::dvec2(jitter(random), jitter(random)) : glm::dvec2(0);
        mesh.positions.push_back(glm::vec3(glm::dvec2(2 * i + shift, 2 * j + shift) + move, 1));
      }
    for (int j = 0; j < n; ++j)
      for (int i = 0; i < n; ++i) {
        const int a = j * (n + 1) + i, b = a + 1, c = a + n + 1, d = c + 1;
        if ((i + j) % 2) mesh.faces.insert(mesh.faces.end(), {{a, b, d}, {a, d, c}});
        else mesh.faces.insert(mesh.faces.end(), {{c, b, a}, {b, c, d}});  // the other diagonal, other winding
      }
    for (const int supersample : {1, 4, 8, 16}) {
      const Mask mask = renderHardMask(mesh, pixelCamera(64, 64), supersample);
      for (int y = 1; y < 60; ++y)
        for (int x = 1; x < 60; ++x) ASSERT_EQ(mask.at(x, y), 1.0f) << x << " " << y << " shift " << shift;
    }
  }
}

TEST(HardMask, WindingAndFaceOrderDoNotMatter) {
  const Mesh ball = ballMesh(3);
  Mesh turned = ball;
  std::reverse(turned.faces.begin(), turned.faces.end());
  for (auto& f : turned.faces) std::swap(f.x, f.z);
  const Camera camera = lookAt({1, 2, 3}, {0, 0, 0}, {0, 1, 0}, 40, 80, 60);
  EXPECT_EQ(renderHardMask(ball, camera).pixels, renderHardMask(turned, camera).pixels);
}

TEST(HardMask, FacesAreCutAtTheNearPlane) {
  // A floor at y = 1 below the eye that runs from behind it to the horizon: all rows below the horizon are covered.
  Mesh floor;
  floor.positions = {{-1e4f, 1, -50}, {1e4f, 1, -50}, {1e4f, 1, 1e4f}, {-1e4f, 1, 1e4f}};
  floor.faces = {{0, 1, 2}, {0, 2, 3}};
  Camera camera;
  camera.width = 64;
  camera.height = 48;
  camera.fx = camera.fy = 40;
  camera.cx = 32;
  camera.cy = 24;
  const Mask mask = renderHardMask(floor, camera, 4);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) ASSERT_EQ(mask.at(x, y), y < 24 ? 0.0f : 1.0f) << x << " " << y;
  // One vertex in front: a triangle that straddles the plane, against the same one cut by hand
  Mesh wedge, cut;
  wedge.positions = {{0, 0.4f, 1}, {-1, 0.1f, -1}, {1, 0.1f, -1}};
  wedge.faces = {{0, 1, 2}};
  const float s = 0.5f;  // z = 1 - 2 s' meets 0.5 at s' = 0.25
  cut.positions = {wedge.positions[0], wedge.positions[0] + 0.25f * (wedge.positions[1] - wedge.positions[0]),
                   wedge.positions[0] + 0.25f * (wedge.positions[2] - wedge.positions[0])};
  cut.faces = {{0, 1, 2}};
  const Mask a = renderHardMask(wedge, camera, 8, double(s)), b = renderHardMask(cut, camera, 8, 0.1);
  EXPECT_GT(sum(a), 10);
  EXPECT_EQ(a.pixels, b.pixels);
}

TEST(HardMask, WhatIsBehindOrBesideTheImageLeavesItEmpty) {
  Mesh ball = ballMesh(2);
  EXPECT_EQ(sum(renderHardMask(ball, lookAt({0, 0, 5}, {0, 0, 10}, {0, 1, 0}, 40, 32, 32))), 0);
  EXPECT_EQ(sum(renderHardMask(ball, lookAt({0, 0, 5}, {9, 0, 0}, {0, 1, 0}, 20, 32, 32))), 0);
  // Partly off screen: the part on it is the same as in a larger image
  const Mesh big = polygonMesh({{-1e6, -2e6}, {40.3, 20.2}, {-3e5, 7e6}});
  const Mask small = renderHardMask(big, pixelCamera(48, 32)), large = renderHardMask(big, pixelCamera(96, 64));
  EXPECT_GT(sum(small), 100);
  for (int y = 0; y < 32; ++y)
    for (int x = 0; x < 48; ++x) ASSERT_EQ(small.at(x, y), large.at(x, y));
}

TEST(HardMask, OddSizesMatchACropOfALargerImage) {
  const Mesh triangle = polygonMesh({{1.3, 2.1}, {300, 40.7}, {20.2, 33}});
  const Mask large = renderHardMask(triangle, pixelCamera(320, 64), 4);
  for (const int width : {1, 7, 15, 16, 17, 33, 100, 319}) {
    const Mask mask = renderHardMask(triangle, pixelCamera(width, 29), 4);
    for (int y = 0; y < 29; ++y)
      for (int x = 0; x < width; ++x) ASSERT_EQ(mask.at(x, y), large.at(x, y)) << width;
  }
}

TEST(HardMask, BadInputIsRefusedWithASentence) {
  Mesh mesh = ballMesh(0);
  const Camera camera = lookAt({0, 0, 3}, {0, 0, 0}, {0, 1, 0}, 40, 16, 16);
  EXPECT_THROW(renderHardMask(mesh, camera, 3), Error);
  EXPECT_THROW(renderHardMask(mesh, Camera()), Error);
  mesh.positions[0].x = NAN;  // its faces are left out, the rest is drawn
  EXPECT_GT(sum(renderHardMask(mesh, camera)), 0);
  mesh.faces[0].y = 12;
  EXPECT_THROW(renderHardMask(mesh, camera), Error);
}
