// The committed sample models and presets are what assets/README.md says they are.
#include "optim/options.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "optim/io/image_io.h"
#include "optim/io/mesh_io.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

const std::filesystem::path kAssets = std::filesystem::path(PENUMBRA_SOURCE_DIR) / "assets";

struct Expected {
  const char* file;
  int fewestFaces, mostFaces, genus;
  double height, longest;  // m: along y, and the longest side of the bounding box
};

class SampleModel : public testing::TestWithParam<Expected> {
 protected:
  void SetUp() override { mesh_ = readMesh(kAssets / GetParam().file, &report_); }
  Mesh mesh_;
  MeshReadReport report_;
};

// Six times the volume, positive when faces are wound outward.
double signedVolume6(const Mesh& mesh) {
  double sum = 0;
  for (const Face& f : mesh.faces) {
    const auto at = [&](int v) { return glm::dvec3(mesh.positions[std::size_t(v)]); };
    sum += glm::dot(at(f.x), glm::cross(at(f.y), at(f.z)));
  }
  return sum;
}

double smallestAngle(const Mesh& mesh) {
  double smallest = 180;
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) {
      const auto at = [&](int i) { return glm::dvec3(mesh.positions[std::size_t(f[(k + i) % 3])]); };
      const glm::dvec3 u = glm::normalize(at(1) - at(0)), v = glm::normalize(at(2) - at(0));
      smallest = std::min(smallest, glm::degrees(std::acos(std::clamp(glm::dot(u, v), -1.0, 1.0))));
    }
  return smallest;
}

TEST_P(SampleModel, isOneClosedManifoldWoundOutward) {
  const auto summary = summarise(buildTopology(int(mesh_.positions.size()), mesh_.faces));
  EXPECT_EQ(summary.components, 1);
  EXPECT_TRUE(summary.closed());
  EXPECT_EQ(summary.inconsistentEdges, 0);
  EXPECT_EQ(summary.genus(), GetParam().genus);
  EXPECT_GT(signedVolume6(mesh_), 0);
}

TEST_P(SampleModel, isReadWithoutRepair) {
  EXPECT_EQ(report_.parts, 1);
  EXPECT_EQ(report_.verticesWelded, 0);
  EXPECT_EQ(report_.facesDropped, 0);
}

TEST_P(SampleModel, hasTheDocumentedSize) {
  EXPECT_GE(int(mesh_.faces.size()), GetParam().fewestFaces);
  EXPECT_LE(int(mesh_.faces.size()), GetParam().mostFaces);
  const Bounds bounds = boundsOf(mesh_);
  const glm::dvec3 extent = bounds.upper - bounds.lower;
  EXPECT_NEAR(extent.y, GetParam().height, 0.05 * GetParam().height);
  EXPECT_NEAR(std::max({extent.x, extent.y, extent.z}), GetParam().longest, 0.05 * GetParam().longest);
  EXPECT_NEAR(bounds.lower.y, 0, 0.02 * extent.y) << "stands on the ground, y up";
}

// Isotropic remeshing leaves few angles below 20 degrees and none near zero.
TEST_P(SampleModel, hasNoSlivers) { EXPECT_GT(smallestAngle(mesh_), 8.0); }

INSTANTIATE_TEST_SUITE_P(Assets, SampleModel,
                         testing::Values(Expected{"avocado.glb", 9500, 10500, 0, 0.122, 0.122},
                                         Expected{"kettle.glb", 19000, 21000, 1, 0.268, 0.308},
                                         Expected{"tree.glb", 30000, 34000, 0, 4.07, 4.07}),
                         [](const auto& sample) { return std::filesystem::path(sample.param.file).stem().string(); });

std::vector<std::filesystem::path> presetFiles() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kAssets / "presets")) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

nlohmann::json readJson(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return nlohmann::json::parse(stream);
}

TEST(Presets, eachHasLabelDescriptionAndValidOptions) {
  const auto files = presetFiles();
  ASSERT_GE(files.size(), 4u);
  for (const auto& file : files) {
    SCOPED_TRACE(file.filename().string());
    EXPECT_EQ(file.extension(), ".json");
    const auto preset = readJson(file);
    EXPECT_EQ(preset.size(), 3u);
    EXPECT_FALSE(preset.at("label").get<std::string>().empty());
    EXPECT_EQ(preset.at("description").get<std::string>().back(), '.');
    const FitOptions options = optionsFromJson(preset.at("options").dump());
    EXPECT_NO_THROW(checkOptions(options));
    for (const auto& [name, value] : preset.at("options").items()) {
      const Option* option = findOption(name);
      ASSERT_NE(option, nullptr) << name;
      if (value.is_number()) EXPECT_EQ(option->get(options), value.get<double>()) << name;
      else EXPECT_EQ(optionText(options, *option), value.is_string() ? value.get<std::string>() : value.dump()) << name;
    }
  }
}

TEST(Presets, balancedSpellsOutTheDefaults) {
  const auto preset = readJson(kAssets / "presets" / "balanced.json");
  EXPECT_EQ(optionsFromJson(preset.at("options").dump()), FitOptions{});
}

TEST(Icon, isASquareWithClearCorners) {
  const RgbaImage icon = readPng(kAssets / "icon.png");
  ASSERT_EQ(icon.width, 256);
  ASSERT_EQ(icon.height, 256);
  EXPECT_EQ(icon.at(0, 0).a, 0);
  EXPECT_EQ(icon.at(128, 128).a, 255);
}

}  // namespace
}  // namespace penumbra
