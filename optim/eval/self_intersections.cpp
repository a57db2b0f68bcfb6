#include "optim/eval/self_intersections.h"

#include <algorithm>
#include <array>
#include <iterator>

#include "optim/eval/exact_orientation.h"

namespace penumbra {
namespace {

using Corners = std::array<glm::dvec3, 3>;

// An axis along which the triangle is not seen edge-on; -1 when it has no area.
int openAxis(const Corners& t) {
  for (int axis = 0; axis < 3; ++axis)
    if (orientationAlong(axis, t[0], t[1], t[2]) != 0) return axis;
  return -1;
}

// p on the line through a and b: between them?
bool between(int axis, const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& p) {
  for (const int k : {(axis + 1) % 3, (axis + 2) % 3})
    if (p[k] < std::min(a[k], b[k]) || p[k] > std::max(a[k], b[k])) return false;
  return true;
}

bool segmentsMeet(int axis, const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& p, const glm::dvec3& q) {
  const int ap = orientationAlong(axis, a, b, p), aq = orientationAlong(axis, a, b, q);
  const int pa = orientationAlong(axis, p, q, a), pb = orientationAlong(axis, p, q, b);
  if (ap * aq < 0 && pa * pb < 0) return true;
  return (ap == 0 && between(axis, a, b, p)) || (aq == 0 && between(axis, a, b, q)) ||
         (pa == 0 && between(axis, p, q, a)) || (pb == 0 && between(axis, p, q, b));
}

// All five points in one plane, which `axis` does not see edge-on.
bool meetsInPlane(int axis, const glm::dvec3& p, const glm::dvec3& q, const Corners& t) {
  const int turn = orientationAlong(axis, t[0], t[1], t[2]);
  bool inside = true;
  for (std::size_t k = 0; k < 3; ++k) {
    const glm::dvec3 &a = t[k], &b = t[(k + 1) % 3];
    if (segmentsMeet(axis, p, q, a, b)) return true;
    inside = inside && orientationAlong(axis, a, b, p) * turn > 0;
  }
  return inside;
}

// Segment pq against a triangle with area, ends and border included.
bool segmentMeets(const glm::dvec3& p, const glm::dvec3& q, const Corners& t) {
  const int atP = orientation(t[0], t[1], t[2], p), atQ = orientation(t[0], t[1], t[2], q);
  if (atP * atQ > 0) return false;
  if (atP == 0 && atQ == 0) return meetsInPlane(openAxis(t), p, q, t);
  const int sides[3] = {orientation(p, q, t[0], t[1]), orientation(p, q, t[1], t[2]), orientation(p, q, t[2], t[0])};
  const bool positive = sides[0] > 0 || sides[1] > 0 || sides[2] > 0;
  const bool negative = sides[0] < 0 || sides[1] < 0 || sides[2] < 0;
  return !(positive && negative);
}

bool onOneSide(const Corners& plane, const Corners& t) {
  const int first = orientation(plane[0], plane[1], plane[2], t[0]);
  for (std::size_t k = 1; first != 0 && k < 3; ++k)
    if (orientation(plane[0], plane[1], plane[2], t[k]) != first) return false;
  return first != 0;
}

bool apartFacesMeet(const Corners& s, const Corners& t) {
  if (onOneSide(s, t) || onOneSide(t, s)) return false;
  for (std::size_t k = 0; k < 3; ++k)
    if (segmentMeets(s[k], s[(k + 1) % 3], t) || segmentMeets(t[k], t[(k + 1) % 3], s)) return true;
  return false;
}

// Both turned so that the corner 0 is the shared one.
bool vertexNeighboursMeet(const Corners& s, const Corners& t) {
  return segmentMeets(s[1], s[2], t) || segmentMeets(t[1], t[2], s);
}

// a, b the shared edge; c, d the other corners.
bool edgeNeighboursMeet(const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c, const glm::dvec3& d) {
  if (orientation(a, b, c, d) != 0) return false;
  const int axis = openAxis({a, b, c});
  return orientationAlong(axis, a, b, c) * orientationAlong(axis, a, b, d) > 0;
}

class GridMesh {
 public:
  explicit GridMesh(const Mesh& mesh) : faces_(mesh.faces) {
    const Bounds bounds = boundsOf(mesh);
    const glm::dvec3 size = bounds.empty() ? glm::dvec3(1) : glm::max(glm::abs(bounds.lower), glm::abs(bounds.upper));
    const double most = std::max({size.x, size.y, size.z});
    int exponent = 0;
    std::frexp(most, &exponent);  // most < 2^exponent
    const double scale = std::ldexp(1.0, 38 - exponent);
    for (const glm::vec3& p : mesh.positions) points_.push_back(glm::round(scale * glm::dvec3(p)));
    hasArea_.resize(faces_.size());
    for (std::size_t f = 0; f < faces_.size(); ++f) hasArea_[f] = openAxis(corners(int(f), 0)) >= 0;
  }

