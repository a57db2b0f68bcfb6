#include "optim/eval/triangle_bvh.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "optim/eval/column_crossing.h"

namespace penumbra {
namespace {

// 0 where the denominator vanishes: only triangles without area ask for that.
double share(double numerator, double denominator) { return denominator > 0 ? numerator / denominator : 0; }

double squaredDistance(const Box& box, const glm::dvec3& p) {
  const glm::dvec3 outside = glm::max(glm::max(glm::dvec3(box.lower) - p, p - glm::dvec3(box.upper)), glm::dvec3(0));
  return glm::dot(outside, outside);
}

}  // namespace

double NearestPoint::distance() const { return std::sqrt(squaredDistance); }

glm::dvec3 closestOnTriangle(const glm::dvec3& p, const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c) {
  const glm::dvec3 ab = b - a, ac = c - a, ap = p - a, bp = p - b, cp = p - c;
  // Corners and edges, by the signs of the projections
  const double d1 = glm::dot(ab, ap), d2 = glm::dot(ac, ap);
  if (d1 <= 0 && d2 <= 0) return a;
  const double d3 = glm::dot(ab, bp), d4 = glm::dot(ac, bp);
  if (d3 >= 0 && d4 <= d3) return b;
  const double vc = d1 * d4 - d3 * d2;
  if (vc <= 0 && d1 >= 0 && d3 <= 0) return a + share(d1, d1 - d3) * ab;
  const double d5 = glm::dot(ab, cp), d6 = glm::dot(ac, cp);
  if (d6 >= 0 && d5 <= d6) return c;
  const double vb = d5 * d2 - d1 * d6;
  if (vb <= 0 && d2 >= 0 && d6 <= 0) return a + share(d2, d2 - d6) * ac;
  const double va = d3 * d6 - d5 * d4;
  if (va <= 0 && d4 >= d3 && d5 >= d6) return b + share(d4 - d3, (d4 - d3) + (d5 - d6)) * (c - b);
  // Inside
  const double sum = va + vb + vc;
  return a + share(vb, sum) * ab + share(vc, sum) * ac;
}

TriangleBvh::TriangleBvh(const Mesh& mesh) {
  const std::size_t count = mesh.faces.size();
  if (count == 0) return;
  std::vector<Box> boxes(count);
  for (std::size_t f = 0; f < count; ++f)
    for (int k = 0; k < 3; ++k) boxes[f].add(mesh.positions[std::size_t(mesh.faces[f][k])]);
  faceOf_.resize(count);
  std::iota(faceOf_.begin(), faceOf_.end(), 0);
  nodes_.reserve(count);
  build(faceOf_, boxes, 0, int(count));
  slotOf_.resize(count);
  corners_.reserve(3 * count);
  for (std::size_t slot = 0; slot < count; ++slot) {
    slotOf_[std::size_t(faceOf_[slot])] = int(slot);
    const Face& face = mesh.faces[std::size_t(faceOf_[slot])];
    for (int k = 0; k < 3; ++k) corners_.push_back(mesh.positions[std::size_t(face[k])]);
  }
}

int TriangleBvh::build(std::vector<int>& order, const std::vector<Box>& boxes, int first, int last) {
  const int index = int(nodes_.size());
  nodes_.emplace_back();
  Box box, centres;
  for (int i = first; i < last; ++i) {
    const Box& b = boxes[std::size_t(order[std::size_t(i)])];
    box.add(b);
    centres.add(b.lower + b.upper);
  }
  nodes_[std::size_t(index)].box = box;
  if (last - first <= kLeafFaces) {
    nodes_[std::size_t(index)].next = first;
    nodes_[std::size_t(index)].faces = last - first;
    return index;
  }
  const glm::vec3 extent = centres.upper - centres.lower;
  const int axis = extent.x >= extent.y && extent.x >= extent.z ? 0 : extent.y >= extent.z ? 1 : 2;
  const int middle = first + (last - first) / 2;
  std::nth_element(order.begin() + first, order.begin() + middle, order.begin() + last, [&](int f, int g) {
    const Box &a = boxes[std::size_t(f)], &b = boxes[std::size_t(g)];
    const float x = a.lower[axis] + a.upper[axis], y = b.lower[axis] + b.upper[axis];
    return x != y ? x < y : f < g;
  });
  build(order, boxes, first, middle);
  const int second = build(order, boxes, middle, last);
  nodes_[std::size_t(index)].next = second;
  return index;
}

Box TriangleBvh::boxOf(int slot) const {
  Box box;
  for (std::size_t k = 0; k < 3; ++k) box.add(corners_[3 * std::size_t(slot) + k]);
  return box;
}

void TriangleBvh::tryFace(int slot, const glm::dvec3& p, NearestPoint& best) const {
  const glm::vec3* corner = corners_.data() + 3 * std::size_t(slot);
  const glm::dvec3 q = closestOnTriangle(p, glm::dvec3(corner[0]), glm::dvec3(corner[1]), glm::dvec3(corner[2]));
  const double squared = glm::dot(p - q, p - q);
  if (squared < best.squaredDistance) best = {faceOf_[std::size_t(slot)], squared, q};
}

NearestPoint TriangleBvh::nearest(const glm::dvec3& p, int guess) const {
  NearestPoint best;
  if (nodes_.empty()) return best;
  if (guess >= 0) tryFace(slotOf_[std::size_t(guess)], p, best);
  struct Waiting {
    int node;
    double squaredDistance;
  };
  Waiting stack[kMaxDepth];
  int count = 0;
  stack[count++] = {0, squaredDistance(nodes_[0].box, p)};
  while (count > 0) {
    const Waiting top = stack[--count];
    if (top.squaredDistance >= best.squaredDistance) continue;
    const Node& node = nodes_[std::size_t(top.node)];
    if (node.faces > 0) {
      for (int slot = node.next; slot < node.next + node.faces; ++slot) tryFace(slot, p, best);
      continue;
    }
    const Waiting first{top.node + 1, squaredDistance(nodes_[std::size_t(top.node) + 1].box, p)};
    const Waiting second{node.next, squaredDistance(nodes_[std::size_t(node.next)].box, p)};
    const bool firstNearer = first.squaredDistance <= second.squaredDistance;
    stack[count++] = firstNearer ? second : first;
    stack[count++] = firstNearer ? first : second;
  }
  return best;
}

int TriangleBvh::windingAlongZ(const glm::dvec3& p, int skip) const {
  int winding = 0;
  int stack[kMaxDepth], count = 0;
  if (!nodes_.empty()) stack[count++] = 0;
  while (count > 0) {
    const int index = stack[--count];
    const Node& node = nodes_[std::size_t(index)];
    const Box& box = node.box;
    if (p.x < box.lower.x || p.x > box.upper.x || p.y < box.lower.y || p.y > box.upper.y || p.z > box.upper.z) continue;
    if (node.faces == 0) {
      stack[count++] = node.next;
      stack[count++] = index + 1;
      continue;
    }
    for (int slot = node.next; slot < node.next + node.faces; ++slot) {
      if (faceOf_[std::size_t(slot)] == skip) continue;
      const glm::vec3* corner = corners_.data() + 3 * std::size_t(slot);
      const glm::dvec3 a(corner[0]), b(corner[1]), c(corner[2]);
      const ColumnSpan span = columnSpan(a, b, c, p.y);
      if (span.first <= p.x && p.x < span.last && planeZAt(a, b, c, p.x, p.y) > p.z) winding += span.sign;
    }
  }
  return winding;
}

}  // namespace penumbra
