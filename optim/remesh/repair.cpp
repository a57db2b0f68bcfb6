#include "optim/remesh/repair.h"

#include <algorithm>

#include "optim/eval/self_intersections.h"
#include "optim/remesh/adaptive_remesh.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

constexpr int kSmoothings = 3;  // a round

struct Damage {
  std::vector<char> faces;
  int folded = 0, intersecting = 0;
};

Damage findDamage(const Mesh& mesh, ThreadPool& pool) {
  Damage damage{selfIntersectingFaces(mesh, TriangleBvh(mesh), pool)};
  damage.intersecting = int(std::count(damage.faces.begin(), damage.faces.end(), 1));
  const std::vector<char> folded = foldedFaces(mesh);
  damage.folded = int(std::count(folded.begin(), folded.end(), 1));
  for (std::size_t f = 0; f < folded.size(); ++f) damage.faces[f] |= folded[f];
  return damage;
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

RepairReport repairMesh(Mesh& mesh, const VertexChannels& channels, int rounds, ThreadPool& pool) {
  RepairReport report;
  Damage damage = findDamage(mesh, pool);
  report.foldedBefore = damage.folded;
  report.intersectingBefore = damage.intersecting;
  for (; report.rounds < rounds && damage.folded + damage.intersecting > 0; ++report.rounds) {
    const std::vector<char> near = verticesAround(mesh, damage, report.rounds / 2);
    smooth(mesh, near);
    std::vector<float> wanted = meanEdgeLengths(mesh);
    for (float& l : wanted) l = std::max(l, 1e-12f);
    AdaptiveRemeshOptions options;
    options.window = {0.3f, 4};  // only what is broken
    options.relaxations = 0;
    adaptiveRemesh(mesh, wanted, channels, options, pool);
    damage = findDamage(mesh, pool);
  }
  report.foldedAfter = damage.folded;
  report.intersectingAfter = damage.intersecting;
  const TopologySummary topology = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  report.watertight = topology.closed() && topology.inconsistentEdges == 0 && isRemeshable(mesh).wholly &&
                      damage.folded + damage.intersecting == 0;
  return report;
}

}  // namespace penumbra
