#include "optim/fit/mesh_care.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optim/eval/evaluate.h"
#include "optim/eval/self_intersections.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

Mesh meshOf(const FitState& state) { return {state.positions, state.faces}; }

TopologySummary topologyOf(const Mesh& mesh) { return summarise(buildTopology(int(mesh.positions.size()), mesh.faces)); }
bool isSolid(const TopologySummary& topology) { return topology.closed() && topology.inconsistentEdges == 0; }

// Both ways, between hard masks.
double maskPixels(const Mesh& mesh, const MeshCare::Fit& fit) {
  return evaluateSilhouettes(mesh, fit.fitter.trustedViews()->train, fit.pool).contourErrorPx;
}

TopologyMismatch mismatchOf(const Mesh& mesh, const MeshCare::Fit& fit, const TopologyMismatchOptions& options = {}) {
  return topologyMismatch(mesh, fit.fitter.trustedViews()->train, options, fit.pool);
}

// What a mending may lose shows in few pixels: its own outlines do not tell of a hole that has gone.
constexpr TopologyMismatchOptions kSmallest{.leastPixels = 4, .share = 0.5, .leastViews = 1};

// Outlines may be the farther off the more damaged faces go.
double mostAllowed(double pixels, int before, int after) {
  const double rise = MeshCare::kRisePixels * std::max(0, before - after);
  return pixels * (1 + MeshCare::kRise) + std::min(MeshCare::kMostRisePixels, rise);
}

// World units a pixel at the origin.
double pixelOf(const ViewSet& views) {
  const Camera& c = views.train.front().camera;
  return std::max(1e-6, c.toCamera(glm::dvec3(0)).z) / std::sqrt(c.fx * c.fy);
}

// Takes the place of the fitter's mesh; what belonged to the old vertices is gone, the count of iterations stays.
void install(Fitter& fitter, Mesh mesh, const NewtonState& newton = {}, const StallState& stall = {}) {
  FitState next;
  next.newton = newton;
  next.growth.stall = stall;
  next.positions = std::move(mesh.positions);
  next.faces = std::move(mesh.faces);
  next.stepScale = fitter.state().stepScale;
  next.iteration = fitter.iteration();
  fitter.restore(next);
}

int damageBefore(const RepairReport& repair) { return repair.foldedBefore + repair.intersectingBefore; }
int damageAfter(const RepairReport& repair) { return repair.foldedAfter + repair.intersectingAfter; }

bool isTangled(const RepairReport& repair, const Mesh& mesh) {
  return repair.intersectingAfter > MeshCare::kMostIntersecting * double(mesh.faces.size());
}

// Pixels that agree with the mask before and not after, in the view that has most of them.
int mostSpoilt(const Mesh& before, const Mesh& after, const MeshCare::Fit& fit) {
  const std::vector<View>& views = fit.fitter.trustedViews()->train;
  std::vector<int> counts(views.size(), 0);
  fit.pool.parallelFor(int(views.size()), [&](int index, int) {
    const View& view = views[std::size_t(index)];
    const Mask was = renderHardMask(before, view.camera, 2), is = renderHardMask(after, view.camera, 2);
    for (std::size_t i = 0; i < was.pixels.size(); ++i) {
      const bool inside = view.mask.pixels[i] >= 0.5f;
      counts[std::size_t(index)] += inside == (was.pixels[i] >= 0.5f) && inside != (is.pixels[i] >= 0.5f);
    }
  });
  return *std::max_element(counts.begin(), counts.end());
}

std::vector<std::pair<int, int>> crossingOf(const Mesh& mesh, ThreadPool& pool) {
  std::vector<std::pair<int, int>> pairs = selfIntersectingPairs(mesh, TriangleBvh(mesh), pool);
  std::sort(pairs.begin(), pairs.end());
  return pairs;
}

void tell(MeshCare::Outcome& outcome, const std::string& sentence) {
  outcome.sentence += (outcome.sentence.empty() ? "" : " ") + sentence;
}

