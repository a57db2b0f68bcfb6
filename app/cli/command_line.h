// Reads the arguments of the program and runs what they ask for.
#pragma once
#include "renderer/error.h"

namespace penumbra {

// No command: the window. Throws Error; the exit code is that of the process.
ExitCode runCommandLine(int argc, const char* const* argv);

}  // namespace penumbra
