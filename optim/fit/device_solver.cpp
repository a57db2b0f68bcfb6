#include "optim/fit/device_solver.h"

#include <algorithm>
#include <chrono>

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

Metrics metricsOf(const DeviceMetrics& d, const DeviceStep& step, int iteration) {
  Metrics m;
  m.iteration = iteration;
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

// Iterations of this batch by their number alone: up to the next state to keep. When steps see few views only, batches end
// at other places of a round too: the views of a batch's last step are those whose IoU becomes known.
int untilBatchEnd(int iteration, int stepsPerRound) {
  const int number = iteration / DeviceSolver::kGoodEvery, left = DeviceSolver::kGoodEvery - iteration % DeviceSolver::kGoodEvery;
  const int early = (number / stepsPerRound) % stepsPerRound;
  return early < left ? left - early : left;
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

void uploadViews(DeviceIteration& device, std::span<const View> views, bool soft, ThreadPool& pool) {
  const std::vector<SoftTarget> targets = makeSoftTargets(views, pool);
  std::vector<DeviceViewInput> inputs;
  for (std::size_t v = 0; v < targets.size(); ++v)
    inputs.push_back({views[v].camera, targets[v].distance.pixels, views[v].mask.pixels, targets[v].normaliser});
  device.setViews(inputs, soft);
}

DeviceSolver::DeviceSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, const DeviceAccess& access)
    : views_(std::move(views)), pool_(pool), access_(access), adaptation_(views_, pool),
      viewIoU_(views_->train.size(), -1) {}

DeviceSolver::~DeviceSolver() = default;

// Brings what changed to the card.
void DeviceSolver::prepare(const FitState& state, const Topology& topology, const FitOptions& options) {
  if (!device_) device_ = access_.make();
  DeviceOptions wanted = deviceOptions(options, limits_.reach);
  wanted.lambda = lambdaFor(options, topology.vertexCount);
  wanted.largestSigma = largestSigma(options, state, adaptation_.halfSide());
  device_->setOptions(wanted);
  if (!viewsThere_ || soft_ != options.softTarget) uploadViews(*device_, views_->train, options.softTarget, pool_);
  viewsThere_ = true;
  soft_ = options.softTarget;
  if (meshId_ == topology.id) return;
  device_->setMesh(topology, {state.positions, state.moment1, state.moment2});
  meshId_ = topology.id;
  known_ = {state.iteration, state.optimizerStep};
  ahead_ = iterated_ = false;
}

std::vector<DeviceStep> DeviceSolver::nextSteps(const FitState& state, const FitOptions& options, int planned) const {
  const int views = int(views_->train.size()), sampled = options.viewsPerStep;
  int end = untilBatchEnd(state.iteration, sampled > 0 ? (views + sampled - 1) / sampled : 1);
  if (Adaptation::wanted(options)) end = std::min(end, options.remeshEvery - state.iteration % options.remeshEvery);
  const int inTime = secondsEach_ > 0 ? int(std::min(double(kLongestBatch), access_.batchSeconds / secondsEach_)) : 1;
  const int count = std::max(1, std::min({limits_.iterations, end, inTime}));
  const double following = sigmaInForce(options, state, adaptation_.halfSide());
  std::vector<DeviceStep> steps;
  for (int i = 0; i < count; ++i) {
    const int iteration = state.iteration + i;
    DeviceStep step;
    step.sigma = options.coarseToFine ? following : sigmaAt(options, iteration);
    step.learningRate = learningRateAt(options, iteration, planned) * state.stepScale;
    step.optimizerStep = state.optimizerStep + 1 + i;
    if (sampled > 0) step.views = sampleViews(views, sampled, options.seed, iteration);
    steps.push_back(std::move(step));
  }
  return steps;
}

Metrics DeviceSolver::iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) {
  if (stop_ && stop_->load(std::memory_order_relaxed)) throw Interrupted{};
  prepare(state, topology, options);
  // Queue a batch and wait for it.
  const std::vector<DeviceStep> steps = nextSteps(state, options, planned);
  const auto begun = std::chrono::steady_clock::now();
  device_->run(steps);
  const DeviceProgress progress = device_->finish();
  secondsEach_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() / double(steps.size());
  // Take in how far it came; an iteration that broke down counts, as the guard names it.
  trouble_ = progress.reason;
  state.iteration += progress.done + (trouble_.empty() ? 0 : 1);
  state.optimizerStep += progress.done;
  const DeviceStep& last = steps[std::size_t(std::max(0, progress.done - 1))];
  newestViews_ = last.views;
  viewIoUStale_ = gradientStale_ = ahead_ = iterated_ = true;
  if (!newestViews_.empty()) viewIoU();
  if (trouble_.empty() && state.iteration % kGoodEvery == 0) fetch(state);
  if (trouble_.empty() && Adaptation::due(options, state.iteration)) adapt(state, topology, options);
  Metrics m = metricsOf(progress.last, last, state.iteration);
  m.outlinePx = state.growth.outlinePx;
  return m;
}

// On the processor. What is known of the mesh the card has now follows it to the next one.
void DeviceSolver::adapt(FitState& state, Topology& topology, const FitOptions& options) {
  fetch(state);
  viewIoU();
  std::vector<float> carried = vertexGradient();
  adaptation_.run(state, topology, options, carried);
  vertexGradient_ = std::move(carried);
}

void DeviceSolver::fetch(FitState& state) {
  if (!ahead_) return;
  DeviceState now = device_->state();
  state.positions = std::move(now.positions);
  state.moment1 = std::move(now.moment1);
  state.moment2 = std::move(now.moment2);
  known_ = {state.iteration, state.optimizerStep};
  ahead_ = false;
}

void DeviceSolver::rewind(FitState& state) const {
  if (meshId_ == 0) return;
  state.iteration = known_.iteration;
  state.optimizerStep = known_.optimizerStep;
}

void DeviceSolver::meshReplaced() {
  meshId_ = 0;
  ahead_ = viewIoUStale_ = gradientStale_ = false;
  vertexGradient_.clear();
  std::fill(viewIoU_.begin(), viewIoU_.end(), -1.f);
}

const std::vector<float>& DeviceSolver::viewIoU() const {
  if (!viewIoUStale_) return viewIoU_;
  const std::vector<float> newest = device_->viewIoU();
  for (std::size_t i = 0; i < newest.size(); ++i) viewIoU_[newestViews_.empty() ? i : std::size_t(newestViews_[i])] = newest[i];
  viewIoUStale_ = false;
  return viewIoU_;
}

const std::vector<float>& DeviceSolver::vertexGradient() const {
  if (!gradientStale_) return vertexGradient_;
  vertexGradient_ = device_->vertexGradient();
  gradientStale_ = false;
  return vertexGradient_;
}

Mask DeviceSolver::coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) {
  prepare(state, topology, options);
  viewIoU();  // rendering uses the buffers that hold it
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
    viewIoU();  // rendering uses the buffers that hold it
    return device::publish(ring, device_->pictures(wishes, sigmaInForce(options, state, adaptation_.halfSide())));
  });
}

}  // namespace penumbra
