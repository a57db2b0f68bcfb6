// One optimisation problem and its state, without threads or files: what Session drives and tests can step by hand.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optim/fit/coverage_pass.h"
#include "optim/fit/device_access.h"
#include "optim/fit/fit_state.h"
#include "optim/options.h"
#include "optim/session/session.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct CardUse;

// Of a card's memory, and what is free of it (0: not known). viewsAtOnce 0: it does not fit.
struct CardNeed {
  std::size_t bytes = 0, freeBytes = 0;
  int viewsAtOnce = 0, stepViews = 0;
};

// The solver of the options (solver.h) moves the mesh: optim/newton/newton_solver.h or optim/fit/gradient_solver.h, or its
// twin on the graphics card, optim/newton/device_newton_solver.h or optim/fit/device_solver.h. It can be exchanged between
// any two iterations; when the card fails, the processor goes on from the newest state that the host has. A change of
// optimizer, parameters or lambda empties the moments: they belong to other coordinates.
//
// Guard: after each step, a loss, gradient or position that is not finite, or a vertex farther than `reach` from the
// origin, is a break-down. reach = max(10, 3 * farthest vertex at the start); the object has radius 1.
class Fitter {
 public:
  // Iterations between two states the guard can go back to; on the card DeviceSolver::kGoodEvery.
  static constexpr int kGoodEvery = 10;

  // Throws Error(Input) when there is no view, and what reading the start mesh throws.
  Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool, const DeviceAccess& device = {});
  // The same, going on from a state instead of the start shape.
  Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool, const FitState& state,
         const DeviceAccess& device = {});
  ~Fitter();

  void reset();                                 // to the start shape of the options
  void setOptions(const FitOptions& options);   // live; re-softens targets, refactors the solver as needed
  void setViews(std::shared_ptr<const ViewSet> views);  // keeps the mesh and the moments
  void setPlannedIterations(int planned);       // when the learning rate reaches its end; options.iterations at first

  // One iteration. On NaN/Inf or an explosion the last good state is restored, the step halved, and the sentence
  // that says so is returned in `recovered`; after three in a row Error(Numeric) is thrown. Throws Interrupted,
  // with the state unchanged, when the stop flag is raised while views are rendered.
  // On the graphics card it is a batch of iterations, at most `most`; iteration() tells how far it came. The metrics may
  // then be of an earlier iteration, which they name: a twentieth of a second of running back, or a batch.
  Metrics iterate(std::optional<std::string>* recovered = nullptr, int most = 1);
  std::optional<Metrics> untoldMetrics();       // of the last iteration, unless iterate() or this told them
  void setStopFlag(const std::atomic<bool>* stop);

  const FitState& state() const;                // fetched from the graphics card if it is there
  int iteration() const;                        // of the state, without fetching it
  std::uint64_t facesVersion() const;           // changes whenever the faces do
  bool converged() const;                       // the last iteration ended what the solver could do
  const std::string& startNote() const;         // of the start shape, see makeStartMesh; empty when nothing is notable
  void restore(const FitState& state);          // throws Error(Input) when it is not finite or does not fit together
  // What the Newton solver trusts: cameras corrected (view_correction.h), views that contradict the others left out
  // (view_trust.h); with other solvers the views as they were given.
  const std::shared_ptr<const ViewSet>& trustedViews() const;
  const std::vector<float>& viewIoU() const;           // per train view, newest known, -1 unknown
  const std::vector<float>& measureViewIoU();          // likewise, of the mesh as it is even if it was not iterated yet
  const std::vector<float>& vertexGradient() const;    // |dL/dx|, one a vertex
  Mask coverage(int trainView) const;                  // rendered at the last iteration, or now if there was none
  HeldOutMetrics measureHeldOut() const;               // independent hard rasteriser

  // The graphics card.
  const std::string& card() const;              // name of the one that computes; empty: the processor does
  const std::string& backendReason() const;     // why it is the processor; empty when it is not
  CardNeed predictedCardNeed() const;           // before the first iteration; nothing on the processor
  CardUse cardUse() const;                      // see solver.h
  std::string takeBackendNote();                // what to tell a person of it since the last call; empty: nothing
  std::shared_ptr<const PublishedGeometry> publishGeometry();  // see solver.h
  std::shared_ptr<const PublishedPictures> publishPictures(std::span<const PictureWish> wishes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace penumbra
