#include "optim/fit/adaptation.h"

#include <algorithm>
#include <cmath>

#include "optim/fit/schedule.h"
#include "optim/fit/stall.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/sizing.h"

namespace penumbra {
namespace {

constexpr float kChord = 0.4f;            // px; less asks for fine edges where the surface is only noisy
constexpr float kRefine = 0.8f, kCoarsen = 1.05f;

// Distance a step by vertex since the positions were kept; empty when they are not of this mesh.
std::vector<float> speeds(const FitState& state, int steps) {
  std::vector<float> result;
  const std::vector<glm::vec3>& from = state.growth.anchor;
  if (from.size() != state.positions.size()) return result;
  for (std::size_t i = 0; i < from.size(); ++i)
    result.push_back(glm::distance(from[i], state.positions[i]) / float(steps));
  return result;
}

bool finite(const std::vector<glm::vec3>& positions) {
  return std::all_of(positions.begin(), positions.end(),
                     [](const glm::vec3& p) { return std::isfinite(p.x + p.y + p.z); });
}

}  // namespace

bool remeshWanted(const FitOptions& options) {
  return options.remesh == Remeshing::On || (options.remesh == Remeshing::Auto && options.start != StartShape::File);
}

std::string whyNotRemeshed(const Topology& topology) {
  const TopologySummary summary = summarise(topology);
  if (!summary.closed()) return "The mesh is not closed and manifold, so its triangles stay as they are";
  if (summary.inconsistentEdges > 0) return "The mesh is not wound one way, so its triangles stay as they are";
  return {};
}

double meanHalfSide(const ViewSet& views) {
  double sum = 0;
  for (const View& view : views.train) sum += 0.5 * std::min(view.camera.width, view.camera.height);
  return views.train.empty() ? 1 : sum / double(views.train.size());
}

Adaptation::Adaptation(std::shared_ptr<const ViewSet> views, ThreadPool& pool)
    : views_(std::move(views)), pool_(pool), meter_(views_, pool), halfSide_(meanHalfSide(*views_)) {}

bool Adaptation::due(const FitOptions& options, int iteration) {
  return iteration % options.remeshEvery == 0 && wanted(options);
}

bool Adaptation::run(FitState& state, Topology& topology, const FitOptions& options, int planned,
                     std::vector<float>& carried) {
  if (!finite(state.positions)) return false;  // a break-down: the guard goes back
  const OutlineResiduals residuals = meter_.measure(state.positions, topology);
  state.growth.outlinePx = residuals.mean;
  if (options.coarseToFine && residuals.mean >= 0) followWithSigma(state, options);
  const bool changed = remeshWanted(options) && remesh(state, topology, options, residuals, carried);
  state.growth.anchor = state.positions;
  watchForStall(state, topology, options, residuals, planned);
  return changed;
}

void Adaptation::followWithSigma(FitState& state, const FitOptions& options) const {
  const double now = sigmaInForce(options, state, halfSide_);
  const double pixels = std::max(state.growth.outlinePx, kLeastBand);
  const double band = std::max(pixels / halfSide_, std::sqrt(options.sigmaEnd));
  state.growth.sigma = std::min(now, std::max(band * band, kFall * now));
}

// Without coarse to fine the schedule of sigma runs to its own end.
void Adaptation::watchForStall(FitState& state, const Topology& topology, const FitOptions& options,
                               const OutlineResiduals& residuals, int planned) const {
  const double sharpest = std::max(options.sigmaEnd, std::pow(kLeastBand / halfSide_, 2));
  const bool sharp = options.coarseToFine && sigmaInForce(options, state, halfSide_) <= sharpest * (1 + 1e-9);
  const StallTest::Signs now{residuals.mean, residuals.length, int(topology.faces.size()), sharp};
  StallTest::watch(state.growth.stall, now, options.remeshEvery, planned);
}

bool Adaptation::remesh(FitState& state, Topology& topology, const FitOptions& options,
                        const OutlineResiduals& residuals, std::vector<float>& carried) {
  if (!whyNotRemeshed(topology).empty()) return false;
  const std::vector<float> moved = speeds(state, options.remeshEvery);
  Mesh mesh{std::move(state.positions), std::move(state.faces)};
  std::vector<float>& wanted = state.growth.wanted;
  if (wanted.size() != mesh.positions.size()) wanted = meanEdgeLengths(mesh);
  SizingOptions sizing;
  sizing.tolerance = std::max(sizing.tolerance, float(residuals.mean));
  sizing.chord = kChord;
  sizing.refine = kRefine;
  sizing.coarsen = kCoarsen;
  sizing.minPixels = float(options.minEdge);
  sizing.maxPixels = float(options.maxEdge);
  const std::vector<float> pixels = pixelSizes(mesh.positions, views_->train, pool_);
  updateWantedLengths(mesh, {pixels, residuals.vertex, moved}, sizing, pool_, wanted);
  AdaptiveRemeshOptions passes;
  passes.maxFaces = options.maxFaces;
  adaptiveRemesh(mesh, wanted, {{&carried}, {&state.moment1, &state.moment2}}, passes, pool_);
  state.positions = std::move(mesh.positions);
  state.faces = std::move(mesh.faces);
  if (state.faces == topology.faces) return false;
  topology = buildTopology(int(state.positions.size()), state.faces);
  return true;
}

}  // namespace penumbra
