// The Contour model for a batch: classify each mesh for all its views, then view by view on the pool.

#include "renderer/cpu/contour_view.h"
#include "renderer/cpu/engine.h"

namespace penumbra {
namespace {

template <class Real> class ContourEngine : public CoverageEngine<Real> {
 public:
  void run(ThreadPool& pool, std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
           const CoverageOptions& options, std::span<const std::span<Real>> alpha, const PixelLoss<Real>* loss,
           CoverageGradients<Real>* gradients) override {
    classify(pool, meshes, views);
    workers_.resize(pool.threads());
    pulls_.resize(std::max(pulls_.size(), views.size()));
    pool.parallelFor(int(views.size()), [&](int v, int worker) {
      const auto& view = views[v];
      ContourView<Real>& scratch = workers_[worker];
      scratch.forward(meshes[view.mesh], view.camera, classifiers_[view.mesh], place_[v], options, alpha[v]);
      if (!loss) return;
      (*loss)(v, alpha[v], scratch.lossScratch(alpha[v].size()));
      pulls_[v].clear();
      scratch.backward(meshes[view.mesh], view.camera, Real(options.nearPlane), pulls_[v], gradients->cameras[v]);
    });
    if (!gradients) return;
    for (std::size_t v = 0; v < views.size(); ++v) {  // fixed order: the same bits for any number of threads
      auto& dL_dX = gradients->positions[views[v].mesh];
      for (const auto& pull : pulls_[v]) dL_dX[pull.vertex] += pull.dL_dX;
    }
  }

 private:
  void classify(ThreadPool& pool, std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views) {
    classifiers_.resize(meshes.size());
    place_.resize(views.size());
    for (std::size_t m = 0; m < meshes.size(); ++m) {
      mine_.clear();
      for (std::size_t v = 0; v < views.size(); ++v)
        if (views[v].mesh == int(m)) {
          place_[v] = int(mine_.size());
          mine_.push_back(&views[v]);
        }
      if (!mine_.empty()) classifiers_[m].classify(pool, meshes[m], mine_);
    }
  }

  std::vector<ContourClassifier<Real>> classifiers_;  // by mesh
  std::vector<const ViewRef<Real>*> mine_;
  std::vector<int> place_;                            // of each view in its mesh's classification
  std::vector<ContourView<Real>> workers_;
  std::vector<std::vector<WorldPull<Real>>> pulls_;   // by view
};

}  // namespace

template <class Real> std::unique_ptr<CoverageEngine<Real>> makeContourEngine() {
  return std::make_unique<ContourEngine<Real>>();
}
template std::unique_ptr<CoverageEngine<float>> makeContourEngine<float>();
template std::unique_ptr<CoverageEngine<double>> makeContourEngine<double>();

}  // namespace penumbra
