// Datasets: what is written comes back, every way to state a camera means what it should, faults come together.
#include "optim/io/dataset_io.h"

#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "optim/io/image_io.h"
#include "optim/io/mask_reading.h"
#include "renderer/error.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
constexpr DatasetOptions kAllViews{.maxSize = 0, .useEvery = 1, .holdOutEvery = 0};

Mask discMask(int width, int height, double radius = 0.3) {
  Mask mask(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const double d = std::hypot(x + 0.5 - 0.5 * width, y + 0.5 - 0.5 * height);
      mask.at(x, y) = float(std::clamp(radius * std::min(width, height) - d, 0.0, 1.0));
    }
  return mask;
}

RgbaImage imageWithAlpha(const Mask& mask) {
  RgbaImage image(mask.width, mask.height);
  for (std::size_t i = 0; i < mask.pixels.size(); ++i) image.pixels[i] = {9, 9, 9, std::uint8_t(std::lround(255 * mask.pixels[i]))};
  return image;
}

RgbaImage greyImage(const Mask& mask) {
  RgbaImage image = imageWithAlpha(mask);
  for (Rgba& p : image.pixels) p = {p.a, p.a, p.a, 255};
  return image;
}

ViewSet ringOfViews(int count, bool sameIntrinsics) {
  ViewSet set;
  for (int i = 0; i < count; ++i) {
    View view;
    const int width = sameIntrinsics ? 48 : 40 + i, height = 36;
    const double angle = 2.1 * i;
    view.camera = lookAt({3 * std::cos(angle), 3 * std::sin(angle), 1 + 0.1 * i}, {0.1, 0.2, 0.3}, {0, 0, 1}, 40 + i * !sameIntrinsics, width, height);
    view.camera.cx += 1.25;
    view.camera.fy *= 1.01;
    view.mask = discMask(width, height, 0.25 + 0.01 * i);
    view.name = std::string("v").append(std::to_string(i));
    set.train.push_back(view);
  }
  return set;
}

void expectSameCamera(const Camera& a, const Camera& b, double tolerance) {
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  EXPECT_NEAR(a.fx, b.fx, tolerance * a.fx);
  EXPECT_NEAR(a.fy, b.fy, tolerance * a.fy);
  EXPECT_NEAR(a.cx, b.cx, tolerance * a.width);
  EXPECT_NEAR(a.cy, b.cy, tolerance * a.height);
  for (int column = 0; column < 3; ++column) {
    EXPECT_NEAR(a.translation[column], b.translation[column], tolerance * (1 + glm::length(a.translation)));
    for (int row = 0; row < 3; ++row) EXPECT_NEAR(a.rotation[column][row], b.rotation[column][row], tolerance);
  }
}

void expectSameMask(const Mask& a, const Mask& b) {
  ASSERT_EQ(a.pixels.size(), b.pixels.size());
  for (std::size_t i = 0; i < a.pixels.size(); ++i) ASSERT_NEAR(a.pixels[i], b.pixels[i], 0.5 / 255 + 1e-6);
}

TEST(DatasetIo, comesBackAsItWasWritten) {
  for (const bool same : {true, false}) {
    const TemporaryFolder folder;
    const ViewSet set = ringOfViews(6, same);
    writeDataset(folder / "set", set);
    const ViewSet back = readDataset(folder / "set", kAllViews);
    ASSERT_EQ(back.train.size(), 6u);
    EXPECT_TRUE(back.heldOut.empty());
    EXPECT_EQ(back.name, "set");
    EXPECT_TRUE(back.notes.empty()) << back.notes[0];
    for (std::size_t i = 0; i < 6; ++i) {
      expectSameCamera(set.train[i].camera, back.train[i].camera, 1e-9);
      expectSameMask(set.train[i].mask, back.train[i].mask);
    }
  }
}

