// Edges of a triangle soup and the faces around each, for any mesh: open, closed, non-manifold, any winding.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "renderer/core/types.h"

namespace penumbra {

// An edge runs from its smaller to its larger vertex index. `side` is +1 for a face that walks it in that
// direction, -1 for one that walks it backwards.
struct Topology {
  std::uint64_t id = 0;               // unique to every built topology: caches compare it
  int vertexCount = 0;
  std::vector<Face> faces;            // F, degenerate index triples (a repeated vertex) left out of the edges
  std::vector<glm::ivec2> edges;      // E, sorted by (first, second)
  std::vector<int> edgeFaceStart;     // E + 1, offsets into the two arrays below
  std::vector<int> edgeFaces;         // faces around each edge
  std::vector<std::int8_t> edgeSides; // +1 or -1 for each entry of edgeFaces

  int edgeCount() const { return int(edges.size()); }
  int faceCount() const { return int(faces.size()); }
};

// Throws Error (Input) when a face names a vertex outside [0, vertexCount).
Topology buildTopology(int vertexCount, std::span<const Face> faces);

// What a person wants to know of a mesh before trusting it.
struct TopologySummary {
  int components = 0, boundaryEdges = 0, nonManifoldEdges = 0, inconsistentEdges = 0;
  int eulerCharacteristic = 0;  // V - E + F over referenced vertices
  bool closed() const { return boundaryEdges == 0 && nonManifoldEdges == 0; }
  // Genus summed over components; meaningful for closed, consistently wound meshes.
  int genus() const { return components - eulerCharacteristic / 2; }
};
TopologySummary summarise(const Topology& topology);

}  // namespace penumbra
