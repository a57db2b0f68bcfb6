// Times of frames and what to say of them.
#pragma once
#include <string>
#include <vector>

namespace penumbra {

class FrameTimes {
 public:
  void add(double milliseconds) { times_.push_back(milliseconds); }
  std::size_t count() const { return times_.size(); }
  double percentile(double share) const;  // nearest rank, 0 when there is none
  double max() const { return percentile(1); }
  // "frames 300  p50 18.2 ms  p95 31.0 ms  max 44.1 ms"
  std::string summary() const;

 private:
  std::vector<double> times_;
};

// When to draw the next frame.
struct Pacing {
  bool busy = false;       // the fit runs, something moves or is about to vanish
  bool interacting = false;  // input came in lately
  bool software = false;   // the processor draws: leave it time for the fit
  // Seconds between two frames at least; the display's rhythm may make it more.
  double interval() const;
  // Seconds to sleep for events, so long after the last frame. Never 0 when nothing is due: an idle window costs nothing.
  double sleep(double sinceLastFrame) const;
  static constexpr double kIdleWait = 0.25;
};

}  // namespace penumbra
