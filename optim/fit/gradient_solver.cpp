#include "optim/fit/gradient_solver.h"

#include <algorithm>
#include <cmath>

#include "optim/fit/regularisers.h"
#include "optim/fit/schedule.h"
#include "optim/fit/view_sampler.h"
#include "optim/targets/metrics.h"

namespace penumbra {
namespace {

double norm(const std::vector<glm::vec3>& values) {
  double squared = 0;
  for (const glm::vec3& v : values) squared += glm::dot(glm::dvec3(v), glm::dvec3(v));
  return std::sqrt(squared);
}

}  // namespace

GradientSolver::GradientSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool)
    : views_(std::move(views)), pass_(views_, pool), adaptation_(views_, pool), pixel_(pixelAtMiddle(views_->train, kUsualPixel)) {}

CoveragePass::Settings GradientSolver::settings(const FitOptions& options, const FitState& state) const {
  return {options.coverage, options.loss, sigmaInForce(options, state, adaptation_.halfSide()), options.softTarget};
}

// Adds the regularisers' terms and gradients.
void GradientSolver::regularise(const FitState& state, const Topology& topology, const FitOptions& options, Metrics& m) {
  for (const RegulariserRow& row : regulariserTable()) {
    const double weight = row.weight(options);
    if (weight == 0) continue;
    const double value = weight * row.inFloat(topology, state.positions, float(weight), gradient_);
    switch (row.term) {
      case RegulariserTerm::Laplacian: m.laplacian += value; break;
      case RegulariserTerm::NormalConsistency: m.normalConsistency += value; break;
      case RegulariserTerm::EdgeLength: m.edgeLength += value; break;
    }
  }
}

void GradientSolver::smoothGradient(const Topology& topology, const FitOptions& options) {
  if (options.parameters != Parameters::Differential) return;
  const double lambda = lambdaFor(options, topology.vertexCount);
  if (!smooth_ || smoothId_ != topology.id || smooth_->lambda() != lambda) {
    smooth_ = std::make_unique<SmoothSteps>(topology, lambda);
    smoothId_ = topology.id;
  }
  smooth_->solve(gradient_);
}

void GradientSolver::measureEdges(const FitState& state, const Topology& topology) {
  edge_.assign(state.positions.size(), 0);
  degree_.assign(state.positions.size(), 0);
  double sum = 0;
  for (const glm::ivec2& e : topology.edges) {
    const std::size_t a = std::size_t(e.x), b = std::size_t(e.y);
    const float length = glm::length(state.positions[a] - state.positions[b]);
    edge_[a] += length, edge_[b] += length;
    degree_[a] += 1, degree_[b] += 1;
    sum += double(length);
  }
  for (std::size_t i = 0; i < edge_.size(); ++i)
    if (degree_[i] > 0) edge_[i] /= degree_[i];
  meanEdge_ = topology.edges.empty() ? 0 : float(sum / double(topology.edges.size()));
}

OptimizerSettings GradientSolver::optimizerSettings(const FitOptions& options, double rate) const {
  OptimizerSettings settings{options.optimizer, rate, options.beta1, options.beta2};
  if (options.optimizer == Optimizer::SteadyAdam) settings.lengths = edge_;
  else if (options.rateUnit == RateUnit::Pixels) settings.rate *= pixel_;
  else if (options.rateUnit == RateUnit::Edges) settings.rate *= double(meanEdge_);
  return settings;
}

// Adds to the step what draws steadily moving vertices to the middle of their neighbours.
void GradientSolver::smoothMotion(const FitState& state, const Topology& topology, const FitOptions& options) {
  if (options.motionSmoothing == 0) return;
  bend_.assign(state.positions.size(), glm::vec3(0));
  for (const glm::ivec2& e : topology.edges) {
    const glm::vec3 along = state.positions[std::size_t(e.y)] - state.positions[std::size_t(e.x)];
    bend_[std::size_t(e.x)] += along;
    bend_[std::size_t(e.y)] -= along;
  }
  for (std::size_t i = 0; i < bend_.size(); ++i) {
    const float share = float(options.motionSmoothing) * steadiness(state.moment1[i], state.moment2[i]);
    if (degree_[i] > 0) gradient_[i] += share / degree_[i] * bend_[i];
  }
}

// Moves the vertices by the gradient, which holds the step by now, at most kMaxStep mean edge lengths each.
void GradientSolver::move(FitState& state) {
  for (std::size_t i = 0; i < gradient_.size(); ++i) {
    const float limit = kMaxStep * edge_[i], length = glm::length(gradient_[i]);
    state.positions[i] += length > limit ? gradient_[i] * (limit / length) : gradient_[i];
  }
}

Metrics GradientSolver::iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) {
  // Sample views, render them, compare.
  const std::vector<int> step = sampleViews(int(views_->train.size()), options.viewsPerStep, options.seed, state.iteration);
  const CoveragePass::Settings now = settings(options, state);
  const CoveragePass::Result seen = pass_.run(state.positions, topology, step, now, gradient_);
  Metrics m;
  m.sigma = now.sigma;
  m.learningRate = learningRateAt(options, state.iteration, planned) * state.stepScale;
  m.trainIoU = seen.trainIoU;
  m.silhouette = options.silhouetteWeight * seen.loss;
  for (glm::vec3& g : gradient_) g *= float(options.silhouetteWeight);
  // Regularise.
  regularise(state, topology, options, m);
  m.loss = m.silhouette + m.laplacian + m.normalConsistency + m.edgeLength;
  m.gradientNorm = norm(gradient_);
  vertexGradient_.resize(gradient_.size());
  for (std::size_t i = 0; i < gradient_.size(); ++i) vertexGradient_[i] = glm::length(gradient_[i]);
  // Step.
  measureEdges(state, topology);
  smoothGradient(topology, options);
  optimizerStep(optimizerSettings(options, m.learningRate), gradient_, state.moment1, state.moment2,
                state.optimizerStep);
  smoothGradient(topology, options);
  smoothMotion(state, topology, options);
  move(state);
  m.iteration = ++state.iteration;
  // Adapt.
  if (Adaptation::due(options, state.iteration)) adaptation_.run(state, topology, options, planned, vertexGradient_);
  m.outlinePx = state.growth.outlinePx;
  return m;
}

Mask GradientSolver::coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) {
  return pass_.coverage(state.positions, topology, view, settings(options, state));
}

}  // namespace penumbra
