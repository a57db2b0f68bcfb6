// Looks after the mesh of a fit beyond moving its vertices: another topology where the masks demand one, a final polish.
//
// Topology. No step of a solver opens a hole. topologyMismatch() (optim/remesh/retopology.h) is asked when the Newton
// solver has converged, and kWatches times over a planned gradient run, where it must stay for three verdicts. Then the mesh
// is extracted anew with the masks' topology, edges as long as before, and the fit goes on: a trial. It is judged at the
// next convergence, after kTrialIterations of gradient steps or at the end, by the mean distance of the mesh's hard
// outlines to the masks' over the train views: when that is not smaller than before, or when more holes are covered or
// parts missing, the old mesh comes back and there are no further trials. At most kMostTrials a run.
// Damage the polish leaves is a cause as well: faces that are folded or run through others. First, once a run of the
// Newton solver, they are mended whatever that does to the outlines, by parting sheets alone where that takes a third
// of the damage, and the fit brings the outlines back; vertices whose steps would fold faces or have them run through each
// other anew stay where they are meanwhile. Where that fails and more than kMostIntersecting of all faces run through
// others, the mesh is extracted anew. Either way the mean distance of its own outlines (outline_residuals.h) may rise by
// what the polish may, and once polished it must have less damage. Where masks show holes that are covered, tunnels are
// not given up for less than that share.
// Polish, at the end: partMesh(), then repairMesh(), each kept only when that distance has risen by no more than kRise and
// kRisePixels a damaged face that went, kMostRisePixels at most. Where they leave damage, as where the prior drew a handle
// that no mask shows into a thread, patchMesh() cuts that out of the mesh as it was, or else out of the repaired one; kept
// on the same terms and when it spoils no more than kMostSpoilt pixels of any train view.
// Everything is counted in iterations, not in time, so that runs repeat bit for bit.
// Limits: meshes that are open or wound inconsistently are left alone.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "optim/fit/fitter.h"
#include "optim/fit/outline_residuals.h"
#include "optim/remesh/repair.h"
#include "optim/remesh/retopology.h"

namespace penumbra {

class MeshCare {
 public:
  static constexpr int kMostTrials = 2, kTrialIterations = 100, kWatches = 5, kLeastWatchEvery = 50, kRepairRounds = 6;
  static constexpr int kPatchRounds = 4, kMostSpoilt = 16, kApartRounds = 4;
  static constexpr double kMostIntersecting = 1e-3, kRise = 0.02, kRisePixels = 5e-4, kMostRisePixels = 0.02;

  struct Fit {
    Fitter& fitter;
    const ViewSet& views;
    const FitOptions& options;
    ThreadPool& pool;
    int planned = 0;                     // iterations
    std::function<void(const char* deed)> beforeChange;  // "re-carving", "mending": the state is still the old one
    std::function<bool()> chooseMesh;    // at the end, before the polish: whether the fitter has been given another one
  };
  struct Outcome {
    bool changed = false;  // the fitter has another mesh
    bool goOn = false;     // and should iterate further
    std::string sentence;  // of a topology made or taken back, for a person; empty when there is none
    std::string verdict;   // at the end: "watertight, genus 1, no self-intersections"
  };

  void reset();  // another fit or another mesh
  // After an iteration. Throws Interrupted with the fitter unchanged, as atEnd does.
  Outcome whileRunning(const Fit& fit);
  // Whether whileRunning() matters to a fit by the Newton solver.
  bool watchesNewton() const { return trial_ && trial_->mending; }
  // When the solver has converged or all is done. `mayGoOn`: a trial may begin.
  Outcome atEnd(const Fit& fit, bool mayGoOn);

 private:
  struct Trial {
    FitState before;
    TopologyMismatch lacked;  // before
    double pixels = 0;    // mean distance of the outlines before
    int begun = 0;        // iteration
    int damage = 0;       // faces, when those were its cause
    std::optional<RepairReport> polished;  // `before`, with that damage left
    bool mending = false; // not carved anew
    Mesh last;            // of a mending: before the newest iteration
    std::vector<std::pair<int, int>> crossing;  // its faces that ran through each other when it began, in order
  };
  struct Polish {
    RepairReport kept;
    double pixels = 0;  // mean distance of the outlines then; not known when nothing was damaged
    Mesh parted;        // tried, kept or not; empty when nothing was damaged
    int partedDamage = 0;  // faces
    Mesh soundest;      // of all that was tried
    int damage = 0;     // faces
  };
  void keepApart(const Fit& fit, Outcome& outcome);
  std::optional<RepairReport> judge(const Fit& fit, Outcome& outcome);  // what the polish leaves, if that is known then
  double outlinePixels(const Mesh& mesh, const Fit& fit);
  Polish polish(const Fit& fit, Outcome& outcome);
  bool begin(const Fit& fit, const std::optional<RepairReport>& polished, Outcome& outcome);  // if damage is the cause
  bool mend(const Fit& fit, const Polish& polished, Outcome& outcome);
  void takeBack(const Fit& fit, Trial trial, const std::string& why, Outcome& outcome);
  bool mayMend() const { return !mended_ && !trial_; }
  bool mayTry(const Fit& fit) const { return fit.options.retopology && !refuted_ && !trial_ && trials_ < kMostTrials; }

  MismatchWatch watch_;
  std::optional<Trial> trial_;
  std::unique_ptr<OutlineMeter> meter_;
  std::shared_ptr<const ViewSet> metered_;  // its views
  int trials_ = 0, watched_ = 0;
  bool refuted_ = false;  // a mesh carved anew did no good
  bool mended_ = false;   // that was tried
};

}  // namespace penumbra
