#include "optim/newton/newton_step.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Dense>

#include "optim/fit/coverage_pass.h"
#include "optim/newton/step_guard.h"

namespace penumbra {
NewtonStepper::NewtonStepper(std::shared_ptr<const ViewSet> views, ThreadPool& pool, std::shared_ptr<const JudgedMasks> masks)
    : views_(std::move(views)), pool_(pool),
      masks_(masks ? std::move(masks) : std::make_shared<const JudgedMasks>(views_->train, pool)), tracer_(pool),
      equations_(pool), viewIoU_(views_->train.size(), -1) {
  for (std::size_t v = 0; v < views_->train.size(); ++v) {
    units_.push_back(viewUnits(views_->train[v].camera));
    const double pixel = units_[v][3];  // world units, at the middle of the object
    viewWeights_.push_back(kLengthScale * masks_->targets[v].outlineLength() * pixel * pixel * pixel);
  }
  moveViews(std::vector<ViewVector>(views_->train.size(), ViewVector::Zero()));
}

void NewtonStepper::moveViews(std::vector<ViewVector> motions) {
  motions_ = std::move(motions);
  cameras_.clear();
  for (std::size_t v = 0; v < motions_.size(); ++v) cameras_.emplace_back(movedCamera(views_->train[v].camera, motions_[v]));
}

double NewtonStepper::motionEnergy(double viewPrior) const {
  double energy = 0;
  for (std::size_t v = 0; v < motions_.size(); ++v) energy += 0.5 * viewPrior * viewWeights_[v] * motions_[v].squaredNorm();
  return energy;
}

std::vector<EliminatedView> NewtonStepper::viewsToEliminate(const NewtonSettings& settings, double damping) const {
  std::vector<EliminatedView> views;
  if (settings.viewPrior <= 0) return views;
  for (std::size_t v = 0; v < motions_.size(); ++v) {
    const double prior = settings.viewPrior * viewWeights_[v];
    EliminatedView view{&viewTerms_[v].coupling, ViewMatrix::Zero(), viewTerms_[v].pull - prior * motions_[v]};
    const ViewMatrix square = (1 + damping) * viewTerms_[v].square + prior * ViewMatrix::Identity();
    if (prior > 0) view.inverse = square.inverse();
    views.push_back(view);
  }
  return views;
}

NewtonStepper::Misfit NewtonStepper::lookAt(std::span<const glm::vec3> positions, const Topology& topology,
                                            const NewtonSettings& settings, bool trace) {
  if (stop_ && stop_->load()) throw Interrupted{};
  const MeshRef<float> mesh{positions, &topology};
  if (trace) tracer_.trace(mesh, cameras_, {settings.contour.nearPlane}, outlines_);
  const std::size_t count = cameras_.size();
  const bool moving = settings.viewPrior > 0;
  terms_.resize(count);
  viewTerms_.resize(moving ? count : 0);
  misfits_.resize(count);
  pool_.parallelFor(int(count), [&](int index, int) {
    const std::size_t v = std::size_t(index);
    if (stop_ && stop_->load()) return;
    const TargetField& target = masks_->targets[v];
    misfits_[v] = moving ? makeContourTerms(mesh, cameras_[v], outlines_[v], target, settings.contour, motions_[v][6], units_[v],
                                            terms_[v], viewTerms_[v])
                         : makeContourTerms(mesh, cameras_[v], outlines_[v], target, settings.contour, terms_[v]);
  });
  if (stop_ && stop_->load()) throw Interrupted{};
  for (const int v : trust().distrusted) {
    terms_[std::size_t(v)].clear();
    if (moving) viewTerms_[std::size_t(v)] = {{}, ViewMatrix::Zero(), ViewVector::Zero()};
    misfits_[std::size_t(v)] = {.iou = misfits_[std::size_t(v)].iou};
  }
  Misfit sum;
  double length = 0;
  for (std::size_t v = 0; v < count; ++v) {
    sum.silhouette += misfits_[v].energy;
    length += misfits_[v].length;
    sum.meanPixels += misfits_[v].absolute;
    sum.rmsPixels += misfits_[v].squared;
    sum.trainIoU += misfits_[v].iou / double(count);
    viewIoU_[v] = float(misfits_[v].iou);
  }
  if (length > 0) {
    sum.meanPixels /= length;
    sum.rmsPixels = std::sqrt(sum.rmsPixels / length);
  }
  if (moving) sum.silhouette += motionEnergy(settings.viewPrior);
  return sum;
}

double NewtonStepper::greyShare() const {
  double sum = 0;
  for (const TargetField& target : masks_->targets) sum += target.greyShare() / double(masks_->targets.size());
  return sum;
}

double NewtonStepper::energy(const std::vector<glm::vec3>& positions, const Topology& topology, const NewtonSettings& settings) {
  if (plate_.topologyId() != topology.id) plate_ = ThinPlate(topology);
  forget();
  return lookAt(positions, topology, settings, true).silhouette +
         settings.prior * plateWeight(topology, positions) * plate_.energy(positions);
}

NewtonReport NewtonStepper::step(std::vector<glm::vec3>& positions, const Topology& topology,
                                 const NewtonSettings& settings, double& damping) {
  if (plate_.topologyId() != topology.id) plate_ = ThinPlate(topology);
  const double prior = settings.prior * plateWeight(topology, positions);
  Misfit here = lookAt(positions, topology, settings, tracedId_ != topology.id);
  tracedId_ = 0;  // until a step is accepted
  NewtonReport report;
  double tried = damping;
  for (report.attempts = 1; report.attempts <= kAttempts; ++report.attempts) {
    const std::vector<EliminatedView> views = viewsToEliminate(settings, tried);
    equations_.build(plate_, positions, terms_, {prior, tried}, views);
    report.before = here.silhouette + equations_.priorEnergy();
    report.silhouette = here.silhouette, report.bending = equations_.priorEnergy();
    report.solverIterations += equations_.solve(settings.solverIterations, settings.solverTolerance, move_).iterations;
    report.heldBack = guardStep(topology, positions, float(settings.maxEdges), move_).capped;
    moved_.resize(positions.size());
    report.largestMove = 0;
    for (std::size_t i = 0; i < move_.size(); ++i) {
      moved_[i] = positions[i] + move_[i];
      report.largestMove = std::max(report.largestMove, double(glm::length(move_[i])));
    }
    std::vector<ViewVector> motions = motions_;
    for (std::size_t v = 0; v < views.size(); ++v) motions[v] += views[v].solve(move_);
    if (!views.empty()) motions_.swap(motions), moveViews(motions_);
    Misfit there;
    try {
      there = lookAt(moved_, topology, settings, true);
    } catch (const Interrupted&) {
      if (!views.empty()) moveViews(std::move(motions));
      throw;
    }
    const double bending = prior * plate_.energy(moved_);
    if (there.silhouette + bending <= report.before) {
      report.accepted = true;
      report.silhouette = there.silhouette, report.bending = bending;
      here = there;
      positions.swap(moved_);
      tracedId_ = topology.id;
      tried = nextDamping(tried, true);
      break;
    }
    tried = nextDamping(tried, false);
    if (!views.empty()) moveViews(std::move(motions));
    here = lookAt(positions, topology, settings, true);
  }
  damping = tried;
  report.meanPixels = here.meanPixels, report.rmsPixels = here.rmsPixels, report.trainIoU = here.trainIoU;
  double squared = 0;
  for (const glm::vec3& g : equations_.gradient()) squared += glm::dot(glm::dvec3(g), glm::dvec3(g));
  report.gradientNorm = std::sqrt(squared);
  return report;
}

}  // namespace penumbra
