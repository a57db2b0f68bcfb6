#include "optim/fit/regularisers.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace penumbra {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kMaxCotangent = 50;
constexpr double kFlat = 1e-10;  // |cross| over the squared longest side: less is no face

template <class Real> using Points = std::span<const Vec3<Real>>;
template <class Real> const Vec3<Real>& at(const std::vector<Vec3<Real>>& v, int i) { return v[std::size_t(i)]; }
template <class Real> const Vec3<Real>& at(Points<Real> v, int i) { return v[std::size_t(i)]; }
template <class Real> Vec3<Real>& at(std::span<Vec3<Real>> v, int i) { return v[std::size_t(i)]; }
template <class Real> Vec3<Real>& at(std::vector<Vec3<Real>>& v, int i) { return v[std::size_t(i)]; }

// Cross product of two sides, its length, and unit normal; all zero for a face without area.
template <class Real> struct FaceNormal {
  Vec3<Real> unit{0};
  Real length = 0;
};

template <class Real> FaceNormal<Real> faceNormal(Points<Real> x, const Face& f) {
  const Vec3<Real> p = at(x, f.y) - at(x, f.x), q = at(x, f.z) - at(x, f.x), r = q - p;
  const Vec3<Real> cross = glm::cross(p, q);
  const Real length = glm::length(cross), longest = std::max({glm::dot(p, p), glm::dot(q, q), glm::dot(r, r)});
  if (!(length > Real(kFlat) * longest)) return {};
  return {cross / length, length};
}

// Adds the pull-back of dL/dcross to the corners; cross = (x_y - x_x) x (x_z - x_x).
template <class Real>
void crossBackward(Points<Real> x, const Face& f, const Vec3<Real>& dL_dcross, std::span<Vec3<Real>> gradient) {
  const Vec3<Real> p = at(x, f.y) - at(x, f.x), q = at(x, f.z) - at(x, f.x);
  const Vec3<Real> dL_dp = glm::cross(q, dL_dcross), dL_dq = glm::cross(dL_dcross, p);
  at(gradient, f.y) += dL_dp;
  at(gradient, f.z) += dL_dq;
  at(gradient, f.x) -= dL_dp + dL_dq;
}

template <class Real> double totalArea(const Topology& topology, Points<Real> x) {
  double area = 0;
  for (const Face& f : topology.faces) area += 0.5 * double(faceNormal(x, f).length);
  return area;
}

template <class Real>
void areaBackward(const Topology& topology, Points<Real> x, Real dL_darea, std::span<Vec3<Real>> gradient) {
  for (const Face& f : topology.faces)
    crossBackward(x, f, Real(0.5) * dL_darea * faceNormal(x, f).unit, gradient);
}

// 1 for each vertex that has a d_i: used by an edge, and by no border edge.
std::vector<char> innerVertices(const Topology& topology) {
  std::vector<char> inner(std::size_t(topology.vertexCount), 0);
  for (const glm::ivec2& e : topology.edges) inner[std::size_t(e.x)] = inner[std::size_t(e.y)] = 1;
  for (std::size_t e = 0; e < topology.edges.size(); ++e)
    if (topology.edgeFaceStart[e + 1] - topology.edgeFaceStart[e] == 1)
      inner[std::size_t(topology.edges[e].x)] = inner[std::size_t(topology.edges[e].y)] = 0;
  return inner;
}

int usedVertexCount(const Topology& topology) {
  std::vector<char> used(std::size_t(topology.vertexCount), 0);
  for (const glm::ivec2& e : topology.edges) used[std::size_t(e.x)] = used[std::size_t(e.y)] = 1;
  return int(std::count(used.begin(), used.end(), 1));
}

