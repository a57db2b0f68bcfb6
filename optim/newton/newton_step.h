// One Gauss-Newton step towards a surface whose outlines match the masks and which bends as little as it can.
//
//   E(x, q) = 1/2 sum_s w_s rho(r_s(x, q))  +  mu w/2 sum_i |u_i(x)|^2  +  kappa/2 sum_v W_v |q_v|^2
//             contour_terms.h                  thin_plate.h                view_motion.h
// q, the errors of whole views, only when viewPrior kappa > 0; W_v is the weight of all samples of the view, so that kappa
// says how large a share of its outline votes for the camera as it was given.
// Trace the outlines -> terms -> normal equations -> conjugate gradients -> guard -> trace again at the new place. When E
// has grown there the step is tried again with ten times the damping (Levenberg-Marquardt), at most kAttempts times;
// then the mesh stays. What is seen from a place is kept until a step from there is accepted; the outlines found at the
// accepted place serve the next step.
// Why not gradient descent: the visual hull reproduces every silhouette, so the data alone has no gradient there; only
// with the prior, solved for all vertices at once, do the parts between the rims move to where they belong.
#pragma once
#include <algorithm>
#include <atomic>
#include <memory>

#include "optim/newton/judged_masks.h"
#include "optim/newton/normal_equations.h"
#include "optim/view_set.h"

namespace penumbra {

struct NewtonSettings {
  double prior = 1;            // mu
  ContourTermOptions contour;
  int solverIterations = 40;   // of conjugate gradients, at most
  double solverTolerance = 1e-3;
  double maxEdges = 0.5;       // see step_guard.h
  double viewPrior = 0;        // kappa; 0: views are right as they are
};

struct NewtonReport {
  double silhouette = 0, bending = 0;       // the two parts of E after the step
  double before = 0;                        // E before
  double meanPixels = 0, rmsPixels = 0;     // |phi| along the outlines, after
  double trainIoU = 0;
  double largestMove = 0;                   // world units
  double gradientNorm = 0;                  // before
  int solverIterations = 0, attempts = 0;
  int heldBack = -1;                        // vertices that the guard's cap stopped in the last attempt; -1: not counted
  bool accepted = false;
  double energy() const { return silhouette + bending; }
};

// Levenberg-Marquardt: for the next step when this one was accepted, else for the next attempt.
inline double nextDamping(double damping, bool accepted) {
  return accepted ? std::max(1e-3, 0.3 * damping) : std::min(1e3, 10 * damping);
}

class NewtonStepper {
 public:
  static constexpr int kAttempts = 3;

  // `masks` of the train views; null: they are judged here.
  NewtonStepper(std::shared_ptr<const ViewSet> views, ThreadPool& pool, std::shared_ptr<const JudgedMasks> masks = nullptr);

  // Moves `positions`. `damping` is adapted. Throws Interrupted (nothing changed) when the stop flag is raised.
  NewtonReport step(std::vector<glm::vec3>& positions, const Topology& topology, const NewtonSettings& settings,
                    double& damping);
  void forget() { tracedId_ = 0; }  // positions have changed other than by a step
  // E at a place, with the views as they stand now; as `before` of a step from there.
  double energy(const std::vector<glm::vec3>& positions, const Topology& topology, const NewtonSettings& settings);

  const std::vector<ViewVector>& viewMotions() const { return motions_; }  // q, by number of the view
  const std::vector<float>& viewIoU() const { return viewIoU_; }
  const ViewTrust& trust() const { return masks_->trust; }  // views that are distrusted do not pull
  double greyShare() const;  // 0: masks are binary, 1: anti-aliased all along their outlines
  const std::vector<glm::vec3>& gradient() const { return equations_.gradient(); }
  void setStopFlag(const std::atomic<bool>* stop) { stop_ = stop; }

 private:
  struct Misfit {
    double silhouette = 0, meanPixels = 0, rmsPixels = 0, trainIoU = 0;
  };
  // What the views show of a mesh at one place.
  struct Sight {
    std::vector<ViewOutline<float>> outlines;
    std::vector<std::vector<ContourTerm>> terms;
    std::vector<ViewTerms> viewTerms;  // empty while views do not move
    std::vector<ContourMisfit> misfits;
    Misfit sum;
  };
  void lookAt(std::span<const glm::vec3> positions, const Topology& topology, const NewtonSettings& settings, bool trace,
              Sight& sight);
  Misfit added(const Sight& sight) const;
  void moveViews(std::vector<ViewVector> motions);
  double motionEnergy(double viewPrior) const;
  std::vector<EliminatedView> viewsToEliminate(const NewtonSettings& settings, double damping) const;

  std::shared_ptr<const ViewSet> views_;
  ThreadPool& pool_;
  std::vector<CameraT<float>> cameras_;   // moved by motions_
  std::vector<ViewVector> motions_, units_;
  std::vector<double> viewWeights_;       // W
  std::shared_ptr<const JudgedMasks> masks_;
  OutlineTracer<float> tracer_;
  Sight here_, there_;          // before a step and where it would lead
  NormalEquations equations_;
  ThinPlate plate_;
  std::uint64_t tracedId_ = 0;  // topology the outlines of here_ belong to
  std::vector<glm::vec3> move_, moved_;
  std::vector<float> viewIoU_;
  const std::atomic<bool>* stop_ = nullptr;
};

}  // namespace penumbra
