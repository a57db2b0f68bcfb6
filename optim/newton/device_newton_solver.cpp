#include "optim/newton/device_newton_solver.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optim/fit/coverage_pass.h"
#include "optim/newton/step_guard.h"

namespace penumbra {
namespace {

// What the report says of the place where the mesh is now.
void tell(const DeviceMisfit& misfit, NewtonReport& report) {
  report.silhouette = misfit.silhouette, report.bending = misfit.bending;
  if (misfit.length > 0) {
    report.meanPixels = misfit.absolute / misfit.length;
    report.rmsPixels = std::sqrt(misfit.squared / misfit.length);
  }
  report.trainIoU = 0;
  for (const float iou : misfit.viewIoU) report.trainIoU += double(iou) / double(misfit.viewIoU.size());
}

void expectNear(double energy, double expected) {
  if (!std::isfinite(energy) || std::abs(energy - expected) <= DeviceNewtonSolver::kAgree * expected) return;
  throw Error(ExitCode::Internal, "The card finds another energy than the processor (" + std::to_string(energy) + " for " +
                                      std::to_string(expected) + ").");
}

}  // namespace

void uploadViews(DeviceNewton& device, const ViewSet& views, const JudgedMasks& masks) {
  std::vector<DeviceNewtonView> inputs;
  for (std::size_t v = 0; v < views.train.size(); ++v) {
    const TargetField& target = masks.targets[v];
    inputs.push_back({views.train[v].camera, target.distance().pixels, views.train[v].mask.pixels, target.touchesFrame(),
                      !target.empty()});
  }
  for (const int v : masks.trust.distrusted) inputs[std::size_t(v)].pulls = false;
  device.setViews(inputs);
}

DeviceNewtonSettings deviceSettings(const NewtonSettings& settings, double damping) {
  if (settings.viewPrior > 0) throw Error(ExitCode::Internal, "Errors of whole views are solved for on the processor.");
  DeviceNewtonSettings s;
  s.prior = settings.prior;
  s.damping = damping;
  s.clip = settings.contour.clip;
  s.robust = settings.contour.robust;
  s.nearPlane = settings.contour.nearPlane;
  s.lengthScale = kLengthScale;
  s.referenceEdge = kReferenceEdge;
  s.solverIterations = settings.solverIterations;
  s.solverTolerance = settings.solverTolerance;
  s.maxEdges = settings.maxEdges;
  s.leastCosine = double(kLeastCosine);
  s.halvings = kTries;
  return s;
}

DeviceNewtonSolver::DeviceNewtonSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool,
                                       std::shared_ptr<const JudgedMasks> masks, const DeviceAccess& access)
    : NewtonSolver(views, pool, masks), views_(std::move(views)), masks_(std::move(masks)), access_(access),
      viewIoU_(views_->train.size(), -1) {}

// Brings what changed to the card.
bool DeviceNewtonSolver::prepare(const FitState& state, const Topology& topology) {
  if (!device_) {
    auto made = access_.makeNewton();
    uploadViews(*made, *views_, *masks_);
    device_ = std::move(made);
  }
  if (meshId_ == topology.id) return false;
  if (plate_.topologyId() != topology.id) plate_ = ThinPlate(topology);
  device_->setMesh(topology, state.positions, plate_.onDevice());
  meshId_ = topology.id;
  return true;
}

Metrics DeviceNewtonSolver::iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) {
  const Metrics metrics = NewtonSolver::iterate(state, topology, options, planned);
  if (state.iteration % kGoodEvery == 0 && trouble_.empty()) {
    fetch(state);
    good_ = state;
  }
  return metrics;
}

NewtonReport DeviceNewtonSolver::step(FitState& state, const Topology& topology, const NewtonSettings& settings) {
  if (stop_ && stop_->load()) throw Interrupted{};
  if (!ahead_) known_ = {state.iteration, state.newton};
  bool untried = prepare(state, topology);  // the card with this mesh
  const double expected = untried ? energy(state, topology, settings) : 0;
  NewtonReport report;
  double tried = state.newton.damping;
  for (report.attempts = 1; report.attempts <= NewtonStepper::kAttempts; ++report.attempts) {
    if (stop_ && stop_->load()) throw Interrupted{};
    const DeviceNewtonReport now = device_->step(deviceSettings(settings, tried));
    if (std::exchange(untried, false)) expectNear(now.here.energy(), expected);
    report.accepted = now.accepted;
    report.before = now.here.energy();
    report.gradientNorm = now.gradientNorm;
    report.largestMove = now.largestMove;
    report.solverIterations += now.solverIterations;
    tell(now.accepted ? now.there : now.here, report);
    notice(now);
    tried = nextDamping(tried, now.accepted);
    if (now.accepted) break;
  }
  state.newton.damping = tried;
  return report;
}

// What a step has changed, and whether the mesh is still sound.
void DeviceNewtonSolver::notice(const DeviceNewtonReport& report) {
  stepped_ = gradientStale_ = true;
  ahead_ |= report.accepted;
  viewIoU_ = (report.accepted ? report.there : report.here).viewIoU;
  trouble_.clear();
  if (!std::isfinite(report.here.energy()) || !std::isfinite(report.gradientNorm)) trouble_ = "the objective was not finite";
  else if (report.accepted && !std::isfinite(report.farthest)) trouble_ = "a vertex was not finite";
  else if (report.accepted && report.farthest > limits_.reach) trouble_ = "a vertex left the scene";
}

void DeviceNewtonSolver::fetch(FitState& state) {
  if (!ahead_) return;
  state.positions = device_->positions();
  ahead_ = false;
}

void DeviceNewtonSolver::fetchGood(const FitState&, FitState& good) {
  if (good_) good = *good_;
}

void DeviceNewtonSolver::rewind(FitState& state) const {
  if (!ahead_) return;
  state.iteration = known_.iteration;
  state.newton = known_.newton;
}

void DeviceNewtonSolver::meshReplaced() {
  NewtonSolver::meshReplaced();
  meshId_ = 0;
  ahead_ = gradientStale_ = false;
  good_.reset();
  vertexGradient_.clear();
  std::fill(viewIoU_.begin(), viewIoU_.end(), -1.f);
}

const std::vector<float>& DeviceNewtonSolver::vertexGradient() const {
  if (!gradientStale_) return vertexGradient_;
  vertexGradient_.clear();
  for (const glm::vec3& g : device_->gradient()) vertexGradient_.push_back(glm::length(g));
  gradientStale_ = false;
  return vertexGradient_;
}

Mask DeviceNewtonSolver::coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) {
  if (!ahead_) return NewtonSolver::coverage(state, topology, options, view);
  FitState now = state;
  now.positions = device_->positions();
  return NewtonSolver::coverage(now, topology, options, view);
}

CardUse DeviceNewtonSolver::cardUse() const {
  if (!stepped_) return {};
  return {device_->memoryInUse(), int(views_->train.size())};
}

}  // namespace penumbra
