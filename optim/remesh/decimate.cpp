#include "optim/remesh/decimate.h"

#include <algorithm>
#include <cmath>
#include <queue>
#include <vector>

#include "optim/remesh/half_edge_mesh.h"

namespace penumbra {
namespace {

// x' A x - 2 b.x + c, A symmetric.
struct Quadric {
  double xx = 0, yy = 0, zz = 0, xy = 0, yz = 0, zx = 0, c = 0;
  glm::dvec3 b{0};

  void addPlane(const glm::dvec3& n, double d, double weight) {
    xx += weight * n.x * n.x, yy += weight * n.y * n.y, zz += weight * n.z * n.z;
    xy += weight * n.x * n.y, yz += weight * n.y * n.z, zx += weight * n.z * n.x;
    b += weight * d * n;
    c += weight * d * d;
  }
  void add(const Quadric& q) {
    xx += q.xx, yy += q.yy, zz += q.zz, xy += q.xy, yz += q.yz, zx += q.zx, c += q.c;
    b += q.b;
  }
  glm::dmat3 matrix() const { return {xx, xy, zx, xy, yy, yz, zx, yz, zz}; }
  double at(const glm::dvec3& x) const { return std::max(0.0, glm::dot(x, matrix() * x) - 2 * glm::dot(b, x) + c); }
  double trace() const { return xx + yy + zz; }
};

class Decimator {
 public:
  explicit Decimator(const Mesh& mesh) : mesh_(mesh.positions, mesh.faces), origin_(boundsOf(mesh).centre()) {
    quadrics_.resize(mesh.positions.size());
    version_.assign(mesh.positions.size(), 0);
    for (int h = 0; h < mesh_.halfEdgeCount(); h += 3) {
      const glm::dvec3 n(mesh_.areaNormal(h));
      const double twice = glm::length(n);
      if (!(twice > 0)) continue;
      const glm::dvec3 unit = n / twice;
      for (const int k : {h, h + 1, h + 2})
        quadrics_[std::size_t(mesh_.from(k))].addPlane(unit, glm::dot(unit, local(mesh_.from(h))), twice / 6);
    }
    for (int h = 0; h < mesh_.halfEdgeCount(); ++h)
      if (mesh_.standsForEdge(h)) offer(h);
  }

  Mesh run(int faces) {
    while (mesh_.faceCount() > faces && !queue_.empty()) {
      const Offer o = queue_.top();
      queue_.pop();
      if (!current(o)) continue;
      const glm::vec3 p = bestPlace(o.h);
      const auto never = [](int) { return false; };
      if (!mesh_.collapseKeepsTopology(o.h)) continue;
      if (!mesh_.keepsFaces(o.a, o.b, p, never) || !mesh_.keepsFaces(o.b, o.a, p, never)) continue;
      mesh_.collapse(o.h, p);
      quadrics_[std::size_t(o.a)].add(quadrics_[std::size_t(o.b)]);
      renew(o.a);
    }
    return mesh_.compact();
  }

 private:
  struct Offer {
    double cost;
    int h, a, b, version;
    bool operator<(const Offer& o) const { return cost != o.cost ? cost > o.cost : h > o.h; }
  };

  glm::dvec3 local(int v) const { return glm::dvec3(mesh_.position(v)) - origin_; }
  int versionOf(int a, int b) const { return version_[std::size_t(a)] + version_[std::size_t(b)]; }

  bool current(const Offer& o) const {
    return mesh_.alive(o.h) && mesh_.from(o.h) == o.a && mesh_.to(o.h) == o.b && versionOf(o.a, o.b) == o.version;
  }

  Quadric together(int h) const {
    Quadric q = quadrics_[std::size_t(mesh_.from(h))];
    q.add(quadrics_[std::size_t(mesh_.to(h))]);
    return q;
  }

  // The minimum with a weak pull to the middle of the edge.
  glm::vec3 bestPlace(int h) const {
    const Quadric q = together(h);
    const glm::dvec3 middle = 0.5 * (local(mesh_.from(h)) + local(mesh_.to(h)));
    const double pull = 1e-7 * q.trace() + 1e-300;
    const glm::dmat3 a = q.matrix() + glm::dmat3(pull);
    const glm::dvec3 p = glm::inverse(a) * (q.b + pull * middle);
    const bool near = glm::distance(p, middle) < 2 * double(mesh_.length(h));  // false for what is not finite too
    return glm::vec3(origin_ + (near ? p : middle));
  }

  void offer(int h) {
    if (mesh_.twin(h) < 0) return;
    const int a = mesh_.from(h), b = mesh_.to(h);
    if (!mesh_.movable(a) || !mesh_.movable(b)) return;
    queue_.push({together(h).at(glm::dvec3(bestPlace(h)) - origin_), h, a, b, versionOf(a, b)});
  }

  // After a changed: its edges cost something else, and edits around it may be allowed now.
  void renew(int a) {
    ++version_[std::size_t(a)];
    std::vector<int> ring;
    mesh_.around(a, [&](int h) { ring.push_back(h); });
    for (const int h : ring) {
      offer(h);
      offer(HalfEdgeMesh::next(h));
    }
  }

  HalfEdgeMesh mesh_;
  glm::dvec3 origin_;  // quadrics are about it: no cancellation far from 0
  std::vector<Quadric> quadrics_;
  std::vector<int> version_;
  std::priority_queue<Offer> queue_;
};

}  // namespace

Mesh decimate(const Mesh& mesh, int faces) { return Decimator(mesh).run(faces); }

}  // namespace penumbra
