// Where a vertical line pierces a triangle, decided so that neighbours never disagree.
//
//   The line through (x, y) pierces a triangle w times, w in {-1, 0, 1}, the sign of the normal's z:
//     w = sum over the directed edges p -> q of  [p.y <= y < q.y] - [q.y <= y < p.y],  counted where edgeX(y) > x
//   edgeX is the edge's x at height y, always computed from its lower to its upper end.
// Two faces that share an edge get the same number for it to the last bit, so the sums over a closed mesh are exact
// winding numbers: no line slips through a seam or counts it twice. A triangle seen edge-on is never pierced.
#pragma once
#include <algorithm>

#include "renderer/core/types.h"

namespace penumbra {

// p.y != q.y.
inline double edgeXAt(const glm::dvec3& p, const glm::dvec3& q, double y) {
  const glm::dvec3& low = p.y < q.y ? p : q;
  const glm::dvec3& high = p.y < q.y ? q : p;
  return low.x + (y - low.y) * ((high.x - low.x) / (high.y - low.y));
}

// The part of the line at height y that a triangle spans: first <= x < last is pierced `sign` times.
struct ColumnSpan {
  double first = 0, last = 0;
  int sign = 0;
};
inline ColumnSpan columnSpan(const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c, double y) {
  const glm::dvec3* corners[4] = {&a, &b, &c, &a};
  ColumnSpan span;
  double up = 0, down = 0;
  bool crossed = false;
  for (int k = 0; k < 3; ++k) {
    const glm::dvec3 &p = *corners[k], &q = *corners[k + 1];
    const bool rises = p.y <= y && y < q.y, falls = q.y <= y && y < p.y;
    if (!rises && !falls) continue;
    (rises ? up : down) = edgeXAt(p, q, y);
    crossed = true;
  }
  if (crossed && up != down) span = {std::min(up, down), std::max(up, down), up > down ? 1 : -1};
  return span;
}

// Height of the triangle's plane over (x, y), kept between its corners.
inline double planeZAt(const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c, double x, double y) {
  const glm::dvec3 n = glm::cross(b - a, c - a);
  const double z = n.z != 0 ? a.z - (n.x * (x - a.x) + n.y * (y - a.y)) / n.z : a.z;
  return std::clamp(z, std::min({a.z, b.z, c.z}), std::max({a.z, b.z, c.z}));
}

}  // namespace penumbra
