#include "optim/fit/fitter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optim/fit/backend_choice.h"
#include "optim/fit/device_solver.h"
#include "optim/fit/gradient_solver.h"
#include "optim/fit/start_shapes.h"
#include "optim/hull/visual_hull.h"
#include "optim/newton/device_newton_solver.h"
#include "optim/newton/view_correction.h"
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

// Whether the gradient solver may get farther by these options than by the old ones.
bool otherDescent(FitOptions old, const FitOptions& next) {
  old.iterations = next.iterations;
  old.stopWhenConverged = next.stopWhenConverged;
  old.retopology = next.retopology;
  old.backend = next.backend;
  old.threads = next.threads;
  return old != next;
}

std::shared_ptr<const ViewSet> checked(std::shared_ptr<const ViewSet> views) {
  if (!views || views->train.empty())
    throw Error(ExitCode::Input, "There is no view to fit to.", "Load a model or a folder of masks with cameras.");
  return views;
}

// The same when none is left out.
std::shared_ptr<const ViewSet> without(const std::shared_ptr<const ViewSet>& views, const std::vector<int>& leftOut) {
  if (leftOut.empty()) return views;
  auto rest = std::make_shared<ViewSet>(*views);
  for (auto v = leftOut.rbegin(); v != leftOut.rend(); ++v) rest->train.erase(rest->train.begin() + *v);
  return rest;
}

}  // namespace

struct Fitter::Impl {
  ThreadPool& pool;
  std::shared_ptr<const ViewSet> views, fitted, trusted;  // as given; as the solver sees them; without those it distrusts
  FitOptions options;
  int planned;
  FitState state, good;
  Topology topology;
  double reach = 10;
  int failures = 0;
  BackendChoice backend;
  SolverKind kind = SolverKind::Auto;  // of the solver
  bool onDevice = false;
  std::unique_ptr<FitSolver> solver;
  std::shared_ptr<const JudgedMasks> given, judged;  // of `views` and of `fitted`, once the Newton solver has asked for them
  const std::atomic<bool>* stop = nullptr;
  std::vector<float> vertexGradient;
  bool gradientStale = false;          // vertexGradient is not the solver's newest
  bool iterated = false;               // the mesh, since it was installed, by this solver
  std::vector<float> installedIoU;     // of an installed mesh, per train view; empty: not measured
  std::vector<MeasuredMask> heldOutMasks;  // measured at the first call
  Metrics lastGood;
  std::string startNote;
  ViewCorrection correction;           // of the views, for the Newton solver; 0 rounds: none

  Impl(std::shared_ptr<const ViewSet> v, const FitOptions& o, ThreadPool& p, const DeviceAccess& device)
      : pool(p), views(checked(std::move(v))), options(o), planned(o.iterations), backend(device) {
    makeSolver();
  }

  // For the options and views in force; the one there is stays when it is of the right kind.
  void makeSolver(bool viewsChanged = false) {
    const SolverKind wanted = resolvedSolver(options, *views);
    const bool newton = wanted == SolverKind::Newton;
    const bool device = backend.useDevice(options.backend, newton ? "" : whyNotOnDevice(options));
    if (solver && wanted == kind && device == onDevice && !viewsChanged) return;
    if (solver) newestGradient(), fetch(), fetchGood(), solver.reset();  // its memory is free before the next one takes some
    fitted = trusted = views;
    judged = given;
    correction = {};
    if (newton) prepareNewton();
    kind = wanted;
    onDevice = device && backend.reason().empty();  // it may have failed just now
    solver = onDevice ? onCard() : onProcessor();
    solver->setStopFlag(stop);
    iterated = false;
    installedIoU.clear();
  }
  std::unique_ptr<FitSolver> onCard() {
    if (kind == SolverKind::Newton) return std::make_unique<DeviceNewtonSolver>(fitted, pool, judged, backend.access());
    return std::make_unique<DeviceSolver>(views, pool, backend.access());
  }
  std::unique_ptr<FitSolver> onProcessor() {
    if (kind == SolverKind::Newton) return std::make_unique<NewtonSolver>(fitted, pool, judged);
    return std::make_unique<GradientSolver>(views, pool);
  }

