#include "optim/fit/device_solver.h"

#include <algorithm>
#include <utility>

#include "optim/fit/coverage_pass.h"
#include "optim/fit/gradient_solver.h"
#include "optim/fit/schedule.h"
#include "optim/fit/view_sampler.h"
#include "optim/targets/soft_target.h"
#include "renderer/cuda/published.h"

namespace penumbra {
namespace {

DeviceLoss deviceLoss(ImageLoss loss) {
  switch (loss) {
    case ImageLoss::L2: return DeviceLoss::L2;
    case ImageLoss::L1: return DeviceLoss::L1;
    case ImageLoss::SoftIoU: return DeviceLoss::SoftIoU;
  }
  return DeviceLoss::L2;
}

Metrics metricsOf(const DeviceMetrics& d, const DeviceStep& step, const FitState& state) {
  Metrics m;
  m.iteration = state.iteration;
  m.outlinePx = state.growth.outlinePx;
  m.loss = d.loss;
  m.silhouette = d.silhouette;
  m.laplacian = d.laplacian;
  m.normalConsistency = d.normalConsistency;
  m.edgeLength = d.edgeLength;
  m.gradientNorm = d.gradientNorm;
  m.trainIoU = d.trainIoU;
  m.sigma = step.sigma;
  m.learningRate = step.learningRate;
  return m;
}

// Steps of a round, in which all views have their turn.
int stepsPerRound(int views, int sampled) {
  return sampled > 0 && sampled < views ? (views + sampled - 1) / sampled : 1;
}

// Metrics tell the IoU of the views of a batch's last step. So that all views get known, batches that are measured end
// at one place of a round after the other: at most `count` iterations, fewer where the place wanted is among them.
int untilPlace(int iteration, int count, int place, int perRound) {
  const int late = ((iteration + count - 1 - place) % perRound + perRound) % perRound;
  return late < count ? count - late : count;
}

void place(DeviceState from, FitState& to) {
  to.positions = std::move(from.positions);
  to.moment1 = std::move(from.moment1);
  to.moment2 = std::move(from.moment2);
}

}  // namespace

std::string whyNotOnDevice(const FitOptions& o) {
  if (o.optimizer == Optimizer::VectorAdam || o.optimizer == Optimizer::SteadyAdam)
    return "VectorAdam and SteadyAdam run on the processor; Adam and AdamUniform run on the graphics card.";
  if (o.rateUnit != RateUnit::Object) return "Learning rates in pixels or edges are for the processor only.";
  return o.motionSmoothing > 0 ? "Smooth motion is for the processor." : "";
}

DeviceOptions deviceOptions(const FitOptions& o, double reach) {
  DeviceOptions d;
  d.coverage = o.coverage;
  d.loss = deviceLoss(o.loss);
  d.largestSigma = std::max(o.sigma, o.sigmaEnd);  // of the schedule without coarse to fine
  d.silhouetteWeight = o.silhouetteWeight;
  const bool uniform = o.laplacianWeights == LaplacianWeights::Uniform;
  d.uniformLaplacian = uniform ? o.laplacian : 0;
  d.cotangentLaplacian = uniform ? 0 : o.laplacian;
  d.normalConsistency = o.normalConsistency;
  d.edgeLength = o.edgeLength;
  d.adamUniform = o.optimizer == Optimizer::AdamUniform;
  d.beta1 = o.beta1;
  d.beta2 = o.beta2;
  d.differential = o.parameters == Parameters::Differential;
  d.lambda = o.lambda;
  d.maxStep = GradientSolver::kMaxStep;
  d.sceneRadius = reach;
  return d;
}

DeviceOptions deviceOptions(const FitOptions& o, double reach, const FitState& state, double halfSide) {
  DeviceOptions d = deviceOptions(o, reach);
  d.lambda = lambdaFor(o, int(state.positions.size()));
  d.largestSigma = largestSigma(o, state, halfSide);
  if (remeshWanted(o)) d.denseVertices = 0;  // made anew every few steps, the inverse takes longer than it saves
  return d;
}

void uploadViews(DeviceIteration& device, std::span<const View> views, bool soft, ThreadPool& pool) {
  const std::vector<SoftTarget> targets = makeSoftTargets(views, pool);
  std::vector<DeviceViewInput> inputs;
  for (std::size_t v = 0; v < targets.size(); ++v)
    inputs.push_back({views[v].camera, targets[v].distance.pixels, views[v].mask.pixels, targets[v].normaliser});
  device.setViews(inputs, soft);
}

DeviceSolver::DeviceSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, const DeviceAccess& access)
    : views_(std::move(views)), pool_(pool), access_(access), adaptation_(views_, pool),
      viewIoU_(views_->train.size(), -1) {
  metrics_.iteration = -1;
}

