// What moves the mesh: one implementation for each way of solving. The Fitter owns the state and the guard, chooses the
// solver by the options, and asks it for one iteration after the other; solvers can be exchanged between any two.
// To add one: implement this, a value of SolverKind, a case in Fitter's makeSolver.
#pragma once
#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "optim/fit/fit_state.h"
#include "optim/options.h"
#include "optim/session/session.h"
#include "optim/view_set.h"
#include "renderer/topology.h"

namespace penumbra {

struct PictureWish;        // renderer/device_iteration.h
struct PublishedGeometry;  // renderer/cuda/published.h
struct PublishedPictures;

struct SolverLimits {
  int iterations = 1;  // of one call of iterate(), at most
  double reach = 10;   // a vertex farther from the origin is a break-down
};

struct CardUse {
  std::size_t bytes = 0;  // of the graphics card's memory
  int viewsAtOnce = 0;    // fewer than a step's views when memory is short
};

class FitSolver {
 public:
  virtual ~FitSolver() = default;

  // Moves state.positions; may replace the faces, then `topology` too. Counts state.iteration up. The metrics tell which
  // iteration they are of: the last one, or where untold() is implemented perhaps an earlier one. `planned`: when
  // schedules that have an end reach it. Throws Interrupted (coverage_pass.h) with the state unchanged when the stop flag
  // is raised.
  virtual Metrics iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) = 0;

  // For solvers that keep the state elsewhere (device_solver.h) and do several iterations at a time. Others keep to one.
  virtual void setLimits(const SolverLimits&) {}
  virtual std::string trouble() const { return {}; }  // why the last iteration broke down, if the solver has seen it
  virtual void fetch(FitState&) {}                    // positions and moments of now
  virtual void rewind(FitState&) const {}             // counters back to those of the positions and moments
  virtual std::optional<Metrics> untold(const FitState&) { return {}; }  // of the last iteration, unless iterate() told
  // States for the guard to go back to that the solver itself has kept since meshReplaced(): the newest one's iteration,
  // -1 when there is none, and `good` brought up to it. `now`: the state, of which only iterate() changes the faces.
  virtual int goodIteration() const { return -1; }
  virtual void fetchGood(const FitState& /*now*/, FitState& /*good*/) {}
  virtual CardUse cardUse() const { return {}; }      // 0 before the first iteration
  // The mesh on the graphics card, for drawing; null when there is none.
  virtual std::shared_ptr<const PublishedGeometry> publishGeometry() { return nullptr; }
  // Coverage of train views there, likewise.
  virtual std::shared_ptr<const PublishedPictures> publishPictures(const FitState&, const Topology&, const FitOptions&,
                                                                   std::span<const PictureWish>) {
    return nullptr;
  }

  virtual void meshReplaced() = 0;  // state was changed by someone else
  virtual void setStopFlag(const std::atomic<bool>* stop) = 0;

  virtual const std::vector<float>& viewIoU() const = 0;         // per train view, newest known, -1 unknown
  virtual const std::vector<float>& vertexGradient() const = 0;  // |dL/dx|, of the mesh iterated last
  // Soft coverage of one train view, for display.
  virtual Mask coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) = 0;
};

}  // namespace penumbra
