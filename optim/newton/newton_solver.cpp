#include "optim/newton/newton_solver.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <tuple>

#include "optim/fit/coverage_pass.h"
#include "optim/newton/face_turn.h"
#include "optim/remesh/isotropic_remesh.h"
#include "optim/remesh/repair.h"
#include "optim/targets/metrics.h"

namespace penumbra {
namespace {

constexpr int kLastLevel = int(std::size(NewtonSolver::kLevels)) - 1;
constexpr double kSameDensity = 1.4;  // meshes whose vertex counts differ by less are not made anew

bool canBeRemeshed(const Topology& topology) {
  const TopologySummary summary = summarise(topology);
  return summary.closed() && summary.inconsistentEdges == 0;
}

}  // namespace

NewtonSolver::NewtonSolver(std::shared_ptr<const ViewSet> views, ThreadPool& pool, std::shared_ptr<const JudgedMasks> masks)
    : views_(std::move(views)), pool_(pool), stepper_(views_, pool, std::move(masks)), renderer_(pool),
      pixel_(pixelAtMiddle(views_->train, kUsualPixel)) {
  const double noise = stepper_.trust().noise + kBinaryNoise * (1 - stepper_.greyShare());
  rough_ = noise + (noise < kCleanNoise ? kRoughPixels : kNoisyRoughPixels);
}

double NewtonSolver::edgeOfLevel(const FitState& state, int level, const FitOptions& options) const {
  const double area = surfaceArea({state.positions, state.faces}), shortest = std::max(kLeastEdgePixels, options.minEdge);
  const double wanted = std::clamp(evenEdge(area, kLevels[level]) / pixel_, shortest, std::max(shortest, options.maxEdge));
  return std::max(wanted * pixel_, evenEdge(area, kFaceShare * options.maxFaces / 2));
}

bool NewtonSolver::remesh(FitState& state, Topology& topology, double edge) {
  const double ratio = evenVertices(surfaceArea({state.positions, state.faces}), edge) / double(state.positions.size());
  if ((ratio < kSameDensity && ratio > 1 / kSameDensity) || !canBeRemeshed(topology)) return false;
  Mesh mesh = isotropicRemesh({state.positions, state.faces}, {edge, 2}, {}, pool_);
  repairMesh(mesh, {}, kMendRounds, pool_);  // what is folded now does not unfold later, and what crosses does not part
  state.positions = std::move(mesh.positions);
  state.faces = std::move(mesh.faces);
  state.moment1.clear(), state.moment2.clear();  // they belong to other vertices
  state.optimizerStep = 0;
  topology = buildTopology(int(state.positions.size()), state.faces);
  stepper_.forget();
  return true;
}

// First step on a mesh: fresh from the hull it is made coarse, else its density decides the level.
void NewtonSolver::begin(FitState& state, Topology& topology, const FitOptions& options) {
  state.newton = {};
  state.newton.level = kLastLevel;
  if (!options.coarseToFine) return;
  const bool fresh = state.iteration == 0 && options.start != StartShape::File;
  int level = 0;
  while (!fresh && level < kLastLevel && kLevels[level] * kSameDensity < double(state.positions.size())) ++level;
  state.newton.level = level;
  if (fresh || double(state.positions.size()) * kSameDensity < kLevels[level]) remesh(state, topology, edgeOfLevel(state, level, options));
}

// Once the problem has changed: a mesh that was made here and has too many faces now is made coarser.
void NewtonSolver::keepLimit(FitState& state, Topology& topology, const FitOptions& options) {
  if (!options.coarseToFine || options.start == StartShape::File || int(state.faces.size()) <= options.maxFaces) return;
  remesh(state, topology, edgeOfLevel(state, state.newton.level, options));
}

// Goes to the next level that makes the mesh finer; converged when there is none.
void NewtonSolver::advance(FitState& state, Topology& topology, const FitOptions& options) {
  NewtonState& n = state.newton;
  while (n.level < kLastLevel) {
    ++n.level;
    if (!remesh(state, topology, edgeOfLevel(state, n.level, options))) continue;
    n.steps = n.stalls = 0;
    n.damping = NewtonState{}.damping;
    break;
  }
  n.levelDone = false;
}

NewtonSettings NewtonSolver::settings(const FitOptions& options, const NewtonState& n) const {
  NewtonSettings s;
  s.prior = options.prior * std::clamp(kFewViews / double(views_->train.size()), 0.25, 1.0) * (n.relaxed ? kRelaxation : 1.0);
  const double noise = stepper_.trust().noise;
  if (stepper_.trust().noisy()) s.prior *= 1 + kNoisePrior * noise;
  s.contour.robust = options.robust > 0 ? options.robust + kNoiseReach * noise : 0;
  const bool narrow = options.robust > 0 && (n.level > 0 || n.steps >= 6);
  s.contour.clip = narrow ? std::max(2.0, s.contour.robust) : options.robust > 0 && n.steps >= 3 ? 5 : 15;
  return s;
}

// Whether the densest mesh would show more than this one.
bool NewtonSolver::finestHelps(FitState& state, const Topology& topology, const FitOptions& options, const NewtonReport& report) {
  if (report.rmsPixels < kFinestRms) return false;
  fetch(state);
  return medianTurn(state.positions, topology) > options.finestTurn;
}

void NewtonSolver::schedule(FitState& state, const Topology& topology, const FitOptions& options, const NewtonReport& report) {
  NewtonState& n = state.newton;
  ++n.steps;
  const bool clipSettled = n.level > 0 || n.steps > 6;
  const bool last = n.level == kLastLevel || !options.coarseToFine;
  const double drop = report.before > 0 ? (report.before - report.energy()) / report.before : 0;
  const bool final = last || n.relaxed || (n.level == kLastLevel - 1 && report.rmsPixels < kFineRms);
  n.stalls = drop < (final ? kFinalStall : kStall) ? n.stalls + 1 : 0;
  const bool settled = n.stalls >= kStallsInARow || n.steps >= kMostSteps;
  if (!settled || (!clipSettled && n.steps < kMostSteps)) return;
  if (n.level >= kLastLevel - 1 && !n.relaxed && report.meanPixels > rough_) {
    n.relaxed = true;
    n.stalls = n.steps = 0;
    n.levelDone = !last && finestHelps(state, topology, options, report);
    return;
  }
  if (last || (n.level == kLastLevel - 1 && !finestHelps(state, topology, options, report))) n.converged = true;
  else n.levelDone = true;
}

NewtonReport NewtonSolver::step(FitState& state, const Topology& topology, const NewtonSettings& settings) {
  const NewtonReport report = stepper_.step(state.positions, topology, settings, state.newton.damping);
  vertexGradient_.clear();
  for (const glm::vec3& g : stepper_.gradient()) vertexGradient_.push_back(glm::length(g));
  return report;
}

Metrics NewtonSolver::iterate(FitState& state, Topology& topology, const FitOptions& options, int) {
  NewtonState& n = state.newton;
  std::optional<std::pair<FitState, Topology>> before;  // in case it is interrupted after it was remeshed
  if (n.level < 0 || n.levelDone || n.steps == 0) {
    fetch(state);
    before.emplace(state, topology);
  }
  if (n.level < 0) begin(state, topology, options);
  else if (n.steps == 0) keepLimit(state, topology, options);
  if (n.levelDone) advance(state, topology, options);
  NewtonReport report;
  try {
    report = step(state, topology, settings(options, n));
  } catch (const Interrupted&) {
    if (before) std::tie(state, topology) = std::move(*before);
    throw;
  }
  Metrics m;
  if (options.coarseToFine) m.level = n.level, m.levels = kLastLevel + 1;
  m.damping = n.damping;
  m.heldBack = report.heldBack;
  schedule(state, topology, options, report);
  m.silhouette = report.silhouette;
  m.thinPlate = report.bending;
  m.loss = report.energy();
  m.trainIoU = report.trainIoU;
  m.outlinePx = report.meanPixels;
  m.gradientNorm = report.gradientNorm;
  m.sigma = options.sigmaEnd;
  m.iteration = ++state.iteration;
  return m;
}

Mask NewtonSolver::coverage(const FitState& state, const Topology& topology, const FitOptions& options, int view) {
  const Camera& camera = views_->train[std::size_t(view)].camera;
  Mask alpha(camera.width, camera.height);
  const MeshRef<float> mesh{state.positions, &topology};
  const ViewRef<float> ref{0, CameraT<float>(camera)};
  const std::span<float> pixels(alpha.pixels);
  CoverageOptions coverage;
  coverage.model = options.coverage;
  coverage.sigma = options.sigmaEnd;
  renderer_.forward({&mesh, 1}, {&ref, 1}, coverage, {&pixels, 1});
  return alpha;
}

}  // namespace penumbra
