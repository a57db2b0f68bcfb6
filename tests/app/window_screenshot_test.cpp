// The real window, drawn by the program itself into a picture: under Xvfb where it is installed, and without any
// display. The picture must not be blank and every part of the window must show.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "app/window/colours.h"
#include "app/window/layout.h"
#include "optim/io/image_io.h"
#include "optim/io/mesh_io.h"
#include "tests/support/process.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

int coloursIn(const RgbaImage& image, const Rect& r) {
  std::set<int> colours;
  for (int y = int(r.y) + 2; y < int(r.bottom()) - 2; y += 2)
    for (int x = int(r.x) + 2; x < int(r.right()) - 2; x += 2) {
      const Rgba c = image.at(x, y);
      colours.insert(c.r >> 3 << 10 | c.g >> 3 << 5 | c.b >> 3);
    }
  return int(colours.size());
}

class Screenshot : public ::testing::Test {
 protected:
  Screenshot() {
    model_ = (folder_ / "ring.obj").string();
    writeMesh(model_, torusMesh(24, 12));
    picture_ = (folder_ / "shot.png").string();
  }

  void check(const std::vector<std::string>& program, ProcessSetup setup) {
    // Software OpenGL drivers keep a few bytes to the end and have races of their own; all else that the sanitizers find
    // still fails the test.
    setup.environment.push_back("ASAN_OPTIONS=detect_leaks=0");
    setup.environment.push_back("TSAN_OPTIONS=suppressions=" PENUMBRA_SOURCE_DIR "/tests/support/driver_races.supp");
    std::vector<std::string> arguments = program;
    for (const char* more : {"--run", "--views", "6", "--size", "64", "--sphere-level", "3", "--frames", "12", "--screenshot"}) arguments.push_back(more);
    arguments.push_back(picture_);
    const ProcessResult result = runProcess(arguments, setup);
    // Where the tests were given a display, a program that finds none is at fault.
    if (result.exitCode == 6 && !std::getenv("DISPLAY")) GTEST_SKIP() << result.err;
    ASSERT_EQ(result.exitCode, 0) << result.err;
    const RgbaImage image = readPng(picture_);
    ASSERT_EQ(image.width, 1600);
    ASSERT_EQ(image.height, 900);
    const Layout l = computeLayout(1600, 900, 1, {}, false);
    EXPECT_GT(coloursIn(image, l.menu), 8) << "menu";
    EXPECT_GT(coloursIn(image, l.left), 20) << "options";
    EXPECT_GT(coloursIn(image, l.viewport), 40) << "3D view";
    EXPECT_GT(coloursIn(image, l.right), 10) << "views";
    EXPECT_GT(coloursIn(image, l.plot), 8) << "plot";
    EXPECT_GT(coloursIn(image, l.status), 4) << "status bar";
    // The mesh in the middle of the view is lit clay: brighter and warmer than the background.
    int clay = 0;
    for (int y = int(l.viewport.y); y < int(l.viewport.bottom()); y += 4)
      for (int x = int(l.viewport.x); x < int(l.viewport.right()); x += 4) clay += image.at(x, y).r > 110 && image.at(x, y).r > image.at(x, y).b + 8;
    EXPECT_GT(clay, 200);
  }

  TemporaryFolder folder_;
  std::string model_, picture_;
};

TEST_F(Screenshot, WorksWithoutADisplay) { check({PENUMBRA_PROGRAM, model_}, {{"DISPLAY", "WAYLAND_DISPLAY"}, ""}); }

TEST_F(Screenshot, WorksInAWindow) {
  const char* xvfbRun = "/usr/bin/xvfb-run";
  if (!std::filesystem::exists(xvfbRun)) GTEST_SKIP() << "xvfb-run is not installed";
  check({xvfbRun, "-a", "-s", "-screen 0 1600x900x24", PENUMBRA_PROGRAM, model_, "--display", "glfw"}, {});
}

TEST_F(Screenshot, SaysWhyAModelCannotBeOpened) {
  const ProcessResult result = runProcess({PENUMBRA_PROGRAM, (folder_ / "missing.obj").string(), "--screenshot", picture_}, {{"DISPLAY", "WAYLAND_DISPLAY"}, ""});
  EXPECT_EQ(result.exitCode, 3) << result.err;
  EXPECT_NE(result.err.find("missing.obj"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(picture_));
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
