// The most memory the process has held since the meter was made (Linux; 0 where it cannot be told).
#pragma once
#include <fstream>
#include <string>

namespace penumbra {

class PeakMemory {
 public:
  PeakMemory() { std::ofstream("/proc/self/clear_refs") << "5"; }  // resets the high-water mark
  double mebibytes() const {
    std::ifstream status("/proc/self/status");
    for (std::string word; status >> word;)
      if (word == "VmHWM:") {
        double kibibytes = 0;
        status >> kibibytes;
        return kibibytes / 1024;
      }
    return 0;
  }
};

}  // namespace penumbra
