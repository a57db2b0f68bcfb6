#include "renderer/topology.h"

#include <algorithm>
#include <atomic>
#include <numeric>
#include <string>

#include "renderer/error.h"

namespace penumbra {
namespace {

struct HalfEdge {
  std::uint64_t key;
  int face;
  std::int8_t side;
};

int findRoot(std::vector<int>& parent, int i) {
  while (parent[i] != i) i = parent[i] = parent[parent[i]];
  return i;
}

}  // namespace

Topology buildTopology(int vertexCount, std::span<const Face> faces) {
  static std::atomic<std::uint64_t> built{0};
  Topology topology;
  topology.id = ++built;
  topology.vertexCount = vertexCount;
  topology.faces.assign(faces.begin(), faces.end());
  std::vector<HalfEdge> halves;
  halves.reserve(faces.size() * 3);
  for (int f = 0; f < int(faces.size()); ++f) {
    const Face& face = faces[f];
    for (int k = 0; k < 3; ++k)
      if (face[k] < 0 || face[k] >= vertexCount)
        throw Error(ExitCode::Input, "Face " + std::to_string(f) + " names vertex " + std::to_string(face[k]) +
                                         ", but the mesh has " + std::to_string(vertexCount) + " vertices.");
    if (face[0] == face[1] || face[1] == face[2] || face[2] == face[0]) continue;
    for (int k = 0; k < 3; ++k) {
      const int a = face[k], b = face[(k + 1) % 3];
      const auto lo = std::uint64_t(std::min(a, b)), hi = std::uint64_t(std::max(a, b));
      halves.push_back({lo << 32 | hi, f, std::int8_t(a < b ? 1 : -1)});
    }
  }
  std::sort(halves.begin(), halves.end(),
            [](const HalfEdge& x, const HalfEdge& y) { return x.key != y.key ? x.key < y.key : x.face < y.face; });
  topology.edgeFaces.reserve(halves.size());
  topology.edgeSides.reserve(halves.size());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    if (i == 0 || halves[i].key != halves[i - 1].key) {
      topology.edges.push_back({int(halves[i].key >> 32), int(halves[i].key & 0xffffffffu)});
      topology.edgeFaceStart.push_back(int(i));
    }
    topology.edgeFaces.push_back(halves[i].face);
    topology.edgeSides.push_back(halves[i].side);
  }
  topology.edgeFaceStart.push_back(int(halves.size()));
  return topology;
}

TopologySummary summarise(const Topology& topology) {
  TopologySummary summary;
  std::vector<int> parent(topology.vertexCount);
  std::iota(parent.begin(), parent.end(), 0);
  std::vector<char> used(topology.vertexCount, 0);
  for (int e = 0; e < topology.edgeCount(); ++e) {
    const auto [a, b] = std::pair(topology.edges[e].x, topology.edges[e].y);
    used[a] = used[b] = 1;
    parent[findRoot(parent, a)] = findRoot(parent, b);
    const int begin = topology.edgeFaceStart[e], count = topology.edgeFaceStart[e + 1] - begin;
    if (count == 1) ++summary.boundaryEdges;
    if (count > 2) ++summary.nonManifoldEdges;
    if (count == 2 && topology.edgeSides[begin] == topology.edgeSides[begin + 1]) ++summary.inconsistentEdges;
  }
  int vertices = 0, faces = 0;
  for (int v = 0; v < topology.vertexCount; ++v)
    if (used[v]) {
      ++vertices;
      if (findRoot(parent, v) == v) ++summary.components;
    }
  for (const Face& f : topology.faces) faces += f[0] != f[1] && f[1] != f[2] && f[2] != f[0];
  summary.eulerCharacteristic = vertices - topology.edgeCount() + faces;
  return summary;
}

}  // namespace penumbra