// factor (V/A) sum |d_i|^2 and what both Laplacians share: the derivative by A, and dL/dd_i written over d_i.
template <class Real>
double squaredDifferences(const Topology& topology, Points<Real> x, double factor, Real weight,
                          std::vector<Vec3<Real>>& differences, std::span<Vec3<Real>> gradient) {
  const double area = totalArea(topology, x);
  if (!(area > 0)) {
    std::fill(differences.begin(), differences.end(), Vec3<Real>(0));
    return 0;
  }
  const std::vector<char> inner = innerVertices(topology);
  const double scale = factor * usedVertexCount(topology) / area;
  double sum = 0;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    if (!inner[i]) differences[i] = Vec3<Real>(0);
    sum += double(glm::dot(differences[i], differences[i]));
    differences[i] *= Real(2 * scale) * weight;
  }
  areaBackward(topology, x, Real(-scale * sum / area) * weight, gradient);
  return scale * sum;
}

template <class Real>
double uniformLaplacian(const Topology& topology, Points<Real> x, Real weight, std::span<Vec3<Real>> gradient) {
  std::vector<int> degree(x.size(), 0);
  std::vector<Vec3<Real>> d(x.size(), Vec3<Real>(0));
  for (const glm::ivec2& e : topology.edges) {
    ++degree[std::size_t(e.x)], ++degree[std::size_t(e.y)];
    at(d, e.x) += at(x, e.x) - at(x, e.y);
    at(d, e.y) += at(x, e.y) - at(x, e.x);
  }
  for (std::size_t i = 0; i < x.size(); ++i) d[i] *= Real(1) / Real(std::max(1, degree[i]));
  const double value = squaredDifferences(topology, x, 3 / (4 * kPi), weight, d, gradient);
  for (std::size_t i = 0; i < x.size(); ++i) d[i] *= Real(1) / Real(std::max(1, degree[i]));
  for (const glm::ivec2& e : topology.edges) {
    const Vec3<Real> pull = at(d, e.x) - at(d, e.y);
    at(gradient, e.x) += pull;
    at(gradient, e.y) -= pull;
  }
  return value;
}

// Half the cotangent at corner k of a face, with its derivatives by p = i - k and q = j - k.
template <class Real> struct HalfCotangent {
  Real value = 0;
  Vec3<Real> byP{0}, byQ{0};
};

template <class Real> HalfCotangent<Real> halfCotangent(const Vec3<Real>& p, const Vec3<Real>& q) {
  const Vec3<Real> cross = glm::cross(p, q);
  const Real along = glm::dot(p, q), across = glm::length(cross), limit = Real(kMaxCotangent);
  if (!(std::abs(along) < limit * across)) return {along == 0 ? Real(0) : std::copysign(limit / 2, along), {}, {}};
  const Vec3<Real> unit = cross / across;
  const Real cotangent = along / across, half = Real(0.5) / across;
  return {cotangent / 2, half * (q - cotangent * glm::cross(q, unit)), half * (p - cotangent * glm::cross(unit, p))};
}

template <class Real, class Visit> void forEachCorner(const Topology& topology, Points<Real> x, Visit visit) {
  for (const Face& f : topology.faces) {
    if (f.x == f.y || f.y == f.z || f.z == f.x) continue;
    for (int corner = 0; corner < 3; ++corner) {
      const int k = f[corner], i = f[(corner + 1) % 3], j = f[(corner + 2) % 3];
      visit(k, i, j, halfCotangent(at(x, i) - at(x, k), at(x, j) - at(x, k)));
    }
  }
}

template <class Real>
double cotangentLaplacian(const Topology& topology, Points<Real> x, Real weight, std::span<Vec3<Real>> gradient) {
  std::vector<Vec3<Real>> d(x.size(), Vec3<Real>(0));
  forEachCorner<Real>(topology, x, [&](int, int i, int j, const HalfCotangent<Real>& c) {
    const Vec3<Real> side = c.value * (at(x, i) - at(x, j));
    at(d, i) += side;
    at(d, j) -= side;
  });
  const double value = squaredDifferences(topology, x, 1 / (16 * kPi), weight, d, gradient);
  forEachCorner<Real>(topology, x, [&](int k, int i, int j, const HalfCotangent<Real>& c) {
    const Vec3<Real> pull = at(d, i) - at(d, j);
    const Real dL_dcotangent = glm::dot(pull, at(x, i) - at(x, j));
    at(gradient, i) += c.value * pull + dL_dcotangent * c.byP;
    at(gradient, j) += -c.value * pull + dL_dcotangent * c.byQ;
    at(gradient, k) -= dL_dcotangent * (c.byP + c.byQ);
  });
  return value;
}