TEST(DatasetIo, writesHeldOutViewsApartAndUndoesTheNormalisation) {
  const TemporaryFolder folder;
  ViewSet set = ringOfViews(7, true);
  set.heldOut.assign(set.train.begin() + 4, set.train.end());
  set.train.resize(4);
  const ViewSet plain = set;
  set.normalisation = {.scale = 0.37, .centre = {5, -2, 100}};
  for (auto* views : {&set.train, &set.heldOut})
    for (View& view : *views) view.camera = transformed(view.camera, set.normalisation.scale, set.normalisation.centre);
  writeDataset(folder.path(), set);
  const ViewSet back = readDataset(folder.path(), kAllViews);
  ASSERT_EQ(back.train.size(), 4u);
  ASSERT_EQ(back.heldOut.size(), 3u);
  // The centre (5, -2, 100) costs two digits.
  for (std::size_t i = 0; i < 4; ++i) expectSameCamera(plain.train[i].camera, back.train[i].camera, 1e-9);
  for (std::size_t i = 0; i < 3; ++i) expectSameCamera(plain.heldOut[i].camera, back.heldOut[i].camera, 1e-9);
  EXPECT_EQ(back.normalisation.scale, 1);
  EXPECT_EQ(back.up, glm::dvec3(0, 0, 1));
}

TEST(DatasetIo, doesNotMixTwoSetsInOneFolder) {
  const TemporaryFolder folder;
  ViewSet set = ringOfViews(4, true);
  writeDataset(folder.path(), set);
  writeDataset(folder.path(), set);  // the same layout again is an ordinary overwrite
  set.heldOut.push_back(set.train[0]);
  try {
    writeDataset(folder.path(), set);
    ADD_FAILURE() << "mixed";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::Save);
  }
}

// A folder with one PNG of 40 x 20 a frame and the given JSON.
class SmallSet {
 public:
  explicit SmallSet(int images = 1, int width = 40, int height = 20) {
    fs::create_directory(folder / "images");
    for (int i = 0; i < images; ++i) writePng(folder / ("images/" + std::to_string(i) + ".png"), imageWithAlpha(discMask(width, height)));
  }
  ViewSet read(const std::string& json, DatasetOptions options = kAllViews) const {
    folder.write("transforms.json", json);
    return readDataset(folder.path(), options);
  }
  std::string error(const std::string& json) const {
    try {
      read(json);
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ExitCode::Input);
      return error.full();
    }
    return "no error";
  }
  TemporaryFolder folder;
};

const std::string kPose = R"("transform_matrix":[[1,0,0,0],[0,1,0,0],[0,0,1,4],[0,0,0,1]])";

std::string oneFrame(const std::string& file, const std::string& frame = "", const std::string& path = "images/0.png") {
  return std::string("{").append(file) + (file.empty() ? "" : ",") + "\"frames\":[{\"file_path\":\"" + path + "\"," + kPose + (frame.empty() ? "" : ",") + frame + "}]}";
}

TEST(DatasetIo, understandsEveryWayToStateIntrinsics) {
  const SmallSet set;
  const auto camera = [&](const std::string& file, const std::string& frame = "") { return set.read(oneFrame(file, frame)).train[0].camera; };
  Camera c = camera("\"fl_x\":30");
  EXPECT_EQ(c.fx, 30);
  EXPECT_EQ(c.fy, 30);
  EXPECT_EQ(c.cx, 20);
  EXPECT_EQ(c.cy, 10);
  EXPECT_EQ(c.width, 40);
  c = camera("\"fl_x\":30,\"fl_y\":31,\"cx\":19,\"cy\":9.5,\"w\":40,\"h\":20");
  EXPECT_EQ(c.fy, 31);
  EXPECT_EQ(c.cx, 19);
  EXPECT_EQ(c.cy, 9.5);
  c = camera("\"camera_angle_x\":1.5707963");
  EXPECT_NEAR(c.fx, 20, 1e-4);
  EXPECT_NEAR(c.fy, 20, 1e-4);
  c = camera("\"camera_angle_y\":1.5707963");
  EXPECT_NEAR(c.fx, 10, 1e-4);
  c = camera("\"x_fov\":90,\"fl_x\":1,\"camera_angle_x\":0.1");
  EXPECT_NEAR(c.fx, 20, 1e-9);
  c = camera("\"x_fov\":90,\"y_fov\":90");
  EXPECT_NEAR(c.fy, 10, 1e-9);
  c = camera("\"fl_x\":30,\"camera_angle_x\":0.3,\"camera_angle_y\":0.3");
  EXPECT_EQ(c.fy, 30);
  c = camera("\"fl_x\":30", "\"fl_x\":50,\"cx\":3");  // the frame wins
  EXPECT_EQ(c.fx, 50);
  EXPECT_EQ(c.cx, 3);
  c = camera("\"fl_x\":60,\"w\":80,\"h\":40");  // stated for twice the size
  EXPECT_EQ(c.fx, 30);
  EXPECT_EQ(c.cx, 20);
}

