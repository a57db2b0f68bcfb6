// The window's models without any drawing: undo, notices, layout, settings, file browser, export dialog,
// pictures of views.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <cmath>

#include "app/panels/option_rows.h"
#include "app/window/export_dialog.h"
#include "app/window/file_browser.h"
#include "app/window/frame_times.h"
#include "app/window/layout.h"
#include "app/window/mesh_facts.h"
#include "app/window/native_dialog.h"
#include "app/window/notices.h"
#include "app/cli/presets.h"
#include "app/window/settings.h"
#include "app/window/undo_stack.h"
#include "app/window/view_compare.h"
#include "optim/io/mesh_io.h"
#include "renderer/core/profile.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

FitOptions withRate(double rate) {
  FitOptions options;
  options.learningRate = rate;
  return options;
}

TEST(UndoStack, OneDragIsOneEntry) {
  UndoStack stack;
  stack.pushOptions(withRate(0.1), withRate(0.2), "a", "rate");
  stack.pushOptions(withRate(0.2), withRate(0.3), "b", "rate");
  stack.endDrag();
  stack.pushOptions(withRate(0.3), withRate(0.4), "c", "rate");
  EXPECT_EQ(stack.size(), 2u);
  EXPECT_EQ(stack.undo()->before, withRate(0.3));
  EXPECT_EQ(stack.undo()->before, withRate(0.1));
  EXPECT_FALSE(stack.canUndo());
  EXPECT_EQ(stack.redo()->after, withRate(0.3));
}

TEST(UndoStack, ADragBackToTheStartLeavesNothing) {
  UndoStack stack;
  stack.pushOptions(withRate(0.1), withRate(0.2), "a", "rate");
  stack.pushOptions(withRate(0.2), withRate(0.1), "b", "rate");
  EXPECT_FALSE(stack.canUndo());
}

TEST(UndoStack, ANewEditDropsWhatWasUndone) {
  UndoStack stack;
  stack.pushOptions(withRate(0.1), withRate(0.2), "a", "");
  stack.pushMesh("Reset", 4);
  stack.undo();
  stack.setRedoCheckpoint(9);
  EXPECT_EQ(stack.nextRedo()->checkpointAfter, 9);
  stack.pushOptions(withRate(0.2), withRate(0.5), "c", "");
  EXPECT_FALSE(stack.canRedo());
  EXPECT_EQ(stack.size(), 2u);
}

TEST(Presets, OfTheAssetsAreAllReadAndBalancedIsTheDefaults) {
  std::vector<std::string> problems;
  const auto presets = readPresets(std::filesystem::path(PENUMBRA_SOURCE_DIR) / "assets/presets", problems);
  EXPECT_TRUE(problems.empty()) << problems.front();
  ASSERT_GE(presets.size(), 4u);
  const int balanced = matchingPreset(presets, FitOptions{});
  ASSERT_GE(balanced, 0);
  EXPECT_EQ(presets[std::size_t(balanced)].label, "Balanced");
  for (std::size_t i = 0; i < presets.size(); ++i) {
    EXPECT_FALSE(presets[i].description.empty());
    EXPECT_EQ(matchingPreset(presets, withPreset(presets[i], FitOptions{})), int(i));
  }
}

TEST(Presets, KeepWhatBelongsToTheInput) {
  TemporaryFolder folder;
  const Preset preset = readPreset(folder.write("a.json", R"({"label": "A", "description": "b", "options": {"views": 7, "threads": 2}})"));
  FitOptions current;
  current.start = StartShape::File;
  current.startMesh = "start.obj";
  current.threads = 5;
  current.backend = Backend::Cpu;
  current.maxSize = 300;
  current.invertMasks = true;
  FitOptions expected = current;
  expected.views = 7;
  expected.threads = 2;
  current.seed = 9;
  current.sigma = 3e-3;
  EXPECT_EQ(withPreset(preset, current), expected);
  EXPECT_EQ(matchingPreset({preset}, current), -1);
  EXPECT_EQ(matchingPreset({preset}, expected), 0);
}

TEST(Presets, DamagedFilesAreLeftOutAndTold) {
  TemporaryFolder folder;
  folder.write("a.json", R"({"label": "A", "description": "b", "options": {"views": 7}})");
  folder.write("b.json", R"({"label": "B", "description": "b", "options": {"wiews": 7}})");
  folder.write("c.json", R"({"label": 3, "description": "b", "options": {}})");
  folder.write("d.json", "{");
  std::vector<std::string> problems;
  EXPECT_EQ(readPresets(folder.path(), problems).size(), 1u);
  EXPECT_EQ(problems.size(), 3u);
}

