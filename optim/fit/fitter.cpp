#include "optim/fit/fitter.h"

#include <algorithm>
#include <cmath>

#include "optim/fit/optimizer.h"
#include "optim/fit/regularisers.h"
#include "optim/fit/schedule.h"
#include "optim/fit/smooth_steps.h"
#include "optim/fit/start_shapes.h"
#include "optim/fit/view_sampler.h"
#include "optim/targets/metrics.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kFailuresInARow = 3;

double farthest(const std::vector<glm::vec3>& positions) {
  double squared = 0;
  for (const glm::vec3& p : positions) {
    const double length2 = glm::dot(glm::dvec3(p), glm::dvec3(p));
    if (!std::isfinite(length2)) return length2;
    squared = std::max(squared, length2);
  }
  return std::sqrt(squared);
}

double norm(const std::vector<glm::vec3>& values) {
  double squared = 0;
  for (const glm::vec3& v : values) squared += glm::dot(glm::dvec3(v), glm::dvec3(v));
  return std::sqrt(squared);
}

std::shared_ptr<const ViewSet> checked(std::shared_ptr<const ViewSet> views) {
  if (!views || views->train.empty())
    throw Error(ExitCode::Input, "There is no view to fit to.", "Load a model or a folder of masks with cameras.");
  return views;
}

}  // namespace

struct Fitter::Impl {
  ThreadPool& pool;
  std::shared_ptr<const ViewSet> views;
  FitOptions options;
  int planned;
  FitState state, good;
  Topology topology;
  double reach = 10;
  int failures = 0;
  std::unique_ptr<CoveragePass> pass;
  std::unique_ptr<SmoothSteps> smooth;  // null until needed
  const std::atomic<bool>* stop = nullptr;
  std::vector<glm::vec3> gradient;
  std::vector<float> vertexGradient, edgeSum, edgeCount;
  std::vector<MeasuredMask> heldOutMasks;  // measured at the first call
  Metrics lastGood;
  std::string startNote;

  Impl(std::shared_ptr<const ViewSet> v, const FitOptions& o, ThreadPool& p)
      : pool(p), views(checked(std::move(v))), options(o), planned(o.iterations),
        pass(std::make_unique<CoveragePass>(views, pool)) {}

  void install(FitState next) {
    const bool sameFaces = topology.vertexCount == int(next.positions.size()) && topology.faces == next.faces;
    if (!sameFaces) {
      topology = buildTopology(int(next.positions.size()), next.faces);
      smooth.reset();
    }
    state = std::move(next);
    good = state;
    reach = std::max(10.0, 3 * farthest(state.positions));
    vertexGradient.assign(state.positions.size(), 0);
    pass->forgetCoverage();
  }

  CoveragePass::Settings settings() const {
    return {options.coverage, options.loss, sigmaAt(options, state.iteration), options.softTarget};
  }

  // Adds the regularisers' terms and gradients.
  void regularise(Metrics& m) {
    for (const RegulariserRow& row : regulariserTable()) {
      const double weight = row.weight(options);
      if (weight == 0) continue;
      const double value = weight * row.inFloat(topology, state.positions, float(weight), gradient);
      switch (row.term) {
        case RegulariserTerm::Laplacian: m.laplacian += value; break;
        case RegulariserTerm::NormalConsistency: m.normalConsistency += value; break;
        case RegulariserTerm::EdgeLength: m.edgeLength += value; break;
      }
    }
  }

  void smoothGradient() {
    if (options.parameters != Parameters::Differential) return;
    if (!smooth || smooth->lambda() != options.lambda) smooth = std::make_unique<SmoothSteps>(topology, options.lambda);
    smooth->solve(gradient);
  }

