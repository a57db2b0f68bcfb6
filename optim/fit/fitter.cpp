#include "optim/fit/fitter.h"

#include <algorithm>
#include <cmath>

#include "optim/fit/gradient_solver.h"
#include "optim/fit/start_shapes.h"
#include "optim/newton/newton_solver.h"
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
  SolverKind kind = SolverKind::Auto;  // of the solver
  std::unique_ptr<FitSolver> solver;
  const std::atomic<bool>* stop = nullptr;
  std::vector<float> vertexGradient;
  std::vector<MeasuredMask> heldOutMasks;  // measured at the first call
  Metrics lastGood;
  std::string startNote;

  Impl(std::shared_ptr<const ViewSet> v, const FitOptions& o, ThreadPool& p)
      : pool(p), views(checked(std::move(v))), options(o), planned(o.iterations) {
    makeSolver();
  }

  // For the options and views in force; the one there is stays when it is of the right kind.
  void makeSolver(bool viewsChanged = false) {
    const SolverKind wanted = resolvedSolver(options, *views);
    if (solver && wanted == kind && !viewsChanged) return;
    if (wanted == SolverKind::Newton) solver = std::make_unique<NewtonSolver>(views, pool);
    else solver = std::make_unique<GradientSolver>(views, pool);
    kind = wanted;
    solver->setStopFlag(stop);
  }

  void install(FitState next) {
    const bool sameFaces = topology.vertexCount == int(next.positions.size()) && topology.faces == next.faces;
    if (!sameFaces) topology = buildTopology(int(next.positions.size()), next.faces);
    state = std::move(next);
    good = state;
    reach = std::max(10.0, 3 * farthest(state.positions));
    vertexGradient.assign(state.positions.size(), 0);
    solver->meshReplaced();
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
    if (topology.faces != good.faces) topology = buildTopology(int(good.positions.size()), good.faces);
    state = good;
    solver->meshReplaced();
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
    const Metrics m = solver->iterate(state, topology, options, planned);
    vertexGradient = solver->vertexGradient();
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
  const bool otherProblem = old.prior != options.prior || old.robust != options.robust ||
                            old.coarseToFine != options.coarseToFine || old.solver != options.solver;
  impl_->options = options;
  impl_->makeSolver();
  if (otherProblem) impl_->state.newton.converged = false;
  if (!otherCoordinates) return;
  impl_->state.moment1.clear();
  impl_->state.moment2.clear();
  impl_->state.optimizerStep = 0;
  impl_->good = impl_->state;
}

void Fitter::setViews(std::shared_ptr<const ViewSet> views) {
  impl_->views = checked(std::move(views));
  impl_->makeSolver(true);
  impl_->state.newton.converged = false;
  impl_->heldOutMasks.clear();
}

void Fitter::setPlannedIterations(int planned) { impl_->planned = planned; }

Metrics Fitter::iterate(std::optional<std::string>* recovered) {
  if (recovered) recovered->reset();
  return impl_->iterate(recovered);
}

void Fitter::setStopFlag(const std::atomic<bool>* stop) {
  impl_->stop = stop;
  impl_->solver->setStopFlag(stop);
}

const FitState& Fitter::state() const { return impl_->state; }
std::uint64_t Fitter::facesVersion() const { return impl_->topology.id; }
bool Fitter::converged() const { return impl_->kind == SolverKind::Newton && impl_->state.newton.converged; }
const std::string& Fitter::startNote() const { return impl_->startNote; }

void Fitter::restore(const FitState& state) {
  const bool finite = std::isfinite(farthest(state.positions)) && std::isfinite(norm(state.moment1)) &&
                      std::isfinite(norm(state.moment2));
  if (!finite) throw Error(ExitCode::Input, "The checkpoint holds numbers that are not finite.");
  impl_->failures = 0;
  impl_->install(state);
}

const std::vector<float>& Fitter::viewIoU() const { return impl_->solver->viewIoU(); }
const std::vector<float>& Fitter::vertexGradient() const { return impl_->vertexGradient; }

Mask Fitter::coverage(int trainView) const {
  return impl_->solver->coverage(impl_->state, impl_->topology, impl_->options, trainView);
}

HeldOutMetrics Fitter::measureHeldOut() const { return impl_->measureHeldOut(); }

}  // namespace penumbra