TEST(Notices, RepeatsCountUpAndToastsExpire) {
  Notices notices;
  notices.toast(NoticeKind::Warning, "low", "", 0);
  notices.toast(NoticeKind::Warning, "low", "", 1);
  ASSERT_EQ(notices.toasts().size(), 1u);
  EXPECT_EQ(notices.toasts().front().repeats, 2);
  EXPECT_EQ(notices.unseenWarnings(), 2);
  notices.expire(1000);
  EXPECT_TRUE(notices.toasts().empty());
  EXPECT_EQ(notices.warnings().size(), 2u);
}

TEST(Layout, PartsFillTheWindowWithoutOverlap) {
  for (const auto& [width, height] : {std::pair{1600.f, 900.f}, {1366.f, 768.f}, {640.f, 480.f}, {3840.f, 2160.f}})
    for (const float scale : {1.f, 1.25f, 2.f, 3.f})
      for (const bool hidden : {false, true}) {
        const Layout l = computeLayout(width, height, scale, {}, hidden);
        const Rect parts[] = {l.menu, l.left, l.viewport, l.right, l.plot, l.status};
        double area = 0;
        for (const Rect& r : parts) {
          area += double(r.width) * r.height;
          EXPECT_GE(r.x, 0);
          EXPECT_GE(r.y, 0);
          EXPECT_LE(r.right(), width + 0.01f);
          EXPECT_LE(r.bottom(), height + 0.01f);
        }
        EXPECT_NEAR(area, double(width) * height, 1) << width << " x " << height << " scale " << scale;
        EXPECT_GE(l.viewport.width, 0.37f * width);
        EXPECT_GT(l.viewport.height, 0.3f * height);
      }
}

TEST(Layout, TheReportIsShorterInASmallView) {
  EXPECT_EQ(reportRoom(computeLayout(1600, 900, 1, {}, false).viewport, 1), CardRoom::Details);
  EXPECT_EQ(reportRoom(computeLayout(1000, 700, 1, {}, false).viewport, 1), CardRoom::Summary);
  EXPECT_EQ(reportRoom(computeLayout(1600, 900, 2, {}, false).viewport, 2), CardRoom::Summary);
  EXPECT_EQ(reportRoom(computeLayout(kLeastWidth, kLeastHeight, 1, {}, false).viewport, 1), CardRoom::Summary);
}

TEST(Settings, SurviveARoundTrip) {
  Settings s;
  s.uiScale = 1.25;
  s.navigation = NavigationStyle::Blender;
  s.display.wireframe = true;
  s.display.shading = Shading::Heat;
  s.sizes.left = 400;
  s.reportDetails = true;
  s.remember("/a/b.obj");
  s.remember("/c d/\xc3\xa9.glb");
  s.remember("/a/b.obj");
  const TemporaryFolder folder;
  ASSERT_TRUE(saveSettings(folder / "deep/settings.json", s));
  const Settings back = loadSettings(folder / "deep/settings.json");
  EXPECT_EQ(settingsToJson(back), settingsToJson(s));
  ASSERT_EQ(back.recent.size(), 2u);
  EXPECT_EQ(back.recent.front(), "/a/b.obj");
  EXPECT_TRUE(back.reportDetails);
}

TEST(Settings, DamagedFilesGiveDefaults) {
  const std::string defaults = settingsToJson({});
  for (const char* text : {"", "{", "[]", "null", "{\"window\": \"x\", \"ui_scale\": [], \"panels\": 3, \"recent\": {}}"})
    EXPECT_EQ(settingsToJson(settingsFromJson(text)), defaults) << text;
  EXPECT_EQ(settingsFromJson("{\"ui_scale\": 99}").uiScale, kMostUiScale);
  EXPECT_EQ(settingsFromJson("{\"panels\": {\"left\": 1e9}}").sizes.left, 560);
}

TEST(Settings, AScaleGivenForOneRunIsNotKept) {
  Settings live;
  live.uiScale = 2;
  EXPECT_EQ(settingsToKeep(live, 2, 1.25).uiScale, 1.25);
  EXPECT_EQ(live.uiScale, 2);
  EXPECT_EQ(settingsToKeep(live, 0, 1.25).uiScale, 2);
  live.uiScale = 1.5;  // changed by the person since
  EXPECT_EQ(settingsToKeep(live, 2, 1.25).uiScale, 1.5);
}

