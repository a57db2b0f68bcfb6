// The 3D view while something moves: under software OpenGL drawn cheaper, yet the same picture.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <glad/gl.h>
#include <imgui.h>

#include <cstdlib>

#include "app/window/closed_surface.h"
#include "app/window/gl_drawing.h"
#include "app/window/orbit_camera.h"
#include "app/window/platform.h"
#include "optim/fit/start_shapes.h"
#include "renderer/error.h"

// Under AddressSanitizer: the software driver leaves a few hundred bytes of its own behind when it is unloaded.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace penumbra {
namespace {

constexpr int kWidth = 160, kHeight = 120;
const Rect kArea{0, 0, kWidth, kHeight};

std::vector<glm::vec3> positionsOf(const Mesh& mesh) { return {mesh.positions.begin(), mesh.positions.end()}; }

void turnOver(std::vector<Face>& faces) {
  for (Face& f : faces) std::swap(f[1], f[2]);
}

glm::dmat4 seenFrom(double distance, bool orthographic = false) {
  OrbitCamera camera;
  camera.setPose({{0, 0, 0}, 0.6, 0.35, distance, orthographic});
  return camera.matrices(kArea).clipFromWorld();
}

bool hides(const Mesh& mesh, const glm::dmat4& clip) {
  ClosedSurface surface;
  surface.setFaces(mesh.faces);
  surface.setVertices(positionsOf(mesh), mesh.faces);
  return surface.hidesItsBacks(clip);
}

TEST(ClosedSurface, EdgesCancelWhereEveryFaceHasItsNeighbours) {
  Mesh mesh = icosphere(2);
  EXPECT_TRUE(edgesCancel(mesh.faces));
  std::vector<Face> open = mesh.faces;
  open.pop_back();
  EXPECT_FALSE(edgesCancel(open));
  std::vector<Face> oneTurned = mesh.faces;
  std::swap(oneTurned[7][0], oneTurned[7][1]);
  EXPECT_FALSE(edgesCancel(oneTurned));
  turnOver(mesh.faces);
  EXPECT_TRUE(edgesCancel(mesh.faces));
  EXPECT_TRUE(edgesCancel({}));
}

TEST(ClosedSurface, HidesItsBacksOnlyFromOutside) {
  const Mesh ball = icosphere(2);
  for (const bool orthographic : {false, true}) EXPECT_TRUE(hides(ball, seenFrom(4, orthographic))) << orthographic;
  EXPECT_FALSE(hides(ball, seenFrom(0.2)));
  Mesh insideOut = ball, open = ball, nothing;
  turnOver(insideOut.faces);
  open.faces.pop_back();
  EXPECT_FALSE(hides(insideOut, seenFrom(4)));
  EXPECT_FALSE(hides(open, seenFrom(4)));
  EXPECT_FALSE(hides(nothing, seenFrom(4)));
}

// Of the picture drawn while moving, or at rest and averaged to the same size.
std::vector<glm::vec3> picture(GlDrawing& drawing, SceneFrame frame, bool moving) {
  frame.moving = moving;
  const TextureId texture = drawing.scene(frame);
  GLint width = 0;
  glBindTexture(GL_TEXTURE_2D, GLuint(texture));
  glGetTexLevelParameteriv(GL_TEXTURE_2D, 0, GL_TEXTURE_WIDTH, &width);
  const int fine = width / kWidth;
  std::vector<std::uint8_t> pixels(std::size_t(width) * std::size_t(kHeight * fine) * 4);
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  std::vector<glm::vec3> colours(std::size_t(kWidth) * kHeight, glm::vec3(0));
  for (int y = 0; y < kHeight * fine; ++y)
    for (int x = 0; x < width; ++x) {
      const std::uint8_t* p = &pixels[(std::size_t(y) * std::size_t(width) + std::size_t(x)) * 4];
      colours[std::size_t(y / fine * kWidth + x / fine)] += glm::vec3(p[0], p[1], p[2]) / float(255 * fine * fine);
    }
  EXPECT_EQ(fine, moving ? 1 : 2);
  return colours;
}

SceneFrame frameOf(const Mesh& mesh, Shading shading, double distance) {
  Snapshot snapshot;
  snapshot.positions = std::make_shared<std::vector<glm::vec3>>(positionsOf(mesh));
  snapshot.faces = std::make_shared<std::vector<Face>>(mesh.faces);
  OrbitCamera camera;
  camera.setPose({{0, 0, 0}, 0.6, 0.35, distance, false});
  SceneFrame frame;
  frame.snapshot = std::make_shared<Snapshot>(snapshot);
  frame.matrices = camera.matrices(kArea);
  frame.width = kWidth, frame.height = kHeight;
  frame.display.shading = shading;
  return frame;
}

double averageDifference(const std::vector<glm::vec3>& a, const std::vector<glm::vec3>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += double(glm::length(a[i] - b[i]));
  return sum / double(a.size());
}

struct ImGuiOwner {
  ImGuiOwner() { ImGui::CreateContext(); }
  ~ImGuiOwner() { ImGui::DestroyContext(); }
};

TEST(MovingScene, LooksAsItDoesAtRest) {
  setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
  const ImGuiOwner imgui;
  std::unique_ptr<Platform> platform;
  try {
    platform = openEgl(64, 64);
  } catch (const Error& error) {  // a machine without EGL
    GTEST_SKIP() << error.what();
  }
  GlDrawing drawing(InteropMode::Off);
  if (!drawing.software()) GTEST_SKIP() << "a card draws everything in full";
  Mesh insideOut = icosphere(4), open = icosphere(4);
  turnOver(insideOut.faces);
  open.faces.resize(open.faces.size() / 2);
  const auto background = picture(drawing, frameOf({}, Shading::Clay, 4), true);
  // Closed, seen from outside: back faces left out. The others show inner sides, too.
  for (const Mesh& mesh : {icosphere(4), insideOut, open})
    for (const Shading shading : {Shading::Clay, Shading::Normals})
      for (const double distance : {4.0, 0.3}) {
        const SceneFrame frame = frameOf(mesh, shading, distance);
        const auto moving = picture(drawing, frame, true), still = picture(drawing, frame, false);
        EXPECT_LT(averageDifference(moving, still), 0.02) << mesh.faces.size() << " " << int(shading) << " " << distance;
        EXPECT_GT(averageDifference(moving, background), 0.1);
      }
}

}  // namespace
}  // namespace penumbra
#endif