  // Moves the vertices by `gradient`, which holds the step by now, at most kMaxStep mean edge lengths each.
  void move() {
    edgeSum.assign(state.positions.size(), 0);
    edgeCount.assign(state.positions.size(), 0);
    for (const glm::ivec2& e : topology.edges) {
      const std::size_t a = std::size_t(e.x), b = std::size_t(e.y);
      const float length = glm::length(state.positions[a] - state.positions[b]);
      edgeSum[a] += length, edgeSum[b] += length;
      edgeCount[a] += 1, edgeCount[b] += 1;
    }
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      const float limit = edgeCount[i] > 0 ? kMaxStep * edgeSum[i] / edgeCount[i] : 0, length = glm::length(gradient[i]);
      state.positions[i] += length > limit ? gradient[i] * (limit / length) : gradient[i];
    }
  }

  // Empty when all is well.
  std::string brokenDown(const Metrics& m) const {
    if (!std::isfinite(m.loss) || !std::isfinite(m.gradientNorm)) return "the objective was not finite";
    const double distance = farthest(state.positions);
    if (!std::isfinite(distance)) return "a vertex was not finite";
    if (distance > reach) return "a vertex left the scene";
    return {};
  }

  std::string recover(const std::string& reason) {
    const int failed = state.iteration;
    good.stepScale *= 0.5;
    state = good;
    pass->forgetCoverage();
    if (++failures >= kFailuresInARow)
      throw Error(ExitCode::Numeric,
                  "The fit broke down three times in a row, last at iteration " + std::to_string(failed) + ": " + reason + ".",
                  "Lower the learning rate or raise lambda, then reset.");
    return "Iteration " + std::to_string(failed) + " broke down (" + reason + "); went back to iteration " +
           std::to_string(state.iteration) + " with half the step.";
  }

  void keepGood() {
    if (state.iteration - good.iteration < kGoodEvery) return;
    good = state;
    failures = 0;
  }

  Metrics iterate(std::optional<std::string>* recovered) {
    // Sample views, render them, compare.
    const std::vector<int> step = sampleViews(int(views->train.size()), options.viewsPerStep, options.seed, state.iteration);
    const CoveragePass::Settings now = settings();
    const CoveragePass::Result seen = pass->run(state.positions, topology, step, now, gradient);
    Metrics m;
    m.sigma = now.sigma;
    m.learningRate = learningRateAt(options, state.iteration, planned) * state.stepScale;
    m.trainIoU = seen.trainIoU;
    m.silhouette = options.silhouetteWeight * seen.loss;
    for (glm::vec3& g : gradient) g *= float(options.silhouetteWeight);
    // Regularise.
    regularise(m);
    m.loss = m.silhouette + m.laplacian + m.normalConsistency + m.edgeLength;
    m.gradientNorm = norm(gradient);
    for (std::size_t i = 0; i < gradient.size(); ++i) vertexGradient[i] = glm::length(gradient[i]);
    // Step.
    smoothGradient();
    optimizerStep({options.optimizer, m.learningRate, options.beta1, options.beta2}, gradient, state.moment1,
                  state.moment2, state.optimizerStep);
    smoothGradient();
    move();
    m.iteration = ++state.iteration;
    // Guard.
    if (const std::string reason = brokenDown(m); !reason.empty()) {
      const std::string sentence = recover(reason);
      if (recovered) *recovered = sentence;
      lastGood.iteration = state.iteration;
      return lastGood;
    }
    keepGood();
    return lastGood = m;
  }

  HeldOutMetrics measureHeldOut() {
    HeldOutMetrics result;
    result.iteration = state.iteration;
    const std::vector<View>& held = views->heldOut;
    if (held.empty()) return result;
    std::vector<Camera> cameras;
    for (const View& view : held) cameras.push_back(view.camera);
    const std::vector<Mask> masks = renderHardMasks({state.positions, state.faces}, cameras, pool);
    const bool first = heldOutMasks.empty();
    heldOutMasks.resize(held.size());
    std::vector<double> iou(held.size()), error(held.size());
    pool.parallelFor(int(held.size()), [&](int index, int) {
      const std::size_t i = std::size_t(index);
      if (first) heldOutMasks[i] = measure(held[i].mask);
      iou[i] = maskIoU(masks[i], held[i].mask);
      error[i] = contourErrorPx(measure(masks[i]), heldOutMasks[i]);
    });
    for (std::size_t i = 0; i < held.size(); ++i) {
      result.iou += iou[i] / double(held.size());
      result.contourErrorPx += error[i] / double(held.size());
    }
    return result;
  }
};

Fitter::Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool)
    : impl_(new Impl(std::move(views), options, pool)) {
  reset();
}
Fitter::Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool, const FitState& state)
    : impl_(new Impl(std::move(views), options, pool)) {
  restore(state);
}
Fitter::~Fitter() = default;

void Fitter::reset() {
  impl_->startNote.clear();
  Mesh mesh = makeStartMesh(impl_->options, *impl_->views, impl_->pool, &impl_->startNote);
  if (mesh.faces.empty()) throw Error(ExitCode::Input, "The start mesh has no faces.");
  FitState state;
  state.positions = std::move(mesh.positions);
  state.faces = std::move(mesh.faces);
  impl_->planned = impl_->options.iterations;
  impl_->failures = 0;
  impl_->install(std::move(state));
}

void Fitter::setOptions(const FitOptions& options) {
  const FitOptions& old = impl_->options;
  const bool otherCoordinates = old.optimizer != options.optimizer || old.parameters != options.parameters ||
                                (options.parameters == Parameters::Differential && old.lambda != options.lambda);
  impl_->options = options;
  if (!otherCoordinates) return;
  impl_->state.moment1.clear();
  impl_->state.moment2.clear();
  impl_->state.optimizerStep = 0;
  impl_->good = impl_->state;
}

void Fitter::setViews(std::shared_ptr<const ViewSet> views) {
  impl_->views = checked(std::move(views));
  impl_->pass = std::make_unique<CoveragePass>(impl_->views, impl_->pool);
  impl_->pass->setStopFlag(impl_->stop);
  impl_->heldOutMasks.clear();
}

void Fitter::setPlannedIterations(int planned) { impl_->planned = planned; }

Metrics Fitter::iterate(std::optional<std::string>* recovered) {
  if (recovered) recovered->reset();
  return impl_->iterate(recovered);
}

void Fitter::setStopFlag(const std::atomic<bool>* stop) {
  impl_->stop = stop;
  impl_->pass->setStopFlag(stop);
}

const FitState& Fitter::state() const { return impl_->state; }
const std::string& Fitter::startNote() const { return impl_->startNote; }

void Fitter::restore(const FitState& state) {
  const bool finite = std::isfinite(farthest(state.positions)) && std::isfinite(norm(state.moment1)) &&
                      std::isfinite(norm(state.moment2));
  if (!finite) throw Error(ExitCode::Input, "The checkpoint holds numbers that are not finite.");
  impl_->failures = 0;
  impl_->install(state);
}

const std::vector<float>& Fitter::viewIoU() const { return impl_->pass->viewIoU(); }
const std::vector<float>& Fitter::vertexGradient() const { return impl_->vertexGradient; }

Mask Fitter::coverage(int trainView) const {
  return impl_->pass->coverage(impl_->state.positions, impl_->topology, trainView, impl_->settings());
}

HeldOutMetrics Fitter::measureHeldOut() const { return impl_->measureHeldOut(); }

}  // namespace penumbra
