// The commands at work on a small mesh: what they write, and that they fit together.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include <nlohmann/json.hpp>

#include "optim/io/image_io.h"
#include "optim/io/mesh_io.h"
#include "renderer/device_iteration.h"
#include "renderer/topology.h"
#include "tests/support/process.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

using Json = nlohmann::json;

class CliFit : public ::testing::Test {
 protected:
  CliFit() : model_((folder_ / "ring.obj").string()) {
    writeMesh(model_, torusMesh(24, 12, glm::dvec3(3, -2, 5), 4));
  }

  ProcessResult penumbra(std::vector<std::string> arguments, const ProcessSetup& setup = {}) const {
    arguments.insert(arguments.begin(), PENUMBRA_PROGRAM);
    return runProcess(arguments, setup);
  }

  std::string path(const char* name) const { return (folder_ / name).string(); }
  Json json(const char* name) const { return Json::parse(contentOf(folder_ / name)); }

  // A fit that takes a fraction of a second.
  std::vector<std::string> smallFit(const std::string& input, const std::string& output,
                                    const std::vector<std::string>& more = {}) const {
    std::vector<std::string> arguments = {"fit", input, "-o", output, "--views", "6", "--size", "48", "--iterations",
                                          "40", "--solver", "gradient", "--start", "sphere", "--sphere-level", "2", "--remesh", "off", "--held-out-views", "3", "--threads", "1"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  TemporaryFolder folder_;
  std::string model_;
};

TEST_F(CliFit, NeverOverwritesWhatItReadsOrHasWritten) {
  const std::string before = contentOf(model_);
  const ProcessResult onInput = penumbra(smallFit(model_, model_));
  EXPECT_EQ(onInput.exitCode, 2);
  EXPECT_NE(onInput.err.find("is the same file as the input"), std::string::npos) << onInput.err;
  EXPECT_EQ(contentOf(model_), before);

  std::filesystem::create_hard_link(model_, path("other name.obj"));
  EXPECT_EQ(penumbra(smallFit(model_, path("other name.obj"))).exitCode, 2);
  const ProcessResult twice = penumbra(smallFit(model_, path("o.ply"), {"--report", (folder_ / "x/../o.ply").string()}));
  EXPECT_NE(twice.exitCode, 0);
  EXPECT_FALSE(std::filesystem::exists(path("o.ply")));
}

TEST_F(CliFit, AFullStandardOutputIsAFailureToSave) {
  const ProcessResult result = runProcess({"/bin/sh", "-c", "exec \"$0\" info \"$1\" > /dev/full", PENUMBRA_PROGRAM, model_}, {});
  EXPECT_EQ(result.exitCode, 5) << result.err;
}

TEST_F(CliFit, WritesMeshReportAndPicture) {
  const ProcessResult result =
      penumbra(smallFit(model_, path("out.ply"), {"--report", path("r.json"), "--picture", path("p.png"), "--progress",
                                                  "plain"}));
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_NE(result.out.find(path("out.ply")), std::string::npos);
  EXPECT_NE(result.err.find("iteration 40/40"), std::string::npos) << result.err;

  const Json report = json("r.json");
  for (const char* key : {"seconds", "stage_seconds", "total_seconds", "peak_memory_mib", "iterations", "train_iou", "heldout_iou", "contour_error_px", "vertices", "faces",
                          "backend", "options", "edits", "notes", "history", "heldout_history"})
    EXPECT_TRUE(report.contains(key)) << key;
  EXPECT_EQ(report["iterations"], 40);
  EXPECT_EQ(report["options"]["views"], 6);
  EXPECT_EQ(report["options"]["sigma"], 1e-4);
  EXPECT_EQ(report["vertices"], 162);
  EXPECT_EQ(report["faces"], 320);
  EXPECT_FALSE(report["interrupted"]);
  EXPECT_GT(report["train_iou"], 0.6);  // a sphere has no hole, the ring has one
  EXPECT_GT(report["heldout_iou"], 0.4);

  // The mesh lies where the input lies, not where the optimiser worked.
  const Bounds bounds = boundsOf(readMesh(path("out.ply")));
  EXPECT_LT(glm::length(bounds.centre() - glm::dvec3(3, -2, 5)), 0.4);
  EXPECT_NEAR(bounds.diagonal(), boundsOf(readMesh(model_)).diagonal(), 1.0);

  const RgbaImage picture = readPng(path("p.png"));
  EXPECT_NE(picture.at(picture.width / 2, picture.height / 2).r, picture.at(0, 0).r);
}

TEST_F(CliFit, TellsWhereTheTimeWentAndHowMuchMemoryItTook) {
  const ProcessResult result = penumbra({"fit", model_, "-o", path("out.ply"), "--views", "8", "--size", "48", "--hull-resolution",
                                         "24", "--threads", "1", "--report", path("r.json")});
  ASSERT_EQ(result.exitCode, 0) << result.err;
  const Json report = json("r.json"), stages = report["stage_seconds"];
  ASSERT_EQ(stages.size(), 4u);
  double sum = 0;
  for (const char* stage : {"targets", "start", "fit", "polish"}) {
    EXPECT_GE(stages[stage].get<double>(), 0) << stage;
    sum += stages[stage].get<double>();
  }
  EXPECT_GT(stages["targets"], 0);
  EXPECT_GT(stages["start"], 0) << "a hull was carved";
  EXPECT_GT(stages["fit"], 0);
  EXPECT_NEAR(stages["fit"].get<double>() + stages["polish"].get<double>(), report["seconds"].get<double>(), 1e-9);
  EXPECT_LE(sum, report["total_seconds"].get<double>());
  EXPECT_GT(report["peak_memory_mib"], 1);
  EXPECT_LT(report["peak_memory_mib"], 4096) << "of a mesh of some hundred vertices";
  for (const char* word : {"masks ", ", start ", ", fit ", ", polish ", " in all, at most ", " MiB of memory\n"})
    EXPECT_NE(result.out.find(word), std::string::npos) << word << "in\n" << result.out;
}

// Exit code 0 with and without one: the report and a line tell what computed.
TEST_F(CliFit, AsksForAGraphicsCardAndSaysWhatItGot) {
  const ProcessResult result = penumbra(smallFit(model_, path("out.ply"), {"--report", path("r.json"), "--backend", "cuda", "--solver", "gradient",
                                                                           "--progress", "plain"}));
  ASSERT_EQ(result.exitCode, 0) << result.err;
  const Json report = json("r.json");
  const std::string backend = report["backend"], reason = report["backend_reason"];
  if (const CudaStatus status = probeCuda(); status.available) {
    EXPECT_EQ(backend, "CUDA (" + status.name + ")");
    EXPECT_EQ(reason, "");
  } else {
    EXPECT_EQ(backend.rfind("CPU (", 0), 0u) << backend;
    EXPECT_EQ(reason, status.reason);
    EXPECT_NE(result.err.find("The fit runs on the CPU: " + status.reason), std::string::npos) << result.err;
  }
}

TEST_F(CliFit, ProgressAsJsonIsOneObjectALine) {
  const ProcessResult result = penumbra(smallFit(model_, path("out.glb"), {"--progress", "json"}));
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_EQ(result.err, "");
  std::istringstream lines(result.out);
  std::map<std::string, Json> last;
  for (std::string line; std::getline(lines, line);) {
    const Json event = Json::parse(line);
    last[event["event"]] = event;
  }
  for (const char* kind : {"loaded", "started", "progress", "finished", "exported"}) EXPECT_TRUE(last.contains(kind)) << kind;
  EXPECT_EQ(last["progress"]["iteration"], 40);
  EXPECT_EQ(last["progress"]["planned_iterations"], 40);
  EXPECT_EQ(last["progress"]["state"], "done");
  EXPECT_EQ(last["exported"]["path"], path("out.glb"));
}

TEST_F(CliFit, SaysWhichFlagsDoNothingAndWhichViewsAreLacking) {
  const ProcessResult result = penumbra({"fit", model_, "-o", path("out.glb"), "--views", "8", "--size", "48", "--threads", "1",
                                         "--placement", "ring", "--elevation-min", "10", "--elevation-max", "10",
                                         "--start", "hull", "--loss", "l1", "--max-size", "100", "--progress", "plain"});
  ASSERT_EQ(result.exitCode, 0) << result.err;
  EXPECT_NE(result.err.find("Without effect on this fit: --max-size, --loss."), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("ring"), std::string::npos) << result.err;
  EXPECT_NE(result.err.find("watertight"), std::string::npos) << result.err;
}

TEST_F(CliFit, CtrlCSavesFirst) {
  const ProcessResult result = penumbra(
      smallFit(model_, path("out.obj"), {"--progress", "json", "--iterations", "1000000", "--report", path("r.json")}),
      {{}, "\"event\":\"progress\""});
  EXPECT_EQ(result.exitCode, 130) << result.err;
  EXPECT_EQ(readMesh(path("out.obj")).faces.size(), 320u);
  const Json report = json("r.json");
  EXPECT_TRUE(report["interrupted"]);
  EXPECT_LT(report["iterations"], 1000000);
}

TEST_F(CliFit, WhatCanBeWrittenIsThoughThePictureCannot) {
  std::filesystem::create_symlink("/dev/null", path("p.png"));
  const ProcessResult result = penumbra(smallFit(model_, path("a.stl"), {"--iterations", "3", "--picture", path("p.png"),
                                                                        "--timelapse", path("t.webp"), "--report", path("r.json")}));
  EXPECT_EQ(result.exitCode, 5);
  EXPECT_NE(result.err.find("it is not a regular file"), std::string::npos) << result.err;
  EXPECT_EQ(contentOf(path("t.webp")).substr(8, 4), "WEBP");
  EXPECT_EQ(json("r.json")["iterations"], 3);
}

TEST_F(CliFit, TheSameOptionsGiveTheSameBytesWhateverTheThreads) {
  ASSERT_EQ(penumbra(smallFit(model_, path("a.stl"), {"--report", path("r.json")})).exitCode, 0);
  ASSERT_EQ(penumbra({"fit", model_, "-o", path("b.stl"), "--config", path("r.json"), "--threads", "3"}).exitCode, 0);
  EXPECT_EQ(contentOf(path("a.stl")), contentOf(path("b.stl")));
}

TEST_F(CliFit, APresetIsASetOfOptionsAndFlagsWin) {
  ASSERT_EQ(penumbra({"fit", model_, "-o", path("a.stl"), "--preset", "Fast preview", "--views", "8", "--report", path("r.json")}).exitCode, 0);
  const Json options = json("r.json")["options"];
  EXPECT_EQ(options["size"], 128);
  EXPECT_EQ(options["hull_resolution"], 64);
  EXPECT_EQ(options["views"], 8);
  ASSERT_EQ(penumbra({"fit", model_, "-o", path("b.stl"), "--config", path("r.json")}).exitCode, 0);
  EXPECT_EQ(contentOf(path("a.stl")), contentOf(path("b.stl")));
  const ProcessResult both = penumbra({"fit", model_, "-o", path("b.stl"), "--preset", "fast_preview", "--config", path("r.json")});
  EXPECT_EQ(both.exitCode, 2);
  EXPECT_NE(both.err.find("--config"), std::string::npos) << both.err;
  EXPECT_NE(both.err.find("--preset"), std::string::npos) << both.err;
}

TEST_F(CliFit, ATimelapseDoesNotChangeTheResult) {
  ASSERT_EQ(penumbra(smallFit(model_, path("a.stl"), {"--iterations", "5"})).exitCode, 0);
  ASSERT_EQ(penumbra(smallFit(model_, path("b.stl"), {"--iterations", "5", "--timelapse", path("t.webp")})).exitCode, 0);
  EXPECT_EQ(contentOf(path("a.stl")), contentOf(path("b.stl")));
  EXPECT_EQ(contentOf(path("t.webp")).substr(8, 4), "WEBP");
}

TEST_F(CliFit, TheDefaultStopsWhenConvergedWithATimelapseToo) {
  const std::vector<std::string> fit = {"fit", model_, "--views", "8", "--size", "48", "--hull-resolution", "24", "--threads", "1"};
  auto plain = fit, filmed = fit;
  plain.insert(plain.end(), {"-o", path("a.stl"), "--report", path("a.json")});
  filmed.insert(filmed.end(), {"-o", path("b.stl"), "--report", path("b.json"), "--timelapse", path("t.webp")});
  ASSERT_EQ(penumbra(plain).exitCode, 0);
  ASSERT_EQ(penumbra(filmed).exitCode, 0);
  EXPECT_LT(json("a.json")["iterations"], 100);
  EXPECT_EQ(json("a.json")["converged"], true);
  EXPECT_EQ(json("a.json")["iterations"], json("b.json")["iterations"]);
  EXPECT_EQ(contentOf(path("a.stl")), contentOf(path("b.stl")));
}

// Nothing but smoothing: every step from the true shape makes it worse.
TEST_F(CliFit, WritesTheBestMeshAndSaysSoWhenTheEndIsWorse) {
  const std::vector<std::string> worsening = {"--start", model_, "--silhouette-weight", "0", "--laplacian", "1",
                                              "--learning-rate", "0.001", "--iterations", "250"};
  auto more = worsening;
  more.insert(more.end(), {"--report", path("r.json")});
  const ProcessResult fitted = penumbra(smallFit(model_, path("a.stl"), more));
  ASSERT_EQ(fitted.exitCode, 0) << fitted.err;
  EXPECT_NE(fitted.err.find("Went back to the mesh of iteration 100"), std::string::npos) << fitted.err;
  const Json report = json("r.json");
  EXPECT_EQ(report["restored_best"], true);
  EXPECT_EQ(report["best_iteration"], 100);
  EXPECT_EQ(report["iterations"], 250);
  EXPECT_EQ(report["heldout_iou"], report["heldout_history"][0]["iou"]);
  ASSERT_EQ(penumbra(smallFit(model_, path("b.stl"), worsening)).exitCode, 0);
  EXPECT_EQ(contentOf(path("a.stl")), contentOf(path("b.stl")));
}

TEST_F(CliFit, WritesOtherAxesAndUnits) {
  ASSERT_EQ(penumbra(smallFit(model_, path("a.ply"), {"--iterations", "3"})).exitCode, 0);
  ASSERT_EQ(penumbra(smallFit(model_, path("b.ply"), {"--iterations", "3", "--export-up", "z", "--export-scale", "1000"})).exitCode, 0);
  const Mesh plain = readMesh(path("a.ply")), turned = readMesh(path("b.ply"));
  ASSERT_EQ(plain.positions.size(), turned.positions.size());
  const glm::vec3 p = plain.positions[7], q = turned.positions[7];
  EXPECT_LT(glm::length(q - 1000.f * glm::vec3(p.x, -p.z, p.y)), 1e-2f) << "1e-5 of the coordinates: rounding of floats";
  EXPECT_EQ(penumbra(smallFit(model_, path("c.ply"), {"--export-up", "x"})).exitCode, 2);
  EXPECT_EQ(penumbra(smallFit(model_, path("c.ply"), {"--export-scale", "0"})).exitCode, 2);
}

TEST_F(CliFit, GoesOnFromAMesh) {
  ASSERT_EQ(penumbra(smallFit(model_, path("a.glb"), {"--start", model_, "--report", path("r.json")})).exitCode, 0);
  const Json report = json("r.json");
  EXPECT_EQ(report["genus"], 1);
  EXPECT_GT(report["train_iou"], 0.95);
}

TEST_F(CliFit, RenderedViewsAreReadBack) {
  const ProcessResult rendered =
      penumbra({"render", model_, "--views", "7", "--size", "40", "--held-out-views", "2", "-o", path("views")});
  ASSERT_EQ(rendered.exitCode, 0) << rendered.err;
  const Json info = Json::parse(penumbra({"info", path("views"), "--json"}).out);
  EXPECT_EQ(info["views"], 7);
  EXPECT_EQ(info["heldout_views"], 2);
  EXPECT_EQ(info["sizes"], "40x40");

  ASSERT_EQ(penumbra(smallFit(path("views"), path("out.ply"), {"--report", path("r.json")})).exitCode, 0);
  EXPECT_GT(json("r.json")["train_iou"], 0.6);
  EXPECT_LT(glm::length(boundsOf(readMesh(path("out.ply"))).centre() - glm::dvec3(3, -2, 5)), 0.5);
}

TEST_F(CliFit, InfoTellsTheTopology) {
  const Json info = Json::parse(penumbra({"info", model_, "--json"}).out);
  EXPECT_EQ(info["vertices"], 24 * 12);
  EXPECT_EQ(info["faces"], 2 * 24 * 12);
  EXPECT_EQ(info["closed"], true);
  EXPECT_EQ(info["genus"], 1);
  EXPECT_EQ(info["components"], 1);
  const std::string text = penumbra({"info", model_}).out;
  EXPECT_NE(text.find("genus"), std::string::npos);
  EXPECT_NE(text.find("closed              yes"), std::string::npos) << text;
}

TEST_F(CliFit, GradientsAgreeWithDifferences) {
  const ProcessResult result = penumbra({"gradcheck", model_, "--views", "2", "--size", "40", "--samples", "40"});
  EXPECT_EQ(result.exitCode, 0) << result.out << result.err;
  for (const char* row : {"contour, positions", "contour, cameras", "softras, positions", "softras, cameras"})
    EXPECT_NE(result.out.find(row), std::string::npos) << row;
  EXPECT_EQ(result.out.find("DIFFERS"), std::string::npos) << result.out;
}

TEST_F(CliFit, ABrokenModelIsRefusedWithOneSentence) {
  const std::string broken = folder_.write("broken.glb", "glTF\x02 no more").string();
  for (const std::vector<std::string>& arguments :
       {smallFit(broken, path("out.glb")), {"info", broken}, {"render", broken, "-o", path("views")}}) {
    const ProcessResult result = penumbra(arguments);
    EXPECT_EQ(result.exitCode, 3) << arguments[0];
    EXPECT_NE(result.err.find("penumbra: "), std::string::npos);
    EXPECT_NE(result.err.find("broken.glb"), std::string::npos) << result.err;
    EXPECT_EQ(result.out, "");
  }
  EXPECT_FALSE(std::filesystem::exists(path("out.glb")));
}

}  // namespace
}  // namespace penumbra
