// The Gauss-Newton fit as a solver of Fitter: schedule, mesh density and stop test around newton_step.h.
//
// Density, coarse to fine: kLevels vertices (edges at least kLeastEdgePixels long, within the options' limits). The coarse
// levels settle the shape between the rims at a fraction of the cost. A finer level is begun once a step lowers the
// energy by less than kStall kStallsInARow times, or after kMostSteps; kFinalStall where it is to end, or outlines are
// finer than kFineRms on the last level but one. The last level is made only when outlines are still rougher than
// kFinestRms pixels and half of all neighbouring faces turn by more than options.finestTurn
// (face_turn.h): roughness alone does not tell, for with few views the prior, not the density, keeps outlines off the
// masks. Measured at 16 to 64 views: 12000 vertices do as well at 2.4 to 5.8 degrees (spot, bunny, nefertiti, armadillo)
// and worse at 6.6 to 10 (scorpion, tree). Meshes are made evenly dense by isotropic_remesh.h and mended where faces lie
// folded, for steps keep folds as they find them (step_guard.h); closed manifolds only, others keep their triangles. A
// mesh that came from elsewhere (a file, the other solver) is never made coarser.
// Clip of the residuals: 15, 5, then 2 pixels, so that what is far away pulls first and outliers do not pull forever;
// 15 throughout when the loss is not to be robust.
// Prior: mu = options.prior clamp(kFewViews / views, 1/4, 1), independent of resolution and density by its units
// (contour_terms.h, thin_plate.h): with many views little is left to the prior. When the outlines stay off the masks' by
// more than kRoughPixels on average (what anti-aliased masks leave open) plus what the masks' own noise explains (1/4 px
// if they are binary; kNoisyRoughPixels where that is more than kCleanNoise, for it is an estimate), the shape has more
// detail than mu allows, and mu falls to kRelaxation of it, once (discrepancy principle). Only once the steps have
// settled: with a small mu from the start they stall before the parts between the rims have moved.
// Noise: Fitter hands over corrected views where masks disagree (view_correction.h). Where they still disagree with one
// another by n pixels (hull/view_trust.h), mu is 1 + kNoisePrior n times higher, for only stiffness averages over neighbouring
// rims, the robust loss reaches kNoiseReach n pixels farther, and mu is not lowered for roughness that n explains. Views
// whose masks contradict the others do not pull at all.
// Converged: the last level has stalled. Going on is possible at any time.
#pragma once
#include "optim/fit/solver.h"
#include "optim/newton/newton_step.h"

namespace penumbra {

class NewtonSolver : public FitSolver {
 public:
  static constexpr int kLevels[] = {4000, 12000, 30000};
  static constexpr double kLeastEdgePixels = 2, kFineRms = 0.1, kFinestRms = 0.05;
  static constexpr double kFaceShare = 0.96;  // of the most faces that remeshing aims at: it hits within 2 %
  static constexpr double kStall = 0.03, kFinalStall = 0.01;
  static constexpr int kStallsInARow = 2, kMostSteps = 12, kMendRounds = 3;
  static constexpr double kFewViews = 16, kRoughPixels = 0.03, kNoisyRoughPixels = 0.08, kCleanNoise = 0.05;
  static constexpr double kBinaryNoise = 0.25, kRelaxation = 0.3;
  static constexpr double kNoisePrior = 40, kNoiseReach = 2;

  NewtonSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, std::shared_ptr<const JudgedMasks> masks = nullptr);

  Metrics iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) override;
  void meshReplaced() override { stepper_.forget(); }
  void setStopFlag(const std::atomic<bool>* stop) override { stepper_.setStopFlag(stop); }
  const std::vector<float>& viewIoU() const override { return stepper_.viewIoU(); }
  const std::vector<float>& vertexGradient() const override { return vertexGradient_; }
  Mask coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) override;

 protected:
  // One step of the mesh; adapts state.newton.damping. Throws Interrupted with nothing changed.
  virtual NewtonReport step(FitState& state, const Topology& topology, const NewtonSettings& settings);
  double energy(const FitState& state, const Topology& topology, const NewtonSettings& settings) {
    return stepper_.energy(state.positions, topology, settings);  // on the processor
  }

 private:
  void begin(FitState& state, Topology& topology, const FitOptions& options);
  void keepLimit(FitState& state, Topology& topology, const FitOptions& options);
  void advance(FitState& state, Topology& topology, const FitOptions& options);
  double edgeOfLevel(const FitState& state, int level, const FitOptions& options) const;  // world units
  bool remesh(FitState& state, Topology& topology, double edge);
  NewtonSettings settings(const FitOptions& options, const NewtonState& state) const;
  bool finestHelps(FitState& state, const Topology& topology, const FitOptions& options, const NewtonReport& report);
  void schedule(FitState& state, const Topology& topology, const FitOptions& options, const NewtonReport& report);

  std::shared_ptr<const ViewSet> views_;
  ThreadPool& pool_;
  NewtonStepper stepper_;
  CoverageRenderer<float> renderer_;
  double pixel_ = 0;                     // world units a pixel, at the middle of the object
  double rough_ = 0;                     // px, misfit that asks for a weaker prior
  std::vector<float> vertexGradient_;
};

}  // namespace penumbra
