#include "optim/fit/coverage_pass.h"

#include "optim/targets/image_loss.h"

namespace penumbra {
namespace {

// Intersection over union of {alpha >= 1/2} and {mask >= 1/2}; 1 when both are empty.
float thresholdIoU(std::span<const float> alpha, std::span<const float> mask) {
  int both = 0, any = 0;
  for (std::size_t i = 0; i < alpha.size(); ++i) {
    const int a = alpha[i] >= 0.5f, m = mask[i] >= 0.5f;
    both += a & m;
    any += a | m;
  }
  return any == 0 ? 1.0f : float(both) / float(any);
}

}  // namespace

CoveragePass::CoveragePass(std::shared_ptr<const ViewSet> views, ThreadPool& pool)
    : views_(std::move(views)), pool_(pool), renderer_(pool), targets_(makeSoftTargets(views_->train, pool)),
      softenedSigma_(targets_.size(), -1), alpha_(targets_.size()), viewIoU_(targets_.size(), -1),
      viewLoss_(targets_.size(), 0) {}

std::span<float> CoveragePass::alphaOf(int view) {
  Mask& alpha = alpha_[std::size_t(view)];
  const Camera& camera = views_->train[std::size_t(view)].camera;
  if (alpha.empty()) alpha = Mask(camera.width, camera.height);
  return alpha.pixels;
}

void CoveragePass::softenStep(const std::vector<int>& step, const Settings& settings) {
  const double wanted = settings.softTarget ? settings.sigma : 0;
  std::vector<int> stale;
  for (const int view : step)
    if (softenedSigma_[std::size_t(view)] != wanted) stale.push_back(view);
  pool_.parallelFor(int(stale.size()), [&](int i, int) {
    const std::size_t view = std::size_t(stale[std::size_t(i)]);
    soften(targets_[view], views_->train[view].mask, settings.sigma, settings.softTarget);
    softenedSigma_[view] = wanted;
  });
}

double CoveragePass::lossOfView(int view, std::span<const float> alpha, std::span<float> dL_dalpha, ImageLoss loss) {
  if (stop_ && stop_->load(std::memory_order_relaxed)) throw Interrupted{};
  viewIoU_[std::size_t(view)] = thresholdIoU(alpha, views_->train[std::size_t(view)].mask.pixels);
  return imageLoss<float>(loss, targets_[std::size_t(view)], alpha, dL_dalpha);
}

CoveragePass::Result CoveragePass::run(std::span<const glm::vec3> positions, const Topology& topology,
                                       const std::vector<int>& step, const Settings& settings,
                                       std::vector<glm::vec3>& gradient) {
  softenStep(step, settings);
  batch_.clear();
  batchAlpha_.clear();
  for (const int view : step) {
    batch_.push_back({0, CameraT<float>(views_->train[std::size_t(view)].camera)});
    batchAlpha_.push_back(alphaOf(view));
  }
  const MeshRef<float> mesh{positions, &topology};
  CoverageOptions options;
  options.model = settings.model;
  options.sigma = settings.sigma;
  renderer_.forwardBackward({&mesh, 1}, batch_, options, batchAlpha_,
                            [&](int i, std::span<const float> alpha, std::span<float> dL_dalpha) {
                              const int view = step[std::size_t(i)];
                              viewLoss_[std::size_t(view)] = lossOfView(view, alpha, dL_dalpha, settings.loss);
                            },
                            gradients_);
  Result result;
  const double share = step.empty() ? 0 : 1.0 / double(step.size());
  for (const int view : step) {
    result.loss += share * viewLoss_[std::size_t(view)];
    result.trainIoU += share * viewIoU_[std::size_t(view)];
  }
  gradient.resize(positions.size());
  for (std::size_t i = 0; i < gradient.size(); ++i) gradient[i] = float(share) * gradients_.positions[0][i];
  return result;
}

Mask CoveragePass::coverage(std::span<const glm::vec3> positions, const Topology& topology, int view,
                            const Settings& settings) {
  if (alpha_[std::size_t(view)].empty()) {
    const MeshRef<float> mesh{positions, &topology};
    const ViewRef<float> ref{0, CameraT<float>(views_->train[std::size_t(view)].camera)};
    const std::span<float> alpha = alphaOf(view);
    CoverageOptions options;
    options.model = settings.model;
    options.sigma = settings.sigma;
    renderer_.forward({&mesh, 1}, {&ref, 1}, options, {&alpha, 1});
  }
  return alpha_[std::size_t(view)];
}

void CoveragePass::forgetCoverage() {
  for (Mask& alpha : alpha_) alpha = {};
  for (float& iou : viewIoU_) iou = -1;
}

}  // namespace penumbra
