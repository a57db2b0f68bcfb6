// Gauss-Newton, stage 1: from the pieces of the outlines to terms, and from terms to lists by vertex. Samples and sums are
// those of renderer/core/contour_fit.h, rows those of renderer/outline.h: the same numbers as on the processor.
//
// Lists are filled in whatever order threads arrive and sorted before use. Bounds: 48 + 64 + 108 bytes a piece; its
// samples' 4 x 4 bytes of the field, about one sample a pixel.
#pragma once
#include "renderer/core/contour_fit.h"
#include "renderer/cuda/contour_pixels.h"
#include "renderer/cuda/scan.h"
#include "renderer/cuda/vertex_pulls.h"

namespace penumbra::device {

inline constexpr int kTermVertices = 3;  // two ends, one or both on an edge of one face
inline constexpr float kSampleSpacing = 1, kOutlineMargin = 2;  // px, as OutlineOptions

// What the host says of a step.
struct NewtonRecord {
  double prior, damping, tolerance, referenceEdge;
  FitRules rules;
  float maxEdges, leastCosine;
};

// Sums over pieces, in a fixed order.
struct MisfitSums : FitMisfit {
  MisfitSums() = default;
  PENUMBRA_HD MisfitSums(int) : FitMisfit{0, 0, 0, 0} {}
  PENUMBRA_HD MisfitSums& operator+=(const MisfitSums& o) {
    energy += o.energy, length += o.length, absolute += o.absolute, squared += o.squared;
    return *this;
  }
};

// One piece of outline: rows of its ends by vertex, and the sums over its samples.
struct NewtonTerm {
  int count;  // 0: it pulls nowhere
  int vertex[kTermVertices];
  Vec3<float> a[kTermVertices], b[kTermVertices];
  FitSums sums;
};

inline constexpr std::uint8_t kPulls = 1, kTouchesFrame = 2;  // of a view

// Pixels of one view at the place under way.
struct CoveredSums {
  std::int64_t own, both, mask;
};

// Fills the slots, one for each view, and empties the counters. One thread a slot.
struct BeginOutlines {
  const ViewRecord* views;
  Slot* slots;
  Counters* counters;
  std::uint32_t* anyBehind;
  PENUMBRA_HD void operator()(Index s) const {
    Slot& slot = slots[s];
    slot.view = views[s];
    slot.index = int(s);
    slot.scale = 1;
    slot.reach = kOutlineMargin;
    slot.margin = int(ceilf(kOutlineMargin)) + 1;
    slot.sigma = 0;
    if (s % kBlock == 0) anyBehind[s / kBlock] = 0;
    if (s > 0) return;
    counters->most.raise(counters->now);
    counters->now = {};
  }
};

struct ClearCells {
  Cells cells;
  PENUMBRA_HD void operator()(Index i) const {
    cells.first[i] = -1;
    cells.steps[i] = 0;
  }
};

struct ClearCovered {
  CoveredSums* sums;
  PENUMBRA_HD void operator()(Index slot) const { sums[slot] = {0, 0, 0}; }
};

// Pixels of one block against its mask.
struct CompareMasks {
  OutlineData data;
  Targets targets;
  int slotBlocks;
  CoveredSums* sums;  // a slot
  PENUMBRA_HD void operator()(Index block) const {
    const Pixel pixel = pixelAt(data.slots, slotBlocks, block * kBlock);
    if (!pixel.inSlot) return;
    const int width = data.slots[pixel.slot].view.camera.width;
    const std::uint32_t covered = coveredBits(data, pixel) & ~bitsFrom(width - pixel.x);
    const std::uint32_t mask = targets.masks[pixel.target];
    CoveredSums& sum = sums[pixel.slot];
    if (covered) add(&sum.own, std::int64_t(countBits(covered)));
    if (covered & mask) add(&sum.both, std::int64_t(countBits(covered & mask)));
    if (mask) add(&sum.mask, std::int64_t(countBits(mask)));
  }
};

// Enters the rows of one end of a piece.
struct TermRows {
  NewtonTerm& term;
  bool atB;
  PENUMBRA_HD void operator()(int vertex, const Vec3<float>& row) {
    int k = 0;
    while (k < term.count && term.vertex[k] != vertex) ++k;
    if (k == term.count) {
      term.vertex[k] = vertex;
      term.a[k] = term.b[k] = Vec3<float>(0.0f);
      ++term.count;
    }
    (atB ? term.b[k] : term.a[k]) += row;
  }
};

// The term of a piece, its misfit, and how many terms each vertex has. Pieces that there is no room for, and places
// beyond the last one, get neither.
struct MakeTerms {
  OutlineData data;
  const Piece* pieces;
  Targets targets;
  const std::uint8_t* kinds;  // of views
  PointPuller puller;
  const NewtonRecord* now;
  NewtonTerm* terms;    // null: only the misfit is wanted
  MisfitSums* misfits;
  int* counts;          // by vertex