std::string verdictOf(const TopologySummary& topology, const RepairReport& repair) {
  std::string text = "watertight, genus " + std::to_string(topology.genus());
  if (topology.components != 1) text += ", " + std::to_string(topology.components) + " parts";
  const int n = repair.intersectingAfter;
  return text + (n == 0 ? ", no self-intersections" : ", " + std::to_string(n) + " faces run through others");
}

}  // namespace

void MeshCare::reset() { *this = {}; }

MeshCare::Outcome MeshCare::whileRunning(const Fit& fit) {
  Outcome outcome;
  outcome.goOn = true;
  if (watchesNewton()) {
    keepApart(fit, outcome);
    return outcome;
  }
  const int now = fit.fitter.iteration();
  if (trial_ && now - trial_->begun >= kTrialIterations && now < fit.planned) judge(fit, outcome);
  const int every = std::max(kLeastWatchEvery, fit.planned / kWatches);
  if (!mayTry(fit) || now / every == watched_ / every || now >= fit.planned) return outcome;
  watched_ = now;
  const Mesh mesh = meshOf(fit.fitter.state());
  if (!isSolid(topologyOf(mesh))) return outcome;
  if (watch_.add(mismatchOf(mesh, fit))) begin(fit, {}, outcome);
  return outcome;
}

MeshCare::Outcome MeshCare::atEnd(const Fit& fit, bool mayGoOn) {
  Outcome outcome;
  if (watchesNewton()) keepApart(fit, outcome);
  std::optional<RepairReport> known;  // what the polish leaves
  if (trial_) known = judge(fit, outcome);
  if (fit.chooseMesh && fit.chooseMesh()) {
    outcome.changed = true;
    known.reset();
  }
  const Mesh mesh = meshOf(fit.fitter.state());
  TopologySummary topology = topologyOf(mesh);
  if (!isSolid(topology)) {
    outcome.verdict = "not watertight";
    return outcome;
  }
  if (mayGoOn && mayTry(fit) && mismatchOf(mesh, fit).mismatch && begin(fit, {}, outcome)) return outcome;
  if (known && damageAfter(*known) > 0 && mayGoOn && mayMend()) known.reset();
  const Polish polished = known ? Polish{.kept = *known} : polish(fit, outcome);
  const RepairReport& repair = polished.kept;
  topology = topologyOf(meshOf(fit.fitter.state()));
  const int damage = damageAfter(repair);
  if (mayGoOn && mayMend() && damage > 0 && mend(fit, polished, outcome)) return outcome;
  if (mayGoOn && mayTry(fit) && isTangled(repair, mesh) && begin(fit, repair, outcome)) return outcome;
  outcome.verdict = verdictOf(topology, repair);
  return outcome;
}

double MeshCare::outlinePixels(const Mesh& mesh, const Fit& fit) {
  if (!meter_ || metered_ != fit.fitter.trustedViews()) {
    metered_ = fit.fitter.trustedViews();
    meter_ = std::make_unique<OutlineMeter>(metered_, fit.pool);
  }
  return meter_->measure(mesh.positions, buildTopology(int(mesh.positions.size()), mesh.faces)).mean;
}

