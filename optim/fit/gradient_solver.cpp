#include "optim/fit/gradient_solver.h"

#include <cmath>

#include "optim/fit/optimizer.h"
#include "optim/fit/regularisers.h"
#include "optim/fit/schedule.h"
#include "optim/fit/view_sampler.h"

namespace penumbra {
namespace {

double norm(const std::vector<glm::vec3>& values) {
  double squared = 0;
  for (const glm::vec3& v : values) squared += glm::dot(glm::dvec3(v), glm::dvec3(v));
  return std::sqrt(squared);
}

CoveragePass::Settings settingsAt(const FitOptions& options, int iteration) {
  return {options.coverage, options.loss, sigmaAt(options, iteration), options.softTarget};
}

}  // namespace

GradientSolver::GradientSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool)
    : views_(std::move(views)), pass_(views_, pool) {}

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
  if (!smooth_ || smoothId_ != topology.id || smooth_->lambda() != options.lambda) {
    smooth_ = std::make_unique<SmoothSteps>(topology, options.lambda);
    smoothId_ = topology.id;
  }
  smooth_->solve(gradient_);
}

// Moves the vertices by the gradient, which holds the step by now, at most kMaxStep mean edge lengths each.
void GradientSolver::move(FitState& state, const Topology& topology) {
  edgeSum_.assign(state.positions.size(), 0);
  edgeCount_.assign(state.positions.size(), 0);
  for (const glm::ivec2& e : topology.edges) {
    const std::size_t a = std::size_t(e.x), b = std::size_t(e.y);
    const float length = glm::length(state.positions[a] - state.positions[b]);
    edgeSum_[a] += length, edgeSum_[b] += length;
    edgeCount_[a] += 1, edgeCount_[b] += 1;
  }
  for (std::size_t i = 0; i < gradient_.size(); ++i) {
    const float limit = edgeCount_[i] > 0 ? kMaxStep * edgeSum_[i] / edgeCount_[i] : 0, length = glm::length(gradient_[i]);
    state.positions[i] += length > limit ? gradient_[i] * (limit / length) : gradient_[i];
  }
}

Metrics GradientSolver::iterate(FitState& state, Topology& topology, const FitOptions& options, int planned) {
  // Sample views, render them, compare.
  const std::vector<int> step = sampleViews(int(views_->train.size()), options.viewsPerStep, options.seed, state.iteration);
  const CoveragePass::Settings now = settingsAt(options, state.iteration);
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
  smoothGradient(topology, options);
  optimizerStep({options.optimizer, m.learningRate, options.beta1, options.beta2}, gradient_, state.moment1,
                state.moment2, state.optimizerStep);
  smoothGradient(topology, options);
  move(state, topology);
  m.iteration = ++state.iteration;
  return m;
}

Mask GradientSolver::coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) {
  return pass_.coverage(state.positions, topology, view, settingsAt(options, state.iteration));
}

}  // namespace penumbra
