#include "optim/newton/thin_plate.h"

#include <algorithm>

namespace penumbra {
namespace {

// Neighbours of each vertex (row i is neighbour[start[i]] ...), along the border only for vertices on a border.
struct Umbrellas {
  std::vector<int> start, neighbour;
  std::vector<float> meanEdge;
};

Umbrellas makeUmbrellas(const Topology& topology, std::span<const glm::vec3> positions) {
  const std::size_t count = std::size_t(topology.vertexCount);
  std::vector<char> onBorder(count, 0);
  const auto isBorder = [&](int e) { return topology.edgeFaceStart[std::size_t(e) + 1] - topology.edgeFaceStart[std::size_t(e)] == 1; };
  for (int e = 0; e < topology.edgeCount(); ++e)
    if (isBorder(e)) onBorder[std::size_t(topology.edges[std::size_t(e)].x)] = onBorder[std::size_t(topology.edges[std::size_t(e)].y)] = 1;
  Umbrellas u;
  u.start.assign(count + 1, 0);
  u.meanEdge.assign(count, 0);
  const auto counts = [&](int e, int v) { return !onBorder[std::size_t(v)] || isBorder(e); };
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<int> fill(u.start.begin(), u.start.end() - 1);
    for (int e = 0; e < topology.edgeCount(); ++e) {
      const glm::ivec2 ends = topology.edges[std::size_t(e)];
      const float length = glm::distance(positions[std::size_t(ends.x)], positions[std::size_t(ends.y)]);
      for (const auto& [v, other] : {std::pair(ends.x, ends.y), std::pair(ends.y, ends.x)}) {
        if (!counts(e, v)) continue;
        if (pass == 0) {
          ++u.start[std::size_t(v) + 1];
          u.meanEdge[std::size_t(v)] += length;
        } else {
          u.neighbour[std::size_t(fill[std::size_t(v)]++)] = other;
        }
      }
    }
    if (pass == 1) break;
    for (std::size_t v = 0; v < count; ++v) {
      if (u.start[v + 1] > 0) u.meanEdge[v] /= float(u.start[v + 1]);
      u.start[v + 1] += u.start[v];
    }
    u.neighbour.resize(std::size_t(u.start[count]));
  }
  return u;
}

}  // namespace

ThinPlate makeThinPlate(const Topology& topology, std::span<const glm::vec3> positions) {
  const Umbrellas u = makeUmbrellas(topology, positions);
  const int count = topology.vertexCount;
  const auto neighbours = [&](int v) {
    const int begin = u.start[std::size_t(v)];
    return std::span<const int>(u.neighbour.data() + begin, std::size_t(u.start[std::size_t(v) + 1] - begin));
  };
  // An umbrella that contains v: its centre's, or one of a neighbour's. (Neighbourhood is not symmetric at borders.)
  std::vector<int> inStart(std::size_t(count) + 1, 0), in(u.neighbour.size());
  for (const int v : u.neighbour) ++inStart[std::size_t(v) + 1];
  for (int v = 0; v < count; ++v) inStart[std::size_t(v) + 1] += inStart[std::size_t(v)];
  std::vector<int> fill(inStart.begin(), inStart.end() - 1);
  for (int c = 0; c < count; ++c)
    for (const int v : neighbours(c)) in[std::size_t(fill[std::size_t(v)]++)] = c;

  ThinPlate plate;
  plate.start.push_back(0);
  plate.diagonal.assign(std::size_t(count), 0);
  std::vector<float> sum(std::size_t(count), 0);
  std::vector<int> touched;
  for (int v = 0; v < count; ++v) {
    touched.clear();
    const auto addUmbrella = [&](int centre, float share) {
      const auto around = neighbours(centre);
      if (around.empty()) return;
      const float h = std::max(u.meanEdge[std::size_t(centre)], 1e-6f), scale = float(kReferenceEdge) / h;
      const float weight = scale * scale * share, each = -weight / float(around.size());
      const auto add = [&](int at, float value) {
        if (sum[std::size_t(at)] == 0) touched.push_back(at);
        sum[std::size_t(at)] += value;
      };
      add(centre, weight);
      for (const int n : around) add(n, each);
    };
    addUmbrella(v, 1);
    for (int k = inStart[std::size_t(v)]; k < inStart[std::size_t(v) + 1]; ++k) {
      const int centre = in[std::size_t(k)];
      addUmbrella(centre, -1.0f / float(neighbours(centre).size()));
    }
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const int c : touched) {
      plate.column.push_back(c);
      plate.value.push_back(sum[std::size_t(c)]);
      if (c == v) plate.diagonal[std::size_t(v)] = sum[std::size_t(c)];
      sum[std::size_t(c)] = 0;
    }
    plate.start.push_back(int(plate.column.size()));
  }
  return plate;
}

double applyThinPlate(const ThinPlate& plate, std::span<const glm::vec3> x, std::vector<glm::dvec3>& product) {
  product.assign(x.size(), glm::dvec3(0));
  glm::dvec3 centre(0);
  for (const glm::vec3& p : x) centre += glm::dvec3(p) / double(x.size());
  double energy = 0;
  for (int i = 0; i < plate.rows(); ++i) {
    const glm::dvec3 own(x[std::size_t(i)]);
    glm::dvec3 sum(0);  // of differences: rows sum to 0, their rounding does not count
    for (int k = plate.start[std::size_t(i)]; k < plate.start[std::size_t(i) + 1]; ++k)
      sum += double(plate.value[std::size_t(k)]) * (glm::dvec3(x[std::size_t(plate.column[std::size_t(k)])]) - own);
    product[std::size_t(i)] = sum;
    energy += 0.5 * glm::dot(sum, own - centre);
  }
  return energy;
}

}  // namespace penumbra