  // Judges the masks, and corrects the views where that is wanted.
  void prepareNewton() {
    if (!given) given = std::make_shared<const JudgedMasks>(views->train, pool);
    judged = given;
    const bool wanted = options.viewCorrection == ViewCorrecting::On ||
                        (options.viewCorrection == ViewCorrecting::Auto && given->trust.noisy());
    if (wanted && int(views->train.size()) >= ViewTrust::kFewestViews) {
      correction = correctViews(views, given, pool);
      fitted = correction.views;
      judged = correction.masks;
    }
    trusted = without(fitted, judged->trust.distrusted);
  }

  // Uses the solver. When the card fails the processor takes over, from the newest state the host has, and is used.
  template <class Use> auto withSolver(const Use& use) {
    if (!onDevice) return use(*solver);
    try {
      return use(*solver);
    } catch (const Error& error) {
      solver->rewind(state);
      if (state.iteration > good.iteration) good = state;  // what the card has kept is lost
      backend.deviceFailed(error, state.iteration);
    }
    solver = onProcessor();
    solver->setStopFlag(stop);
    onDevice = false;
    return use(*solver);
  }
  // The state is of now afterwards.
  void fetch() {
    withSolver([this](FitSolver& s) { s.fetch(state); });
  }
  // What the guard goes back to is the newest there is afterwards.
  void fetchGood() {
    withSolver([this](FitSolver& s) { s.fetchGood(state, good); });
  }

  void install(FitState next) {
    const bool sameFaces = topology.vertexCount == int(next.positions.size()) && topology.faces == next.faces;
    if (!sameFaces) topology = buildTopology(int(next.positions.size()), next.faces);
    state = std::move(next);
    good = state;
    reach = std::max(10.0, 3 * farthest(state.positions));
    vertexGradient.assign(state.positions.size(), 0);
    gradientStale = iterated = false;
    installedIoU.clear();
    solver->meshReplaced();
  }

  // The solver knows the views only of meshes that it has iterated.
  void measureInstalled() {
    for (std::size_t v = 0; v < fitted->train.size(); ++v) {
      const Mask alpha = withSolver([&](FitSolver& s) { return s.coverage(state, topology, options, int(v)); });
      installedIoU.push_back(float(maskIoU(alpha, fitted->train[v].mask)));
    }
  }

  Mesh makeStart() {
    const bool carved = resolvedStart(options, *fitted) == StartShape::Hull;
    HullCard card = carved ? backend.hullCard(options.backend) : HullCard();
    Mesh mesh = makeStart(card);
    backend.hullCarved(card);
    return mesh;
  }
  Mesh makeStart(HullCard& card) {
    if (!judged) return makeStartMesh(options, *fitted, pool, &startNote, nullptr, &card);
    const std::vector<const Mask*> distances = judged->distances();
    const KnownMasks known{distances, judged->trust};
    return makeStartMesh(options, *fitted, pool, &startNote, &known, &card);
  }

  void note(const std::string& sentence) { startNote += (startNote.empty() ? "" : ". ") + sentence; }

  // The hull tells of such views itself.
  void noteOnDistrusted() {
    if (!judged || kind != SolverKind::Newton || resolvedStart(options, *fitted) == StartShape::Hull) return;
    for (const int v : judged->trust.distrusted)
      note("The mask of view " + fitted->train[std::size_t(v)].name + " contradicts the others and is left out");
  }

