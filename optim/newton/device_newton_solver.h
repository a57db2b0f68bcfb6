// The Gauss-Newton fit on the graphics card: the steps of newton_step.h there, all around them (schedule, refinement, stop
// test) as NewtonSolver has it, on the processor.
//
// The first step of every mesh is checked: the energy before it must be the processor's but for a share kAgree, else the
// card is taken to have failed.
// Of a step only its report is read back. Positions stay on the card until fetch(), which comes before each refinement and
// at every kGoodEvery-th iteration too, where the state is kept for the guard; iteration and newton of the state are
// always of now. Any failure of the card is thrown as Error; then rewind() makes the state consistent again, as it was last
// fetched, and NewtonSolver can go on from there.
#pragma once
#include "optim/fit/device_access.h"
#include "optim/newton/newton_solver.h"

namespace penumbra {

class DeviceNewtonSolver : public NewtonSolver {
 public:
  static constexpr int kGoodEvery = 50;
  static constexpr double kAgree = 0.02;

  DeviceNewtonSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, std::shared_ptr<const JudgedMasks> masks,
                     const DeviceAccess& access);

  Metrics iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) override;
  void setLimits(const SolverLimits& limits) override { limits_ = limits; }
  std::string trouble() const override { return trouble_; }
  void fetch(FitState& state) override;
  void rewind(FitState& state) const override;
  int goodIteration() const override { return good_ ? good_->iteration : -1; }
  void fetchGood(const FitState& now, FitState& good) override;
  void meshReplaced() override;
  void setStopFlag(const std::atomic<bool>* stop) override { stop_ = stop; }
  const std::vector<float>& viewIoU() const override { return viewIoU_; }
  const std::vector<float>& vertexGradient() const override;
  Mask coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) override;
  CardUse cardUse() const override;

 protected:
  NewtonReport step(FitState& state, const Topology& topology, const NewtonSettings& settings) override;

 private:
  bool prepare(const FitState& state, const Topology& topology);  // whether the mesh is new to the card
  void notice(const DeviceNewtonReport& report);

  std::shared_ptr<const ViewSet> views_;
  std::shared_ptr<const JudgedMasks> masks_;
  DeviceAccess access_;
  std::unique_ptr<DeviceNewton> device_;  // made when first needed
  ThinPlate plate_;
  SolverLimits limits_;
  const std::atomic<bool>* stop_ = nullptr;
  std::string trouble_;
  std::uint64_t meshId_ = 0;              // topology on the card; 0: none, or the state was changed
  bool ahead_ = false;                    // the card has moved the mesh since fetch()
  bool stepped_ = false;
  struct Known {
    int iteration = 0;
    NewtonState newton;
  } known_;                               // of the positions the host has, while the card is ahead
  std::optional<FitState> good_;          // for the guard
  std::vector<float> viewIoU_;
  mutable bool gradientStale_ = false;
  mutable std::vector<float> vertexGradient_;
};

// Hands views and what their masks ask of a step to the card.
void uploadViews(DeviceNewton& device, const ViewSet& views, const JudgedMasks& masks);

// What settings mean to the card.
DeviceNewtonSettings deviceSettings(const NewtonSettings& settings, double damping);

}  // namespace penumbra