DeviceSolver::~DeviceSolver() = default;

// Brings what changed to the card.
void DeviceSolver::prepare(const FitState& state, const Topology& topology, const FitOptions& options) {
  if (!device_) device_ = access_.make();
  const bool sameViews = viewsThere_ && soft_ == options.softTarget, sameMesh = meshId_ == topology.id && !moved_;
  device_->setOptions(deviceOptions(options, limits_.reach, state, adaptation_.halfSide()));
  if (!sameViews) uploadViews(*device_, views_->train, options.softTarget, pool_);
  viewsThere_ = true;
  soft_ = options.softTarget;
  if (sameMesh) return;
  device_->setMesh(topology, {state.positions, state.moment1, state.moment2});
  if (meshId_ == 0) iterated_ = false;
  meshId_ = topology.id;
  known_ = {state.iteration, state.optimizerStep};
  ahead_ = moved_ = false;
}

std::vector<DeviceStep> DeviceSolver::nextSteps(const FitState& state, const FitOptions& options, int planned,
                                                bool measure) const {
  const int views = int(views_->train.size()), sampled = options.viewsPerStep;
  int most = limits_.iterations;
  if (Adaptation::wanted(options)) most = std::min(most, options.remeshEvery - state.iteration % options.remeshEvery);
  const int inTime = secondsEach_ > 0 ? int(std::min(double(kLongestBatch), access_.batchSeconds / secondsEach_)) : 1;
  int count = std::max(1, std::min(most, inTime));
  if (measure) count = untilPlace(state.iteration, count, place_, stepsPerRound(views, sampled));
  const double following = sigmaInForce(options, state, adaptation_.halfSide());
  std::vector<DeviceStep> steps;
  for (int i = 0; i < count; ++i) {
    const int iteration = state.iteration + i;
    DeviceStep step;
    step.sigma = options.coarseToFine ? following : sigmaAt(options, iteration);
    step.learningRate = learningRateAt(options, iteration, planned) * state.stepScale;
    step.optimizerStep = state.optimizerStep + 1 + i;
    if (sampled > 0) step.views = sampleViews(views, sampled, options.seed, iteration);
    step.keep = (iteration + 1) % kGoodEvery == 0 && !Adaptation::due(options, iteration + 1);  // adapt() keeps it here
    steps.push_back(std::move(step));
  }
  return steps;
}

Metrics DeviceSolver::iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) {
  if (stop_ && stop_->load(std::memory_order_relaxed)) throw Interrupted{};
  newest_.reset();
  prepare(state, topology, options);
  const bool due = metrics_.iteration < 0 || access_.seconds() - measuredAt_ >= kMetricsSeconds;
  const std::vector<DeviceStep> steps = nextSteps(state, options, planned, due);
  takeIn(runBatch(steps, due), steps, state);
  if (trouble_.empty() && Adaptation::due(options, state.iteration)) adapt(state, topology, options, planned);
  told_ = metrics_.iteration;
  return metrics_;
}

// Queues a batch and waits for it.
DeviceProgress DeviceSolver::runBatch(std::span<const DeviceStep> steps, bool measure) {
  const double begun = access_.seconds();
  device_->run(steps, measure);
  DeviceProgress progress = device_->finish();
  secondsEach_ = std::max(1e-9, access_.seconds() - begun) / double(steps.size());
  return progress;
}

// How far it came; an iteration that broke down counts, as the guard names it.
void DeviceSolver::takeIn(const DeviceProgress& progress, std::span<const DeviceStep> steps, FitState& state) {
  trouble_ = progress.reason;
  for (int i = 0; i < progress.done; ++i) {
    if (!steps[std::size_t(i)].keep) continue;
    good_ = {state.iteration + i + 1, state.optimizerStep + i + 1};
    goodHere_.reset();
  }
  state.iteration += progress.done + (trouble_.empty() ? 0 : 1);
  state.optimizerStep += progress.done;
  gradientStale_ = ahead_ = iterated_ = true;
  if (!trouble_.empty()) return;
  newest_ = steps.back();
  if (progress.last) takeMetrics(*progress.last, state);
}

// Those of the newest iteration.
void DeviceSolver::takeMetrics(const DeviceMetrics& now, const FitState& state) {
  metrics_ = metricsOf(now, *newest_, state);
  for (std::size_t i = 0; i < now.viewIoU.size(); ++i)
    viewIoU_[newest_->views.empty() ? i : std::size_t(newest_->views[i])] = now.viewIoU[i];
  newest_.reset();
  measuredAt_ = access_.seconds();
  place_ = state.iteration;  // the one behind
}

