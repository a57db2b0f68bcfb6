// SoftRas on the CPU. Views are taken in groups of as many as there are threads; within a group each pass is shared
// out as views, views x tiles or views x faces:
//   prepare (view) -> cover (tile) -> loss (view) -> pull (faces) -> gather (view) -> add to the mesh (vertices)
// Every sum has one fixed order, whatever the number of threads. Scratch memory per view of a group: 4 bytes a pixel
// for what is left uncovered and 4 for dL/dalpha (floats), about 90 a vertex and 36 a face.
#include <algorithm>

#include "renderer/cpu/engine.h"
#include "renderer/cpu/softras_prepare.h"

namespace penumbra {
namespace {

constexpr int kFacesPerTask = 512, kVerticesPerTask = 4096;

// Numbers work as (which of the group, part) pairs.
struct Parts {
  std::vector<int> start{0};
  void add(int parts) { start.push_back(start.back() + parts); }
  int count() const { return start.back(); }
  std::pair<int, int> at(int index) const {
    const int which = int(std::upper_bound(start.begin(), start.end(), index) - start.begin()) - 1;
    return {which, index - start[which]};
  }
};

template <class Real> class SoftRasEngine : public CoverageEngine<Real> {
 public:
  void run(ThreadPool& pool, std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
           const CoverageOptions& options, std::span<const std::span<Real>> alpha, const PixelLoss<Real>* loss,
           CoverageGradients<Real>* gradients) override {
    const int group = std::min(pool.threads(), int(views.size()));
    slots_.resize(group);
    for (int begin = 0; begin < int(views.size()); begin += group) {
      count_ = std::min(group, int(views.size()) - begin);
      pool.parallelFor(count_, [&](int i, int) {
        const ViewRef<Real>& view = views[begin + i];
        slots_[i].work.prepare(meshes[view.mesh], view.camera, options);
        slots_[i].work.view().alpha = alpha[begin + i].data();
      });
      cover(pool);
      if (!loss) continue;
      pool.parallelFor(count_, [&](int i, int) { weigh(slots_[i], begin + i, alpha[begin + i], *loss); });
      pull(pool);
      pool.parallelFor(count_, [&](int i, int) {
        slots_[i].work.backward();
        gradients->cameras[begin + i] = narrow(slots_[i].work.dL_dcamera());
      });
      add(pool, views.subspan(begin, count_), *gradients);
    }
  }

 private:
  struct Slot {
    SoftRasPreparation<Real> work;
    std::vector<Real> dL_dalpha;
  };

  void cover(ThreadPool& pool) {
    Parts tiles;
    for (int i = 0; i < count_; ++i) tiles.add(slots_[i].work.tiles());
    pool.parallelFor(tiles.count(), [&](int index, int) {
      const auto [i, tile] = tiles.at(index);
      kernels().coverTile(slots_[i].work.view(), tile);
    });
  }

  void weigh(Slot& slot, int view, std::span<Real> alpha, const PixelLoss<Real>& loss) {
    slot.dL_dalpha.resize(alpha.size());
    loss(view, alpha, slot.dL_dalpha);
    kernels().weighBlocks(slot.work.view(), slot.dL_dalpha.data());
    slot.work.allocateGradients();
  }

  void pull(ThreadPool& pool) {
    Parts faces;
    for (int i = 0; i < count_; ++i) faces.add((slots_[i].work.faces() + kFacesPerTask - 1) / kFacesPerTask);
    pool.parallelFor(faces.count(), [&](int index, int) {
      const auto [i, part] = faces.at(index);
      auto& work = slots_[i].work;
      const int begin = part * kFacesPerTask;
      kernels().coverBackward(work.view(), begin, std::min(begin + kFacesPerTask, work.faces()));
    });
  }

  void add(ThreadPool& pool, std::span<const ViewRef<Real>> views, CoverageGradients<Real>& gradients) {
    std::size_t most = 0;
    for (int i = 0; i < count_; ++i) most = std::max(most, slots_[i].work.dL_dpositions().size());
    pool.parallelFor(int((most + kVerticesPerTask - 1) / kVerticesPerTask), [&](int part, int) {
      for (int i = 0; i < count_; ++i) {
        const auto& from = slots_[i].work.dL_dpositions();
        auto& to = gradients.positions[views[i].mesh];
        const std::size_t end = std::min(from.size(), std::size_t(part + 1) * kVerticesPerTask);
        for (std::size_t v = std::size_t(part) * kVerticesPerTask; v < end; ++v) to[v] += Vec3<Real>(from[v]);
      }
    });
  }

  static CameraGradient<Real> narrow(const CameraGradient<double>& g) {
    return {Vec3<Real>(g.rotation), Vec3<Real>(g.translation), Real(g.fx), Real(g.fy), Real(g.cx), Real(g.cy)};
  }
  static const SoftRasKernels<Real>& kernels() { return softRasKernels<Real>(); }

  std::vector<Slot> slots_;
  int count_ = 0;
};

}  // namespace

template <class Real> std::unique_ptr<CoverageEngine<Real>> makeSoftRasEngine() {
  return std::make_unique<SoftRasEngine<Real>>();
}
template std::unique_ptr<CoverageEngine<float>> makeSoftRasEngine<float>();
template std::unique_ptr<CoverageEngine<double>> makeSoftRasEngine<double>();

}  // namespace penumbra
