#include "optim/newton/newton_step.h"

#include <algorithm>
#include <cmath>

#include "optim/fit/coverage_pass.h"
#include "optim/newton/step_guard.h"

namespace penumbra {
namespace {

constexpr double kLeastDamping = 1e-3, kMostDamping = 1e3;

}  // namespace

NewtonStepper::NewtonStepper(std::shared_ptr<const ViewSet> views, ThreadPool& pool, std::shared_ptr<const JudgedMasks> masks)
    : views_(std::move(views)), pool_(pool),
      masks_(masks ? std::move(masks) : std::make_shared<const JudgedMasks>(views_->train, pool)), tracer_(pool),
      equations_(pool), viewIoU_(views_->train.size(), -1) {
  for (const View& view : views_->train) cameras_.emplace_back(view.camera);
}

NewtonStepper::Misfit NewtonStepper::lookAt(std::span<const glm::vec3> positions, const Topology& topology,
                                            const ContourTermOptions& options, bool trace) {
  if (stop_ && stop_->load()) throw Interrupted{};
  const MeshRef<float> mesh{positions, &topology};
  if (trace) tracer_.trace(mesh, cameras_, {options.nearPlane}, outlines_);
  const std::size_t count = cameras_.size();
  terms_.resize(count);
  misfits_.resize(count);
  pool_.parallelFor(int(count), [&](int index, int) {
    const std::size_t v = std::size_t(index);
    if (stop_ && stop_->load()) return;
    misfits_[v] = makeContourTerms(mesh, cameras_[v], outlines_[v], masks_->targets[v], options, terms_[v]);
  });
  if (stop_ && stop_->load()) throw Interrupted{};
  for (const int v : trust().distrusted) {
    terms_[std::size_t(v)].clear();
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
  return sum;
}

double NewtonStepper::greyShare() const {
  double sum = 0;
  for (const TargetField& target : masks_->targets) sum += target.greyShare() / double(masks_->targets.size());
  return sum;
}

NewtonReport NewtonStepper::step(std::vector<glm::vec3>& positions, const Topology& topology,
                                 const NewtonSettings& settings, double& damping) {
  if (plate_.topologyId() != topology.id) plate_ = ThinPlate(topology);
  const double prior = settings.prior * plateWeight(topology, positions);
  Misfit here = lookAt(positions, topology, settings.contour, tracedId_ != topology.id);
  tracedId_ = 0;  // until a step is accepted
  NewtonReport report;
  double tried = damping;
  for (report.attempts = 1; report.attempts <= kAttempts; ++report.attempts) {
    equations_.build(plate_, positions, terms_, {prior, tried});
    report.before = here.silhouette + equations_.priorEnergy();
    report.silhouette = here.silhouette, report.bending = equations_.priorEnergy();
    report.solverIterations += equations_.solve(settings.solverIterations, settings.solverTolerance, move_).iterations;
    guardStep(topology, positions, float(settings.maxEdges), move_);
    moved_.resize(positions.size());
    report.largestMove = 0;
    for (std::size_t i = 0; i < move_.size(); ++i) {
      moved_[i] = positions[i] + move_[i];
      report.largestMove = std::max(report.largestMove, double(glm::length(move_[i])));
    }
    const Misfit there = lookAt(moved_, topology, settings.contour, true);
    const double bending = prior * plate_.energy(moved_);
    if (there.silhouette + bending <= report.before) {
      report.accepted = true;
      report.silhouette = there.silhouette, report.bending = bending;
      here = there;
      positions.swap(moved_);
      tracedId_ = topology.id;
      tried = std::max(kLeastDamping, 0.3 * tried);
      break;
    }
    tried = std::min(kMostDamping, 10 * tried);
    here = lookAt(positions, topology, settings.contour, true);
  }
  damping = tried;
  report.meanPixels = here.meanPixels, report.rmsPixels = here.rmsPixels, report.trainIoU = here.trainIoU;
  double squared = 0;
  for (const glm::vec3& g : equations_.gradient()) squared += glm::dot(glm::dvec3(g), glm::dvec3(g));
  report.gradientNorm = std::sqrt(squared);
  return report;
}

}  // namespace penumbra