  PENUMBRA_HD void operator()(Index i) const {
    MisfitSums misfit(0);
    NewtonTerm term{};
    if (!data.counters->trouble && i < data.counters->now.pieces) piece(pieces[i], term, misfit);
    misfits[i] = misfit;
    if (!terms) return;
    for (int k = 0; k < term.count; ++k) add(&counts[term.vertex[k]], 1);
    terms[i] = term;
  }
  PENUMBRA_HD void piece(const Piece& p, NewtonTerm& term, MisfitSums& misfit) const {
    const Segment& s = data.segments[p.owner];
    const Slot& slot = data.slots[s.slot];
    const ViewRecord& view = slot.view;
    const std::uint8_t kind = kinds[slot.index];
    const Vec2<float> a(s.ax, s.ay), e = Vec2<float>(s.bx, s.by) - a;
    const float length = (p.t1 - p.t0) * sqrtf(glm::dot(e, e));
    if (!(kind & kPulls) || !(length > 0)) return;
    const float focal = sqrtf(view.camera.fx * view.camera.fy);
    const float zA = depthOf(view.camera, s.a, s.a2), zB = depthOf(view.camera, s.b, s.b2);
    const int count = samplesOn(length, kSampleSpacing), width = view.camera.width, height = view.camera.height;
    int used = 0;
    for (int k = 0; k < count; ++k) {
      const float t = p.t0 + (p.t1 - p.t0) * (float(k) + 0.5f) / float(count);
      const Vec2<float> at = a + t * e;
      if (at.x < 0 || at.y < 0 || at.x > float(width) || at.y > float(height)) continue;
      const float distance = sampleField(width, height, (kind & kTouchesFrame) != 0, at, [&](int x, int y) {
                               const Index block = view.target + Index(y) * view.blocksPerRow + x / kBlock;
                               return targets.values[block * kBlock + x % kBlock];
                             }).distance;
      addSample(now->rules, distance, depthBetween(zA, zB, t) / focal, t, length / float(count), term.sums, misfit);
      ++used;
    }
    if (used == 0 || !terms) return;
    const Vec2<float> normal(p.nx, p.ny);
    for (const int end : {0, 1}) {
      TermRows rows{term, end != 0};
      puller(view.camera, end ? s.b : s.a, end ? s.b2 : s.a2, normal, rows);
    }
  }
  PENUMBRA_HD float depthOf(const CameraT<float>& camera, int vertex, int vertex2) const {
    return vertex2 < 0 ? cameraSpace(camera, puller.mesh.positions[vertex]).z : puller.nearPlane;
  }
};

// Lists of terms by vertex: 4 piece + place of the vertex in the term.
struct PlaceTerms {
  const NewtonTerm* terms;
  PrefixView places;        // by vertex
  std::int64_t* filled;     // by vertex, 0 before
  int* entries;
  PENUMBRA_HD void operator()(Index i) const {
    const NewtonTerm& term = terms[i];
    for (int k = 0; k < term.count; ++k) {
      const int v = term.vertex[k];
      entries[places.place(v) + take(&filled[v], 1)] = int(4 * i) + k;
    }
  }
};

// Sorts numbers in place: a heap, for a list may be long where many views see few vertices.
PENUMBRA_HD inline void sortNumbers(int* numbers, int count) {
  const auto sink = [&](int at, int end) {
    for (int child = 2 * at + 1; child < end; child = 2 * at + 1) {
      if (child + 1 < end && numbers[child] < numbers[child + 1]) ++child;
      if (numbers[at] >= numbers[child]) return;
      const int held = numbers[at];
      numbers[at] = numbers[child];
      numbers[child] = held;
      at = child;
    }
  };
  for (int at = count / 2 - 1; at >= 0; --at) sink(at, count);
  for (int end = count - 1; end > 0; --end) {
    const int held = numbers[0];
    numbers[0] = numbers[end];
    numbers[end] = held;
    sink(0, end);
  }
}

// Lists by vertex, in order.
struct TermLists {
  const Index* starts;
  const int* counts;
  const int* entries;
  PENUMBRA_HD const int* of(Index v) const { return entries + starts[v]; }
};
// Sorts a vertex' list, and notes where it starts.
struct SortTerms {
  PrefixView places;
  int* entries;
  Index* starts;
  PENUMBRA_HD void operator()(Index v) const {
    starts[v] = places.place(v);
    sortNumbers(entries + starts[v], places.counts[v]);
  }
};

}  // namespace penumbra::device
