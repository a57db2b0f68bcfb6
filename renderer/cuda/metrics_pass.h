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

template <class Executor>
class MetricsPass {
 public:
  void allocate(Executor& executor, int stepViews) {
    totals_.allocate(executor, 1);
    sums_.allocate(executor, std::size_t(stepViews));
  }
  // Of the iteration launched last, which had so many views. Nothing is waited for: values() may be called once something
  // behind this was waited for.
  void queue(Executor& executor, MeshPass<Executor>& mesh, const Buffer<Vec3<float>>& gradient,
             const ViewSums* viewSums, int views) {
    MeshTotals* totals = mesh.totals();
    executor.launch("squareGradient", SquareGradient{gradient.data(), mesh.sums().values()}, gradient.size());
    mesh.sums().add(executor, gradient.size(), &totals->squaredGradient);
    totals_.downloadLater(totals, 1);
    sums_.downloadLater(viewSums, std::size_t(views));
    views_ = views;
  }
  // `all`: every train view.
  DeviceMetrics values(const DeviceOptions& o, const DeviceStep& step, std::span<const ViewInfo> all, int usedVertices,
                       int edges) const {
    const MeshTotals& t = totals_.values(1)[0];
    const TermWeights weights{o.uniformLaplacian, o.cotangentLaplacian, o.normalConsistency,
                              o.edgeLength,       usedVertices,         double(edges)};
    const TermValues terms = weights.values(t);
    DeviceMetrics m{0, 0, terms.laplacian, terms.normalConsistency, terms.edgeLength, std::sqrt(t.squaredGradient), 0};
    const std::span<const ViewSums> sums = sums_.values(std::size_t(views_));
    for (std::size_t s = 0; s < sums.size(); ++s) {
      const std::size_t view = step.views.empty() ? s : std::size_t(step.views[s]);
      const double iou = viewIoU(sums[s]);
      m.silhouette += o.silhouetteWeight * viewLoss(Loss(o.loss), all[view].inverseNormaliser, sums[s]);
      m.trainIoU += iou;
      m.viewIoU.push_back(float(iou));
    }
    m.silhouette /= double(sums.size());
    m.trainIoU /= double(sums.size());
    m.loss = m.silhouette + m.laplacian + m.normalConsistency + m.edgeLength;
    return m;
  }

 private:
  HostBuffer<MeshTotals> totals_;
  HostBuffer<ViewSums> sums_;
  int views_ = 0;
};

}  // namespace penumbra::device