TEST(DatasetIo, turnsOpenGlAxesIntoOurs) {
  const SmallSet set;
  const Camera camera = set.read(oneFrame("\"fl_x\":30")).train[0].camera;
  // At (0, 0, 4), looking along -z, y up: the origin is 4 ahead, +y is up in the image, +x right.
  EXPECT_EQ(camera.centre(), glm::dvec3(0, 0, 4));
  EXPECT_EQ(camera.toCamera({0, 0, 0}), glm::dvec3(0, 0, 4));
  EXPECT_LT(camera.toCamera({0, 1, 0}).y, 0);
  EXPECT_GT(camera.toCamera({1, 0, 0}).x, 0);
}

TEST(DatasetIo, acceptsTheVariationsOfTheFormat) {
  const SmallSet set(2);
  for (const char* path : {"images/0.png", "./images/0.png", "./images/0", "images\\\\0", "images//0.png"})
    EXPECT_EQ(set.read(oneFrame("\"fl_x\":30", "", path)).train.size(), 1u) << path;
  const std::string threeRows = R"({"fl_x":30, /* a comment */ "frames":[ // another
    {"file_path":"images/0","transform_matrix":[[1,0,0,0],[0,1,0,0],[0,0,1,4]]}]})";
  EXPECT_EQ(set.read(threeRows).train[0].name, "images/0");
  EXPECT_NO_THROW(set.read(oneFrame("\"fl_x\":30,\"k1\":0,\"p2\":0.0,\"camera_model\":\"OPENCV\",\"aabb_scale\":4")));
  // A file of the set stands for its folder.
  EXPECT_EQ(readDataset(set.folder / "transforms.json", kAllViews).train.size(), 1u);
  EXPECT_TRUE(canReadDataset(set.folder.path()));
  EXPECT_FALSE(canReadDataset(set.folder / "images"));
}

TEST(DatasetIo, refusesCamerasItCannotModel) {
  const SmallSet set;
  const auto expectSays = [&](const std::string& json, const std::string& part) {
    const std::string text = set.error(json);
    EXPECT_NE(text.find(part), std::string::npos) << text;
  };
  expectSays(oneFrame("\"fl_x\":30,\"k1\":-0.01"), "'k1' is not 0");
  expectSays(oneFrame("\"fl_x\":30", "\"p1\":1e-9"), "'p1' is not 0");
  expectSays(oneFrame("\"fl_x\":30,\"is_fisheye\":true"), "fisheye");
  expectSays(oneFrame("\"fl_x\":30,\"camera_model\":\"OPENCV_FISHEYE\""), "not a pinhole");
  expectSays(oneFrame("\"fl_x\":30,\"orthographic\":true"), "orthographic");
  expectSays(oneFrame(""), "no focal length");
  expectSays(oneFrame("\"fl_x\":-3"), "not positive");
  expectSays(oneFrame("\"camera_angle_x\":4"), "field of view");
  expectSays(oneFrame("\"fl_x\":\"thirty\""), "'fl_x' is not a finite number");
  expectSays(oneFrame("\"fl_x\":30,\"w\":20,\"h\":40"), "40 x 20");
  const auto withPose = [](const std::string& pose) { return R"({"fl_x":30,"frames":[{"file_path":"images/0","transform_matrix":)" + pose + "}]}"; };
  expectSays(withPose("[[1,0,0,0],[0,1,0,0],[0,0,-1,4],[0,0,0,1]]"), "mirrored");
  expectSays(withPose("[[2,0,0,0],[0,2,0,0],[0,0,2,4],[0,0,0,1]]"), "not a rotation");
  expectSays(withPose("[[1,0,0],[0,1,0],[0,0,1]]"), "not 4x4");
  expectSays(withPose("[[1,0,0,null],[0,1,0,0],[0,0,1,4]]"), "no finite number");
  expectSays(withPose("7"), "not 4x4");
  expectSays(withPose("[[1,0,0,1e30],[0,1,0,0],[0,0,1,4]]"), "too far away");
  expectSays(oneFrame("\"fl_x\":1e200"), "out of range");
  expectSays(oneFrame("\"fl_x\":30,\"cx\":-1e200"), "out of range");
  expectSays(oneFrame("\"fl_x\":30,\"w\":1e200,\"h\":5e199"), "out of range");
}

