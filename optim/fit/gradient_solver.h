// First-order descent on rendered coverage: what a person tweaks with sigma and learning rate.
//
// sampleViews -> coverage -> imageLoss -> coverageBackward -> regularise -> encodeGradient -> step
// The state keeps positions x. With differential parameters the gradient is carried to u (encodeGradient) and the
// step in u back to x (smooth_steps.h). A step moves no vertex by more than kMaxStep of the mean length of its edges.
// Every few steps sigma and the triangles follow the outlines (adaptation.h).
// The learning rate counts object radii, pixels (at the middle of the object) or mean edges; SteadyAdam's always the
// edges of each vertex. motionSmoothing w adds  w q_i (mean of the neighbours of i - x_i)  to the step, q_i in [0, 1]
// the steadiness of its gradient (optimizer.h): what moves stays smooth, what has arrived is left alone.
// Source of the last: Palfinger, "Continuous remeshing for inverse rendering" (2022), there added to the gradient.
#pragma once
#include "optim/fit/adaptation.h"
#include "optim/fit/coverage_pass.h"
#include "optim/fit/optimizer.h"
#include "optim/fit/smooth_steps.h"
#include "optim/fit/solver.h"

namespace penumbra {

class GradientSolver : public FitSolver {
 public:
  static constexpr float kMaxStep = 0.5f;

  GradientSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool);

  Metrics iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) override;
  void meshReplaced() override { pass_.forgetCoverage(); }
  void setStopFlag(const std::atomic<bool>* stop) override { pass_.setStopFlag(stop); }
  const std::vector<float>& viewIoU() const override { return pass_.viewIoU(); }
  const std::vector<float>& vertexGradient() const override { return vertexGradient_; }
  Mask coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) override;

 private:
  CoveragePass::Settings settings(const FitOptions& options, const FitState& state) const;
  void regularise(const FitState& state, const Topology& topology, const FitOptions& options, Metrics& metrics);
  void smoothGradient(const Topology& topology, const FitOptions& options);
  void measureEdges(const FitState& state, const Topology& topology);
  OptimizerSettings optimizerSettings(const FitOptions& options, double rate) const;
  void smoothMotion(const FitState& state, const Topology& topology, const FitOptions& options);
  void move(FitState& state);

  std::shared_ptr<const ViewSet> views_;
  CoveragePass pass_;
  std::unique_ptr<SmoothSteps> smooth_;  // null until needed
  std::uint64_t smoothId_ = 0;           // topology it was made for
  std::vector<glm::vec3> gradient_;
  std::vector<float> vertexGradient_;
  Adaptation adaptation_;
  double pixel_;                         // world units, at the middle of the object
  float meanEdge_ = 0;                   // of the mesh before the step
  std::vector<float> edge_, degree_;     // by vertex: mean length of its edges, their number
  std::vector<glm::vec3> bend_;
};

}  // namespace penumbra