template <class Real>
double normalConsistency(const Topology& topology, Points<Real> x, Real weight, std::span<Vec3<Real>> gradient) {
  std::vector<FaceNormal<Real>> normals;
  for (const Face& f : topology.faces) normals.push_back(faceNormal(x, f));
  std::vector<Vec3<Real>> dL_dunit(normals.size(), Vec3<Real>(0));
  const double factor = std::sqrt(3.0) / (4 * kPi);
  double sum = 0;
  for (std::size_t e = 0; e < topology.edges.size(); ++e) {
    const std::size_t first = std::size_t(topology.edgeFaceStart[e]), second = first + 1;
    if (topology.edgeFaceStart[e + 1] - topology.edgeFaceStart[e] != 2) continue;
    const std::size_t f = std::size_t(topology.edgeFaces[first]), g = std::size_t(topology.edgeFaces[second]);
    if (normals[f].length == 0 || normals[g].length == 0) continue;
    const Real sign = topology.edgeSides[first] == topology.edgeSides[second] ? Real(-1) : Real(1);
    // 1 - n.m = |n - m|^2 / 2 keeps its digits where the two agree.
    const Vec3<Real> gap = normals[f].unit - sign * normals[g].unit;
    sum += 0.5 * double(glm::dot(gap, gap));
    dL_dunit[f] -= sign * normals[g].unit;
    dL_dunit[g] -= sign * normals[f].unit;
  }
  for (std::size_t f = 0; f < normals.size(); ++f) {
    if (normals[f].length == 0) continue;
    const Vec3<Real>& n = normals[f].unit;
    const Vec3<Real> tangential = (dL_dunit[f] - glm::dot(dL_dunit[f], n) * n) / normals[f].length;
    crossBackward(x, topology.faces[f], Real(factor) * weight * tangential, gradient);
  }
  return factor * sum;
}

template <class Real>
double edgeLengthVariance(const Topology& topology, Points<Real> x, Real weight, std::span<Vec3<Real>> gradient) {
  double sum = 0, squares = 0;
  for (const glm::ivec2& e : topology.edges) {
    const double length = double(glm::length(at(x, e.x) - at(x, e.y)));
    sum += length;
    squares += length * length;
  }
  const double count = double(topology.edges.size());
  if (!(sum > 0)) return 0;
  // value = count squares / sum^2 - 1;  d value / d length = 2 count / sum^2 (length - squares / sum)
  for (const glm::ivec2& e : topology.edges) {
    const Vec3<Real> side = at(x, e.x) - at(x, e.y);
    const Real length = glm::length(side);
    if (!(length > 0)) continue;
    const Vec3<Real> pull = weight * Real(2 * count / (sum * sum)) * (length - Real(squares / sum)) / length * side;
    at(gradient, e.x) += pull;
    at(gradient, e.y) -= pull;
  }
  return count * squares / (sum * sum) - 1;
}

double uniformWeight(const FitOptions& o) { return o.laplacianWeights == LaplacianWeights::Uniform ? o.laplacian : 0; }
double cotangentWeight(const FitOptions& o) { return o.laplacianWeights == LaplacianWeights::Cotangent ? o.laplacian : 0; }
double normalWeight(const FitOptions& o) { return o.normalConsistency; }
double edgeWeight(const FitOptions& o) { return o.edgeLength; }

constexpr RegulariserRow kTable[] = {
    {"uniform Laplacian", RegulariserTerm::Laplacian, uniformWeight, uniformLaplacian<float>, uniformLaplacian<double>},
    {"cotangent Laplacian", RegulariserTerm::Laplacian, cotangentWeight, cotangentLaplacian<float>,
     cotangentLaplacian<double>},
    {"normal consistency", RegulariserTerm::NormalConsistency, normalWeight, normalConsistency<float>,
     normalConsistency<double>},
    {"edge length", RegulariserTerm::EdgeLength, edgeWeight, edgeLengthVariance<float>, edgeLengthVariance<double>},
};

}  // namespace

std::span<const RegulariserRow> regulariserTable() { return kTable; }

}  // namespace penumbra
