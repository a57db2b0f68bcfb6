// The program as a person at a terminal meets it: help, versions, mistakes and their exit codes.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "app/cli/option_flags.h"
#include "optim/options.h"
#include "tests/support/process.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

ProcessResult penumbra(std::vector<std::string> arguments, const ProcessSetup& setup = {}) {
  arguments.insert(arguments.begin(), PENUMBRA_PROGRAM);
  return runProcess(arguments, setup);
}

struct Mistake {
  std::vector<std::string> arguments;
  int exitCode;
  std::string message;
};

TEST(CliUsage, MistakesGetOneExactSentenceAndTheirExitCode) {
  const TemporaryFolder folder;
  const std::string model = folder.write("model.obj", "v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n").string();
  const std::string config = folder.write("options.json", "{}").string();
  const std::string out = (folder / "out.glb").string();
  const std::vector<Mistake> mistakes = {
      {{"fit", model, "-o", out, "--vews", "3"}, 2, "Unknown option '--vews'. Did you mean --views?"},
      {{"fit", model, "-o", out, "--views", "three"}, 2,
       "views is 'three', must be a whole number in [1, 512]"},
      {{"fit", model, "-o", out, "--learning-rate", "300"}, 2, "learning_rate is 300, must be in [1e-06, 100]"},
      {{"fit", model, "-o", out, "--coverage", "magic"}, 2, "coverage is 'magic', must be contour or softras"},
      {{"fit", model, "-o", out, "--views"}, 2, "--views needs a value. See --help."},
      {{model, "--views"}, 2, "--views needs a value. See --help."},
      {{"fit", model, "more", "-o", out}, 2, "Unexpected argument 'more'. See penumbra fit --help."},
      {{"fit", model}, 2, "fit: no output was named. Add -o out.glb."},
      {{"fit", model, "-o", "out.txt"}, 2,
       "-o: 'out.txt' is no mesh format that can be written. Use .glb, .obj, .ply or .stl."},
      {{"fit", model, "-o", out, "--progress", "loud"}, 2,
       "progress is loud, must be auto, bar, plain, json or none."},
      {{"fit", model, "-o", out, "--picture", "a.jpg"}, 2, "--picture: 'a.jpg' must end in .png."},
      {{"fit", model, "-o", out, "--start", "mesh"}, 2, "start is mesh, must be auto, sphere, ellipsoid, box, convex, hull or a mesh file. Try --start FILE."},
      {{"--views", "3", "fit", model, "-o", out}, 2, "--views must follow the command fit."},
      {{"fit"}, 2, "No model file or folder was named. See --help."},
      {{"fit", "missing.obj", "-o", out}, 3, "There is no file or folder 'missing.obj'. Check the path."},
      {{"info", "missing.obj"}, 3, "There is no file or folder 'missing.obj'. Check the path."},
      {{"missing.obj"}, 3, "There is no file or folder 'missing.obj'. Check the path."},
      {{"fit", model, "-o", "/no/such/folder/out.glb"}, 5,
       "-o: there is no folder '/no/such/folder'. Make it first."},
      {{"fit", model, "-o", out, "--config", "missing.json"}, 3,
       "Cannot read the configuration 'missing.json'. Check the path."},
      {{"fit", model, "-o", out, "--preset", "magic"}, 2,
       "preset is 'magic', must be one of: balanced, fast-preview, fine-detail, thin-structures, watch-it-grow."},
      {{"fit", model, "-o", out, "--config", config, "--report", config}, 2,
       "--report: '" + config + "' is the same file as --config and would overwrite it. Name another file."},
      {{"eval", model, "--json", model}, 2,
       "--json: '" + model + "' is the same file as the input and would overwrite it. Name another file."},
  };
  for (const Mistake& mistake : mistakes) {
    const ProcessResult result = penumbra(mistake.arguments);
    EXPECT_EQ(result.exitCode, mistake.exitCode) << mistake.message;
    EXPECT_EQ(result.err, "penumbra: " + mistake.message + "\n");
    EXPECT_EQ(result.out, "");
  }
}

TEST(CliUsage, WithoutADisplayThereIsAWayOn) {
  const ProcessResult result = penumbra({}, {{"DISPLAY", "WAYLAND_DISPLAY"}, {}});
  EXPECT_EQ(result.exitCode, 6);
  EXPECT_NE(result.err.find("penumbra fit FILE -o out.glb"), std::string::npos) << result.err;
}

TEST(CliUsage, HelpNamesEveryOptionWithItsDefault) {
  const ProcessResult result = penumbra({"fit", "--help"});
  EXPECT_EQ(result.exitCode, 0);
  EXPECT_EQ(result.err, "");
  for (const Option& option : fitOptionTable()) {
    const std::string shown = option.scale == OptionScale::Toggle ? "--[no-]" + flagName(option).substr(2) : flagName(option);
    EXPECT_NE(result.out.find("\n  " + shown), std::string::npos) << shown;
    EXPECT_NE(result.out.find(std::string("\n") + option.group + ":\n"), std::string::npos) << option.group;
  }
  for (const char* flag : {"-o, --output", "--report", "--config", "--timelapse", "--picture", "--progress"})
    EXPECT_NE(result.out.find(flag), std::string::npos) << flag;
}

TEST(CliUsage, HelpOfTheProgramNamesEveryCommand) {
  const ProcessResult result = penumbra({"--help"});
  EXPECT_EQ(result.exitCode, 0);
  for (const char* word : {"fit", "render", "info", "eval", "gradcheck", "--screenshot", "--version"})
    EXPECT_NE(result.out.find(word), std::string::npos) << word;
}

TEST(CliUsage, NoHelpLineIsTooWideForATerminal) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"--help"}, {"fit", "--help"}, {"render", "--help"}, {"eval", "--help"}, {"gradcheck", "--help"}}) {
    const std::string text = penumbra(arguments).out;
    for (std::size_t begin = 0, end; (end = text.find('\n', begin)) != std::string::npos; begin = end + 1)
      EXPECT_LE(end - begin, 110u) << text.substr(begin, end - begin);
  }
}

TEST(CliUsage, VersionsOfAllLibrariesAreTold) {
  const std::string text = penumbra({"--version"}).out;
  EXPECT_EQ(text.rfind("Penumbra " PENUMBRA_VERSION "\nCUDA: ", 0), 0u) << text;
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  const auto json = nlohmann::json::parse(penumbra({"--version", "--json"}).out);
  EXPECT_EQ(json["version"], PENUMBRA_VERSION);
  const bool usable = json["cuda"]["usable"];
  EXPECT_EQ(json["cuda"].contains("reason"), !usable);
  for (const char* library : {"assimp", "cli11", "eigen", "glm", "libpng", "libwebp", "nlohmann_json"})
    EXPECT_FALSE(json["libraries"][library].get<std::string>().empty()) << library;
}

TEST(CliUsage, TheReadmeHoldsTheTableOfOptions) {
  const std::string readme = contentOf(PENUMBRA_SOURCE_DIR "/README.md");
  EXPECT_NE(readme.find(optionTableMarkdown()), std::string::npos)
      << "README.md must hold exactly this (penumbra --help-markdown prints it):\n" << optionTableMarkdown();
}

}  // namespace
}  // namespace penumbra
