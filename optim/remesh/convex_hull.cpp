#include "optim/remesh/convex_hull.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <vector>

#include "renderer/error.h"

namespace penumbra {
namespace {

class Quickhull {
 public:
  explicit Quickhull(std::span<const glm::vec3> points) : points_(points.begin(), points.end()) {
    Bounds bounds;
    for (const auto& p : points_) bounds.add(p);
    tolerance_ = 1e-9 * bounds.diagonal();
  }

  Mesh run() {
    startWithTetrahedron();
    for (std::size_t f = 0; f < facets_.size(); ++f)  // grows while it is walked
      while (facets_[f].alive && !facets_[f].outside.empty()) addFarthest(f);
    return result();
  }

 private:
  struct Facet {
    std::array<int, 3> v;
    glm::dvec3 normal{0};
    double offset = 0;
    std::array<int, 3> beyond{-1, -1, -1};  // facet across the edge from v[k] to the next
    std::vector<int> outside;               // points above, each in one list only
    bool alive = true;
    int visited = 0;
    int from(int k) const { return v[std::size_t(k)]; }
    int to(int k) const { return v[std::size_t((k + 1) % 3)]; }
  };

  double above(const Facet& f, int p) const { return glm::dot(f.normal, points_[std::size_t(p)]) - f.offset; }

  int addFacet(int a, int b, int c) {
    Facet f;
    f.v = {a, b, c};
    const glm::dvec3 &pa = points_[std::size_t(a)], &pb = points_[std::size_t(b)], &pc = points_[std::size_t(c)];
    const glm::dvec3 n = glm::cross(pb - pa, pc - pa);
    const double length = glm::length(n);
    if (length > 0) f.normal = n / length;
    f.offset = glm::dot(f.normal, pa);
    facets_.push_back(std::move(f));
    return int(facets_.size()) - 1;
  }

  template <class Measure> int farthest(Measure&& measure) const {
    int best = 0;
    double most = -1;
    for (int i = 0; i < int(points_.size()); ++i)
      if (const double m = measure(points_[std::size_t(i)]); m > most) most = m, best = i;
    return best;
  }