  // Says so when remeshing is wanted of a mesh that has to keep its triangles.
  void noteOnTriangles() {
    if (kind != SolverKind::Gradient || !remeshWanted(options)) return;
    const std::string why = whyNotRemeshed(topology);
    if (!why.empty()) note(why);
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
    countGood();
    fetchGood();
    good.stepScale *= 0.5;
    good.growth.stall = {};
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

  // A solver that keeps states for the guard itself (on the card) is asked for them only when they are needed.
  void keepGood() {
    if (onDevice) return countGood();
    if (state.iteration - good.iteration < kGoodEvery) return;
    good = state;
    failures = 0;
  }
  void countGood() {
    if (solver->goodIteration() > good.iteration) failures = 0;
  }

  Metrics iterate(std::optional<std::string>* recovered, int most) {
    const Metrics m = withSolver([&](FitSolver& s) {
      s.setLimits({most, reach});
      return s.iterate(state, topology, options, planned);
    });
    gradientStale = iterated = true;
    installedIoU.clear();
    // Guard. The card has looked at every iteration; its metrics come by the clock, so nothing may depend on them.
    if (const std::string reason = onDevice ? solver->trouble() : brokenDown(m); !reason.empty()) {
      const std::string sentence = recover(reason);
      if (recovered) *recovered = sentence;
      lastGood.iteration = state.iteration;
      return lastGood;
    }
    keepGood();
    return lastGood = m;
  }

  const std::vector<float>& newestGradient() {
    if (std::exchange(gradientStale, false)) vertexGradient = withSolver([](FitSolver& s) { return s.vertexGradient(); });
    vertexGradient.resize(state.positions.size(), 0);  // a solver that has just taken over knows none
    return vertexGradient;
  }

  HeldOutMetrics measureHeldOut() {
    fetch();
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
      error[i] = contourErrorPx(masks[i], heldOutMasks[i]);
    });
    for (std::size_t i = 0; i < held.size(); ++i) {
      result.iou += iou[i] / double(held.size());
      result.contourErrorPx += error[i] / double(held.size());
    }
    return result;
  }
};

Fitter::Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool, const DeviceAccess& device)
    : impl_(new Impl(std::move(views), options, pool, device)) {
  reset();
}
Fitter::Fitter(std::shared_ptr<const ViewSet> views, const FitOptions& options, ThreadPool& pool, const FitState& state,
               const DeviceAccess& device)
    : impl_(new Impl(std::move(views), options, pool, device)) {
  restore(state);
}
Fitter::~Fitter() = default;

void Fitter::reset() {
  impl_->startNote.clear();
  Mesh mesh = impl_->makeStart();
  if (mesh.faces.empty()) throw Error(ExitCode::Input, "The start mesh has no faces.");
  if (impl_->correction.rounds > 0) impl_->note("Masks disagree: " + impl_->correction.summary());
  impl_->noteOnDistrusted();
  FitState state;
  state.positions = std::move(mesh.positions);
  state.faces = std::move(mesh.faces);
  impl_->planned = impl_->options.iterations;
  impl_->failures = 0;
  impl_->install(std::move(state));
  impl_->noteOnTriangles();
}

void Fitter::setOptions(const FitOptions& options) {
  const FitOptions& old = impl_->options;
  const bool otherCoordinates = old.optimizer != options.optimizer || old.parameters != options.parameters ||
                                (options.parameters == Parameters::Differential && old.lambda != options.lambda);
  const bool otherProblem = old.prior != options.prior || old.robust != options.robust ||
                            old.coarseToFine != options.coarseToFine || old.solver != options.solver ||
                            old.viewCorrection != options.viewCorrection || old.minEdge != options.minEdge ||
                            old.maxEdge != options.maxEdge || old.maxFaces != options.maxFaces ||
                            old.finestTurn != options.finestTurn;
  const bool otherViews = old.viewCorrection != options.viewCorrection;
  if (old.sigma != options.sigma || old.sigmaEnd != options.sigmaEnd || old.coarseToFine != options.coarseToFine)
    impl_->state.growth.sigma = 0;  // begins at what was chosen
  if (otherDescent(old, options)) impl_->state.growth.stall = {};
  impl_->options = options;
  if (otherProblem && impl_->kind == SolverKind::Newton) impl_->fetch();  // before the state says that its levels begin anew
  impl_->makeSolver(otherViews);
  if (otherProblem) impl_->state.newton.restartLevel();
  if (!otherCoordinates) return;
  impl_->fetch();
  impl_->state.moment1.clear();
  impl_->state.moment2.clear();
  impl_->state.optimizerStep = 0;
  impl_->good = impl_->state;
  if (impl_->onDevice) impl_->solver->meshReplaced();
}

void Fitter::setViews(std::shared_ptr<const ViewSet> views) {
  impl_->views = checked(std::move(views));
  impl_->given.reset();
  impl_->makeSolver(true);
  impl_->state.newton.restartLevel();
  impl_->state.growth.stall = {};
  impl_->heldOutMasks.clear();
}