class Browser : public ::testing::Test {
 protected:
  Browser() {
    writeMesh(folder_ / "Ring.obj", torusMesh(8, 6));
    folder_.write("notes.txt", "x");
    folder_.write(".hidden/a.obj", "x");
    folder_.write("masks/transforms.json", "{}");
    folder_.write("bad\xff.ply", "x");
    browser_.open(BrowsePurpose::OpenModel, folder_.path());
  }
  int indexOf(const std::string& name) const {
    for (int i = 0; i < int(browser_.entries().size()); ++i)
      if (browser_.entries()[std::size_t(i)].name == name) return i;
    return -1;
  }
  TemporaryFolder folder_;
  FileBrowser browser_;
};

TEST_F(Browser, ListsFoldersFirstAndOnlyWhatCanBeOpened) {
  ASSERT_EQ(browser_.entries().size(), 3u);
  EXPECT_EQ(browser_.entries()[0].name, "masks");
  EXPECT_TRUE(browser_.entries()[0].dataset);
  EXPECT_GE(indexOf("bad?.ply"), 0);
  browser_.setShowAll(true);
  browser_.setShowHidden(true);
  EXPECT_EQ(browser_.entries().size(), 5u);
  browser_.setFilter("rIN");
  ASSERT_EQ(browser_.entries().size(), 1u);
  EXPECT_EQ(browser_.entries()[0].name, "Ring.obj");
}

TEST_F(Browser, OpensFilesAndEntersFolders) {
  browser_.select(indexOf("Ring.obj"));
  EXPECT_EQ(browser_.candidate(), folder_ / "Ring.obj");
  EXPECT_EQ(browser_.activate(), folder_ / "Ring.obj");
  EXPECT_EQ(browser_.acceptTyped("Ring.obj"), folder_ / "Ring.obj");
  EXPECT_FALSE(browser_.acceptTyped("missing.obj"));
  EXPECT_NE(browser_.problem().find("missing.obj"), std::string::npos);
  EXPECT_FALSE(browser_.acceptTyped(".hidden"));
  EXPECT_EQ(browser_.folder(), folder_ / ".hidden");
  browser_.up();
  EXPECT_EQ(browser_.folder(), folder_.path());
  browser_.back();
  EXPECT_EQ(browser_.folder(), folder_ / ".hidden");
}

TEST_F(Browser, OpenEntersASelectedFolder) {
  folder_.write("plain/notes.txt", "x");
  browser_.refresh();
  EXPECT_FALSE(browser_.canEnter());
  browser_.select(indexOf("masks"));
  EXPECT_FALSE(browser_.canEnter());  // opened as a set of masks
  browser_.select(indexOf("plain"));
  EXPECT_FALSE(browser_.candidate());
  ASSERT_TRUE(browser_.canEnter());
  EXPECT_FALSE(browser_.activate());
  EXPECT_EQ(browser_.folder(), folder_ / "plain");
}

TEST_F(Browser, AMissingStartGoesToTheNearestFolder) {
  browser_.open(BrowsePurpose::OpenFolder, folder_ / "gone/deeper");
  EXPECT_EQ(browser_.folder(), folder_.path());
  EXPECT_EQ(browser_.candidate(), folder_.path());
}

TEST(FileSize, IsShort) {
  EXPECT_EQ(fileSizeText(1234567), "1.2 MB");
  EXPECT_EQ(fileSizeText(12), "12 B");
}

TEST(ExportDialog, FormatAndExtensionGoTogether) {
  const TemporaryFolder folder;
  ExportDialog dialog;
  dialog.open(folder.path(), "spot", 42, "ply");
  EXPECT_EQ(dialog.path(), folder / "spot_0042.ply");
  EXPECT_EQ(dialog.problem(), "");
  EXPECT_FALSE(dialog.overwrites());
  dialog.setFormat(3);
  EXPECT_EQ(dialog.path(), folder / "spot_0042.stl");
  dialog.pathText() = (folder / "v1.2").string();
  EXPECT_EQ(dialog.path(), folder / "v1.2.stl");
  folder.write("v1.2.stl", "x");
  EXPECT_TRUE(dialog.overwrites());
  dialog.pathText() = (folder / "no/where.stl").string();
  EXPECT_NE(dialog.problem(), "");
  dialog.pathText() = "";
  EXPECT_NE(dialog.problem(), "");
  for (const ExportFormat& format : exportFormats()) EXPECT_TRUE(canWriteMesh(std::string("a.") + format.extension));
}

