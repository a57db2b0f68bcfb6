// Which views a step sees: all, or the next few of a shuffled round, so that every view is used once before any is used
// twice. The choice follows from the seed and the step's number alone, so a fit resumed anywhere goes on the same way.
#pragma once
#include <vector>

namespace penumbra {

// `perStep` 0 or >= count: all, in order. The last step of a round may be shorter.
std::vector<int> sampleViews(int count, int perStep, int seed, int step);

}  // namespace penumbra
