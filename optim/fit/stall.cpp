#include "optim/fit/stall.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

bool gained(const StallState& since, const StallTest::Signs& now) {
  return now.outlinePx < (1 - StallTest::kGain) * since.outlinePx ||
         std::abs(now.outlineLength - since.outlineLength) > StallTest::kGrowth * since.outlineLength ||
         now.faces > (1 + StallTest::kFaces) * since.faces;
}

}  // namespace

void StallTest::watch(StallState& state, const Signs& now, int steps, int planned) {
  const bool begun = state.outlinePx >= 0;
  if (!now.sharp || now.outlinePx < 0) {
    state = {};
  } else if (!begun || gained(state, now)) {
    state = {now.outlinePx, now.outlineLength, now.faces};
  } else {
    state.iterations += steps;
    state.converged = state.iterations >= std::max(double(kLeast), kShare * planned);
  }
}

}  // namespace penumbra
