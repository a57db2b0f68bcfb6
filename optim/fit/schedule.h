// How sigma and the learning rate change over a fit.
//
//   sigma(t) = sigma (sigmaEnd / sigma)^s,  s = min(1, t / sigmaSteps), in steps of at most 5 %
//   rate(t)  = learningRate * learningRateEnd^(t / (T - 1)),  T planned iterations
// Sigma moves in small steps, not continuously, because the masks are softened anew at each change. With coarseToFine
// it follows the outlines instead.
#pragma once
#include <algorithm>
#include <cmath>

#include "optim/fit/fit_state.h"
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

// The narrowest and the least first band that masks have use for, px: below half a pixel there is only the pixel grid.
inline constexpr double kLeastBand = 0.5, kLeastFirstBand = 1.25;

// In force at the state: what follows the outlines (adaptation.h), or the schedule above. `halfSide`: half the shorter
// side of the images, px.
inline double sigmaInForce(const FitOptions& options, const FitState& state, double halfSide) {
  if (!options.coarseToFine) return sigmaAt(options, state.iteration);
  return state.growth.sigma > 0 ? state.growth.sigma : std::max(options.sigma, std::pow(kLeastFirstBand / halfSide, 2));
}

// No sigma to come exceeds this while the options stay.
inline double largestSigma(const FitOptions& options, const FitState& state, double halfSide) {
  const double planned = std::max(options.sigma, options.sigmaEnd);
  if (!options.coarseToFine) return planned;
  return std::max({planned, std::pow(kLeastFirstBand / halfSide, 2), state.growth.sigma});
}

// Smoothing of steps for a mesh of this many vertices. Where triangles are refined it reaches over more of them, though
// less far over the surface: options.lambda is that of the usual start, kUsualVertices.
inline constexpr double kUsualVertices = 2562;
inline double lambdaFor(const FitOptions& options, int vertices) {
  if (options.remesh == Remeshing::Off) return options.lambda;
  return options.lambda * std::max(1.0, std::sqrt(vertices / kUsualVertices));
}

}  // namespace penumbra
