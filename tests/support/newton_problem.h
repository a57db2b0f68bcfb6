// A small problem for tests of the Gauss-Newton fit from the hull.
#pragma once
#include "tests/support/fit_problem.h"

namespace penumbra {

inline FitOptions smallNewtonOptions() {
  FitOptions options;
  options.views = 8;
  options.heldOutViews = 5;
  options.size = 72;
  options.hullResolution = 40;
  return options;
}

struct NewtonProblem : FitProblem {
  explicit NewtonProblem(const Mesh& model, const FitOptions& o = smallNewtonOptions(), int threads = 2)
      : FitProblem(model, o, threads) {}
};

}  // namespace penumbra
