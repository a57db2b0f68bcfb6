#include "renderer/cpu/contour_outline.h"

#include <algorithm>
#include <cmath>

#include "renderer/core/projection.h"

namespace penumbra {
namespace {

constexpr double kFarAway = 1e7;  // pixels; what projects farther is clamped, it is never near the image

template <class Real> int rowOf(Real y, int lowest, int highest) {
  const Real clamped = std::min(std::max(std::floor(y), Real(lowest)), Real(highest));
  return int(clamped);
}

template <class Real> bool usable(const Vec2<Real>& p) {
  return std::abs(p.x) < Real(kFarAway) && std::abs(p.y) < Real(kFarAway);  // false for NaN
}

template <class Real> bool sameEnd(const ContourEnd<Real>& a, const ContourEnd<Real>& b) {
  return a.vertex == b.vertex && a.vertex2 == b.vertex2;
}

}  // namespace

template <class Real>
void ContourOutline<Real>::addSegment(const CameraT<Real>& camera, const ContourEnd<Real>& endA,
                                      const ContourEnd<Real>& endB, int net) {
  const Vec2<Real> a = project(camera, endA.x), b = project(camera, endB.x);
  if (!usable(a) || !usable(b)) return;
  const Real low = std::min(a.y, b.y), high = std::max(a.y, b.y);
  const Real left = std::min(a.x, b.x), right = std::max(a.x, b.x);
  if (high < Real(-margin_) || low >= Real(height_ + margin_) || left > Real(width_ + margin_)) return;
  ContourSegment<Real> segment{a, b, net, endA, endB, 0, 0, left, right, (b.x - a.x) / (b.y - a.y), right >= Real(-margin_), -1, 0};
  segment.row0 = rowOf(low, -margin_, height_ + margin_ - 1);
  segment.row1 = rowOf(high, -margin_, height_ + margin_ - 1);
  segments_.push_back(segment);
}

template <class Real>
void ContourOutline<Real>::addClipped(const MeshRef<Real>& mesh, const CameraT<Real>& camera, int va, int vb, int net,
                                      Real nearPlane) {
  ContourEnd<Real> a{va, -1, 0, camera.toCamera(mesh.positions[va])};
  ContourEnd<Real> b{vb, -1, 0, camera.toCamera(mesh.positions[vb])};
  const bool aFront = a.x.z > nearPlane, bFront = b.x.z > nearPlane;
  if (!aFront && !bFront) return;
  if (aFront != bFront) {
    ContourEnd<Real> cut{va, vb, 0, {}};  // va < vb: both faces of the edge name the cut alike
    cut.x = cutAtNear(a.x, b.x, nearPlane, cut.s);
    (aFront ? b : a) = cut;
  }
  addSegment(camera, a, b, net);
}

// A face that crosses the near plane leaves a new edge in it; the face's boundary walks it from exit to entry.
template <class Real>
void ContourOutline<Real>::addCutFaces(const MeshRef<Real>& mesh, const CameraT<Real>& camera,
                                       const ContourClassifier<Real>& classifier, int viewIndex, Real nearPlane) {
  const auto& faces = mesh.topology->faces;
  for (int f = 0; f < int(faces.size()); ++f) {
    Vec3<Real> x[3];
    int front = 0;
    for (int k = 0; k < 3; ++k) {
      x[k] = camera.toCamera(mesh.positions[faces[f][k]]);
      front += x[k].z > nearPlane;
    }
    if (front == 0 || front == 3 || classifier.degenerate(f)) continue;
    ContourEnd<Real> exit{}, entry{};
    for (int k = 0; k < 3; ++k) {
      const int next = (k + 1) % 3;
      if ((x[k].z > nearPlane) == (x[next].z > nearPlane)) continue;
      const bool ordered = faces[f][k] < faces[f][next];
      const int lo = ordered ? k : next, hi = ordered ? next : k;
      ContourEnd<Real>& end = x[k].z > nearPlane ? exit : entry;
      end.vertex = faces[f][lo];
      end.vertex2 = faces[f][hi];
      end.x = cutAtNear(x[lo], x[hi], nearPlane, end.s);
    }
    addSegment(camera, exit, entry, classifier.showsFront(f, viewIndex) ? 1 : -1);
  }
}

template <class Real> void ContourOutline<Real>::listRows() {
  const int rows = height_ + 2 * margin_;
  rowStart_.assign(rows + 1, 0);
  for (const auto& s : segments_)
    for (int y = s.row0; y <= s.row1; ++y) ++rowStart_[y + margin_ + 1];
  for (int y = 0; y < rows; ++y) rowStart_[y + 1] += rowStart_[y];
  rowSegments_.resize(rowStart_[rows]);
  rowFill_.assign(rowStart_.begin(), rowStart_.end() - 1);
  for (int i = 0; i < int(segments_.size()); ++i)
    for (int y = segments_[i].row0; y <= segments_[i].row1; ++y) rowSegments_[rowFill_[y + margin_]++] = i;
}

template <class Real> std::span<const int> ContourOutline<Real>::row(int y) const {
  const int begin = rowStart_[y + margin_];
  return {rowSegments_.data() + begin, std::size_t(rowStart_[y + margin_ + 1] - begin)};
}

template <class Real> void ContourOutline<Real>::crossPair(int i, int j) {
  const auto &s = segments_[i], &o = segments_[j];
  if (sameEnd(s.endA, o.endA) || sameEnd(s.endA, o.endB) || sameEnd(s.endB, o.endA) || sameEnd(s.endB, o.endB)) return;
  Real t, r;
  if (!segmentsCross(s.a, s.b, o.a, o.b, t, r)) return;
  cuts_.push_back({i, t, j});
  cuts_.push_back({j, r, i});
}

template <class Real> void ContourOutline<Real>::sweepPairs(std::span<const int> list, int y) {
  sorted_.clear();
  for (int i : list)
    if (segments_[i].near) sorted_.push_back(i);
  std::sort(sorted_.begin(), sorted_.end(), [&](int i, int j) {
    return segments_[i].left != segments_[j].left ? segments_[i].left < segments_[j].left : i < j;
  });
  for (std::size_t k = 0; k < sorted_.size(); ++k) {
    const auto& s = segments_[sorted_[k]];
    for (std::size_t m = k + 1; m < sorted_.size(); ++m) {
      const auto& o = segments_[sorted_[m]];
      if (o.left > s.right) break;
      if (std::max(s.row0, o.row0) == y) crossPair(std::min(sorted_[k], sorted_[m]), std::max(sorted_[k], sorted_[m]));
    }
  }
}

// Two segments are compared in the first row that both touch, that is, where one of them begins. Crowded rows are swept
// from left to right.
template <class Real> void ContourOutline<Real>::crossAll() {
  cuts_.clear();
  for (int y = -margin_; y < height_ + margin_; ++y) {
    const auto list = row(y);
    if (list.size() < 2) continue;
    if (list.size() > 24) {
      sweepPairs(list, y);
      continue;
    }
    for (std::size_t k = 0; k < list.size(); ++k) {
      const auto& s = segments_[list[k]];
      if (s.row0 != y || !s.near) continue;
      for (std::size_t m = 0; m < list.size(); ++m) {
        const auto& o = segments_[list[m]];
        if (o.right < s.left || o.left > s.right || !o.near || (o.row0 == y && m <= k)) continue;
        crossPair(std::min(list[k], list[m]), std::max(list[k], list[m]));
      }
    }
  }
  std::sort(cuts_.begin(), cuts_.end(), [](const Cut& p, const Cut& q) {
    if (p.segment != q.segment) return p.segment < q.segment;
    return p.t != q.t ? p.t < q.t : p.other < q.other;
  });
}

// Faces over the point just left of (x, y) on its row, `segment` itself not counted. Ties go by index, so coincident
// segments have an order.
template <class Real> int ContourOutline<Real>::countBefore(int segment, Real x, Real y) const {
  int count = 0;
  const int line = rowOf(y, -margin_, height_ + margin_ - 1);
  for (int i : row(line)) {
    const auto& s = segments_[i];
    if (i == segment || !spansRow(s.a.y, s.b.y, y)) continue;
    const Real crossing = crossingX(s.a.x, s.a.y, s.slope, y);
    if (crossing < x || (crossing == x && i < segment)) count += countStep(s.a.y, s.b.y, s.net);
  }
  return count;
}

// Faces over the point just left of the segment at this point of it.
template <class Real> int ContourOutline<Real>::countOnLeft(int index, const Vec2<Real>& point) const {
  const auto& s = segments_[index];
  const int before = countBefore(index, point.x, point.y);
  if (spansRow(s.a.y, s.b.y, point.y)) return s.b.y > s.a.y ? before + s.net : before;
  return s.b.x > s.a.x ? before + s.net : before;  // horizontal: `before` holds just below the segment
}

// Change of the count beside `segment`, walked from a to b, where it crosses another one.
template <class Real> int ContourOutline<Real>::countChange(int index, int crossed) const {
  const auto &s = segments_[index], &o = segments_[crossed];
  const Vec2<Real> e = s.b - s.a, f = o.b - o.a;
  return e.x * f.y - e.y * f.x > 0 ? o.net : -o.net;  // to the other's left, or to its right
}

template <class Real>
void ContourOutline<Real>::addPiece(int index, Real t0, Real t1, int other0, int other1, int onLeft) {
  const auto& s = segments_[index];
  const int onRight = onLeft - s.net, empty = (onRight > 0) - (onLeft > 0);
  if (empty == 0) return;
  const Vec2<Real> e = s.b - s.a;
  const Real length2 = glm::dot(e, e);
  const Real scale = length2 > 0 ? Real(empty) / std::sqrt(length2) : Real(0);
  const Vec2<Real> start = s.a + t0 * e, span = (t1 - t0) * e;
  const Real span2 = glm::dot(span, span);
  pieces_.push_back({start.x, start.y, span.x, span.y, span2 > 0 ? Real(1) / span2 : Real(0), scale * e.y,
                     -scale * e.x, t0, t1, index, other0, other1});
}

// Asks for the count in the middle of the segment's longest part between crossings.
template <class Real>
void ContourOutline<Real>::anchorSegment(int index, std::span<const Cut> cuts, Real lo, Real hi) {
  auto& s = segments_[index];
  Real from = lo, best = 0;
  s.anchor = Real(0.5) * (lo + hi);
  for (std::size_t k = 0; k <= cuts.size(); ++k) {
    const Real to = k < cuts.size() ? std::min(cuts[k].t, hi) : hi;
    if (to - from > best) {
      best = to - from;
      s.anchor = Real(0.5) * (from + to);
    }
    from = std::max(from, to);
  }
  s.onLeft = countOnLeft(index, s.a + s.anchor * (s.b - s.a));
}

// The part of a segment in the guard band around the image; empty (lo >= hi) when it misses it.
template <class Real> void ContourOutline<Real>::clipToGuard(const ContourSegment<Real>& s, Real& lo, Real& hi) const {
  const Real inset = Real(0.25), start[2] = {s.a.x, s.a.y}, step[2] = {s.b.x - s.a.x, s.b.y - s.a.y};
  const Real least = Real(-margin_) + inset, most[2] = {Real(width_ + margin_) - inset, Real(height_ + margin_) - inset};
  lo = 0;
  hi = 1;
  for (int axis = 0; axis < 2; ++axis) {
    if (step[axis] == 0) {
      if (start[axis] < least || start[axis] > most[axis]) hi = -1;
      continue;
    }
    const Real p = (least - start[axis]) / step[axis], q = (most[axis] - start[axis]) / step[axis];
    lo = std::max(lo, std::min(p, q));
    hi = std::min(hi, std::max(p, q));
  }
}

template <class Real> void ContourOutline<Real>::cutIntoPieces() {
  pieces_.clear();
  std::size_t next = 0;
  for (int i = 0; i < int(segments_.size()); ++i) {
    const std::size_t first = next;
    while (next < cuts_.size() && cuts_[next].segment == i) ++next;
    Real lo, hi;
    clipToGuard(segments_[i], lo, hi);
    if (!segments_[i].near || !(lo <= hi)) continue;
    const std::span<const Cut> cuts(cuts_.data() + first, next - first);
    if (segments_[i].anchor < 0) anchorSegment(i, cuts, lo, hi);
    int onLeft = segments_[i].onLeft;  // at the start: crossings before the anchor undone
    for (const Cut& cut : cuts)
      if (cut.t < segments_[i].anchor) onLeft -= countChange(i, cut.other);
    Real from = 0;
    int other = -1;
    auto add = [&](Real to, int otherEnd) {
      const Real t0 = std::max(from, lo), t1 = std::min(to, hi);
      if (t0 < t1 || cuts.empty()) addPiece(i, t0, t1, t0 == from ? other : -1, t1 == to ? otherEnd : -1, onLeft);
    };
    for (const Cut& cut : cuts) {
      add(cut.t, cut.other);
      onLeft += countChange(i, cut.other);
      from = cut.t;
      other = cut.other;
    }
    add(Real(1), -1);
  }
}

template <class Real>
void ContourOutline<Real>::build(const MeshRef<Real>& mesh, const CameraT<Real>& camera,
                                 const ContourClassifier<Real>& classifier, int viewIndex, Real nearPlane, Real reach) {
  width_ = camera.width;
  height_ = camera.height;
  margin_ = int(std::ceil(reach)) + 1;
  segments_.clear();
  Real nearest = std::numeric_limits<Real>::max();
  for (int corner = 0; corner < 8; ++corner) {
    const auto& box = classifier.bounds();
    const glm::dvec3 p(corner & 1 ? box.lower.x : box.upper.x, corner & 2 ? box.lower.y : box.upper.y,
                       corner & 4 ? box.lower.z : box.upper.z);
    nearest = std::min(nearest, camera.toCamera(Vec3<Real>(p)).z);
  }
  const bool cutting = !(nearest > nearPlane * Real(1.0001));
  const auto& edges = mesh.topology->edges;
  for (const ContourChunk& chunk : classifier.chunks())
    for (const ContourEdge& hit : chunk[viewIndex]) {
      const auto [va, vb] = std::pair(edges[hit.edge].x, edges[hit.edge].y);
      if (cutting)
        addClipped(mesh, camera, va, vb, hit.net, nearPlane);
      else
        addSegment(camera, {va, -1, 0, camera.toCamera(mesh.positions[va])},
                   {vb, -1, 0, camera.toCamera(mesh.positions[vb])}, hit.net);
    }
  if (cutting) addCutFaces(mesh, camera, classifier, viewIndex, nearPlane);
  listRows();
  sweepRows();
  crossAll();
  cutIntoPieces();
}

template <class Real> void ContourOutline<Real>::listCrossings(int y, Real centre) {
  crossings_.clear();
  auto before = [](const Crossing& p, const Crossing& q) { return p.x != q.x ? p.x < q.x : p.segment < q.segment; };
  for (int i : row(y)) {
    const auto& s = segments_[i];
    if (!spansRow(s.a.y, s.b.y, centre)) continue;
    const Crossing crossing{crossingX(s.a.x, s.a.y, s.slope, centre), i};
    crossings_.push_back(crossing);
    std::size_t k = crossings_.size() - 1;
    if (k > 64) continue;  // crowded rows are sorted below
    for (; k > 0 && before(crossing, crossings_[k - 1]); --k) crossings_[k] = crossings_[k - 1];
    crossings_[k] = crossing;
  }
  if (crossings_.size() > 64) std::sort(crossings_.begin(), crossings_.end(), before);
}

// Keeps the count beside a segment where a row met it, if it was met clear of its ends and of its neighbours (there
// rounding could swap them), the nearer its middle the better.
template <class Real> void ContourOutline<Real>::noteAnchor(std::size_t k, int before, Real centre) {
  const Crossing& crossing = crossings_[k];
  auto& s = segments_[crossing.segment];
  const Real t = (centre - s.a.y) / (s.b.y - s.a.y), gap = Real(2e-3);
  if (std::abs(t - Real(0.5)) > std::min(Real(0.45), std::abs(s.anchor - Real(0.5)))) return;
  if (crossing.x < Real(-margin_) || crossing.x > Real(width_ + margin_)) return;
  if (k > 0 && crossing.x - crossings_[k - 1].x < gap) return;
  if (k + 1 < crossings_.size() && crossings_[k + 1].x - crossing.x < gap) return;
  s.anchor = t;
  s.onLeft = s.b.y > s.a.y ? before + s.net : before;
}

// Walks every pixel row through its centre: which pixels are covered, and how many faces lie beside the segments met.
template <class Real> void ContourOutline<Real>::sweepRows() {
  runs_.clear();
  runStart_.resize(height_ + 1);
  for (int y = 0; y < height_; ++y) {
    const Real centre = Real(y) + Real(0.5);
    runStart_[y] = int(runs_.size());
    listCrossings(y, centre);
    int count = 0, begin = 0;
    for (std::size_t k = 0; k < crossings_.size(); ++k) {
      const auto& s = segments_[crossings_[k].segment];
      noteAnchor(k, count, centre);
      const bool was = count > 0;
      count += countStep(s.a.y, s.b.y, s.net);
      if (was == (count > 0)) continue;
      const int column = rowOf(crossings_[k].x - Real(0.5), -2, width_) + 1;  // first pixel centre to its right
      if (!was)
        begin = std::max(0, column);
      else if (const int end = std::min(width_, column); end > begin)
        runs_.push_back({begin, end});
    }
    if (count > 0 && begin < width_) runs_.push_back({begin, width_});
  }
  runStart_[height_] = int(runs_.size());
}

template class ContourOutline<float>;
template class ContourOutline<double>;

}  // namespace penumbra
