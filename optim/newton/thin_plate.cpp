#include "optim/newton/thin_plate.h"

#include <algorithm>
#include <cmath>

#include "renderer/device_newton.h"

namespace penumbra {
namespace {

// Lists of one kind of neighbours: row v of a table in compressed rows.
struct Rows {
  std::vector<int> start, entry;
};

// Rows of (vertex, entry) pairs in the order they are given; `visit` calls back once for each.
template <class Visit> Rows makeRows(int count, const Visit& visit) {
  Rows rows;
  rows.start.assign(std::size_t(count) + 1, 0);
  visit([&](int v, int) { ++rows.start[std::size_t(v) + 1]; });
  for (int v = 0; v < count; ++v) rows.start[std::size_t(v) + 1] += rows.start[std::size_t(v)];
  rows.entry.resize(std::size_t(rows.start.back()));
  std::vector<int> fill(rows.start.begin(), rows.start.end() - 1);
  visit([&](int v, int entry) { rows.entry[std::size_t(fill[std::size_t(v)]++)] = entry; });
  return rows;
}

}  // namespace

ThinPlate::ThinPlate(const Topology& topology) : topologyId_(topology.id) {
  const int count = topology.vertexCount;
  const auto isBorder = [&](std::size_t e) { return topology.edgeFaceStart[e + 1] - topology.edgeFaceStart[e] == 1; };
  std::vector<char> onBorder(std::size_t(count), 0);
  for (std::size_t e = 0; e < topology.edges.size(); ++e)
    if (isBorder(e)) onBorder[std::size_t(topology.edges[e].x)] = onBorder[std::size_t(topology.edges[e].y)] = 1;
  // All (centre, neighbour) pairs of umbrellas, handed to `use`.
  const auto visitPairs = [&](const auto& use) {
    for (std::size_t e = 0; e < topology.edges.size(); ++e)
      for (const auto& [v, other] : {std::pair(topology.edges[e].x, topology.edges[e].y), std::pair(topology.edges[e].y, topology.edges[e].x)})
        if (!onBorder[std::size_t(v)] || isBorder(e)) use(v, other);
  };
  Rows out = makeRows(count, visitPairs);
  Rows in = makeRows(count, [&](const auto& use) { visitPairs([&](int v, int other) { use(other, v); }); });
  start_ = std::move(out.start), neighbour_ = std::move(out.entry);
  centreStart_ = std::move(in.start), centre_ = std::move(in.entry);
  inverseDegree_.resize(std::size_t(count));
  diagonal_.resize(std::size_t(count));
  for (std::size_t v = 0; v < std::size_t(count); ++v) {
    const int degree = start_[v + 1] - start_[v];
    inverseDegree_[v] = degree > 0 ? 1.0f / float(degree) : 0.0f;
    diagonal_[v] = degree > 0 ? 1.0f : 0.0f;
  }
  for (std::size_t v = 0; v < std::size_t(count); ++v)
    for (int k = centreStart_[v]; k < centreStart_[v + 1]; ++k) {
      const float share = inverseDegree_[std::size_t(centre_[std::size_t(k)])];
      diagonal_[v] += share * share;
    }
}

DevicePlate ThinPlate::onDevice() const {
  return {start_, neighbour_, centreStart_, centre_, inverseDegree_, diagonal_};
}

double ThinPlate::energy(const std::vector<glm::vec3>& x) const {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const glm::dvec3 u(umbrella(i, x));
    sum += glm::dot(u, u);
  }
  return 0.5 * sum;
}

double plateWeight(const Topology& topology, std::span<const glm::vec3> positions) {
  double twice = 0;
  for (const Face& f : topology.faces) {
    const glm::vec3& a = positions[std::size_t(f.x)];
    twice += double(glm::length(glm::cross(positions[std::size_t(f.y)] - a, positions[std::size_t(f.z)] - a)));
  }
  if (!(twice > 0)) return 1;
  // Equilateral faces of this mean area: sqrt(3)/4 h^2
  const double h2 = 0.5 * twice / double(topology.faces.size()) * 4 / std::sqrt(3.0);
  return kReferenceEdge * kReferenceEdge / h2;
}

}  // namespace penumbra
