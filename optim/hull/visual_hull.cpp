#include "optim/hull/visual_hull.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "optim/hull/hull_card.h"
#include "optim/hull/hull_cleaning.h"
#include "optim/hull/hull_surface.h"
#include "optim/hull/phantoms.h"
#include "optim/hull/view_trust.h"
#include "optim/remesh/isotropic_remesh.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

void checkResolution(const HullOptions& options) {
  if (options.resolution < 16 || options.resolution > 512)
    throw Error(ExitCode::Usage, "hull_resolution is " + std::to_string(options.resolution) + ", must be in [16, 512].");
}

struct CleanGrid {
  HullGrid grid;
  CleaningReport report;
  double confidence = 0;
};

using GridSampler = std::function<HullGrid(int resolution)>;

CleanGrid cleanGrid(const GridSampler& sample, const HullField& masks, int resolution, bool cutPhantoms, ThreadPool& pool) {
  CleanGrid clean;
  clean.grid = sample(resolution);
  clean.report = cleanHull(clean.grid, masks, pool, cutPhantoms);
  clean.confidence = genusConfidence(clean.grid);
  return clean;
}

IsotropicRemeshOptions remeshing(const Mesh& rough, const SolidField& field, const HullGrid& grid, const HullOptions& options) {
  const glm::vec3 middle = grid.origin + 0.5f * grid.step * glm::vec3(grid.points - 1);
  const double edge = std::max(options.edgePixels * field.pixelAt(middle), double(grid.step));
  const double least = options.mostVertices > 0 ? evenEdge(surfaceArea(rough), options.mostVertices) : 0;
  return least > edge ? IsotropicRemeshOptions{least, 1} : IsotropicRemeshOptions{edge, 2};
}

HullField fieldOf(std::span<const View> views, const HullOptions& options, ThreadPool& pool, const KnownMasks* known,
                  HullCard* card) {
  if (known && !options.frameCarves) return HullField(views, known->distances, options.radius, pool);
  const auto distances = card ? card->distances(views) : std::nullopt;
  if (!distances) return HullField(views, options.radius, options.frameCarves, pool);
  std::vector<const Mask*> each;
  for (const Mask& distance : *distances) each.push_back(&distance);
  return HullField(views, each, options.radius, pool, options.frameCarves);
}

std::string counted(int count, const std::string& one, const std::string& many) {
  return std::to_string(count) + " " + (count == 1 ? one : many);
}

Hull meshSampled(const GridSampler& sample, const SolidField& solid, const HullField& masks, const HullOptions& options,
                 ThreadPool& pool) {
  CleanGrid clean = cleanGrid(sample, masks, options.resolution, options.cutPhantoms, pool);
  for (int steps = 2 * options.resolution; clean.confidence == 0 && steps <= options.finest; steps *= 2) {
    CleanGrid finer = cleanGrid(sample, masks, steps, options.cutPhantoms, pool);
    if (finer.confidence > 0) clean = std::move(finer);
  }
  const HullGrid& grid = clean.grid;
  const CleaningReport& cleaned = clean.report;
  Hull hull;
  hull.step = grid.step;
  hull.cavitiesFilled = cleaned.cavitiesFilled;
  hull.partsDropped = cleaned.partsDropped;
  hull.tunnelsFilled = cleaned.tunnelsFilled;
  hull.bridgesCut = cleaned.bridgesCut;
  hull.genusConfidence = clean.confidence;
  hull.mesh = extractSurface(grid, solid, pool);
  if (options.edgePixels > 0) {
    const auto project = [&](const glm::vec3& p) { return projectToHull(p, grid, solid, 0.25f * grid.step, 1); };
    hull.mesh = isotropicRemesh(hull.mesh, remeshing(hull.mesh, solid, grid, options), project, pool);
  }
  const TopologySummary summary = summarise(buildTopology(int(hull.mesh.positions.size()), hull.mesh.faces));
  hull.components = summary.components;
  hull.genus = summary.genus();
  return hull;
}

}  // namespace

std::string Hull::summary() const {
  std::string text = counted(components, "part", "parts") + ", genus " + std::to_string(genus) + ", " +
                     std::to_string(mesh.positions.size()) + " vertices";
  if (cavitiesFilled > 0) text += ", " + counted(cavitiesFilled, "cavity", "cavities") + " filled";
  if (tunnelsFilled + bridgesCut > 0)
    text += ", " + counted(tunnelsFilled + bridgesCut, "false handle", "false handles") + " removed";
  if (partsDropped > 0) text += ", " + counted(partsDropped, "part", "parts") + " dropped that no mask needs";
  if (emptyViews > 0) text += ", " + counted(emptyViews, "view", "views") + " with an empty mask left out";
  for (const std::string& name : distrusted) text += "; the mask of view " + name + " contradicts the others and is left out";
  return text;
}

void checkHullViews(std::span<const View> views) {
  for (const View& view : views)
    if (view.mask.width != view.camera.width || view.mask.height != view.camera.height || view.mask.empty())
      throw Error(ExitCode::Input, "The mask of view " + view.name + " is " + std::to_string(view.mask.width) + " x " +
                                       std::to_string(view.mask.height) + " pixels, its camera " +
                                       std::to_string(view.camera.width) + " x " + std::to_string(view.camera.height) + ".");
}

Hull meshSolid(const SolidField& solid, const HullField& masks, const HullOptions& options, ThreadPool& pool) {
  checkResolution(options);
  const auto sample = [&](int resolution) { return sampleHull(solid, resolution, pool); };
  return meshSampled(sample, solid, masks, options, pool);
}

Hull makeVisualHull(std::span<const View> views, const HullOptions& options, ThreadPool& pool, const KnownMasks* known,
                    HullCard* card) {
  checkResolution(options);
  checkHullViews(views);
  HullField field = fieldOf(views, options, pool, known, card);
  const int shown = field.viewCount();
  if (field.viewCount() == 0)
    throw Error(ExitCode::Input,
                "None of the " + std::to_string(views.size()) + " training masks shows an object, so there is no visual hull.",
                "Check that the masks are white (or opaque) on the object, or invert them.");
  const ViewTrust trust = known ? known->trust : judgeViews(field, pool);
  std::vector<std::string> distrusted;
  for (const int v : trust.distrusted) distrusted.push_back(views[std::size_t(v)].name);
  field.leaveOut(trust.distrusted);
  if (trust.noisy()) field.widen(float(trust.noise));
  const auto sample = [&](int resolution) {
    auto grid = card ? card->sample(field, resolution, pool) : std::nullopt;
    return grid ? std::move(*grid) : sampleHull(field, resolution, pool);
  };
  Hull hull = meshSampled(sample, field, field, options, pool);
  hull.emptyViews = int(views.size()) - shown;
  hull.distrusted = std::move(distrusted);
  hull.noise = trust.noise;
  return hull;
}

}  // namespace penumbra
