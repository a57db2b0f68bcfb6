// Contour, stage 2: where segments cross, and the pieces of them that bound the union. The rules, and the order of
// pieces, are those of renderer/cpu/contour_outline.cpp.
//
// Lists (segments of a cell, cuts of a segment) are linked in whatever order threads arrive. Nothing depends on it:
// cells are summed over or searched for pairs, cuts are sorted by (t, other segment) before use. Bounds: L segments in
// a cell cost L^2 tests of 64 bytes for crossings and 64 L bytes a segment for its count; L is about 2 for meshes of
// some thousand faces at 256 pixels.
#pragma once
#include "renderer/cuda/contour_classify.h"

namespace penumbra::device {

struct Cut {
  float t;          // on the segment whose list it is in
  int other, next;  // the crossed segment; next in the list or -1
};

struct OutlineData {
  const Slot* slots;
  Segment* segments;
  int segmentCapacity;
  Cells cells;
  Cut* cuts;
  int cutCapacity;
  Counters* counters;

  PENUMBRA_HD int segmentCount() const {
    return counters->now.segments < segmentCapacity ? int(counters->now.segments) : segmentCapacity;
  }
};

PENUMBRA_HD inline bool sameEnds(const Segment& s, const Segment& o) {
  return (s.a == o.a && s.a2 == o.a2) || (s.a == o.b && s.a2 == o.b2) || (s.b == o.a && s.b2 == o.a2) ||
         (s.b == o.b && s.b2 == o.b2);
}
PENUMBRA_HD inline bool isNear(const Segment& s, int margin) { return s.net != 0 && s.right >= float(-margin); }

// Compares the segment of one node with the others of its cell, from the one with the lower index. Two segments may
// share several cells: their crossing is noted in the first of them.
struct CrossSegments {
  OutlineData data;
  PENUMBRA_HD void operator()(Index index) const {
    if (index >= data.counters->now.nodes || index >= data.cells.nodeCapacity) return;
    if (peek(&data.counters->trouble)) return;  // lists may be incomplete
    const CellNode& node = data.cells.nodes[index];
    const Segment& s = data.segments[node.segment];
    const int margin = data.slots[s.slot].margin;
    if (!isNear(s, margin)) return;
    for (int n = data.cells.first[node.cell]; n >= 0; n = data.cells.nodes[n].next) {
      const int other = data.cells.nodes[n].segment;
      if (other <= node.segment) continue;
      const Segment& o = data.segments[other];
      if (o.right < s.left || o.left > s.right || !isNear(o, margin)) continue;
      cross(node.segment, other, node.cell);
    }
  }
  PENUMBRA_HD Index firstShared(const Segment& s, const Segment& o) const {
    const int last = s.row1 < o.row1 ? s.row1 : o.row1;
    for (int y = s.row0 > o.row0 ? s.row0 : o.row0; y <= last; ++y) {
      const Bins p = data.cells.bins(s, y), q = data.cells.bins(o, y);
      const int first = p.first > q.first ? p.first : q.first;
      if (first <= p.last && first <= q.last) return data.cells.row(s.slot, y, data.slots[s.slot].margin) + first;
    }
    return -1;
  }
  PENUMBRA_HD void cross(int i, int j, int cell) const {
    const Segment &s = data.segments[i], &o = data.segments[j];
    if (sameEnds(s, o)) return;
    float t, r;
    if (!segmentsCross(Vec2<float>(s.ax, s.ay), Vec2<float>(s.bx, s.by), Vec2<float>(o.ax, o.ay),
                       Vec2<float>(o.bx, o.by), t, r))
      return;
    if (firstShared(s, o) != cell) return;
    const std::int64_t first = take(&data.counters->now.cuts, 2);
    if (first > data.cutCapacity - 2) return unite(&data.counters->trouble, kTooSmall);
    enter(int(first), i, t, j);
    enter(int(first) + 1, j, r, i);
  }
  PENUMBRA_HD void enter(int cut, int segment, float t, int other) const {
    data.cuts[cut].t = t;
    data.cuts[cut].other = other;
    data.cuts[cut].next = exchange(&data.segments[segment].cuts, cut);
  }
};

// The list with this head, sorted by (t, other): merges runs of 1, 2, 4, ... in place.
PENUMBRA_HD inline bool cutBefore(const Cut& p, const Cut& q) { return p.t != q.t ? p.t < q.t : p.other < q.other; }

PENUMBRA_HD inline int sortCuts(Cut* cuts, int head) {
  if (head < 0 || cuts[head].next < 0) return head;
  for (int run = 1;; run *= 2) {
    int rest = head, tail = -1, merges = 0;
    head = -1;
    while (rest >= 0) {
      ++merges;
      int p = rest, q = rest, left = 0, right = run;
      while (left < run && q >= 0) q = cuts[q].next, ++left;
      while (left > 0 || (right > 0 && q >= 0)) {
        const bool fromP = left > 0 && (right == 0 || q < 0 || !cutBefore(cuts[q], cuts[p]));
        const int taken = fromP ? p : q;
        if (fromP) p = cuts[p].next, --left;
        else q = cuts[q].next, --right;
        if (tail < 0) head = taken;
        else cuts[tail].next = taken;
        tail = taken;
      }
      rest = q;
    }
    cuts[tail].next = -1;
    if (merges <= 1) return head;
  }
}

// The part [lo, hi] of a segment in the guard band around the image; lo > hi when it misses it.
PENUMBRA_HD inline void clipToGuard(const Segment& s, const Slot& slot, float& lo, float& hi) {
  const float inset = 0.25f, start[2] = {s.ax, s.ay}, step[2] = {s.bx - s.ax, s.by - s.ay};
  const float low = float(-slot.margin) + inset;
  const float high[2] = {float(slot.view.camera.width + slot.margin) - inset,
                         float(slot.view.camera.height + slot.margin) - inset};
  lo = 0;
  hi = 1;
  for (int axis = 0; axis < 2; ++axis) {
    if (step[axis] == 0) {
      if (start[axis] < low || start[axis] > high[axis]) hi = -1;
      continue;
    }
    const float p = (low - start[axis]) / step[axis], q = (high[axis] - start[axis]) / step[axis];
    lo = larger(lo, smaller(p, q));
    hi = smaller(hi, larger(p, q));
  }
}

// How many faces lie beside a segment, asked of the cells.
struct FaceCount {
  const OutlineData& data;

