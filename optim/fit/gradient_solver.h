// First-order descent on rendered coverage: what a person tweaks with sigma and learning rate.
//
// sampleViews -> coverage -> imageLoss -> coverageBackward -> regularise -> encodeGradient -> step
// The state keeps positions x. With differential parameters the gradient is carried to u (encodeGradient) and the
// step in u back to x (smooth_steps.h). A step moves no vertex by more than kMaxStep of the mean length of its edges.
#pragma once
#include "optim/fit/coverage_pass.h"
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
  void regularise(const FitState& state, const Topology& topology, const FitOptions& options, Metrics& metrics);
  void smoothGradient(const Topology& topology, const FitOptions& options);
  void move(FitState& state, const Topology& topology);

  std::shared_ptr<const ViewSet> views_;
  CoveragePass pass_;
  std::unique_ptr<SmoothSteps> smooth_;  // null until needed
  std::uint64_t smoothId_ = 0;           // topology it was made for
  std::vector<glm::vec3> gradient_;
  std::vector<float> vertexGradient_, edgeSum_, edgeCount_;
};

}  // namespace penumbra
