#include "renderer/coverage.h"

#include <cmath>
#include <string>

#include "renderer/cpu/engine.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

struct ModelRow {
  CoverageModel model;
  std::unique_ptr<CoverageEngine<float>> (*makeFloat)();
  std::unique_ptr<CoverageEngine<double>> (*makeDouble)();
};

// One row a coverage model.
constexpr ModelRow kModels[] = {
    {CoverageModel::Contour, makeContourEngine<float>, makeContourEngine<double>},
    {CoverageModel::SoftRas, makeSoftRasEngine<float>, makeSoftRasEngine<double>},
};

template <class Real> std::unique_ptr<CoverageEngine<Real>> makeEngine(CoverageModel model) {
  for (const ModelRow& row : kModels)
    if (row.model == model) {
      if constexpr (std::is_same_v<Real, float>) return row.makeFloat();
      else return row.makeDouble();
    }
  throw Error(ExitCode::Internal, "Unknown coverage model.");
}

void require(bool holds, const std::string& what) {
  if (!holds) throw Error(ExitCode::Usage, what);
}

template <class Real>
void check(std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views, const CoverageOptions& options,
           std::span<const std::span<Real>> alpha) {
  require(options.sigma > 0 && std::isfinite(options.sigma), "Sigma must be positive and finite.");
  require(options.nearPlane > 0, "The near plane must be in front of the camera.");
  require(alpha.size() == views.size(), "One coverage image is needed for each view.");
  for (const auto& mesh : meshes)
    require(mesh.topology && int(mesh.positions.size()) == mesh.topology->vertexCount,
            "A mesh's positions and its topology differ in size.");
  for (std::size_t v = 0; v < views.size(); ++v) {
    const auto& camera = views[v].camera;
    require(views[v].mesh >= 0 && views[v].mesh < int(meshes.size()), "View " + std::to_string(v) + " has no mesh.");
    require(camera.width > 0 && camera.height > 0 && std::size_t(camera.width) * camera.height <= (1u << 30),
            "View " + std::to_string(v) + " has no usable image size.");
    require(alpha[v].size() == std::size_t(camera.width) * camera.height,
            "Coverage image " + std::to_string(v) + " differs in size from its camera.");
  }
}

}  // namespace

template <class Real> struct CoverageRenderer<Real>::State {
  ThreadPool& pool;
  std::unique_ptr<CoverageEngine<Real>> engine;
  CoverageModel model{};

  CoverageEngine<Real>& engineOf(CoverageModel wanted) {
    if (!engine || model != wanted) {
      engine = makeEngine<Real>(wanted);
      model = wanted;
    }
    return *engine;
  }
};

template <class Real>
CoverageRenderer<Real>::CoverageRenderer(ThreadPool& pool) : state_(new State{pool, nullptr, {}}) {}
template <class Real> CoverageRenderer<Real>::~CoverageRenderer() = default;

template <class Real>
void CoverageRenderer<Real>::forward(std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
                                     const CoverageOptions& options, std::span<const std::span<Real>> alpha) {
  check(meshes, views, options, alpha);
  state_->engineOf(options.model).run(state_->pool, meshes, views, options, alpha, nullptr, nullptr);
}

template <class Real>
void CoverageRenderer<Real>::forwardBackward(std::span<const MeshRef<Real>> meshes,
                                             std::span<const ViewRef<Real>> views, const CoverageOptions& options,
                                             std::span<const std::span<Real>> alpha, const PixelLoss<Real>& loss,
                                             CoverageGradients<Real>& gradients) {
  check(meshes, views, options, alpha);
  gradients.positions.resize(meshes.size());
  for (std::size_t m = 0; m < meshes.size(); ++m)
    gradients.positions[m].assign(meshes[m].positions.size(), Vec3<Real>(0));
  gradients.cameras.assign(views.size(), {});
  state_->engineOf(options.model).run(state_->pool, meshes, views, options, alpha, &loss, &gradients);
}

template class CoverageRenderer<float>;
template class CoverageRenderer<double>;

}  // namespace penumbra
