// SoftRas on the CPU. Views are taken in groups; within a group each pass is shared out as views, tiles, faces or
// vertices:
//   prepare (view) -> cover (tile) -> loss (view) -> pull (some faces, summed in their order) -> gather (view) ->
//   add to the mesh (vertices)
// Every sum has one fixed order, whatever the number of threads. Scratch memory per view of a group: 4 bytes a pixel
// for what is left uncovered and 4 for dL/dalpha (floats), and what SoftRasPreparation needs. There are at most as many
// views in a group as threads, and as stay below kBytesPerPixel a pixel of the whole batch and its meshes.
#include <algorithm>
#include <atomic>

#include "renderer/cpu/engine.h"
#include "renderer/cpu/softras_prepare.h"

namespace penumbra {
namespace {

constexpr int kFacesPerTask = 64, kVerticesPerTask = 4096;
constexpr std::size_t kBytesPerPixel = 12;  // with 4 for the coverage itself: 16

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

// Hands in numbered results in order: await your number, hand in, pass on. Whoever waits depends on lower numbers being
// worked on: they have to be taken in order, and what is done for one must not throw.
class Turn {
 public:
  void await(int number) const {
    for (int now = next_.load(); now != number; now = next_.load()) next_.wait(now);
  }
  void pass() {
    ++next_;
    next_.notify_all();
  }

 private:
  std::atomic<int> next_{0};
};

template <class Real> class SoftRasEngine : public CoverageEngine<Real> {
 public:
  void run(ThreadPool& pool, std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
           const CoverageOptions& options, std::span<const std::span<Real>> alpha, const PixelLoss<Real>* loss,
           CoverageGradients<Real>* gradients) override {
    const int group = groupSize(pool, meshes, views);
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
      pool.parallelFor(count_, [&](int i, int) { gradients->cameras[begin + i] = slots_[i].work.cameraGradient(); });
      add(pool, views.subspan(begin, count_), *gradients);
    }
  }

 private:
  struct Slot {
    SoftRasPreparation<Real> work;
    std::vector<Real> dL_dalpha;
  };

  static int groupSize(const ThreadPool& pool, std::span<const MeshRef<Real>> meshes,
                       std::span<const ViewRef<Real>> views) {
    std::size_t budget = 0, view = 0;
    for (const ViewRef<Real>& v : views) {
      const std::size_t pixels = std::size_t(v.camera.width) * std::size_t(v.camera.height);
      budget += kBytesPerPixel * pixels;
      view = std::max(view, 2 * sizeof(Real) * pixels + SoftRasPreparation<Real>::bytes(meshes[v.mesh]));
    }
    const int most = std::min(pool.threads(), int(views.size()));
    return std::clamp(int(std::min(budget / std::max<std::size_t>(view, 1), std::size_t(most))), 1, std::max(most, 1));
  }

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
    slot.work.clearSums();
  }

  // Workers take some faces of one view after the other, so that the turns of a view are far apart and few have to wait.
  void pull(ThreadPool& pool) {
    int most = 0;
    for (int i = 0; i < count_; ++i) most = std::max(most, slots_[i].work.faces());
    const int tasks = (most + kFacesPerTask - 1) / kFacesPerTask * count_;
    faceGradients_.resize(std::size_t(pool.threads()) * kFacesPerTask * kFaceNumbers);
    std::vector<Turn> turns(count_);
    std::atomic<int> next{0};
    pool.parallelFor(pool.threads(), [&](int, int worker) {
      Real* gradients = &faceGradients_[std::size_t(worker) * kFacesPerTask * kFaceNumbers];
      for (int task = next++; task < tasks; task = next++) {
        const int i = task % count_, part = task / count_;
        SoftRasPreparation<Real>& work = slots_[i].work;
        const int begin = std::min(part * kFacesPerTask, work.faces()), end = std::min(begin + kFacesPerTask, work.faces());
        kernels().coverBackward(work.view(), begin, end, gradients);
        turns[i].await(part);
        work.sumFaces(begin, end, gradients);
        turns[i].pass();
      }
    });
  }

  void add(ThreadPool& pool, std::span<const ViewRef<Real>> views, CoverageGradients<Real>& gradients) {
    std::size_t most = 0;
    for (const ViewRef<Real>& view : views) most = std::max(most, gradients.positions[view.mesh].size());
    pool.parallelFor(int((most + kVerticesPerTask - 1) / kVerticesPerTask), [&](int part, int) {
      const std::size_t begin = std::size_t(part) * kVerticesPerTask;
      for (int i = 0; i < count_; ++i)
        slots_[i].work.addVertices(begin, begin + kVerticesPerTask, gradients.positions[views[i].mesh]);
    });
    for (int i = 0; i < count_; ++i) slots_[i].work.addCuts(gradients.positions[views[i].mesh]);
  }

  static const SoftRasKernels<Real>& kernels() { return softRasKernels<Real>(); }

  std::vector<Slot> slots_;
  std::vector<Real> faceGradients_;  // of what each worker is at
  int count_ = 0;
};

}  // namespace

template <class Real> std::unique_ptr<CoverageEngine<Real>> makeSoftRasEngine() {
  return std::make_unique<SoftRasEngine<Real>>();
}
template std::unique_ptr<CoverageEngine<float>> makeSoftRasEngine<float>();
template std::unique_ptr<CoverageEngine<double>> makeSoftRasEngine<double>();

}  // namespace penumbra