TEST(ExportDialog, NameFollowsTheIterationUntilItIsEdited) {
  ExportDialog dialog;
  dialog.open("/tmp", "kettle", 12, "glb");
  EXPECT_EQ(dialog.pathText(), "/tmp/kettle_0012.glb");
  dialog.follow(40);
  dialog.setFormat(1);
  dialog.follow(41);
  EXPECT_EQ(dialog.pathText(), "/tmp/kettle_0041.ply");
  dialog.pathText() = "/tmp/mine.ply";
  dialog.follow(50);
  EXPECT_EQ(dialog.pathText(), "/tmp/mine.ply");
  dialog.open("/tmp", "kettle", 60, "ply");
  EXPECT_EQ(dialog.pathText(), "/tmp/kettle_0060.ply");
}

TEST(MeshFacts, TellTheSizeAsItIsWritten) {
  const Mesh torus = torusMesh(12, 8);
  Snapshot s;
  auto views = std::make_shared<ViewSet>();
  views->normalisation.scale = 0.5;
  s.views = views;
  s.positions = std::make_shared<std::vector<glm::vec3>>(torus.positions);
  s.faces = std::make_shared<std::vector<Face>>(torus.faces);
  const Bounds bounds = boundsOf(torus);
  const glm::dvec3 size = 2.0 * (bounds.upper - bounds.lower);
  const MeshFacts plain = meshFacts(s, {}), turned = meshFacts(s, {UpAxis::Z, 10});
  EXPECT_EQ(plain.triangles, torus.faces.size());
  EXPECT_LT(glm::length(plain.size - size), 1e-9);
  EXPECT_LT(glm::length(turned.size - 10.0 * glm::dvec3(size.x, size.z, size.y)), 1e-8);
  EXPECT_NE(factsText(plain).find("triangles"), std::string::npos);
}

TEST(NativeDialog, ArgumentsNameThePurpose) {
  for (const char* program : {"/usr/bin/zenity", "/usr/bin/kdialog"})
    for (const BrowsePurpose purpose : {BrowsePurpose::OpenModel, BrowsePurpose::OpenFolder, BrowsePurpose::SaveMesh, BrowsePurpose::StartMesh}) {
      const auto arguments = nativeDialogArguments(program, purpose, "/some place/");
      ASSERT_GE(arguments.size(), 3u);
      EXPECT_EQ(arguments[0], program);
    }
  EXPECT_TRUE(nativeDialogArguments("", BrowsePurpose::OpenModel, "/").empty());
}

// Every numeric option: the slider reaches both ends, and placing a value finds it again within what is shown.
TEST(Slider, IsInverseForEveryOption) {
  for (const Option& option : fitOptionTable()) {
    if (option.scale == OptionScale::Choice || option.scale == OptionScale::Toggle) continue;
    EXPECT_EQ(sliderValue(option, 0), option.min) << option.name;
    EXPECT_EQ(sliderValue(option, 1), option.max) << option.name;
    for (double place = 0; place <= 1; place += 1.0 / 64) {
      const double value = sliderValue(option, place);
      FitOptions options;
      EXPECT_NO_THROW(setOption(options, option, value)) << option.name;
      EXPECT_NEAR(sliderPlace(option, value), place, option.scale == OptionScale::Integer ? 0.3 : 0.04) << option.name << " " << value;
    }
  }
}

TEST(Choices, ReadWell) {
  EXPECT_EQ(choiceLabel("soft_iou"), "Soft IoU");
  EXPECT_EQ(choiceLabel("six_axes"), "Six axes");
  EXPECT_EQ(choiceLabel("cuda"), "CUDA");
}

Mask disc(int size, double radius, double x, double y) {
  Mask mask(size, size);
  for (int j = 0; j < size; ++j)
    for (int i = 0; i < size; ++i) mask.at(i, j) = float(std::clamp(radius - std::hypot(i + 0.5 - x, j + 0.5 - y) + 0.5, 0.0, 1.0));
  return mask;
}

TEST(Outline, LiesOnTheLevelSet) {
  const auto segments = outlineSegments(disc(64, 20, 31, 33));
  double length = 0;
  for (const Segment& s : segments) {
    length += glm::length(s.b - s.a);
    // Linear interpolation of a one pixel wide edge: within a tenth of a pixel of the circle.
    EXPECT_NEAR(std::hypot(s.a.x - 31, s.a.y - 33), 20, 0.1);
  }
  EXPECT_NEAR(length, 2 * M_PI * 20, 1);
}

TEST(Outline, ClosesAtTheImageBorder) {
  const Mask full(8, 5, 1.f);
  double length = 0;
  for (const Segment& s : outlineSegments(full)) length += glm::length(s.b - s.a);
  // Half a pixel outside the outermost centres, corners cut.
  EXPECT_NEAR(length, 2 * (7 + 4) + 4 * std::sqrt(0.5), 1e-4);
  EXPECT_TRUE(outlineSegments(Mask(6, 6)).empty());
}

