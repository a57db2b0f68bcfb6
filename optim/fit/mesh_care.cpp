#include "optim/fit/mesh_care.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "optim/eval/evaluate.h"
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

double mostAllowed(double pixels) { return pixels * (1 + MeshCare::kRise) + MeshCare::kRisePixels; }

double meanEdge(const FitState& state) {
  double sum = 0;
  for (const Face& f : state.faces)
    for (int k = 0; k < 3; ++k)
      sum += glm::distance(state.positions[std::size_t(f[k])], state.positions[std::size_t(f[(k + 1) % 3])]);
  return sum / (3.0 * double(state.faces.size()));
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
  const int now = fit.fitter.iteration();
  if (trial_ && now - trial_->begun >= kTrialIterations && now < fit.planned) judge(fit, outcome);
  const int every = std::max(kLeastWatchEvery, fit.planned / kWatches);
  if (!mayTry(fit) || now / every == watched_ / every || now >= fit.planned) return outcome;
  watched_ = now;
  const Mesh mesh = meshOf(fit.fitter.state());
  if (!isSolid(topologyOf(mesh))) return outcome;
  if (watch_.add(mismatchOf(mesh, fit))) begin(fit, 0, outcome);
  return outcome;
}

MeshCare::Outcome MeshCare::atEnd(const Fit& fit, bool mayGoOn) {
  Outcome outcome;
  if (trial_) judge(fit, outcome);
  if (fit.chooseMesh && fit.chooseMesh()) outcome.changed = true;
  const Mesh mesh = meshOf(fit.fitter.state());
  TopologySummary topology = topologyOf(mesh);
  if (!isSolid(topology)) {
    outcome.verdict = "not watertight";
    return outcome;
  }
  if (mayGoOn && mayTry(fit) && mismatchOf(mesh, fit).mismatch && begin(fit, 0, outcome)) return outcome;
  const Polish polished = polish(fit, outcome);
  const RepairReport& repair = polished.kept;
  topology = topologyOf(meshOf(fit.fitter.state()));
  const int damage = damageAfter(repair);
  if (mayGoOn && mayMend() && damage > 0 && mend(fit, polished, outcome)) return outcome;
  if (mayGoOn && mayTry(fit) && isTangled(repair, mesh) && begin(fit, damage, outcome)) return outcome;
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
  Mesh mesh = before;
  RepairReport& kept = p.kept = repairMesh(mesh, {{}, {&state.moment1, &state.moment2}}, kRepairRounds, fit.pool);
  if (kept.rounds == 0) return p;
  p.soundest = mesh, p.damage = damageAfter(kept);
  p.pixels = outlinePixels(before, fit);
  const double allowed = mostAllowed(p.pixels), repaired = outlinePixels(mesh, fit);
  std::vector<const Mesh*> wholes = {&before};
  if (damageAfter(kept) < damageBefore(kept) && repaired <= allowed) {
    state.positions = mesh.positions;
    state.faces = mesh.faces;
    fit.fitter.restore(state);
    outcome.changed = true;
    p.pixels = repaired;
    wholes.push_back(&mesh);
  } else {
    kept.intersectingAfter = kept.intersectingBefore, kept.foldedAfter = kept.foldedBefore;
  }
  for (const Mesh* whole : wholes) {
    if (damageAfter(kept) == 0) break;
    Mesh cut = *whole;
    const RepairReport patched = patchMesh(cut, kPatchRounds, fit.pool);
    if (damageAfter(patched) < p.damage) p.soundest = cut, p.damage = damageAfter(patched);
    if (damageAfter(patched) >= damageAfter(kept)) continue;
    const double now = outlinePixels(cut, fit);
    if (now > allowed || mostSpoilt(*whole, cut, fit) > kMostSpoilt) continue;
    install(fit.fitter, std::move(cut), state.newton, state.growth.stall);  // the fit is as far as it was
    outcome.changed = true;
    kept = patched;
    p.pixels = now;
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
  const FitState& state = fit.fitter.state();
  const Mesh present = meshOf(state);
  const TopologyMismatch lacked = mismatchOf(present, fit, kSmallest);
  const bool shuts = topologyOf(polished.soundest).genus() < topologyOf(present).genus();
  if (shuts && lacked.coveredHoles > 0 && !isTangled(polished.kept, present)) return false;
  if (fit.beforeChange) fit.beforeChange("mending");
  trial_ = Trial{state, lacked, polished.pixels, fit.fitter.iteration(), damage, true};
  NewtonState newton = state.newton;
  newton.restartLevel();
  newton.relaxed = state.newton.relaxed;
  install(fit.fitter, polished.soundest, newton, state.growth.stall);
  outcome.changed = outcome.goOn = true;
  tell(outcome, std::to_string(damage) + " faces ran through others or lay folded: mended, and the fit goes on.");
  return true;
}

// False when extracting would change nothing that matters, or cannot be done.
bool MeshCare::begin(const Fit& fit, int damage, Outcome& outcome) {
  const bool mends = damage > 0;
  ReextractOptions options;
  options.hull.resolution = fit.options.hullResolution;
  options.hull.edgePixels = std::max(options.hull.edgePixels, meanEdge(fit.fitter.state()) / pixelOf(fit.views));
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
  trial_ = Trial{fit.fitter.state(), lacked, pixels, fit.fitter.iteration(), damage};
  install(fit.fitter, std::move(mesh));
  outcome.changed = outcome.goOn = true;
  tell(outcome, std::string(mends ? "Faces ran through each other" : "The masks show another topology") + ": carved anew, " +
                    report.summary() + ".");
  return true;
}

void MeshCare::judge(const Fit& fit, Outcome& outcome) {
  const Mesh mesh = meshOf(fit.fitter.state());
  const bool mends = trial_->damage > 0;
  const double now = mends ? outlinePixels(mesh, fit) : maskPixels(mesh, fit);
  const bool nearer = mends ? now <= mostAllowed(trial_->pixels) : now < trial_->pixels;
  const bool mended = !mends || damageAfter(polish(fit, outcome).kept) < trial_->damage;
  const TopologyMismatch lacks = mismatchOf(mesh, fit, trial_->mending ? kSmallest : TopologyMismatchOptions{});
  const TopologyMismatch& lacked = trial_->lacked;
  const bool lost = lacks.coveredHoles > lacked.coveredHoles || lacks.missingParts > lacked.missingParts;
  Trial trial = *std::exchange(trial_, std::nullopt);
  if (!nearer) takeBack(fit, std::move(trial), "brought the outlines no nearer to the masks", outcome);
  else if (!mended) takeBack(fit, std::move(trial), "left as much damage", outcome);
  else if (lost) takeBack(fit, std::move(trial), "lost holes or parts that the masks show", outcome);
}

void MeshCare::takeBack(const Fit& fit, Trial trial, const std::string& why, Outcome& outcome) {
  trial.before.iteration = fit.fitter.iteration();
  fit.fitter.restore(trial.before);
  if (!trial.mending) refuted_ = true;
  outcome.changed = true;
  tell(outcome, (trial.mending ? "Mending " : "Carving anew ") + why + ": the mesh before is back.");
}

}  // namespace penumbra
