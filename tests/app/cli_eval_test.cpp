// `penumbra eval` as a person or a script meets it.
#include <gtest/gtest.h>

#include <cmath>

#include <nlohmann/json.hpp>

#include "optim/io/mesh_io.h"
#include "tests/support/flat_scene.h"
#include "tests/support/process.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

using Json = nlohmann::json;

ProcessResult eval(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {PENUMBRA_PROGRAM, "eval"});
  return runProcess(arguments);
}

std::string written(const TemporaryFolder& folder, const std::string& name, Mesh mesh, float scale) {
  for (auto& p : mesh.positions) p *= scale;
  writeMesh(folder / name, mesh);
  return (folder / name).string();
}

TEST(CliEval, AgainstAReference) {
  const TemporaryFolder folder;
  const std::string mesh = written(folder, "mesh.ply", testing::ballMesh(4), 2.85f);
  const std::string truth = written(folder, "truth.obj", testing::ballMesh(4), 3);
  const ProcessResult result = eval({mesh, "--reference", truth, "--json", "-", "--samples", "5000"});
  ASSERT_EQ(result.exitCode, 0) << result.err;
  const Json json = Json::parse(result.out);
  EXPECT_NEAR(json["chamfer_l1"].get<double>(), 0.05, 1e-3);
  EXPECT_NEAR(json["volume_iou"].get<double>(), 0.95 * 0.95 * 0.95, 1e-3);
  EXPECT_NEAR(json["unit_in_input_coordinates"].get<double>(), 3, 1e-5);
  const double area = 0.95 * 0.95 * 15 / (16 - 0.95 * 0.95);  // of the smaller disc, seen from 4 radii
  EXPECT_NEAR(json["heldout_iou"].get<double>(), area, 1e-3);
  EXPECT_NEAR(json["contour_error_px"].get<double>(), 0.97 * 256 * (1 - std::sqrt(area)), 0.1);
  EXPECT_EQ(json["heldout_views"], 16);
  EXPECT_EQ(json["mesh"]["genus"], 0);
  EXPECT_EQ(json["mesh"]["faces"], 5120);
  EXPECT_EQ(json["reference"]["self_intersecting_faces"], 0);
  EXPECT_EQ(json["flipped_area_percent"], 0.0);
  EXPECT_EQ(json["samples"], 5000);
  EXPECT_EQ(json["reference_file"], truth);
}

TEST(CliEval, TheTableAndTheFileHoldTheSame) {
  const TemporaryFolder folder;
  const std::string mesh = written(folder, "mesh.ply", torusMesh(24, 12), 1);
  const std::string out = (folder / "figures.json").string();
  const ProcessResult result = eval({mesh, "--reference", mesh, "--json", out, "--samples", "1000"});
  ASSERT_EQ(result.exitCode, 0) << result.err;
  const Json json = Json::parse(contentOf(out));
  EXPECT_EQ(json["volume_iou"], 1.0);
  EXPECT_EQ(json["heldout_iou"], 1.0);
  EXPECT_LT(json["contour_error_px"], 0.01);
  EXPECT_EQ(json["mesh"], json["reference"]);
  for (const char* line : {"volume IoU                         1.00000\n", "Chamfer-L1                        0.000000\n",
                           "held-out IoU                       1.00000\n", "contour error, px                    0.00",
                           "genus                                 1          1\n"})
    EXPECT_NE(result.out.find(line), std::string::npos) << line << "in\n" << result.out;
}

TEST(CliEval, WithoutAReferenceTheMeshIsMeasuredAlone) {
  const TemporaryFolder folder;
  Mesh mesh = torusMesh(24, 12);
  mesh.faces.resize(mesh.faces.size() - 3);
  const std::string file = written(folder, "open.ply", mesh, 5);
  const ProcessResult table = eval({file});
  EXPECT_EQ(table.exitCode, 0) << table.err;
  EXPECT_NE(table.out.find("boundary edges                        5\n"), std::string::npos) << table.out;
  EXPECT_EQ(table.out.find("Chamfer"), std::string::npos);
  const Json json = Json::parse(eval({file, "--json", "-"}).out);
  EXPECT_FALSE(json["mesh"]["closed"]);
  EXPECT_TRUE(json["mesh"]["genus"].is_null());
  EXPECT_FALSE(json.contains("chamfer_l1"));
  EXPECT_FALSE(json.contains("heldout_iou"));
}

TEST(CliEval, MistakesAreToldInOneSentence) {
  const TemporaryFolder folder;
  const std::string mesh = written(folder, "mesh.ply", testing::ballMesh(1), 1);
  struct Mistake {
    std::vector<std::string> arguments;
    int exitCode;
    std::string message;
  };
  const Mistake mistakes[] = {
      {{}, 2, "No model file or folder was named. See --help."},
      {{"missing.obj"}, 3, "There is no file or folder 'missing.obj'. Check the path."},
      {{mesh, "--reference", "missing.obj"}, 3, "There is no file or folder 'missing.obj'. Check the path."},
      {{mesh, "--referense", mesh}, 2, "Unknown option '--referense'. Did you mean --reference?"},
      {{mesh, "--samples", "0"}, 2, "samples is 0, must be in [1, 10000000]."},
      {{mesh, "--json"}, 2, "--json needs a value. See --help."},
  };
  for (const Mistake& mistake : mistakes) {
    const ProcessResult result = eval(mistake.arguments);
    EXPECT_EQ(result.exitCode, mistake.exitCode) << mistake.message;
    EXPECT_EQ(result.err, "penumbra: " + mistake.message + "\n");
    EXPECT_EQ(result.out, "");
  }
  EXPECT_EQ(eval({mesh, "--json", "/no/such/folder/a.json"}).exitCode, 5);
}

}  // namespace
}  // namespace penumbra
