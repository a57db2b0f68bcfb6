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
    const ViewTerms& terms = here_.viewTerms[v];
    EliminatedView view{&terms.coupling, ViewMatrix::Zero(), terms.pull - prior * motions_[v]};
    const ViewMatrix square = (1 + damping) * terms.square + prior * ViewMatrix::Identity();
    if (prior > 0) view.inverse = square.inverse();
    views.push_back(view);
  }
  return views;
}

void NewtonStepper::lookAt(std::span<const glm::vec3> positions, const Topology& topology, const NewtonSettings& settings,
                           bool trace, Sight& sight) {
  if (stop_ && stop_->load()) throw Interrupted{};
  const MeshRef<float> mesh{positions, &topology};
  if (trace) tracer_.trace(mesh, cameras_, {settings.contour.nearPlane}, sight.outlines);
  const std::size_t count = cameras_.size();
  const bool moving = settings.viewPrior > 0;
  sight.terms.resize(count);
  sight.viewTerms.resize(moving ? count : 0);
  sight.misfits.resize(count);
  pool_.parallelFor(int(count), [&](int index, int) {
    const std::size_t v = std::size_t(index);
    if (stop_ && stop_->load()) return;
    const TargetField& target = masks_->targets[v];
    sight.misfits[v] = moving ? makeContourTerms(mesh, cameras_[v], sight.outlines[v], target, settings.contour, motions_[v][6],
                                                 units_[v], sight.terms[v], sight.viewTerms[v])
                              : makeContourTerms(mesh, cameras_[v], sight.outlines[v], target, settings.contour, sight.terms[v]);
  });
  if (stop_ && stop_->load()) throw Interrupted{};
  for (const int v : trust().distrusted) {
    sight.terms[std::size_t(v)].clear();
    if (moving) sight.viewTerms[std::size_t(v)] = {{}, ViewMatrix::Zero(), ViewVector::Zero()};
    sight.misfits[std::size_t(v)] = {.iou = sight.misfits[std::size_t(v)].iou};
  }
  sight.sum = added(sight);
  if (moving) sight.sum.silhouette += motionEnergy(settings.viewPrior);
}

NewtonStepper::Misfit NewtonStepper::added(const Sight& sight) const {
  Misfit sum;
  double length = 0;
  for (const ContourMisfit& view : sight.misfits) {
    sum.silhouette += view.energy;
    length += view.length;
    sum.meanPixels += view.absolute;
    sum.rmsPixels += view.squared;
    sum.trainIoU += view.iou / double(sight.misfits.size());
  }
  if (length > 0) {
    sum.meanPixels /= length;
    sum.rmsPixels = std::sqrt(sum.rmsPixels / length);
  }
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
  lookAt(positions, topology, settings, true, here_);
  return here_.sum.silhouette + settings.prior * plateWeight(topology, positions) * plate_.energy(positions);
}

NewtonReport NewtonStepper::step(std::vector<glm::vec3>& positions, const Topology& topology,
                                 const NewtonSettings& settings, double& damping) {
  if (plate_.topologyId() != topology.id) plate_ = ThinPlate(topology);
  const double prior = settings.prior * plateWeight(topology, positions);
  lookAt(positions, topology, settings, tracedId_ != topology.id, here_);
  tracedId_ = 0;  // in case it is interrupted
  NewtonReport report;
  double tried = damping;
  for (report.attempts = 1; report.attempts <= kAttempts; ++report.attempts) {
    const std::vector<EliminatedView> views = viewsToEliminate(settings, tried);
    equations_.build(plate_, positions, here_.terms, {prior, tried}, views);
    report.before = here_.sum.silhouette + equations_.priorEnergy();
    report.silhouette = here_.sum.silhouette, report.bending = equations_.priorEnergy();
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
    try {
      lookAt(moved_, topology, settings, true, there_);
    } catch (const Interrupted&) {
      if (!views.empty()) moveViews(std::move(motions));
      throw;
    }
    const double bending = prior * plate_.energy(moved_);
    if (there_.sum.silhouette + bending <= report.before) {
      report.accepted = true;
      report.silhouette = there_.sum.silhouette, report.bending = bending;
      std::swap(here_, there_);
      positions.swap(moved_);
      tried = nextDamping(tried, true);
      break;
    }
    tried = nextDamping(tried, false);
    if (!views.empty()) moveViews(std::move(motions));
  }
  damping = tried;
  tracedId_ = topology.id;
  const Misfit& sum = here_.sum;
  report.meanPixels = sum.meanPixels, report.rmsPixels = sum.rmsPixels, report.trainIoU = sum.trainIoU;
  for (std::size_t v = 0; v < viewIoU_.size(); ++v) viewIoU_[v] = float(here_.misfits[v].iou);
  double squared = 0;
  for (const glm::vec3& g : equations_.gradient()) squared += glm::dot(glm::dvec3(g), glm::dvec3(g));
  report.gradientNorm = std::sqrt(squared);
  return report;
}

}  // namespace penumbra