MeshCare::Polish MeshCare::polish(const Fit& fit, Outcome& outcome) {
  FitState state = fit.fitter.state();
  const Mesh before = meshOf(state);
  Polish p;
  Mesh parted = before;
  const RepairReport parting = partMesh(parted, fit.pool);
  p.damage = damageBefore(parting);
  if (p.damage == 0) return p;
  p.kept.foldedAfter = parting.foldedBefore, p.kept.intersectingAfter = parting.intersectingBefore;
  p.soundest = before;
  p.pixels = outlinePixels(before, fit);
  const double first = p.pixels;
  const int damage = p.damage;
  const auto isKept = [&](const Mesh& mesh, const RepairReport& report, const Mesh* mayNotSpoil = nullptr) {
    if (damageAfter(report) < p.damage) p.soundest = mesh, p.damage = damageAfter(report);
    if (damageAfter(report) >= damageAfter(p.kept)) return false;
    const double pixels = outlinePixels(mesh, fit);
    if (pixels > mostAllowed(first, damage, damageAfter(report))) return false;
    if (mayNotSpoil && mostSpoilt(*mayNotSpoil, mesh, fit) > kMostSpoilt) return false;
    p.kept = report, p.pixels = pixels;
    return outcome.changed = true;
  };
  const auto give = [&](Mesh mesh) {
    state.positions = std::move(mesh.positions), state.faces = std::move(mesh.faces);
    fit.fitter.restore(state);
  };
  p.parted = parted, p.partedDamage = damageAfter(parting);
  if (isKept(parted, parting)) give(std::move(parted));
  if (damageAfter(p.kept) > 0) {
    FitState repaired = state;
    Mesh mesh = meshOf(state);
    const RepairReport report = repairMesh(mesh, {{}, {&repaired.moment1, &repaired.moment2}}, kRepairRounds, fit.pool);
    if (isKept(mesh, report)) state = std::move(repaired), give(std::move(mesh));
  }
  const Mesh present = meshOf(state);
  for (const Mesh* whole : {&before, &present}) {
    if (damageAfter(p.kept) == 0) break;
    Mesh cut = *whole;
    const RepairReport report = patchMesh(cut, kPatchRounds, fit.pool);
    if (!isKept(cut, report, whole)) continue;
    install(fit.fitter, std::move(cut), state.newton, state.growth.stall);  // the fit is as far as it was
    break;
  }
  return p;
}

// False when nothing becomes sound, or little, and that at the cost of tunnels while masks show holes that are covered.
// The Newton solver goes on at the density it had.
bool MeshCare::mend(const Fit& fit, const Polish& polished, Outcome& outcome) {
  mended_ = true;
  const int damage = damageAfter(polished.kept);
  if (polished.damage >= damage) return false;
  const Mesh& mended = 3 * polished.partedDamage <= 2 * damage ? polished.parted : polished.soundest;
  const FitState& state = fit.fitter.state();
  const Mesh present = meshOf(state);
  const TopologyMismatch lacked = mismatchOf(present, fit, kSmallest);
  const bool shuts = topologyOf(mended).genus() < topologyOf(present).genus();
  if (shuts && lacked.coveredHoles > 0 && !isTangled(polished.kept, present)) return false;
  if (fit.beforeChange) fit.beforeChange("mending");
  trial_ = Trial{state, lacked, polished.pixels, fit.fitter.iteration(), damage, polished.kept, true, mended,
                 crossingOf(mended, fit.pool)};
  NewtonState newton = state.newton;
  newton.restartLevel();
  newton.relaxed = state.newton.relaxed;
  install(fit.fitter, mended, newton, state.growth.stall);
  outcome.changed = outcome.goOn = true;
  tell(outcome, std::to_string(damage) + " faces ran through others or lay folded: mended, and the fit goes on.");
  return true;
}

// False when extracting would change nothing that matters, or cannot be done.
bool MeshCare::begin(const Fit& fit, const std::optional<RepairReport>& polished, Outcome& outcome) {
  const int damage = polished ? damageAfter(*polished) : 0;
  const bool mends = damage > 0;
  ReextractOptions options;
  options.hull.resolution = fit.options.hullResolution;
  options.hull.edgePixels = std::max(options.hull.edgePixels, meanEdgeLength(meshOf(fit.fitter.state())) / pixelOf(fit.views));
  ReextractReport report;
  const Mesh present = meshOf(fit.fitter.state());
  Mesh mesh;
  try {
    mesh = reextract(present, fit.fitter.trustedViews()->train, options, fit.pool, &report);
  } catch (const Error& error) {
    if (error.code() != ExitCode::Input) throw;
    refuted_ = true;
    return false;
  }
  const bool same = report.genusBefore == report.genusAfter && report.componentsBefore == report.componentsAfter;
  watch_.reset();
  ++trials_;
  if (same && !mends) {
    refuted_ = true;
    return false;
  }
  if (fit.beforeChange) fit.beforeChange("re-carving");
  const TopologyMismatch lacked = mismatchOf(present, fit);
  const double pixels = mends ? outlinePixels(present, fit) : maskPixels(present, fit);
  trial_ = Trial{fit.fitter.state(), lacked, pixels, fit.fitter.iteration(), damage, polished};
  install(fit.fitter, std::move(mesh));
  outcome.changed = outcome.goOn = true;
  tell(outcome, std::string(mends ? "Faces ran through each other" : "The masks show another topology") + ": carved anew, " +
                    report.summary() + ".");
  return true;
}

