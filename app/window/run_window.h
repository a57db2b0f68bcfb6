// Opens the window and runs it until the person quits: the one entry of the command line into the graphical part.
#pragma once
#include <filesystem>

#include "app/window/cuda_interop.h"
#include "optim/options.h"

namespace penumbra {

enum class DisplayBackend {
  Auto,  // a GLFW window; with --screenshot and no display the surfaceless one
  Glfw,  // a real window or an error
  Egl    // no window at all: draws into memory (only useful with --screenshot or --bench-ui)
};

struct WindowArguments {
  std::filesystem::path open;        // model file or dataset folder; empty: the welcome card
  FitOptions options;                // in force from the start
  bool start = false;                // start fitting as soon as `open` is loaded
  std::filesystem::path screenshot;  // when not empty: draw `frames` frames, write this PNG and quit
  int frames = 60;                   // counted from when `open` is loaded, paced at 30 a second
  double uiScale = 0;                // 0: the saved preference (1 at first); multiplies the monitor's scale
  double benchUiSeconds = 0;         // when > 0: fit flat out, draw without pause, print frame times, quit
  int width = 0, height = 0;         // of the window in pixels; 0: the saved size (1600 x 900 at first)
  DisplayBackend display = DisplayBackend::Auto;
  InteropMode interop = InteropMode::Auto;  // On: says so in a notice when it is not possible
};

// Returns the exit code of the process. Throws Error(ExitCode::Display) when no window can be opened, Error(Save)
// when the screenshot cannot be written.
int runWindow(const WindowArguments& arguments);

}  // namespace penumbra
