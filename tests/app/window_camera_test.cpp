// The camera of the 3D view: what stays where while it is moved, and that looking through a view shows that view.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <random>

#include "app/window/orbit_camera.h"
#include "app/window/picking.h"
#include "app/window/scene_lines.h"

namespace penumbra {
namespace {

const Rect kArea{330, 30, 940, 650};

void settle(OrbitCamera& camera) {
  while (camera.advance(0.05)) {
  }
}

glm::dvec3 pointUnder(const OrbitCamera& camera, double x, double y) {
  const Ray ray = camera.ray(x, y, kArea);
  const glm::dvec3 forward = glm::normalize(camera.pose().pivot - camera.eye());
  return ray.origin + glm::dot(camera.pose().pivot - ray.origin, forward) / glm::dot(ray.direction, forward) * ray.direction;
}

TEST(OrbitCamera, KeepsItsDistanceAndStopsAtThePoles) {
  OrbitCamera camera;
  const double distance = camera.pose().distance;
  for (int i = 0; i < 200; ++i) camera.orbit(7, 31, kArea);
  EXPECT_NEAR(glm::length(camera.eye() - camera.pose().pivot), distance, 1e-9);
  EXPECT_LT(camera.pose().pitch, 1.5708);
  EXPECT_GT(glm::dot(camera.eye() - camera.pose().pivot, camera.frame()[1]), 0.99 * distance);
}

TEST(OrbitCamera, ZoomKeepsWhatIsUnderTheCursor) {
  for (const bool orthographic : {false, true}) {
    OrbitCamera camera;
    if (orthographic) camera.toggleOrthographic();
    for (const double wheel : {1.0, -2.0, 3.0}) {
      const double x = 700 + 90 * wheel, y = 300 - 40 * wheel;
      const glm::dvec3 before = pointUnder(camera, x, y);
      camera.zoom(wheel, x, y, kArea);
      const auto after = project(camera.matrices(kArea), kArea, before);
      ASSERT_TRUE(after);
      EXPECT_NEAR(after->x, x, 1e-6);
      EXPECT_NEAR(after->y, y, 1e-6);
    }
  }
}

TEST(OrbitCamera, PanMovesThePivotWithTheCursor) {
  OrbitCamera camera;
  const auto before = project(camera.matrices(kArea), kArea, camera.pose().pivot);
  const glm::dvec3 marked = camera.pose().pivot;
  camera.pan(37, -21, kArea);
  const auto after = project(camera.matrices(kArea), kArea, marked);
  EXPECT_NEAR(after->x - before->x, 37, 1e-6);
  EXPECT_NEAR(after->y - before->y, -21, 1e-6);
}

TEST(OrbitCamera, AxisViewsFollowTheUpAxis) {
  for (const glm::dvec3 up : {glm::dvec3(0, 1, 0), glm::dvec3(0, 0, 1), glm::dvec3(1, 0, 0), glm::dvec3(0, -1, 0)}) {
    OrbitCamera camera;
    camera.setUp(up);
    EXPECT_NEAR(glm::determinant(camera.frame()), 1, 1e-12);
    camera.lookAlong(AxisView::Top);
    settle(camera);
    EXPECT_GT(glm::dot(glm::normalize(camera.eye()), up), 0.999);
    for (const AxisView side : {AxisView::Front, AxisView::Back, AxisView::Left, AxisView::Right}) {
      camera.lookAlong(side);
      settle(camera);
      EXPECT_NEAR(glm::dot(camera.eye(), up), 0, 1e-9);
      // Up in the world is up on the screen.
      const auto low = project(camera.matrices(kArea), kArea, glm::dvec3(0)), high = project(camera.matrices(kArea), kArea, 0.5 * up);
      EXPECT_LT(high->y, low->y - 10);
      EXPECT_NEAR(high->x, low->x, 1e-6);
    }
  }
}

TEST(OrbitCamera, FramingShowsTheWholeBox) {
  Bounds bounds;
  bounds.add({-0.3, 0.2, 1});
  bounds.add({0.5, 2.2, 1.4});
  OrbitCamera camera;
  camera.frameBounds(bounds);
  settle(camera);
  for (int corner = 0; corner < 8; ++corner) {
    const glm::dvec3 p(corner & 1 ? -0.3 : 0.5, corner & 2 ? 0.2 : 2.2, corner & 4 ? 1 : 1.4);
    const auto at = project(camera.matrices(kArea), kArea, p);
    ASSERT_TRUE(at);
    EXPECT_TRUE(kArea.contains(float(at->x), float(at->y)));
  }
}

TEST(OrbitCamera, ParallelAndPerspectiveAgreeAtThePivot) {
  OrbitCamera camera;
  const glm::dvec3 side = glm::normalize(glm::cross(camera.frame()[1], camera.eye() - camera.pose().pivot)) * 0.4;
  const auto perspective = project(camera.matrices(kArea), kArea, camera.pose().pivot + side);
  camera.toggleOrthographic();
  const auto parallel = project(camera.matrices(kArea), kArea, camera.pose().pivot + side);
  EXPECT_NEAR(perspective->x, parallel->x, 1e-6);
}

// Through any view camera, a point lands on the pixel that the view's own projection says.
TEST(OrbitCamera, LookingThroughAViewIsThatView) {
  std::mt19937 random(5);
  std::uniform_real_distribution<double> uniform(-1, 1);
  for (const auto& [width, height] : {std::pair{256, 256}, {640, 480}, {300, 800}}) {
    Camera view = lookAt({1.3, 1.1, 2.2}, {0, 0.1, 0}, {0, 1, 0}, 40, width, height);
    view.cx += 13.5;
    view.cy -= 7.25;
    view.fy *= 1.07;
    OrbitCamera camera;
    camera.lookThrough(3, view);
    EXPECT_EQ(camera.lockedView(), 3);
    const Rect image = camera.imageArea(kArea);
    for (int i = 0; i < 20; ++i) {
      const glm::dvec3 world(0.6 * uniform(random), 0.6 * uniform(random), 0.6 * uniform(random));
      const glm::dvec3 c = view.toCamera(world);
      const double px = view.fx * c.x / c.z + view.cx, py = view.fy * c.y / c.z + view.cy;
      const auto at = project(camera.matrices(kArea), kArea, world);
      ASSERT_TRUE(at);
      EXPECT_NEAR(at->x, image.x + px / width * image.width, 2e-4);
      EXPECT_NEAR(at->y, image.y + py / height * image.height, 2e-4);
    }
  }
}

TEST(OrbitCamera, ADragLeavesTheViewWithoutAJump) {
  const Camera view = lookAt({1.3, 1.1, 2.2}, {0, 0, 0}, {0, 1, 0}, 40, 256, 256);
  OrbitCamera camera;
  camera.lookThrough(0, view);
  camera.orbit(0, 0, kArea);
  EXPECT_FALSE(camera.lockedView());
  EXPECT_NEAR(glm::length(camera.eye() - view.centre()), 0, 1e-9);
}

TEST(Picking, FindsTheNearestFaceFromBothSides) {
  const std::vector<glm::vec3> positions = {{-1, -1, 0}, {1, -1, 0}, {0, 1, 0}, {-1, -1, -1}, {1, -1, -1}, {0, 1, -1}};
  const std::vector<Face> faces = {{0, 1, 2}, {3, 4, 5}};
  EXPECT_NEAR(pick({{0, 0, 5}, {0, 0, -1}}, positions, faces)->z, 0, 1e-12);
  EXPECT_NEAR(pick({{0, 0, -5}, {0, 0, 1}}, positions, faces)->z, -1, 1e-12);
  EXPECT_FALSE(pick({{3, 0, 5}, {0, 0, -1}}, positions, faces));
  EXPECT_FALSE(pick({{0, 0, 5}, {0, 0, 1}}, positions, faces));
}

TEST(SceneLines, CapsMarkTheDirectionsThatNoViewIsNear) {
  ViewCoverage coverage;
  coverage.emptiest = glm::normalize(glm::dvec3(1, 2, -1));
  coverage.widestGap = 70;
  double widest = 0;
  glm::dvec3 sum(0);
  const auto caps = unseenCaps(coverage);
  for (const LineVertex& end : caps) {
    const glm::dvec3 p(end.position);
    EXPECT_NEAR(glm::length(p), kCapRadius, 1e-6);
    const double angle = glm::degrees(std::acos(std::min(1.0, std::abs(glm::dot(p, coverage.emptiest)) / glm::length(p))));
    EXPECT_LT(angle, 35.01);
    widest = std::max(widest, angle);
    sum += p;
  }
  EXPECT_GT(widest, 34.9);
  EXPECT_LT(glm::length(sum), 1e-3) << "both ends of the axis alike";

  Snapshot snapshot;
  SceneLinesRequest request{&snapshot};
  const std::size_t without = sceneLines(request).size();
  request.unseen = coverage;
  EXPECT_EQ(sceneLines(request).size(), without + caps.size());
  request.lockedView = 0;
  EXPECT_EQ(sceneLines(request).size(), without) << "looking through a camera";
}

TEST(SceneLines, CamerasAreFoundUnderTheCursor) {
  auto views = std::make_shared<ViewSet>();
  for (int i = 0; i < 5; ++i) {
    View view;
    view.camera = lookAt({2 * std::cos(i), 0.5, 2 * std::sin(i)}, {0, 0, 0}, {0, 1, 0}, 40, 64, 64);
    views->train.push_back(view);
  }
  Snapshot snapshot;
  snapshot.views = views;
  OrbitCamera camera;
  for (int i = 0; i < 5; ++i) {
    const auto at = project(camera.matrices(kArea), kArea, views->train[std::size_t(i)].camera.centre());
    if (!at || !kArea.contains(float(at->x), float(at->y))) continue;
    EXPECT_EQ(cameraAt(snapshot, camera.matrices(kArea), kArea, at->x, at->y, 6), i);
  }
  EXPECT_EQ(cameraAt(snapshot, camera.matrices(kArea), kArea, 0, 0, 6), -1);
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