TEST(DatasetIo, refusesBrokenJson) {
  const SmallSet set;
  for (const std::string& json : {std::string("{"), std::string("[]"), std::string("{}"), std::string("{\"frames\":3}"), std::string("{\"frames\":[]}"),
                                  std::string("{\"frames\":[1]}"), std::string(200'000, '['), std::string("\xff\xfe{"), std::string("{\"frames\":[{\"file_path\":\"/etc/passwd\"}]}"),
                                  std::string("{\"frames\":[{\"file_path\":\"../x.png\"}]}"), std::string("{\"a\":1e999,\"frames\":[]}")}) {
    const std::string text = set.error(json);
    EXPECT_NE(text.find("Cannot use the dataset"), std::string::npos) << text;
    EXPECT_EQ(text.find("json.exception"), std::string::npos) << text;
  }
  EXPECT_NE(set.error(std::string(100, '[')).find("deeper than 32"), std::string::npos);
}

TEST(DatasetIo, listsAllMissingImagesTogether) {
  const SmallSet set(2);
  std::string frames;
  for (int i = 0; i < 9; ++i) frames += (i > 0 ? "," : "") + std::string("{\"file_path\":\"images/") + std::to_string(i) + "\"," + kPose + "}";
  const std::string text = set.error("{\"fl_x\":30,\"frames\":[" + frames + "]}");
  EXPECT_NE(text.find("7 of 9 images are missing (2.png, 3.png, 4.png, 5.png, 6.png, ...)"), std::string::npos) << text;
}

TEST(DatasetIo, reportsSeveralFaultsAtOnce) {
  const SmallSet set(3);
  set.folder.write("images/1.png", "not a png");
  set.folder.write("images/2.png", "");
  std::string frames;
  for (int i = 0; i < 3; ++i) frames += (i > 0 ? "," : "") + std::string("{\"file_path\":\"images/") + std::to_string(i) + "\"," + kPose + "}";
  const std::string text = set.error("{\"fl_x\":30,\"frames\":[" + frames + "]}");
  EXPECT_NE(text.find("1.png"), std::string::npos) << text;
  EXPECT_NE(text.find("2.png"), std::string::npos) << text;
}

std::string framesJson(int count) {
  std::string frames;
  for (int i = 0; i < count; ++i) frames += (i > 0 ? "," : "") + std::string("{\"file_path\":\"images/") + std::to_string(i) + "\"," + kPose + "}";
  return "{\"fl_x\":30,\"frames\":[" + frames + "]}";
}

TEST(DatasetIo, holdsOutEvenlyAndSkipsAsAsked) {
  const SmallSet set(20, 12, 12);
  ViewSet views = set.read(framesJson(20), {.holdOutEvery = 8});
  EXPECT_EQ(views.train.size(), 18u);
  ASSERT_EQ(views.heldOut.size(), 2u);
  EXPECT_EQ(views.heldOut[0].name, "images/7");
  views = set.read(framesJson(20), {.holdOutEvery = 2, .maxHeldOut = 4});
  EXPECT_EQ(views.heldOut.size(), 4u);
  EXPECT_EQ(views.train.size(), 16u);
  views = set.read(framesJson(20), {.useEvery = 3, .holdOutEvery = 0});
  EXPECT_EQ(views.train.size(), 7u);
  EXPECT_EQ(views.train[1].name, "images/3");
  EXPECT_THROW(set.read(framesJson(20), {.holdOutEvery = 1, .maxHeldOut = 100}), Error);
}

TEST(DatasetIo, takesBrightnessWhereThereIsNoAlphaAndInvertsOnRequest) {
  const SmallSet set;
  const Mask disc = discMask(40, 20);
  writePng(set.folder / "images/0.png", greyImage(disc));
  ViewSet views = set.read(oneFrame("\"fl_x\":30"));
  expectSameMask(views.train[0].mask, disc);
  ASSERT_FALSE(views.notes.empty());
  EXPECT_NE(views.notes[0].find("brightness"), std::string::npos);
  DatasetOptions inverted = kAllViews;
  inverted.invert = true;
  views = set.read(oneFrame("\"fl_x\":30"), inverted);
  EXPECT_NEAR(views.train[0].mask.at(20, 10), 0, 1e-6);
  EXPECT_NE(views.notes[1].find("look inverted"), std::string::npos);
}

TEST(DatasetIo, prefersTheMaskFileToTheImage) {
  const SmallSet set;
  const Mask small = discMask(40, 20, 0.15);
  writePng(set.folder / "mask.png", greyImage(small));
  expectSameMask(set.read(oneFrame("\"fl_x\":30", "\"mask_path\":\"mask.png\"")).train[0].mask, small);
}

TEST(DatasetIo, leavesOutEmptyAndFullMasksAndSaysSo) {
  const SmallSet set(6, 12, 12);
  writePng(set.folder / "images/1.png", imageWithAlpha(Mask(12, 12, 0)));
  writePng(set.folder / "images/4.png", RgbaImage(12, 12, Rgba{255, 255, 255, 255}));
  const ViewSet views = set.read(framesJson(6));
  EXPECT_EQ(views.train.size(), 4u);
  std::string notes;
  for (const std::string& note : views.notes) notes += note + "\n";
  EXPECT_NE(notes.find("1 of 6 masks show no object; these views were left out (images/1)"), std::string::npos) << notes;
  EXPECT_NE(notes.find("1 of 6 masks show no background; these views were left out (images/4)"), std::string::npos) << notes;
  writePng(set.folder / "images/0.png", imageWithAlpha(Mask(12, 12, 0)));
  EXPECT_NE(set.error(oneFrame("\"fl_x\":30")).find("no view is left"), std::string::npos);
}

TEST(DatasetIo, notesAnObjectThatIsCutOff) {
  const SmallSet set;
  Mask mask = discMask(40, 20);
  mask.at(0, 5) = 1;
  writePng(set.folder / "images/0.png", imageWithAlpha(mask));
  const ViewSet views = set.read(oneFrame("\"fl_x\":30"));
  EXPECT_NE(views.notes[0].find("cut off"), std::string::npos);
  EXPECT_NE(views.notes[1].find("Only 1 training view"), std::string::npos);
}

// Averages do not change and a camera keeps seeing the same point at the same relative place.
TEST(DatasetIo, reducesImagesByArea) {
  const Mask mask = discMask(131, 77);
  double sum = 0, reducedSum = 0;
  for (const float v : mask.pixels) sum += v;
  for (const auto& [width, height] : {std::pair(131, 77), {64, 38}, {100, 59}, {1, 1}}) {
    const Mask small = reduced(mask, width, height);
    reducedSum = 0;
    for (const float v : small.pixels) reducedSum += v;
    EXPECT_NEAR(sum / double(mask.pixels.size()), reducedSum / double(small.pixels.size()), 1e-6) << width;
  }
  const SmallSet set(1, 100, 50);
  DatasetOptions options = kAllViews;
  options.maxSize = 30;
  const View view = set.read(oneFrame("\"fl_x\":200"), options).train[0];
  EXPECT_EQ(view.mask.width, 30);
  EXPECT_EQ(view.mask.height, 15);
  EXPECT_EQ(view.camera.width, 30);
  EXPECT_NEAR(view.camera.fx, 60, 1e-12);
  EXPECT_NEAR(view.camera.cy, 7.5, 1e-12);
}

TEST(DatasetIo, saysWhenAFolderIsNoDataset) {
  const TemporaryFolder folder;
  EXPECT_THROW(readDataset(folder.path(), {}), Error);
  EXPECT_THROW(readDataset(folder / "absent", {}), Error);
  EXPECT_THROW(readDataset(folder.write("file", "x"), {}), Error);
  EXPECT_FALSE(datasetFormats().empty());
}

TEST(DatasetIo, readsTheRealSets) {
  const fs::path sets = fs::path(PENUMBRA_SOURCE_DIR) / "../shared/data/imagesets";
  if (!fs::exists(sets)) GTEST_SKIP() << "no image sets beside the repository";
  const ViewSet mic = readDataset(sets / "nerf_mic", {.maxSize = 100});
  EXPECT_EQ(mic.train.size(), 40u);
  EXPECT_EQ(mic.heldOut.size(), 12u);
  EXPECT_EQ(mic.up, glm::dvec3(0, 0, 1));
  EXPECT_NEAR(glm::length(mic.train[0].camera.centre()), 4, 0.1);
  const ViewSet lego = readDataset(sets / "tiny_lego_test", {});
  EXPECT_EQ(lego.train.size(), 1u);
  EXPECT_EQ(lego.heldOut.size(), 1u);
}

}  // namespace
}  // namespace penumbra
