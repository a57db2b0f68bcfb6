// What is told of an iteration: sums made on the card, copied to the host behind it, and put together there.
#pragma once
#include "renderer/cuda/mesh_pass.h"
#include "renderer/cuda/pixel_loss.h"
#include "renderer/cuda/step_kernels.h"

namespace penumbra::device {

struct ViewInfo {
  int width, height;
  float inverseNormaliser;
};

// What the sums of an iteration are put together with.
struct MetricsContext {
  DeviceOptions options;
  DeviceStep step;
  std::vector<ViewInfo> views;  // every train view
  int usedVertices = 0, edges = 0;
  std::size_t stepViews() const { return step.views.empty() ? views.size() : step.views.size(); }
};

inline DeviceMetrics metricsOf(const MetricsContext& of, const MeshTotals& totals, std::span<const ViewSums> sums) {
  const DeviceOptions& o = of.options;
  const TermWeights weights{o.uniformLaplacian, o.cotangentLaplacian, o.normalConsistency,
                            o.edgeLength,       of.usedVertices,      double(of.edges)};
  const TermValues terms = weights.values(totals);
  DeviceMetrics m{0, 0, terms.laplacian, terms.normalConsistency, terms.edgeLength, std::sqrt(totals.squaredGradient), 0};
  for (std::size_t s = 0; s < sums.size(); ++s) {
    const std::size_t view = of.step.views.empty() ? s : std::size_t(of.step.views[s]);
    const double iou = viewIoU(sums[s]);
    m.silhouette += o.silhouetteWeight * viewLoss(Loss(o.loss), of.views[view].inverseNormaliser, sums[s]);
    m.trainIoU += iou;
    m.viewIoU.push_back(float(iou));
  }
  m.silhouette /= double(sums.size());
  m.trainIoU /= double(sums.size());
  m.loss = m.silhouette + m.laplacian + m.normalConsistency + m.edgeLength;
  return m;
}

template <class Executor>
class MetricsPass {
 public:
  void allocate(Executor& executor, int stepViews) {
    totals_.allocate(executor, 1);
    sums_.allocate(executor, std::size_t(stepViews));
  }
  // Of the iteration launched last. Nothing is waited for: values() may be called once something behind this was
  // waited for.
  void queue(Executor& executor, MeshPass<Executor>& mesh, const Buffer<Vec3<float>>& gradient,
             const ViewSums* viewSums, std::size_t views) {
    addGradient(executor, mesh, gradient);
    totals_.downloadLater(mesh.totals(), 1);
    sums_.downloadLater(viewSums, views);
  }
  DeviceMetrics values(const MetricsContext& of) const {
    return metricsOf(of, totals_.values(1)[0], sums_.values(of.stepViews()));
  }

  // Puts the same sums by, on the card, until kept() asks for them: mesh, views and options may be exchanged meanwhile.
  void keep(Executor& executor, MeshPass<Executor>& mesh, const Buffer<Vec3<float>>& gradient,
            const ViewSums* viewSums, MetricsContext of) {
    addGradient(executor, mesh, gradient);
    const std::size_t views = of.stepViews();
    keptTotals_.allocate(executor, 1);
    if (keptSums_.size() < Index(views)) keptSums_.allocate(executor, Index(views));
    executor.copy(keptTotals_.data(), mesh.totals(), sizeof(MeshTotals));
    executor.copy(keptSums_.data(), viewSums, sizeof(ViewSums) * views);
    kept_ = std::move(of);
  }
  void forget() { kept_.reset(); }
  std::optional<DeviceMetrics> kept() const {
    if (!kept_) return std::nullopt;
    return metricsOf(*kept_, keptTotals_.download(1)[0], keptSums_.download(Index(kept_->stepViews())));
  }
  std::size_t bytes() const { return keptTotals_.bytes() + keptSums_.bytes(); }

 private:
  void addGradient(Executor& executor, MeshPass<Executor>& mesh, const Buffer<Vec3<float>>& gradient) {
    executor.launch("squareGradient", SquareGradient{gradient.data(), mesh.sums().values()}, gradient.size());
    mesh.sums().add(executor, gradient.size(), &mesh.totals()->squaredGradient);
  }

  HostBuffer<MeshTotals> totals_;
  HostBuffer<ViewSums> sums_;
  Buffer<MeshTotals> keptTotals_;
  Buffer<ViewSums> keptSums_;
  std::optional<MetricsContext> kept_;
};

}  // namespace penumbra::device
