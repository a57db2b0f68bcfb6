// Where the time of a session went, in seconds by the wall clock. Stages never overlap; what is in none of them is
// measuring, showing and saving.
#pragma once
#include <chrono>

namespace penumbra {

struct StageSeconds {
  double targets = 0;  // reading the source, reading or rendering the masks in force
  double start = 0;    // making the mesh that the fit begins with: judging masks, correcting views, the hull (preview included)
  double fit = 0;      // iterations since then, with remeshing
  double polish = 0;   // care for the mesh whenever iterations ended: topology looked at, mesh repaired
  double fitting() const { return fit + polish; }
};

inline double secondsSince(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

}  // namespace penumbra