TEST(Difference, HasASignByColour) {
  Mask target(3, 1), render(3, 1);
  target.pixels = {1, 0, 1};
  render.pixels = {0, 1, 1};
  const RgbaImage image = composeView(target, &render, CompareMode::Difference, 0, 64);
  EXPECT_GT(image.at(0, 0).b, image.at(0, 0).r + 80);  // too little: blue
  EXPECT_GT(image.at(1, 0).r, image.at(1, 0).b + 80);  // too much: orange
  EXPECT_NEAR(image.at(2, 0).r, image.at(2, 0).b, 25);
  const RgbaImage split = composeView(target, &render, CompareMode::Split, 0.5, 64);
  EXPECT_GT(split.at(0, 0).r, 200);
  EXPECT_GT(split.at(2, 0).r, 200);
}

// A perfect fit shows no bands, however soft its coverage is, in a picture of any size.
TEST(Difference, OfAPerfectFitIsEmptyAtAnySoftness) {
  const int size = 128;
  const Mask target = disc(size, 40, 64, 64);
  for (const double sigma : {1e-5, 1e-4, 1e-3, 1e-2})
    for (const int side : {128, 64}) {
      Mask soft(size, size);
      for (int y = 0; y < size; ++y)
        for (int x = 0; x < size; ++x)
          soft.at(x, y) = coverageProfile(float((40 - std::hypot(x + 0.5 - 64, y + 0.5 - 64)) / (std::sqrt(sigma) * size / 2))).alpha;
      int coloured = 0;
      for (const Rgba& p : composeView(target, &soft, CompareMode::Difference, 0, side, sigma).pixels) coloured += std::abs(p.r - p.b) > 80;
      EXPECT_LT(coloured, 12) << "sigma " << sigma << ", side " << side;
    }
}

TEST(ReduceMask, KeepsTheMean) {
  const Mask big = disc(200, 60, 90, 100), small = reduceMask(big, 50);
  double a = 0, b = 0;
  for (float v : big.pixels) a += v;
  for (float v : small.pixels) b += v;
  EXPECT_EQ(small.width, 50);
  EXPECT_NEAR(a / double(big.pixels.size()), b / double(small.pixels.size()), 1e-6);
}

TEST(ReduceImage, AveragesEachChannel) {
  RgbaImage image(4, 2, Rgba{10, 20, 30, 255});
  image.at(0, 0) = {50, 20, 30, 255};
  const RgbaImage small = reduceImage(image, 2);
  ASSERT_EQ(small.width, 2);
  ASSERT_EQ(small.height, 1);
  EXPECT_EQ(small.at(0, 0).r, 20);
  EXPECT_EQ(small.at(1, 0).r, 10);
  EXPECT_EQ(small.at(0, 0).b, 30);
  EXPECT_EQ(small.at(0, 0).a, 255);
}

TEST(WorstFirst, PutsUnknownLast) {
  EXPECT_EQ(worstFirst({0.9f, -1, 0.2f, 0.9f}, 5), (std::vector<int>{2, 0, 3, 1, 4}));
}

TEST(FrameTimes, PercentilesAreNearestRank) {
  FrameTimes times;
  EXPECT_EQ(times.percentile(0.5), 0);
  for (int i = 100; i >= 1; --i) times.add(i);
  EXPECT_EQ(times.percentile(0.5), 50);
  EXPECT_EQ(times.percentile(0.95), 95);
  EXPECT_EQ(times.max(), 100);
  EXPECT_NE(times.summary().find("p95 95.0 ms"), std::string::npos);
}

TEST(Pacing, LeavesTimeToTheFitInSoftware) {
  EXPECT_GE((Pacing{true, false, true}.interval()), 1.0 / 20);
  EXPECT_LE((Pacing{true, true, true}.interval()), 1.0 / 30);
  EXPECT_LE((Pacing{true, false, false}.interval()), 1.0 / 240);
}

TEST(Pacing, SleepsWhenNothingIsDue) {
  for (const bool software : {false, true})
    for (const double since : {0.0, 0.1, 1.0, 1e6}) {
      EXPECT_EQ((Pacing{false, false, software}.sleep(since)), Pacing::kIdleWait);
      const Pacing busy{true, false, software};
      EXPECT_EQ(busy.sleep(since), std::max(0.0, busy.interval() - since));
    }
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
