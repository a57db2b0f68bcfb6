// Collapse, split and flip of SurfacePasses.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <queue>

#include "optim/remesh/surface_passes.h"

namespace penumbra {
namespace {

constexpr float kLowFace = 0.15f;   // height of a sliver over the wanted length
constexpr float kDent = 0.1f;       // how far a collapse may bend the surface (root mean square), over the wanted length
constexpr float kFlat = 0.85f;      // cosine between faces whose common edge may flip

struct Candidate {
  float key;
  int h;
  bool operator<(const Candidate& o) const { return key != o.key ? key < o.key : h < o.h; }
};

}  // namespace

// Whether an edge to p would be longer than the window allows, so that it were split again.
bool SurfacePasses::crowds(int h, const glm::vec3& p) const {
  const int a = mesh_.from(h), b = mesh_.to(h);
  const float own = wantedAlong(h);
  bool tooLong = false;
  for (const int v : {a, b})
    mesh_.around(v, [&](int g) {
      const int n = mesh_.to(g);
      if (n == a || n == b) return;
      tooLong |= glm::distance(mesh_.position(n), p) > window_.splitAbove * 0.5f * (own + wanted_[std::size_t(n)]);
    });
  return tooLong;
}

// Mean square distance of p to the planes of the faces around both ends of h, weighted by their areas.
float SurfacePasses::planeError(int h, const glm::vec3& p) const {
  float sum = 0, total = 0;
  for (const int v : {mesh_.from(h), mesh_.to(h)})
    mesh_.around(v, [&](int g) {
      const glm::vec3 n = mesh_.areaNormal(g);
      const float length = glm::length(n), d = glm::dot(n, p - mesh_.position(v));
      if (length > 0) sum += d * d / length, total += length;
    });
  return total > 0 ? sum / total : 0;
}

bool SurfacePasses::tryCollapse(int h) {
  if (!mesh_.collapseKeepsTopology(h)) return false;
  const int a = mesh_.from(h), b = mesh_.to(h);
  struct Place { float error; glm::vec3 p; };
  std::array<Place, 3> places{Place{0, curvedMiddle(h)}, Place{0, mesh_.position(a)}, Place{0, mesh_.position(b)}};
  // Where the surface is smooth the middle is best; elsewhere the planes decide
  if (std::min(smooth_[std::size_t(a)], smooth_[std::size_t(b)]) < 1) {
    for (Place& place : places) place.error = planeError(h, place.p);
    std::stable_sort(places.begin(), places.end(), [](const Place& x, const Place& y) { return x.error < y.error; });
  }
  const float dent = kDent * wantedAlong(h);
  for (const Place& place : places) {
    if (place.error > dent * dent || crowds(h, place.p)) continue;
    if (!keepsFaces(a, b, place.p) || !keepsFaces(b, a, place.p)) continue;
    mesh_.collapse(h, place.p);
    values_.average(a, b);
    const std::size_t i = std::size_t(a), j = std::size_t(b);
    wanted_[i] = 0.5f * (wanted_[i] + wanted_[j]);
    const glm::vec3 n = normals_[i] + normals_[j];
    if (const float length = glm::length(n); length > 0) normals_[i] = n / length;
    smooth_[i] = std::min(smooth_[i], smooth_[j]);
    tangled_[i] |= tangled_[j];
    return true;
  }
  return false;
}

int SurfacePasses::collapseShort() {
  std::vector<Candidate> candidates;
  for (int h = 0; h < mesh_.halfEdgeCount(); ++h) {
    if (mesh_.standsForEdge(h))
      if (const float r = ratio(h); r < window_.collapseBelow) candidates.push_back({r, h});
    if (h % 3 != 0 || !mesh_.alive(h)) continue;
    const std::array<int, 3> edges{h, h + 1, h + 2};
    const std::array<float, 3> lengths{mesh_.length(h), mesh_.length(h + 1), mesh_.length(h + 2)};
    const auto [shortest, longest] = std::minmax_element(lengths.begin(), lengths.end());
    const bool over = folded(h), low = glm::length(mesh_.areaNormal(h)) < kLowFace * wantedAlong(h) * *longest;
    const int edge = edges[std::size_t(shortest - lengths.begin())];
    // Below all ratios: these go first
    if ((over || low) && mesh_.twin(edge) >= 0) candidates.push_back({-1 - float(over), edge});
  }
  std::sort(candidates.begin(), candidates.end());
  int collapsed = 0;
  for (const Candidate& c : candidates) {
    if (!mesh_.alive(c.h) || mesh_.twin(c.h) < 0) continue;
    if (c.key >= 0 && ratio(c.h) >= window_.collapseBelow) continue;
    collapsed += tryCollapse(c.h);
  }
  return collapsed;
}

bool SurfacePasses::splitEdge(int h) {
  const int t = mesh_.twin(h), a = mesh_.from(h), b = mesh_.to(h), c = mesh_.across(h), d = mesh_.across(t);
  glm::vec3 p = curvedMiddle(h);
  // The four new faces must look as the two old ones do; on the straight middle they always would
  const auto turns = [&](int x, int y, int old) {
    const glm::vec3 n = glm::cross(mesh_.position(x) - p, mesh_.position(y) - p), was = mesh_.areaNormal(old);
    return glm::dot(n, was) < 0.8f * glm::length(n) * glm::length(was);
  };
  if (turns(b, c, h) || turns(c, a, h) || turns(a, d, t) || turns(d, b, t))
    p = 0.5f * (mesh_.position(a) + mesh_.position(b));
  mesh_.split(h, p);
  values_.appendMean(a, b);
  const std::size_t i = std::size_t(a), j = std::size_t(b);
  wanted_.push_back(0.5f * (wanted_[i] + wanted_[j]));
  const glm::vec3 n = normals_[i] + normals_[j];
  const float length = glm::length(n);
  normals_.push_back(length > 0 ? n / length : n);
  smooth_.push_back(std::min(smooth_[i], smooth_[j]));
  tangled_.push_back(tangled_[i] | tangled_[j]);
  return true;
}

int SurfacePasses::splitLong(int maxFaces) {
  std::priority_queue<Candidate> longest;
  const auto consider = [&](int h) {
    const int t = mesh_.twin(h);
    if (t < 0) return;
    if (const float r = ratio(h); r > window_.splitAbove) longest.push({r, std::min(h, t)});
  };
  for (int h = 0; h < mesh_.halfEdgeCount(); ++h)
    if (mesh_.standsForEdge(h)) consider(h);
  int count = 0;
  while (!longest.empty() && mesh_.faceCount() + 2 <= maxFaces) {
    const Candidate c = longest.top();
    longest.pop();
    const float now = ratio(c.h);
    if (now < c.key) {  // it was split meanwhile
      consider(c.h);
      continue;
    }
    count += splitEdge(c.h);
    const int m = mesh_.vertexCount() - 1;
    mesh_.around(m, [&](int h) {  // the outer edges too: they may have other numbers now
      consider(h);
      consider(HalfEdgeMesh::next(h));
    });
  }
  return count;
}

bool SurfacePasses::flipHelps(int h) const {
  const auto excess = [&](int v, int change) { return mesh_.movable(v) ? std::abs(mesh_.valence(v) + change - 6) : 0; };
  const int a = mesh_.from(h), b = mesh_.to(h), c = mesh_.across(h), d = mesh_.across(mesh_.twin(h));
  return excess(a, -1) + excess(b, -1) + excess(c, 1) + excess(d, 1) <
         excess(a, 0) + excess(b, 0) + excess(c, 0) + excess(d, 0);
}

// The new faces look the way the old ones do together, bend less than those or little, and are no slivers.
bool SurfacePasses::flipKeepsShape(int h, bool forQuality) const {
  const int t = mesh_.twin(h);
  const glm::vec3 a = mesh_.position(mesh_.from(h)), b = mesh_.position(mesh_.to(h)), c = mesh_.position(mesh_.across(h)),
                  d = mesh_.position(mesh_.across(t));
  const glm::vec3 n0 = glm::cross(b - a, c - a), n1 = glm::cross(a - b, d - b);
  const glm::vec3 m0 = glm::cross(c - d, a - d), m1 = glm::cross(d - c, b - c), old = n0 + n1;
  const float l0 = glm::length(n0), l1 = glm::length(n1), k0 = glm::length(m0), k1 = glm::length(m1);
  const float lo = glm::length(old);
  if (!(glm::dot(m0, old) > 0.7f * k0 * lo) || !(glm::dot(m1, old) > 0.7f * k1 * lo)) return false;
  const float bendBefore = glm::dot(n0, n1), bendAfter = glm::dot(m0, m1);
  if (bendBefore < kFlat * l0 * l1 && bendAfter * l0 * l1 < bendBefore * k0 * k1) return false;
  // Twice the area over the longest edge squared, the worse of the two
  const auto square = [](const glm::vec3& e) { return glm::dot(e, e); };
  const float ab = square(b - a), cd = square(d - c), bc = square(c - b), ca = square(a - c), ad = square(d - a);
  const float db = square(b - d);
  const float before = std::min(l0 / std::max({ab, bc, ca}), l1 / std::max({ab, ad, db}));
  const float after = std::min(k0 / std::max({cd, ca, ad}), k1 / std::max({cd, db, bc}));
  return forQuality ? before < 0.3f && after > 1.5f * before : after > 0.3f || after > 0.9f * before;
}

int SurfacePasses::flipEdges() {
  int flips = 0;
  for (int h = 0; h < mesh_.halfEdgeCount(); ++h) {
    if (!mesh_.standsForEdge(h)) continue;
    const bool helps = flipHelps(h);
    if (!flipKeepsShape(h, !helps) || !mesh_.flipKeepsManifold(h)) continue;
    mesh_.flip(h);
    ++flips;
  }
  return flips;
}

}  // namespace penumbra
