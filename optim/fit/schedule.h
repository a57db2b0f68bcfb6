// How sigma and the learning rate change over a fit.
//
//   sigma(t) = sigma (sigmaEnd / sigma)^s,  s = min(1, t / sigmaSteps), in steps of at most 5 %
//   rate(t)  = learningRate * learningRateEnd^(t / (T - 1)),  T planned iterations
// Sigma moves in small steps, not continuously, because the masks are softened anew at each change.
#pragma once
#include <algorithm>
#include <cmath>

#include "optim/options.h"

namespace penumbra {

inline double sigmaAt(const FitOptions& options, int iteration) {
  if (options.sigmaSteps <= 0) return options.sigma;
  const double ratio = options.sigmaEnd / options.sigma;
  const double steps = std::ceil(std::abs(std::log(ratio)) / 0.05);
  if (steps == 0) return options.sigma;
  const double progress = std::min(1.0, double(iteration) / options.sigmaSteps);
  return options.sigma * std::pow(ratio, std::floor(progress * steps) / steps);
}

inline double learningRateAt(const FitOptions& options, int iteration, int planned) {
  const double progress = planned > 1 ? std::clamp(double(iteration) / (planned - 1), 0.0, 1.0) : 0.0;
  return options.learningRate * std::pow(options.learningRateEnd, progress);
}

}  // namespace penumbra