  void startWithTetrahedron() {
    if (points_.size() < 4) throw flat();
    const auto at = [&](int i) { return points_[std::size_t(i)]; };
    const int a = farthest([](const glm::dvec3& p) { return 1e6 + p.x; });
    const int b = farthest([&](const glm::dvec3& p) { return glm::distance(p, at(a)); });
    const int c = farthest([&](const glm::dvec3& p) { return glm::length(glm::cross(p - at(a), at(b) - at(a))); });
    const glm::dvec3 n = glm::cross(at(b) - at(a), at(c) - at(a));
    const int d = farthest([&](const glm::dvec3& p) { return std::abs(glm::dot(n, p - at(a))); });
    const double height = glm::dot(n, at(d) - at(a));
    if (std::abs(height) <= tolerance_ * glm::length(n)) throw flat();
    const std::array<int, 4> t = height < 0 ? std::array<int, 4>{a, b, c, d} : std::array<int, 4>{a, c, b, d};
    addFacet(t[0], t[1], t[2]);
    addFacet(t[0], t[3], t[1]);
    addFacet(t[1], t[3], t[2]);
    addFacet(t[2], t[3], t[0]);
    std::map<std::pair<int, int>, int> edges;
    for (int f = 0; f < 4; ++f)
      for (int k = 0; k < 3; ++k) edges[{facets_[std::size_t(f)].from(k), facets_[std::size_t(f)].to(k)}] = f;
    for (Facet& facet : facets_)
      for (int k = 0; k < 3; ++k) facet.beyond[std::size_t(k)] = edges.at({facet.to(k), facet.from(k)});
    std::vector<int> all(points_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = int(i);
    share(all, 0);
  }

  static Error flat() { return Error(ExitCode::Input, "All points of a convex hull lie in one plane."); }

  // Gives each point to the first facet from `first` on that it is above.
  void share(const std::vector<int>& points, std::size_t first) {
    for (const int p : points)
      for (std::size_t f = first; f < facets_.size(); ++f)
        if (above(facets_[f], p) > tolerance_) {
          facets_[f].outside.push_back(p);
          break;
        }
  }

  struct Rim { int from, to, beyond; };

  // Facets that p sees, from one on; what lies behind their outline.
  void findSeen(int start, int p, std::vector<int>& seen, std::vector<Rim>& rim) {
    ++round_;
    seen.assign(1, start);
    facets_[std::size_t(start)].visited = round_;
    for (std::size_t i = 0; i < seen.size(); ++i)
      for (int k = 0; k < 3; ++k) {
        const Facet& f = facets_[std::size_t(seen[i])];
        const int next = f.beyond[std::size_t(k)];
        if (facets_[std::size_t(next)].visited == round_) continue;
        if (above(facets_[std::size_t(next)], p) > tolerance_) {
          facets_[std::size_t(next)].visited = round_;
          seen.push_back(next);
        }
      }
    for (const int s : seen)
      for (int k = 0; k < 3; ++k) {
        const Facet& f = facets_[std::size_t(s)];
        const int next = f.beyond[std::size_t(k)];
        if (facets_[std::size_t(next)].visited != round_) rim.push_back({f.from(k), f.to(k), next});
      }
  }

  void addFarthest(std::size_t start) {
    std::vector<int>& own = facets_[start].outside;
    const Facet& facet = facets_[start];
    const int p = *std::max_element(own.begin(), own.end(), [&](int a, int b) { return above(facet, a) < above(facet, b); });
    std::vector<int> seen, orphans;
    std::vector<Rim> rim;
    findSeen(int(start), p, seen, rim);
    std::map<int, int> leaving, arriving;  // new facet by the rim vertex its outer edge starts or ends at
    const std::size_t first = facets_.size();
    for (const Rim& edge : rim) {
      const int f = addFacet(edge.from, edge.to, p);
      if (!leaving.emplace(edge.from, f).second) {  // rounding made an outline that crosses itself: leave p out
        facets_.resize(first);
        std::erase(facets_[start].outside, p);
        return;
      }
      arriving[edge.to] = f;
    }
    for (std::size_t i = 0; i < rim.size(); ++i) {
      Facet& f = facets_[first + i];
      f.beyond = {rim[i].beyond, leaving.at(rim[i].to), arriving.at(rim[i].from)};
      Facet& outer = facets_[std::size_t(rim[i].beyond)];
      for (int k = 0; k < 3; ++k)
        if (outer.from(k) == rim[i].to && outer.to(k) == rim[i].from) outer.beyond[std::size_t(k)] = int(first + i);
    }
    for (const int s : seen) {
      Facet& f = facets_[std::size_t(s)];
      f.alive = false;
      orphans.insert(orphans.end(), f.outside.begin(), f.outside.end());
      f.outside.clear();
    }
    std::erase(orphans, p);
    share(orphans, first);
  }

  Mesh result() const {
    Mesh mesh;
    std::vector<int> number(points_.size(), -1);
    for (const Facet& f : facets_) {
      if (!f.alive) continue;
      Face face;
      for (int k = 0; k < 3; ++k) {
        int& n = number[std::size_t(f.from(k))];
        if (n < 0) n = int(mesh.positions.size()), mesh.positions.emplace_back(points_[std::size_t(f.from(k))]);
        face[k] = n;
      }
      mesh.faces.push_back(face);
    }
    return mesh;
  }

  std::vector<glm::dvec3> points_;
  std::vector<Facet> facets_;
  double tolerance_ = 0;
  int round_ = 0;
};

}  // namespace

Mesh convexHull(std::span<const glm::vec3> points) { return Quickhull(points).run(); }

}  // namespace penumbra
