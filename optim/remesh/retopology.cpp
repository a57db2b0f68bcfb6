#include "optim/remesh/retopology.h"

#include <algorithm>
#include <numeric>

#include "optim/hull/grid_parts.h"
#include "optim/remesh/mesh_solid.h"
#include "optim/targets/distance_field.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

// An image as a grid one point deep, so that parts are found the same way.
HullGrid asGrid(const Mask& mask) {
  HullGrid grid;
  grid.points = {mask.width, mask.height, 1};
  grid.inside.resize(mask.pixels.size());
  std::transform(mask.pixels.begin(), mask.pixels.end(), grid.inside.begin(), [](float m) { return std::uint8_t(m >= 0.5f); });
  return grid;
}

bool reachesBorder(const GridPart& part, const glm::ivec3& points) {
  return std::any_of(part.runs.begin(), part.runs.end(), [&](const GridRun& r) {
    return r.x0 == 0 || r.x1 == points.x || r.y == 0 || r.y == points.y - 1;
  });
}

struct Counts { int holes = 0, parts = 0; };

// Holes of `a` that `b` covers, and parts of `a` that it does not.
Counts denied(const HullGrid& a, const HullGrid& b, const TopologyMismatchOptions& options) {
  const auto wrong = [&](const GridPart& part, std::uint8_t value) {
    if (part.points < std::size_t(options.leastPixels)) return false;
    std::size_t on = 0;
    for (const GridRun& r : part.runs)
      for (int x = r.x0; x < r.x1; ++x) on += b.inside[b.index(x, r.y, 0)] == value;
    return double(on) >= options.share * double(part.points);
  };
  Counts counts;
  for (const GridPart& hole : connectedParts(a, false)) counts.holes += !reachesBorder(hole, a.points) && wrong(hole, 1);
  for (const GridPart& part : connectedParts(a, true)) counts.parts += wrong(part, 0);
  return counts;
}

std::vector<Mask> silhouettes(const Mesh& mesh, std::span<const View> views, ThreadPool& pool) {
  std::vector<Camera> cameras;
  for (const View& view : views) cameras.push_back(view.camera);
  return renderHardMasks(mesh, cameras, pool, 2);
}

std::string counted(int count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// What is uncovered in one view, cut out of a mask that is full otherwise; empty when nothing is.
Mask coveredMask(const View& view, const Mask& silhouette, const ReextractOptions& options) {
  int open = 0;
  for (std::size_t i = 0; i < view.mask.pixels.size(); ++i) open += view.mask.pixels[i] >= 0.5f && silhouette.pixels[i] < 0.5f;
  if (open < options.leastPixels) return {};
  const Mask inside = signedDistance(view.mask), drawn = signedDistance(silhouette);
  const float far = float(options.uncoveredPixels);
  Mask uncovered(view.mask.width, view.mask.height);
  for (std::size_t i = 0; i < uncovered.pixels.size(); ++i)
    uncovered.pixels[i] = inside.pixels[i] > far && drawn.pixels[i] < -far ? 1.0f : 0.0f;
  const HullGrid grid = asGrid(uncovered);
  bool any = false;
  for (const GridPart& part : connectedParts(grid, true)) {
    const bool counts = part.points >= std::size_t(options.leastPixels);
    any |= counts;
    if (!counts)
      for (const GridRun& r : part.runs) std::fill_n(&uncovered.at(r.x0, r.y), r.x1 - r.x0, 0.0f);
  }
  if (!any) return {};
  // Grown back over the margin, and one pixel into the silhouette so that it joins
  Mask distance = signedDistance(uncovered);
  for (float& d : distance.pixels) d = d < -far - 1 ? 1.0f : 0.0f;
  return distance;
}

std::unique_ptr<HullField> coveredField(const Mesh& mesh, std::span<const View> views, const ReextractOptions& options,
                                        ThreadPool& pool, int& count) {
  const std::vector<Mask> drawn = silhouettes(mesh, views, pool);
  std::vector<View> covered(views.size());
  pool.parallelFor(int(views.size()), [&](int index, int) {
    const std::size_t i = std::size_t(index);
    covered[i] = {views[i].name, views[i].camera, coveredMask(views[i], drawn[i], options)};
  });
  std::erase_if(covered, [](const View& view) { return view.mask.empty(); });
  count = int(covered.size());
  return covered.empty() ? nullptr : std::make_unique<HullField>(covered, options.hull.radius, false, pool);
}

}  // namespace

