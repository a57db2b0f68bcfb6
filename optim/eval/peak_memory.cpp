#include "optim/eval/peak_memory.h"

#include <fstream>
#include <string>

namespace penumbra {

double peakMemoryMiB() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "VmHWM:") {
      double kibibytes = 0;
      status >> kibibytes;
      return kibibytes / 1024;
    }
  return 0;
}

void forgetPeakMemory() { std::ofstream("/proc/self/clear_refs") << "5"; }

}  // namespace penumbra
