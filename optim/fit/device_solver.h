// Gradient descent on the graphics card: the iterations of gradient_solver.h, queued in batches.
//
// A batch lasts about access.batchSeconds, and ends where the caller's limit says; where sigma and the mesh follow the
// outlines (adaptation.h) there too: the processor measures and remeshes, the card goes on. Neither speed nor the length
// of batches changes the result: a break-down is found by the card itself, at the very iteration, and the states that the
// guard goes back to are kept on the card, at every kGoodEvery-th iteration, within a batch.
//
// At a batch's end only how far it came is read back. Metrics and views' IoU come along when kMetricsSeconds have gone by
// since the last ones, so what iterate() returns may be of an earlier iteration; untold() asks for the last one's.
// Positions and moments stay on the card until fetch(), kept ones until fetchGood(); iteration and optimizerStep of the
// state are always of now. Any failure of the card is thrown as Error; then rewind() makes the state consistent again, as
// it was last fetched, and another solver can go on from there.
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
  static constexpr double kMetricsSeconds = 0.05;

  DeviceSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, const DeviceAccess& access);
  ~DeviceSolver() override;

  Metrics iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) override;
  void setLimits(const SolverLimits& limits) override { limits_ = limits; }
  std::string trouble() const override { return trouble_; }
  void fetch(FitState& state) override;
  void rewind(FitState& state) const override;
  std::optional<Metrics> untold(const FitState& state) override;
  int goodIteration() const override { return good_.iteration; }
  void fetchGood(const FitState& now, FitState& good) override;
  void meshReplaced() override;
  void setStopFlag(const std::atomic<bool>* stop) override { stop_ = stop; }

  const std::vector<float>& viewIoU() const override { return viewIoU_; }
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
  struct Known {
    int iteration = 0, optimizerStep = 0;
  };

  void prepare(const FitState& state, const Topology& topology, const FitOptions& options);
  std::vector<DeviceStep> nextSteps(const FitState& state, const FitOptions& options, int planned, bool measure) const;
  DeviceProgress runBatch(std::span<const DeviceStep> steps, bool measure);
  void takeIn(const DeviceProgress& progress, std::span<const DeviceStep> steps, FitState& state);
  void takeMetrics(const DeviceMetrics& now, const FitState& state);
  void measureNewest(const FitState& state);
  FitState keptOnCard(const FitState& now) const;
  void adapt(FitState& state, Topology& topology, const FitOptions& options, int planned);

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
  bool moved_ = false;                       // adapt() has moved vertices: the card is behind
  bool iterated_ = false;                    // ... since meshReplaced()
  Known known_;                              // of the state last uploaded or fetched
  Known good_{-1, 0};                        // of the state kept for the guard, on the card or in goodHere_
  std::optional<FitState> goodHere_;
  double secondsEach_ = 0;                   // of an iteration, newest; 0: not known
  std::optional<DeviceStep> newest_;         // the last iteration, while its metrics are not known
  Metrics metrics_;                          // newest known; iteration -1: none since meshReplaced()
  int told_ = -1;                            // iteration of those told last
  double measuredAt_ = 0;                    // by access_.seconds
  int place_ = 0;                            // of a round of sampled views: where metrics are wanted next
  mutable bool gradientStale_ = false;
  std::vector<float> viewIoU_;
  mutable std::vector<float> vertexGradient_;
};

// What the options mean to the card; `reach`: the farthest a vertex may be from the origin. Lambda and the largest sigma
// are those without remeshing and coarse to fine, or, the second, of what begins or goes on at this state.
DeviceOptions deviceOptions(const FitOptions& options, double reach);
DeviceOptions deviceOptions(const FitOptions& options, double reach, const FitState& state, double halfSide);

// Hands views and what their masks ask of a fit to the card; `soft`: masks are softened.
void uploadViews(DeviceIteration& device, std::span<const View> views, bool soft, ThreadPool& pool);

// Why the card cannot do the gradient steps of these options, a sentence; empty when it can.
std::string whyNotOnDevice(const FitOptions& options);

}  // namespace penumbra