  // Faces over the point just left of (x, y) on its row, `segment` itself not counted. Ties go by index.
  PENUMBRA_HD int before(int segment, float x, float y) const {
    const Segment& own = data.segments[segment];
    const Slot& slot = data.slots[own.slot];
    const int line = rowOf(y, -slot.margin, slot.view.camera.height + slot.margin - 1);
    const Index row = data.cells.row(own.slot, line, slot.margin);
    int count = 0;
    for (int b = 0; b < data.cells.binsPerRow; ++b)
      for (int n = data.cells.first[row + b]; n >= 0; n = data.cells.nodes[n].next) {
        const int i = data.cells.nodes[n].segment;
        const Segment& s = data.segments[i];
        if (i == segment || !spansRow(s.ay, s.by, y)) continue;
        const float crossing = crossingX(s.ax, s.ay, s.slope, y);
        const bool isBefore = crossing < x || (crossing == x && i < segment);
        if (isBefore && data.cells.home(s, line, crossing) == b) count += countStep(s.ay, s.by, s.net);
      }
    return count;
  }
  // Faces over the point just left of the segment at parameter t.
  PENUMBRA_HD int onLeft(int segment, float t) const {
    const Segment& s = data.segments[segment];
    const float x = s.ax + t * (s.bx - s.ax), y = s.ay + t * (s.by - s.ay);
    const int count = before(segment, x, y);
    if (spansRow(s.ay, s.by, y)) return s.by > s.ay ? count + s.net : count;
    return s.bx > s.ax ? count + s.net : count;  // horizontal: `count` holds just below the segment
  }
  // The same where the segment meets the centre of row y, if it does so clear of all others: there rounding could swap
  // them.
  PENUMBRA_HD bool onLeftInRow(int segment, int y, int& result) const {
    const Segment& own = data.segments[segment];
    const Slot& slot = data.slots[own.slot];
    const float centre = float(y) + 0.5f, x = crossingX(own.ax, own.ay, own.slope, centre), gap = 2e-3f;
    if (x < float(-slot.margin) || x > float(slot.view.camera.width + slot.margin)) return false;
    const Index row = data.cells.row(own.slot, y, slot.margin);
    const int first = data.cells.bin(x - gap), last = data.cells.bin(x + gap);
    int count = 0;
    for (int b = 0; b < first; ++b) count += data.cells.steps[row + b];
    for (int b = first; b <= last; ++b)
      for (int n = data.cells.first[row + b]; n >= 0; n = data.cells.nodes[n].next) {
        const int i = data.cells.nodes[n].segment;
        const Segment& s = data.segments[i];
        if (i == segment || !spansRow(s.ay, s.by, centre)) continue;
        const float crossing = crossingX(s.ax, s.ay, s.slope, centre);
        if (data.cells.home(s, y, crossing) != b) continue;
        const bool isBefore = crossing < x || (crossing == x && i < segment);
        if ((isBefore ? x - crossing : crossing - x) < gap) return false;
        if (isBefore) count += countStep(s.ay, s.by, s.net);
      }
    result = own.by > own.ay ? count + own.net : count;
    return true;
  }
  // Change of the count on a segment's left, walked from a to b, where it crosses another one.
  PENUMBRA_HD int change(int segment, int crossed) const {
    const Segment &s = data.segments[segment], &o = data.segments[crossed];
    const float side = cross2(s.bx - s.ax, s.by - s.ay, o.bx - o.ax, o.by - o.ay);
    return side > 0 ? o.net : -o.net;
  }
};

// A point of a segment and the faces on its left there.
struct Anchor {
  float t;
  int onLeft;
};

// The clear row nearest to the segment's middle; t < 0 when there is none.
PENUMBRA_HD inline Anchor anchorInRows(const FaceCount& faces, int segment) {
  const Segment& s = faces.data.segments[segment];
  const int height = faces.data.slots[s.slot].view.camera.height;
  const int first = s.row0 > 0 ? s.row0 : 0, last = s.row1 < height ? s.row1 : height - 1;
  const auto offMiddle = [&](int y) {
    if (y < first || y > last || !spansRow(s.ay, s.by, float(y) + 0.5f)) return 1.0f;
    const float off = (float(y) + 0.5f - s.ay) / (s.by - s.ay) - 0.5f;
    return off < 0 ? -off : off;
  };
  int up = rowOf(0.5f * (s.ay + s.by) - 0.5f, first - 1, last), down = up + 1;
  for (;;) {
    const float offUp = offMiddle(up), offDown = offMiddle(down);
    if (!(smaller(offUp, offDown) <= 0.45f)) return {-1, 0};
    const int y = offDown <= offUp ? down++ : up--;
    int onLeft;
    if (faces.onLeftInRow(segment, y, onLeft)) return {(float(y) + 0.5f - s.ay) / (s.by - s.ay), onLeft};
  }
}

// The middle of the segment's longest part between crossings.
PENUMBRA_HD inline Anchor anchorInLongestPart(const FaceCount& faces, int segment, float lo, float hi) {
  const Cut* cuts = faces.data.cuts;
  float from = lo, best = 0, t = 0.5f * (lo + hi);
  for (int c = faces.data.segments[segment].cuts;; c = cuts[c].next) {
    const float to = c >= 0 ? smaller(cuts[c].t, hi) : hi;
    if (to - from > best) {
      best = to - from;
      t = 0.5f * (from + to);
    }
    from = larger(from, to);
    if (c < 0) break;
  }
  return {t, faces.onLeft(segment, t)};
}

// Visits the pieces of a segment in order; visit(t0, t1, other0, other1, empty), empty = +1 if no face is on the left
// of it, -1 if none is on the right.
template <class Visit>
PENUMBRA_HD inline void forEachPiece(const FaceCount& faces, int segment, float lo, float hi, int onLeft, Visit visit) {
  const Cut* cuts = faces.data.cuts;
  const Segment& s = faces.data.segments[segment];
  float from = 0;
  int other = -1;
  for (int c = s.cuts;; c = cuts[c].next) {
    const float to = c >= 0 ? cuts[c].t : 1.0f, t0 = larger(from, lo), t1 = smaller(to, hi);
    const int otherEnd = c >= 0 ? cuts[c].other : -1, onRight = onLeft - s.net, empty = (onRight > 0) - (onLeft > 0);
    if ((t0 < t1 || s.cuts < 0) && empty != 0) visit(t0, t1, t0 == from ? other : -1, t1 == to ? otherEnd : -1, empty);
    if (c < 0) return;
    onLeft += faces.change(segment, otherEnd);
    from = to;
    other = otherEnd;
  }
}

// Sorts the cuts of a segment, finds the faces on its left at its start, and counts its pieces.
struct CountPieces {
  OutlineData data;
  int* onLeft;  // [segment]
  int* counts;  // [segment], 0 beyond the last
  PENUMBRA_HD void operator()(Index index) const {
    counts[index] = 0;
    const int i = int(index);
    if (i >= data.segmentCount() || data.counters->trouble) return;
    Segment& s = data.segments[i];
    const Slot& slot = data.slots[s.slot];
    if (!isNear(s, slot.margin)) return;
    float lo, hi;
    clipToGuard(s, slot, lo, hi);
    if (!(lo <= hi)) return;
    s.cuts = sortCuts(data.cuts, s.cuts);
    const FaceCount faces{data};
    Anchor anchor = anchorInRows(faces, i);
    if (anchor.t < 0) anchor = anchorInLongestPart(faces, i, lo, hi);
    for (int c = s.cuts; c >= 0 && data.cuts[c].t < anchor.t; c = data.cuts[c].next)
      anchor.onLeft -= faces.change(i, data.cuts[c].other);
    onLeft[i] = anchor.onLeft;
    int count = 0;
    forEachPiece(faces, i, lo, hi, anchor.onLeft, [&](float, float, int, int, int) { ++count; });
    counts[i] = count;
  }
};

using Piece = OutlinePiece<float>;

// Ends of pieces by (slot, vertex): how many meet there, and the exclusive or of their numbers (2 piece, or 2 piece + 1
// for its end). With two, each finds the other by it. Open addressing; `mask` + 1 places, at least twice the ends.
struct EndTable {
  struct Entry {
    std::uint64_t key;
    std::uint32_t count, numbers;
  };
  Entry* entries;
  std::uint32_t mask;