std::string TopologyMismatch::summary() const {
  std::string text;
  const auto add = [&](int count, const std::string& what) {
    if (count > 0) text += (text.empty() ? "" : ", ") + counted(count, what);
  };
  add(coveredHoles, "covered hole");
  add(openHoles, "open hole");
  add(missingParts, "missing part");
  add(strayParts, "stray part");
  return text.empty() ? text : text + " in " + counted(views, "view");
}

TopologyMismatch topologyMismatch(const Mesh& mesh, std::span<const View> views, const TopologyMismatchOptions& options,
                                  ThreadPool& pool) {
  checkHullViews(views);
  const std::vector<Mask> drawn = silhouettes(mesh, views, pool);
  std::vector<Counts> lacking(views.size()), excess(views.size());
  pool.parallelFor(int(views.size()), [&](int index, int) {
    const std::size_t i = std::size_t(index);
    const HullGrid mask = asGrid(views[i].mask), silhouette = asGrid(drawn[i]);
    if (std::find(mask.inside.begin(), mask.inside.end(), 1) == mask.inside.end()) return;  // says nothing
    lacking[i] = denied(mask, silhouette, options);
    excess[i] = denied(silhouette, mask, options);
  });
  TopologyMismatch result;
  for (std::size_t i = 0; i < views.size(); ++i) {
    result.coveredHoles += lacking[i].holes;
    result.openHoles += excess[i].holes;
    result.missingParts += lacking[i].parts;
    result.strayParts += excess[i].parts;
    result.views += lacking[i].holes + lacking[i].parts + excess[i].holes + excess[i].parts > 0;
  }
  result.mismatch = result.views > 0 && result.views >= std::min(options.leastViews, int(views.size()));
  return result;
}

bool MismatchWatch::add(const TopologyMismatch& verdict) {
  if (!verdict.mismatch) {
    reset();
    return false;
  }
  signs_.push_back(verdict.coveredHoles + verdict.openHoles + verdict.missingParts + verdict.strayParts);
  if (int(signs_.size()) > patience_) signs_.erase(signs_.begin());
  return int(signs_.size()) == patience_ && signs_.back() >= signs_.front();
}

std::string ReextractReport::summary() const {
  return "genus " + std::to_string(genusBefore) + " -> " + std::to_string(genusAfter) + ", " +
         counted(componentsBefore, "part") + " -> " + counted(componentsAfter, "part");
}

Mesh reextract(const Mesh& present, std::span<const View> views, const ReextractOptions& options, ThreadPool& pool,
               ReextractReport* report) {
  checkHullViews(views);
  const TopologySummary before = summarise(buildTopology(int(present.positions.size()), present.faces));
  if (before.boundaryEdges > 0 || before.inconsistentEdges > 0)
    throw Error(ExitCode::Input,
                "A mesh with " + counted(before.boundaryEdges, "open edge") + " and " +
                    counted(before.inconsistentEdges, "inconsistently wound edge") + " has no inside to extract.",
                "Start from the visual hull instead.");
  HullField hull(views, options.hull.radius, options.hull.frameCarves, pool);
  if (hull.viewCount() == 0) throw Error(ExitCode::Input, "No mask shows an object, so there is nothing to carve with.");
  const ViewTrust trust = judgeViews(hull, pool);
  hull.leaveOut(trust.distrusted);
  if (trust.noisy()) hull.widen(float(trust.noise));
  std::vector<View> trusted(views.begin(), views.end());
  for (auto v = trust.distrusted.rbegin(); v != trust.distrusted.rend(); ++v) trusted.erase(trusted.begin() + *v);
  ReextractReport result;
  const double slack = options.slackPixels * hull.pixelAt(glm::vec3(boundsOf(present).centre()));
  const MeshSolid solid(present, hull, float(slack), coveredField(present, trusted, options, pool, result.uncoveredViews));
  Hull extracted = meshSolid(solid, hull, options.hull, pool);
  result.genusBefore = before.genus();
  result.componentsBefore = before.components;
  result.genusAfter = extracted.genus;
  result.componentsAfter = extracted.components;
  result.genusConfidence = extracted.genusConfidence;
  if (report) *report = result;
  return std::move(extracted.mesh);
}

}  // namespace penumbra
