// Runs a program and collects what it writes, as a shell would.
#pragma once
#include <string>
#include <vector>

namespace penumbra {

struct ProcessResult {
  int exitCode = -1;  // -1 when it was ended by a signal
  std::string out, err;
};

struct ProcessSetup {
  std::vector<std::string> environment;  // "NAME=value" added, "NAME" removed
  std::string interruptAfter;            // SIGINT once this has appeared on its stdout
};

// Runs arguments[0]; stdin is empty.
ProcessResult runProcess(const std::vector<std::string>& arguments, const ProcessSetup& setup = {});

}  // namespace penumbra