void DeviceSolver::measureNewest(const FitState& state) {
  if (const std::optional<DeviceMetrics> now = device_->metrics()) takeMetrics(*now, state);
  newest_.reset();
}

std::optional<Metrics> DeviceSolver::untold(const FitState& state) {
  if (newest_) measureNewest(state);
  if (metrics_.iteration <= std::exchange(told_, metrics_.iteration)) return std::nullopt;
  return metrics_;
}

// On the processor. What is known of the mesh the card has now follows it to the next one, which the card gets at once:
// it is drawn from there.
void DeviceSolver::adapt(FitState& state, Topology& topology, const FitOptions& options, int planned) {
  fetch(state);
  if (good_.iteration >= 0 && !goodHere_) goodHere_ = keptOnCard(state);
  std::vector<float> carried = vertexGradient();
  const std::vector<glm::vec3> before = state.positions;
  adaptation_.run(state, topology, options, planned, carried);
  moved_ = state.positions != before;
  vertexGradient_ = std::move(carried);
  if (metrics_.iteration == state.iteration) metrics_.outlinePx = state.growth.outlinePx;
  if (state.iteration % kGoodEvery == 0) {
    good_ = {state.iteration, state.optimizerStep};
    goodHere_ = state;
  }
  prepare(state, topology, options);
}

void DeviceSolver::fetch(FitState& state) {
  if (!ahead_) return;
  place(device_->state(), state);
  known_ = {state.iteration, state.optimizerStep};
  ahead_ = false;
}

// The state kept for the guard; what it holds beside positions, moments and counters has not changed since.
FitState DeviceSolver::keptOnCard(const FitState& now) const {
  FitState kept = now;
  place(device_->keptState(), kept);
  kept.iteration = good_.iteration;
  kept.optimizerStep = good_.optimizerStep;
  return kept;
}

void DeviceSolver::fetchGood(const FitState& now, FitState& good) {
  if (good_.iteration < 0) return;
  if (!goodHere_) goodHere_ = keptOnCard(now);
  good = *goodHere_;
}

void DeviceSolver::rewind(FitState& state) const {
  if (meshId_ == 0) return;
  state.iteration = known_.iteration;
  state.optimizerStep = known_.optimizerStep;
}

void DeviceSolver::meshReplaced() {
  meshId_ = 0;
  ahead_ = gradientStale_ = false;
  newest_.reset();
  metrics_.iteration = told_ = good_.iteration = -1;
  goodHere_.reset();
  vertexGradient_.clear();
  std::fill(viewIoU_.begin(), viewIoU_.end(), -1.f);
}

const std::vector<float>& DeviceSolver::vertexGradient() const {
  if (!gradientStale_) return vertexGradient_;
  vertexGradient_ = device_->vertexGradient();
  gradientStale_ = false;
  return vertexGradient_;
}

Mask DeviceSolver::coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) {
  prepare(state, topology, options);
  const Camera& camera = views_->train[std::size_t(view)].camera;
  Mask mask(camera.width, camera.height);
  mask.pixels = device_->coverage(view, sigmaInForce(options, state, adaptation_.halfSide()));
  return mask;
}

CardUse DeviceSolver::cardUse() const {
  if (!iterated_) return {};
  return {device_->memoryInUse(), device_->viewsAtOnce()};
}

template <class Make> auto DeviceSolver::share(Sharing& sharing, const Make& make) -> decltype(make(*sharing.ring)) {
  if (!access_.api || meshId_ == 0 || !iterated_ || sharing.noRoom) return nullptr;
  if (!sharing.ring) sharing.ring = std::make_unique<device::BufferRing>(*access_.api);
  try {
    return make(*sharing.ring);
  } catch (const Error& error) {
    if (error.code() != ExitCode::Memory) throw;
    sharing.noRoom = true;  // the window takes the host's copies; the fit itself has what it needs
    return nullptr;
  }
}

std::shared_ptr<const PublishedGeometry> DeviceSolver::publishGeometry() {
  return share(geometry_, [this](device::BufferRing& ring) { return device::publish(ring, device_->geometry()); });
}

std::shared_ptr<const PublishedPictures> DeviceSolver::publishPictures(const FitState& state, const Topology& topology,
                                                                       const FitOptions& options, std::span<const PictureWish> wishes) {
  if (wishes.empty()) return nullptr;
  return share(pictures_, [&](device::BufferRing& ring) {
    prepare(state, topology, options);
    return device::publish(ring, device_->pictures(wishes, sigmaInForce(options, state, adaptation_.halfSide())));
  });
}

}  // namespace penumbra
