#include <gtest/gtest.h>

#include "optim/targets/clay_render.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;
using namespace penumbra::testing;

namespace {
Camera front(int width, int height) { return lookAt({0, 0, 3.5}, {0, 0, 0}, {0, 1, 0}, 40, width, height); }
int brightness(const Rgba& p) { return p.r + p.g + p.b; }
}  // namespace

TEST(ClayRender, AlphaIsTheHardMask) {
  Mesh mesh = ballMesh(3);
  for (auto& p : mesh.positions) p *= 0.7f + 0.25f * std::sin(5 * p.x);
  ClayStyle style;
  style.transparent = true;
  const Camera camera = front(90, 70);
  const RgbaImage image = renderClay(mesh, camera, style, 4);
  const Mask mask = renderHardMask(mesh, camera, 4);
  double difference = 0;
  for (std::size_t i = 0; i < mask.pixels.size(); ++i)
    difference += std::abs(double(image.pixels[i].a) / 255 - double(mask.pixels[i]));
  EXPECT_LT(difference / sum(mask), 0.005);
}

TEST(ClayRender, IsLitFromTheUpperLeftAndSmoothAcrossFaces) {
  const RgbaImage image = renderClay(ballMesh(2), front(96, 96));
  EXPECT_GT(brightness(image.at(34, 34)), 1.5 * brightness(image.at(62, 66)));
  // Faces of this ball are 12 px wide: flat shading would jump by tens of levels at their edges
  for (int x = 30; x < 60; ++x) EXPECT_LT(std::abs(brightness(image.at(x, 48)) - brightness(image.at(x + 1, 48))), 24);
}

TEST(ClayRender, CreasesStaySharp) {
  Mesh cube;
  for (int i = 0; i < 8; ++i)
    cube.positions.push_back(0.6f * glm::vec3(i & 1 ? 1 : -1, i & 2 ? 1 : -1, i & 4 ? 1 : -1));
  cube.faces = {{0, 2, 3}, {0, 3, 1}, {4, 5, 7}, {4, 7, 6}, {0, 1, 5}, {0, 5, 4},
                {2, 6, 7}, {2, 7, 3}, {0, 4, 6}, {0, 6, 2}, {1, 3, 7}, {1, 7, 5}};
  ClayStyle style;
  style.occlusion = 0;
  const Camera camera = lookAt({3, 0, 3}, {0, 0, 0}, {0, 1, 0}, 40, 96, 96);
  const RgbaImage image = renderClay(cube, camera, style);
  const int left = brightness(image.at(40, 48)), right = brightness(image.at(56, 48));
  EXPECT_NEAR(brightness(image.at(32, 48)), left, 12);  // each side of the upright edge is nearly even
  EXPECT_NEAR(brightness(image.at(64, 48)), right, 12);
  EXPECT_GT(std::abs(left - right), 60);
}

TEST(ClayRender, HollowsAreDarkerWithOcclusion) {
  Mesh bowl;  // an open box seen from above its rim: four walls and a floor
  bowl.positions = {{-1, 0, -1}, {1, 0, -1}, {1, 0, 1}, {-1, 0, 1}, {-1, 0.8f, -1}, {1, 0.8f, -1}, {1, 0.8f, 1}, {-1, 0.8f, 1}};
  bowl.faces = {{0, 1, 2}, {0, 2, 3}, {0, 1, 5}, {0, 5, 4}, {1, 2, 6}, {1, 6, 5}, {2, 3, 7}, {2, 7, 6}, {3, 0, 4}, {3, 4, 7}};
  const Camera camera = lookAt({0, 5, 0.01}, {0, 0, 0}, {0, 0, -1}, 40, 96, 96);
  ClayStyle style;
  const RgbaImage with = renderClay(bowl, camera, style);
  style.occlusion = 0;
  const RgbaImage without = renderClay(bowl, camera, style);
  const int corner = brightness(without.at(24, 24)) - brightness(with.at(24, 24));  // 2 px from two walls
  const int middle = brightness(without.at(48, 48)) - brightness(with.at(48, 48));
  EXPECT_GT(corner, middle + 15);
  EXPECT_LE(std::abs(middle), 3);
}

TEST(ClayRender, WireframeDrawsTheEdgesOnly) {
  const Mesh triangle = polygonMesh({{10, 10}, {80, 12}, {30, 80}});
  ClayStyle style;
  const RgbaImage plain = renderClay(triangle, pixelCamera(96, 96), style);
  style.wireframe = true;
  const RgbaImage wired = renderClay(triangle, pixelCamera(96, 96), style);
  EXPECT_LT(brightness(wired.at(45, 11)), brightness(plain.at(45, 11)) - 60);
  EXPECT_EQ(brightness(wired.at(40, 34)), brightness(plain.at(40, 34)));
  EXPECT_EQ(brightness(wired.at(90, 90)), brightness(plain.at(90, 90)));
}

TEST(ClayRender, EmptyScenesShowTheBackgroundAlone) {
  ClayStyle style;
  style.transparent = true;
  for (const Rgba& p : renderClay(Mesh(), front(20, 10), style).pixels) EXPECT_EQ(p.a, 0);
  // Behind the camera
  const Camera away = lookAt({0, 0, 3}, {0, 0, 9}, {0, 1, 0}, 40, 20, 10);
  for (const Rgba& p : renderClay(ballMesh(1), away, style).pixels) EXPECT_EQ(p.a, 0);
}

TEST(ClayRender, BadInputIsRefused) {
  Mesh mesh = ballMesh(0);
  EXPECT_THROW(renderClay(mesh, Camera()), Error);
  EXPECT_THROW(renderClay(mesh, front(8, 8), {}, 0), Error);
  mesh.faces[3].y = -1;
  EXPECT_THROW(renderClay(mesh, front(8, 8)), Error);
}
