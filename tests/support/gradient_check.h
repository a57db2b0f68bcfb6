// Holds the gradients of a coverage model to central differences in double, over positions and all camera numbers.
//
//   L = sum_vp w_vp alpha_vp, w fixed and random;   numeric = (L(x + h) - L(x - h)) / 2h
//
// Camera entries: rotation (rad), translation (world), log fx, log fy, cx / fx, cy / fy, so that all have the size of a
// length in the world. An entry whose differences with h and h / 2, or to the right and to the left, disagree lies
// at a kink or step of the model: it is counted as excluded and left out of the cosine, but kept in the median.
#pragma once
#include <cstdint>

#include "tests/support/scenes.h"

namespace penumbra {

struct GradientReport {
  double cosine = 1;               // over entries not excluded
  double medianRelativeError = 0;  // |analytic - numeric| / max of both, entries above 1e-4 of the largest
  int entries = 0, excluded = 0;
  double largest = 0;              // |numeric|
  bool finite = true;              // every analytic number, tried or not
};

struct SceneGradientReport {
  GradientReport positions, cameras;
};

// Tries `samples` coordinates of positions at most, chosen by seed, and every camera number.
SceneGradientReport checkSceneGradients(ThreadPool& pool, const TestScene& scene, CoverageModel model,
                                        int samples = 100, std::uint32_t seed = 1);

}  // namespace penumbra
