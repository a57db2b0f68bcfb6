#include "optim/remesh/repair.h"

#include <algorithm>

#include "optim/eval/self_intersections.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/part_sheets.h"
#include "optim/remesh/patches.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

constexpr int kSmoothings = 3;  // a round
constexpr int kPatchSweeps = 4;  // of refining and smoothing a patch

struct Damage {
  std::vector<char> faces;
  std::vector<std::pair<int, int>> crossing;
  int folded = 0, intersecting = 0;
  int count() const { return folded + intersecting; }
};

Damage damageOf(const Mesh& mesh, std::vector<std::pair<int, int>> crossing) {
  Damage damage{foldedFaces(mesh), std::move(crossing)};
  damage.folded = int(std::count(damage.faces.begin(), damage.faces.end(), 1));
  std::vector<char> crosses(mesh.faces.size(), 0);
  for (const auto& [f, g] : damage.crossing)
    for (const int face : {f, g}) crosses[std::size_t(face)] = damage.faces[std::size_t(face)] = 1;
  damage.intersecting = int(std::count(crosses.begin(), crosses.end(), 1));
  return damage;
}

Damage findDamage(const Mesh& mesh, ThreadPool& pool) {
  return damageOf(mesh, selfIntersectingPairs(mesh, TriangleBvh(mesh), pool));
}

// Vertices of damaged faces and of `rings` rings of faces around them.
std::vector<char> verticesAround(const Mesh& mesh, const Damage& damage, int rings) {
  std::vector<char> near(mesh.positions.size(), 0);
  for (std::size_t f = 0; f < mesh.faces.size(); ++f)
    if (damage.faces[f])
      for (int k = 0; k < 3; ++k) near[std::size_t(mesh.faces[f][k])] = 1;
  for (int ring = 0; ring < rings; ++ring) {
    const std::vector<char> inner = near;
    for (const Face& f : mesh.faces)
      if (inner[std::size_t(f.x)] || inner[std::size_t(f.y)] || inner[std::size_t(f.z)])
        for (int k = 0; k < 3; ++k) near[std::size_t(f[k])] = 1;
  }
  return near;
}

glm::vec3 meanAround(const HalfEdgeMesh& mesh, int v) {
  glm::vec3 sum(0);
  mesh.around(v, [&](int h) { sum += mesh.position(mesh.to(h)); });
  return sum / float(mesh.valence(v));
}

// Vertices go to the mean of their neighbours one after the other, those farthest from it first: a spike comes home
// before it can pull its neighbours out.
void smooth(Mesh& mesh, const std::vector<char>& which) {
  HalfEdgeMesh edges(mesh.positions, mesh.faces);
  struct Step { float length; int vertex; };
  for (int i = 0; i < kSmoothings; ++i) {
    std::vector<Step> steps;
    for (int v = 0; v < edges.vertexCount(); ++v)
      if (which[std::size_t(v)] && edges.movable(v))
        steps.push_back({glm::distance(edges.position(v), meanAround(edges, v)), v});
    std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) { return a.length > b.length; });
    for (const Step& step : steps) edges.move(step.vertex, meanAround(edges, step.vertex));
  }
  mesh.positions.assign(edges.positions().begin(), edges.positions().end());
}

// Closed, a 2-manifold, consistently wound.
bool isSolid(const Mesh& mesh) {
  const TopologySummary topology = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  return topology.closed() && topology.inconsistentEdges == 0 && isRemeshable(mesh).wholly;
}

}  // namespace

std::vector<char> foldedFaces(const Mesh& mesh) {
  std::vector<glm::vec3> normals(mesh.positions.size(), glm::vec3(0)), own;
  for (const Face& f : mesh.faces) {
    const glm::vec3 a = mesh.positions[std::size_t(f.x)];
    own.push_back(glm::cross(mesh.positions[std::size_t(f.y)] - a, mesh.positions[std::size_t(f.z)] - a));
    for (int k = 0; k < 3; ++k) normals[std::size_t(f[k])] += own.back();
  }
  std::vector<char> folded(mesh.faces.size(), 0);
  for (std::size_t i = 0; i < folded.size(); ++i) {
    const Face& f = mesh.faces[i];
    const glm::vec3 others = normals[std::size_t(f.x)] + normals[std::size_t(f.y)] + normals[std::size_t(f.z)] - 3.0f * own[i];
    folded[i] = glm::dot(own[i], others) < 0;
  }
  return folded;
}

namespace {

// Lengths of edges at the rim of patches (share 0), carried inward neighbour by neighbour.
std::vector<float> rimLengths(const Mesh& mesh, const std::vector<float>& lengths, const std::vector<float>& share) {
  std::vector<float> result(lengths.size(), 0);
  for (std::size_t v = 0; v < result.size(); ++v)
    if (share[v] <= 0) result[v] = lengths[v];
  for (bool open = true; open;) {
    open = false;
    std::vector<float> sum(result.size(), 0), count(result.size(), 0);
    for (const Face& f : mesh.faces)
      for (int k = 0; k < 3; ++k) {
        const std::size_t a = std::size_t(f[k]), b = std::size_t(f[(k + 1) % 3]);
        for (const auto& [to, from] : {std::pair{a, b}, std::pair{b, a}})
          if (result[to] == 0 && result[from] > 0) sum[to] += result[from], count[to] += 1;
      }
    for (std::size_t v = 0; v < result.size(); ++v)
      if (count[v] > 0) result[v] = sum[v] / count[v], open = true;
  }
  return result;
}

// Gives the discs of a patch the density of their rims and lets them settle between those.
void settle(Mesh& mesh, const std::vector<char>& fresh, ThreadPool& pool) {
  std::vector<float> share(fresh.begin(), fresh.end());  // 0 for what was there before, also in vertices yet to come
  for (int sweep = 0; sweep < kPatchSweeps; ++sweep) {
    std::vector<float> wanted = meanEdgeLengths(mesh);
    const std::vector<float> around = rimLengths(mesh, wanted, share);
    for (std::size_t v = 0; v < wanted.size(); ++v) wanted[v] = std::max(share[v] > 0 ? around[v] : wanted[v], 1e-12f);
    AdaptiveRemeshOptions options;
    options.window = {0.3f, 2};
    options.relaxations = 0;
    adaptiveRemesh(mesh, wanted, {{&share}, {}}, options, pool);
    std::vector<char> within(share.size());
    for (std::size_t v = 0; v < within.size(); ++v) within[v] = share[v] > 0;
    smooth(mesh, within);
  }
}

}  // namespace

