// What follows the outlines while a gradient fit runs, every options.remeshEvery steps: sigma and the mesh itself. So a
// fit goes from soft to sharp and from coarse to fine when it has got there, not after so many steps.
//
// Outlines are measured (outline_residuals.h): r their mean distance to the masks', px. With coarseToFine
//   s <- min(s, max(r, kLeastBand, end)),  falling by at most kFall,   sigma = s^2, s in halves of the shorter side
// as a band as wide as the error still sees where to go, and one below half a pixel sees only the pixel grid. Then,
// with remeshing on: wanted lengths <- one update (optim/remesh/sizing.h) from the residuals and how far vertices moved
// -> one pass of adaptiveRemesh (collapse, split, flip, relax) -> new topology. Moments and wanted lengths follow.
// Where all is far off, only places worse than the mean are refined: a mesh refined before it has arrived is slow and
// tangles.
// Only closed, manifold, consistently wound meshes are remeshed: others keep their triangles.
// All that later steps depend on is in FitState: a fit goes on bit for bit from a checkpoint, for any number of
// threads.
// Sources: Palfinger, "Continuous remeshing for inverse rendering" (2022); sizing by residuals: sizing.h.
#pragma once
#include <string>

#include "optim/fit/outline_residuals.h"
#include "optim/fit/solver.h"

namespace penumbra {

// Whether the options ask for remeshing: on, or auto and a start made here (a mesh from a file keeps its triangles).
bool remeshWanted(const FitOptions& options);
// Why a mesh keeps its triangles all the same, as a sentence without its full stop; empty when it does not.
std::string whyNotRemeshed(const Topology& topology);

double meanHalfSide(const ViewSet& views);  // px, of the shorter side, mean over the train views

class Adaptation {
 public:
  static constexpr double kFall = 0.8;  // of sigma, at once

  Adaptation(std::shared_ptr<const ViewSet> views, ThreadPool& pool);

  // Whether anything follows the outlines, and whether it is to be done after this many steps.
  static bool wanted(const FitOptions& options) { return options.coarseToFine || remeshWanted(options); }
  static bool due(const FitOptions& options, int iteration);
  double halfSide() const { return halfSide_; }  // meanHalfSide
  // Does it, and looks whether all of it has come to rest (stall.h). `planned`: iterations. `carried` (V values or none)
  // follows the vertices. Returns whether the faces are others now.
  bool run(FitState& state, Topology& topology, const FitOptions& options, int planned, std::vector<float>& carried);

 private:
  void followWithSigma(FitState& state, const FitOptions& options) const;
  void watchForStall(FitState& state, const Topology& topology, const FitOptions& options,
                     const OutlineResiduals& residuals, int planned) const;
  bool remesh(FitState& state, Topology& topology, const FitOptions& options, const OutlineResiduals& residuals,
              std::vector<float>& carried);

  std::shared_ptr<const ViewSet> views_;
  ThreadPool& pool_;
  OutlineMeter meter_;
  double halfSide_;
};

}  // namespace penumbra
