// Gradient descent on the graphics card: the iterations of gradient_solver.h, queued in batches.
//
// A batch ends where the caller's limit says, and at every kGoodEvery-th iteration: there the state is fetched, for the
// guard to go back to. Within that a batch lasts about access.batchSeconds. A break-down is found by the card itself,
// at the very iteration; so neither speed nor the length of batches changes the result. Where sigma and the mesh follow
// the outlines (adaptation.h) a batch ends there too: the processor measures and remeshes, the card goes on.
//
// Positions and moments stay on the card until fetch(); iteration and optimizerStep of the state are always of now.
// Any failure of the card is thrown as Error; then rewind() makes the state consistent again, as it was last fetched, and
// another solver can go on from there.
#pragma once
#include "optim/fit/adaptation.h"
#include "optim/fit/device_access.h"
#include "optim/fit/solver.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

namespace device {
class BufferRing;
}

class DeviceSolver : public FitSolver {
 public:
  static constexpr int kGoodEvery = 50;
  static constexpr int kLongestBatch = 256;

  DeviceSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, const DeviceAccess& access);
  ~DeviceSolver() override;

  Metrics iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) override;
  void setLimits(const SolverLimits& limits) override { limits_ = limits; }
  std::string trouble() const override { return trouble_; }
  void fetch(FitState& state) override;
  void rewind(FitState& state) const override;
  void meshReplaced() override;
  void setStopFlag(const std::atomic<bool>* stop) override { stop_ = stop; }

  const std::vector<float>& viewIoU() const override;
  const std::vector<float>& vertexGradient() const override;
  Mask coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) override;
  CardUse cardUse() const override;
  std::shared_ptr<const PublishedGeometry> publishGeometry() override;
  std::shared_ptr<const PublishedPictures> publishPictures(const FitState& state, const Topology& topology, const FitOptions& options,
                                                           std::span<const PictureWish> wishes) override;

 private:
  // For the window: made when first needed; no longer used once the card had no room for it.
  struct Sharing {
    std::unique_ptr<device::BufferRing> ring;
    bool noRoom = false;
  };
  template <class Make> auto share(Sharing& sharing, const Make& make) -> decltype(make(*sharing.ring));
  struct Known {  // of the state last uploaded or fetched
    int iteration = 0, optimizerStep = 0;
  };

  void prepare(const FitState& state, const Topology& topology, const FitOptions& options);
  void adapt(FitState& state, Topology& topology, const FitOptions& options);
  std::vector<DeviceStep> nextSteps(const FitState& state, const FitOptions& options, int planned) const;

  std::shared_ptr<const ViewSet> views_;
  ThreadPool& pool_;
  DeviceAccess access_;
  Adaptation adaptation_;
  std::unique_ptr<DeviceIteration> device_;  // made when first needed
  Sharing geometry_, pictures_;
  SolverLimits limits_;
  const std::atomic<bool>* stop_ = nullptr;
  std::string trouble_;

  bool viewsThere_ = false, soft_ = true;
  std::uint64_t meshId_ = 0;                 // topology on the card; 0: none, or the state was changed
  bool ahead_ = false;                       // the card has iterated since fetch()
  bool iterated_ = false;                    // ... since this mesh came to it
  Known known_;
  double secondsEach_ = 0;                   // of an iteration, newest
  std::vector<int> newestViews_;             // of the last iteration; empty: all
  mutable bool viewIoUStale_ = false, gradientStale_ = false;
  mutable std::vector<float> viewIoU_, vertexGradient_;
};

// What the options mean to the card, lambda as for the start mesh; `reach`: the farthest a vertex may be from the origin.
DeviceOptions deviceOptions(const FitOptions& options, double reach);

// Hands views and what their masks ask of a fit to the card; `soft`: masks are softened.
void uploadViews(DeviceIteration& device, std::span<const View> views, bool soft, ThreadPool& pool);

// Why the card cannot do the gradient steps of these options, a sentence; empty when it can.
std::string whyNotOnDevice(const FitOptions& options);

}  // namespace penumbra
