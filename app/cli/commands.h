// What the program can do without a window. Every command takes plain arguments, writes its result to stdout and
// messages to stderr, and throws Error; reading flags is command_line.cpp's part.
#pragma once
#include <filesystem>
#include <string>

#include "app/cli/fit_progress.h"
#include "optim/eval/evaluate.h"
#include "optim/io/export_frame.h"
#include "optim/options.h"
#include "renderer/error.h"

namespace penumbra {

// Reconstructs from a model file (its silhouettes) or a folder of masks, through the same Session as the window.
struct FitArguments {
  std::filesystem::path input, output;
  std::filesystem::path config;     // that the options were read from, not to be written over; empty: none
  std::filesystem::path report;     // JSON: quality, time, options in force; empty: none
  std::filesystem::path timelapse;  // animated WebP of the mesh growing; empty: none
  std::filesystem::path picture;    // PNG of the result; empty: none
  ExportFrame frame;                // axes and units of the output
  FitOptions options;
  ProgressStyle progress = ProgressStyle::None;
};
ExitCode runFit(const FitArguments& arguments);

// Writes the masks and cameras that a fit of the model would use, as a folder that `fit` reads back.
struct RenderArguments {
  std::filesystem::path input, output;
  FitOptions options;
};
ExitCode runRender(const RenderArguments& arguments);

// Tells what is in a model file or in a folder of masks.
struct InfoArguments {
  std::filesystem::path input;
  bool json = false;
  std::filesystem::path picture;  // PNG of a model; empty: none
};
ExitCode runInfo(const InfoArguments& arguments);

// Measures a mesh, on its own or against a reference in the same coordinates.
struct EvalArguments {
  std::filesystem::path input, reference;  // empty reference: the mesh's own figures only
  std::filesystem::path json;              // where the figures go as JSON; "-": stdout, instead of the table
  EvalOptions options;
  int threads = 0;
};
ExitCode runEval(const EvalArguments& arguments);

// Compares gradients with central differences in double precision on this very mesh.
struct GradientCheckArguments {
  std::filesystem::path input;
  FitOptions options;
  int samples = 100;  // vertex coordinates tried
};
ExitCode runGradientCheck(const GradientCheckArguments& arguments);

// "Penumbra 0.1.0" and a line on CUDA, or versions of the program and of every library as JSON.
std::string versionText();
std::string versionJson();

// Throws Error(Input) when there is nothing at `path`.
void requireInput(const std::filesystem::path& path);
// Throws Error(Usage) when what is to be written under `flag` is the very file that `name` is; either may be empty.
void refuseToOverwrite(const char* flag, const std::filesystem::path& output, const char* name, const std::filesystem::path& file);

}  // namespace penumbra