void MeshCare::keepApart(const Fit& fit, Outcome& outcome) {
  FitState state = fit.fitter.state();
  Mesh mesh = meshOf(state);
  Mesh& last = trial_->last;
  if (mesh.faces != last.faces) {  // made denser meanwhile
    trial_->crossing = crossingOf(mesh, fit.pool);
    last = std::move(mesh);
    return;
  }
  const std::vector<char> wasFolded = foldedFaces(last);
  bool moved = false;
  for (int round = 0; round < kApartRounds; ++round) {
    std::vector<char> fresh = foldedFaces(mesh);
    for (std::size_t f = 0; f < fresh.size(); ++f) fresh[f] = fresh[f] && !wasFolded[f];
    for (const auto& pair : crossingOf(mesh, fit.pool))
      if (!std::binary_search(trial_->crossing.begin(), trial_->crossing.end(), pair))
        fresh[std::size_t(pair.first)] = fresh[std::size_t(pair.second)] = 1;
    if (std::find(fresh.begin(), fresh.end(), 1) == fresh.end()) break;
    moved = true;
    for (std::size_t f = 0; f < fresh.size(); ++f)
      for (int k = 0; fresh[f] && k < 3; ++k) {
        const std::size_t v = std::size_t(mesh.faces[f][k]);
        mesh.positions[v] = last.positions[v];
      }
  }
  last = std::move(mesh);
  if (!moved) return;
  state.positions = last.positions;
  fit.fitter.restore(state);
  outcome.changed = true;
}

std::optional<RepairReport> MeshCare::judge(const Fit& fit, Outcome& outcome) {
  const Mesh mesh = meshOf(fit.fitter.state());
  Trial trial = *std::exchange(trial_, std::nullopt);
  const std::optional<RepairReport> earlier = trial.polished;
  const bool mends = trial.damage > 0;
  const auto farther = [&](double pixels, int left) {
    return mends ? pixels > mostAllowed(trial.pixels, trial.damage, left) : pixels >= trial.pixels;
  };
  constexpr const char* kFarther = "brought the outlines no nearer to the masks";
  double now = mends ? outlinePixels(mesh, fit) : maskPixels(mesh, fit);
  if (farther(now, 0)) {
    takeBack(fit, std::move(trial), kFarther, outcome);
    return earlier;
  }
  std::optional<RepairReport> polished;
  if (mends) {
    const Polish polish = this->polish(fit, outcome);
    polished = polish.kept;
    if (polish.pixels > 0) now = polish.pixels;
    const int left = damageAfter(polish.kept);
    if (left >= trial.damage || farther(now, left)) {
      takeBack(fit, std::move(trial), left >= trial.damage ? "left as much damage" : kFarther, outcome);
      return earlier;
    }
  }
  const TopologyMismatch lacks = mismatchOf(mesh, fit, trial.mending ? kSmallest : TopologyMismatchOptions{});
  if (lacks.coveredHoles > trial.lacked.coveredHoles || lacks.missingParts > trial.lacked.missingParts) {
    takeBack(fit, std::move(trial), "lost holes or parts that the masks show", outcome);
    return earlier;
  }
  return polished;
}

void MeshCare::takeBack(const Fit& fit, Trial trial, const std::string& why, Outcome& outcome) {
  trial.before.iteration = fit.fitter.iteration();
  fit.fitter.restore(trial.before);
  if (!trial.mending) refuted_ = true;
  outcome.changed = true;
  tell(outcome, (trial.mending ? "Mending " : "Carving anew ") + why + ": the mesh before is back.");
}

}  // namespace penumbra