  bool hasArea(int f) const { return hasArea_[std::size_t(f)]; }

  bool meet(int f, int g) const {
    if (!hasArea(f) || !hasArea(g)) return false;
    const Face &s = faces_[std::size_t(f)], &t = faces_[std::size_t(g)];
    int shared = 0, inS = 0, inT = 0, sumS = 0, sumT = 0;  // with two shared corners, 3 - sum is the third one
    for (int i = 0; i < 3; ++i)
      for (int j = 0; j < 3; ++j)
        if (s[i] == t[j]) ++shared, inS = i, inT = j, sumS += i, sumT += j;
    if (shared == 0) return apartFacesMeet(corners(f, 0), corners(g, 0));
    if (shared == 1) return vertexNeighboursMeet(corners(f, inS), corners(g, inT));
    if (shared > 2) return true;
    const Corners a = corners(f, 3 - sumS), b = corners(g, 3 - sumT);
    return edgeNeighboursMeet(a[1], a[2], a[0], b[0]);
  }

 private:
  Corners corners(int f, int first) const {
    const Face& face = faces_[std::size_t(f)];
    const auto at = [&](int k) { return points_[std::size_t(face[(first + k) % 3])]; };
    return {at(0), at(1), at(2)};
  }

  const std::vector<Face>& faces_;
  std::vector<glm::dvec3> points_;
  std::vector<char> hasArea_;
};

}  // namespace

std::vector<std::pair<int, int>> selfIntersectingPairs(const Mesh& mesh, const TriangleBvh& bvh, ThreadPool& pool) {
  const GridMesh grid(mesh);
  const int count = int(mesh.faces.size());
  constexpr int kChunk = 512;
  std::vector<std::vector<std::pair<int, int>>> found;
  found.resize(std::size_t((count + kChunk - 1) / kChunk));
  pool.parallelFor(int(found.size()), [&](int chunk, int) {
    for (int f = chunk * kChunk; f < std::min(count, (chunk + 1) * kChunk); ++f) {
      if (!grid.hasArea(f)) continue;
      Box box;
      for (int k = 0; k < 3; ++k) box.add(mesh.positions[std::size_t(mesh.faces[std::size_t(f)][k])]);
      bvh.anyMeeting(box, [&](int g) {
        if (g > f && grid.meet(f, g)) found[std::size_t(chunk)].emplace_back(f, g);
        return false;
      });
    }
  });
  std::vector<std::pair<int, int>> pairs;
  for (const auto& some : found) pairs.insert(pairs.end(), some.begin(), some.end());
  return pairs;
}

std::vector<std::pair<int, int>> intersectingOf(const Mesh& mesh, const std::vector<std::pair<int, int>>& pairs) {
  const GridMesh grid(mesh);
  std::vector<std::pair<int, int>> meeting;
  std::copy_if(pairs.begin(), pairs.end(), std::back_inserter(meeting),
               [&](const auto& p) { return grid.meet(p.first, p.second); });
  return meeting;
}

std::vector<char> selfIntersectingFaces(const Mesh& mesh, const TriangleBvh& bvh, ThreadPool& pool) {
  std::vector<char> meets(mesh.faces.size(), 0);
  for (const auto& [f, g] : selfIntersectingPairs(mesh, bvh, pool)) meets[std::size_t(f)] = meets[std::size_t(g)] = 1;
  return meets;
}

}  // namespace penumbra
