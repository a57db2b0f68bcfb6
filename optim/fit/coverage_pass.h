// The part of an iteration that looks at images: coverage of the views of the step, their loss, and its gradient.
//
//   loss = 1/n sum over the n views of the step of imageLoss(target_v, alpha_v)
// Targets are softened when sigma or the softening switch differs from what they were made with, view by view, when
// the view is used. Memory a pixel and view: mask 4, target 8, coverage 4 bytes.
#pragma once
#include <atomic>
#include <memory>
#include <span>
#include <vector>

#include "optim/options.h"
#include "optim/targets/soft_target.h"
#include "optim/view_set.h"
#include "renderer/coverage.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

class CoveragePass {
 public:
  CoveragePass(std::shared_ptr<const ViewSet> views, ThreadPool& pool);

  struct Settings {
    CoverageModel model = CoverageModel::Contour;
    ImageLoss loss = ImageLoss::L2;
    double sigma = 1e-4;
    bool softTarget = true;
  };
  struct Result {
    double loss = 0, trainIoU = 0;  // means over the views of the step
  };
  // Renders the train views named by `step`; writes dloss/dposition to `gradient`.
  Result run(std::span<const glm::vec3> positions, const Topology& topology, const std::vector<int>& step,
             const Settings& settings, std::vector<glm::vec3>& gradient);

  // Coverage of one view as last rendered, or rendered now.
  Mask coverage(std::span<const glm::vec3> positions, const Topology& topology, int view, const Settings& settings);
  void forgetCoverage();  // the mesh has changed other than by a step

  const std::vector<float>& viewIoU() const { return viewIoU_; }
  void setStopFlag(const std::atomic<bool>* stop) { stop_ = stop; }

 private:
  std::span<float> alphaOf(int view);
  void softenStep(const std::vector<int>& step, const Settings& settings);
  double lossOfView(int view, std::span<const float> alpha, std::span<float> dL_dalpha, ImageLoss loss);

  std::shared_ptr<const ViewSet> views_;
  ThreadPool& pool_;
  CoverageRenderer<float> renderer_;
  std::vector<SoftTarget> targets_;
  std::vector<double> softenedSigma_;  // by view; 0: hard, -1: not yet
  std::vector<Mask> alpha_;            // by view; empty until first rendered
  std::vector<float> viewIoU_;
  std::vector<double> viewLoss_;
  std::vector<ViewRef<float>> batch_;
  std::vector<std::span<float>> batchAlpha_;
  CoverageGradients<float> gradients_;
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace penumbra