RepairReport patchMesh(Mesh& mesh, int rounds, ThreadPool& pool) {
  RepairReport report;
  Damage damage = findDamage(mesh, pool);
  report.foldedBefore = damage.folded;
  report.intersectingBefore = damage.intersecting;
  const bool solid = isSolid(mesh);
  for (; solid && report.rounds < rounds && damage.count() > 0; ++report.rounds) {
    const std::vector<char> near = verticesAround(mesh, damage, 1 + report.rounds);
    std::vector<char> cut(mesh.faces.size()), fresh;
    for (std::size_t f = 0; f < cut.size(); ++f) {
      const Face& face = mesh.faces[f];
      cut[f] = near[std::size_t(face.x)] && near[std::size_t(face.y)] && near[std::size_t(face.z)];
    }
    if (replaceByDiscs(mesh, std::move(cut), fresh) == 0) break;
    settle(mesh, fresh, pool);
    damage = findDamage(mesh, pool);
  }
  report.foldedAfter = damage.folded;
  report.intersectingAfter = damage.intersecting;
  return report;
}

namespace {

// The state with the least damage so far.
class Best {
 public:
  Best(Mesh& mesh, const VertexChannels& channels, const Damage& damage) : mesh_(mesh), channels_(channels) { keep(damage); }

  void offer(const Damage& damage) {
    if (damage.count() < kept_.damage.count()) keep(damage);
  }

  Damage bringBack() {
    mesh_ = std::move(kept_.mesh);
    for (std::size_t i = 0; i < kept_.scalars.size(); ++i) *channels_.scalars[i] = std::move(kept_.scalars[i]);
    for (std::size_t i = 0; i < kept_.vectors.size(); ++i) *channels_.vectors[i] = std::move(kept_.vectors[i]);
    return std::move(kept_.damage);
  }

 private:
  void keep(const Damage& damage) {
    kept_ = {mesh_, damage, {}, {}};
    for (const auto* channel : channels_.scalars) kept_.scalars.push_back(*channel);
    for (const auto* channel : channels_.vectors) kept_.vectors.push_back(*channel);
  }

  Mesh& mesh_;
  const VertexChannels channels_;
  struct {
    Mesh mesh;
    Damage damage;
    std::vector<std::vector<float>> scalars;
    std::vector<std::vector<glm::vec3>> vectors;
  } kept_;
};

// While it halves the pairs of faces that run through each other.
void part(Mesh& mesh, Damage& damage, Best& best, ThreadPool& pool) {
  for (std::size_t before = 0; (before = damage.crossing.size()) > 0;) {
    damage = damageOf(mesh, partSheets(mesh, damage.crossing, pool));
    best.offer(damage);
    if (2 * damage.crossing.size() > before) return;
  }
}

}  // namespace

RepairReport repairMesh(Mesh& mesh, const VertexChannels& channels, int rounds, ThreadPool& pool) {
  RepairReport report;
  Damage damage = findDamage(mesh, pool);
  report.foldedBefore = damage.folded;
  report.intersectingBefore = damage.intersecting;
  if (damage.count() == 0) return report;
  Best best(mesh, channels, damage);
  for (; report.rounds < rounds && damage.count() > 0; ++report.rounds) {
    part(mesh, damage, best, pool);
    if (damage.count() == 0) continue;
    smooth(mesh, verticesAround(mesh, damage, report.rounds / 2));
    std::vector<float> wanted = meanEdgeLengths(mesh);
    for (float& l : wanted) l = std::max(l, 1e-12f);
    AdaptiveRemeshOptions options;
    options.window = {0.3f, 4};  // only what is broken
    options.relaxations = 0;
    adaptiveRemesh(mesh, wanted, channels, options, pool);
    best.offer(damage = findDamage(mesh, pool));
  }
  damage = best.bringBack();
  report.foldedAfter = damage.folded;
  report.intersectingAfter = damage.intersecting;
  return report;
}

RepairReport partMesh(Mesh& mesh, ThreadPool& pool) {
  Damage damage = findDamage(mesh, pool);
  RepairReport report{damage.folded, damage.folded, damage.intersecting, damage.intersecting};
  if (damage.crossing.empty()) return report;
  Best best(mesh, {}, damage);
  part(mesh, damage, best, pool);
  damage = best.bringBack();
  report.foldedAfter = damage.folded;
  report.intersectingAfter = damage.intersecting;
  report.rounds = 1;
  return report;
}

}  // namespace penumbra