  PENUMBRA_HD static std::uint64_t key(int slot, int vertex) {
    return std::uint64_t(std::uint32_t(slot)) << 32 | std::uint32_t(vertex);
  }
  PENUMBRA_HD std::uint32_t start(std::uint64_t k) const {
    return std::uint32_t((k * 0x9e3779b97f4a7c15ull) >> 32) & mask;
  }
  PENUMBRA_HD void insert(int slot, int vertex, std::uint32_t number) const {
    const std::uint64_t k = key(slot, vertex);
    std::uint32_t at = start(k);
    for (;; at = (at + 1) & mask) {
      const std::uint64_t before = replaceIf(&entries[at].key, kNoKey, k);
      if (before == kNoKey || before == k) break;
    }
    add(reinterpret_cast<int*>(&entries[at].count), 1);
    differ(&entries[at].numbers, number);
  }
  // The number of the only other end at the vertex, -1 when there is none or several.
  PENUMBRA_HD Index partner(int slot, int vertex, std::uint32_t number) const {
    const std::uint64_t k = key(slot, vertex);
    std::uint32_t at = start(k);
    while (entries[at].key != k && entries[at].key != kNoKey) at = (at + 1) & mask;
    return entries[at].key == k && entries[at].count == 2 ? Index(entries[at].numbers ^ number) : -1;
  }
};

// Sums over the pixels that see a piece: weights, weights times parameter, vectors at its two ends; in units of 2^-32.
struct PieceSums {
  std::int64_t weight, weightT, end0x, end0y, end1x, end1y;
};

struct MakePieces {
  OutlineData data;
  const int* onLeft;
  PrefixView places;
  Piece* pieces;
  PieceSums* sums;  // emptied; null: none are kept
  EndTable ends;    // without entries: ends are not noted
  int capacity;
  PENUMBRA_HD void operator()(Index index) const {
    const int i = int(index);
    if (i >= data.segmentCount() || peek(&data.counters->trouble) || places.counts[i] == 0) return;
    const Segment& s = data.segments[i];
    float lo, hi;
    clipToGuard(s, data.slots[s.slot], lo, hi);
    Index place = places.place(i);
    if (place + places.counts[i] > capacity) return unite(&data.counters->trouble, kTooSmall);
    forEachPiece(FaceCount{data}, i, lo, hi, onLeft[i], [&](float t0, float t1, int other0, int other1, int empty) {
      const Vec2<float> a(s.ax, s.ay), e = Vec2<float>(s.bx, s.by) - a, start = a + t0 * e, span = (t1 - t0) * e;
      const float length2 = glm::dot(e, e), span2 = glm::dot(span, span);
      const float scale = length2 > 0 ? float(empty) / sqrtf(length2) : 0.0f;
      pieces[place] = {start.x, start.y, span.x, span.y, span2 > 0 ? 1.0f / span2 : 0.0f, scale * e.y, -scale * e.x, t0,
                       t1,      i,       other0, other1};
      if (sums) sums[place] = {};
      if (t0 == 0 && s.a2 < 0 && ends.entries) ends.insert(s.slot, s.a, std::uint32_t(2 * place));
      if (t1 == 1 && s.b2 < 0 && ends.entries) ends.insert(s.slot, s.b, std::uint32_t(2 * place + 1));
      ++place;
    });
  }
};

}  // namespace penumbra::device