void Fitter::setPlannedIterations(int planned) { impl_->planned = planned; }

Metrics Fitter::iterate(std::optional<std::string>* recovered, int most) {
  if (recovered) recovered->reset();
  return impl_->iterate(recovered, most);
}

std::optional<Metrics> Fitter::untoldMetrics() {
  Impl& i = *impl_;
  std::optional<Metrics> m = i.withSolver([&](FitSolver& s) { return s.untold(i.state); });
  if (m) i.lastGood = *m;
  return m;
}

void Fitter::setStopFlag(const std::atomic<bool>* stop) {
  impl_->stop = stop;
  impl_->solver->setStopFlag(stop);
}

const FitState& Fitter::state() const {
  impl_->fetch();
  return impl_->state;
}
int Fitter::iteration() const { return impl_->state.iteration; }
std::uint64_t Fitter::facesVersion() const { return impl_->topology.id; }
bool Fitter::converged() const {
  const FitState& s = impl_->state;
  return impl_->kind == SolverKind::Newton ? s.newton.converged : s.growth.stall.converged;
}
const std::string& Fitter::startNote() const { return impl_->startNote; }

void Fitter::restore(const FitState& state) {
  const bool finite = std::isfinite(farthest(state.positions)) && std::isfinite(norm(state.moment1)) &&
                      std::isfinite(norm(state.moment2));
  if (!finite) throw Error(ExitCode::Input, "The checkpoint holds numbers that are not finite.");
  impl_->failures = 0;
  impl_->install(state);
}

const std::shared_ptr<const ViewSet>& Fitter::trustedViews() const { return impl_->trusted; }
const std::vector<float>& Fitter::viewIoU() const {
  if (!impl_->installedIoU.empty()) return impl_->installedIoU;
  return *impl_->withSolver([](FitSolver& s) { return &s.viewIoU(); });
}
const std::vector<float>& Fitter::measureViewIoU() {
  if (!impl_->iterated && impl_->installedIoU.empty()) impl_->measureInstalled();
  return viewIoU();
}
const std::vector<float>& Fitter::vertexGradient() const { return impl_->newestGradient(); }

Mask Fitter::coverage(int trainView) const {
  Impl& i = *impl_;
  return i.withSolver([&](FitSolver& s) { return s.coverage(i.state, i.topology, i.options, trainView); });
}

HeldOutMetrics Fitter::measureHeldOut() const { return impl_->measureHeldOut(); }

const std::string& Fitter::card() const {
  static const std::string none;
  return impl_->onDevice ? impl_->backend.card() : none;
}
const std::string& Fitter::backendReason() const { return impl_->backend.reason(); }
CardUse Fitter::cardUse() const { return impl_->solver->cardUse(); }
CardNeed Fitter::predictedCardNeed() const {
  if (!impl_->onDevice) return {};
  std::vector<Camera> cameras;
  for (const View& view : impl_->views->train) cameras.push_back(view.camera);
  const int all = int(cameras.size()), sampled = impl_->options.viewsPerStep;
  const int step = sampled > 0 ? std::min(sampled, all) : all;
  const std::size_t free = impl_->backend.freeMemory();
  if (impl_->kind == SolverKind::Newton) {
    const std::size_t bytes = predictNewtonMemory(impl_->topology, cameras);
    return {bytes, free, free == 0 || bytes <= free ? all : 0, all};
  }
  const DeviceOptions options = deviceOptions(impl_->options, impl_->reach, impl_->state, meanHalfSide(*impl_->views));
  const DevicePrediction p = predictDeviceMemory(impl_->topology, cameras, options, step, free);
  return {p.bytes, free, p.viewsAtOnce, step};
}
std::string Fitter::takeBackendNote() { return impl_->backend.takeNote(); }
std::shared_ptr<const PublishedGeometry> Fitter::publishGeometry() {
  return impl_->withSolver([](FitSolver& s) { return s.publishGeometry(); });
}
std::shared_ptr<const PublishedPictures> Fitter::publishPictures(std::span<const PictureWish> wishes) {
  Impl& i = *impl_;
  return i.withSolver([&](FitSolver& s) { return s.publishPictures(i.state, i.topology, i.options, wishes); });
}

}  // namespace penumbra
