#include "app/window/frame_times.h"

#include <algorithm>
#include <cmath>

#include "app/cli/text.h"

namespace penumbra {

double FrameTimes::percentile(double share) const {
  if (times_.empty()) return 0;
  std::vector<double> sorted = times_;
  std::sort(sorted.begin(), sorted.end());
  const auto rank = std::ptrdiff_t(std::ceil(share * double(sorted.size()))) - 1;
  return sorted[std::size_t(std::clamp<std::ptrdiff_t>(rank, 0, std::ptrdiff_t(sorted.size()) - 1))];
}

std::string FrameTimes::summary() const {
  return "frames " + std::to_string(count()) + "  p50 " + fixedText(percentile(0.5), 1) + " ms  p95 " + fixedText(percentile(0.95), 1) +
         " ms  max " + fixedText(max(), 1) + " ms";
}

double Pacing::interval() const {
  if (!software) return 1.0 / 250;
  return interacting ? 1.0 / 40 : 1.0 / 15;
}

double Pacing::sleep(double sinceLastFrame) const {
  return busy || interacting ? std::max(0.0, interval() - sinceLastFrame) : kIdleWait;
}

}  // namespace penumbra
