// What kernels know of the mesh, the views and the iteration.
//
// Views are rendered in `slots`: slot s of the launch shows view `slots[s]`. All slots have the same room, that of the
// largest view, so an index finds its slot by one division, and the views of a step can change without new buffers.
// Pixels are kept in blocks of 32 neighbours of a row, the threads of one warp: pixel (x, y) of slot s is
//   ((s * slotBlocks + y * blocksPerRow(view) + x / 32) * 32 + x % 32.
#pragma once
#include "renderer/camera.h"
#include "renderer/core/profile.h"
#include "renderer/core/projection.h"
#include "renderer/cuda/atomic.h"

namespace penumbra::device {

inline constexpr int kBlock = 32;  // pixels of a block, edges of a mask, views of a word
inline constexpr std::uint64_t kNoKey = ~std::uint64_t(0);

// One train view, fixed.
struct ViewRecord {
  CameraT<float> camera;
  CameraT<double> exact;  // the same numbers: SoftRas projects in double
  Vec3<float> centre;     // of the camera, world
  float pixelsPerNdc;
  Index target;             // first of its values in `targets` and blocks in `maskBits` (in blocks)
  float inverseNormaliser;  // the loss of the view is divided by its normaliser, per px
  int blocksPerRow, blocks;
};

// A view of the launch, with what depends on sigma.
struct Slot {
  ViewRecord view;
  int index;     // of the view, -1: the slot is empty
  float scale;   // sqrt(sigma) in pixels
  float reach;   // pixels: the profile ends here
  int margin;    // rows and columns around the image that matter
  double sigma;  // square pixels
};

// One iteration's numbers, uploaded for many iterations at once.
struct IterationRecord {
  float sqrtSigma;  // isotropic NDC
  float rate;       // -learning rate / (1 - beta1^t)
  float root;       // sqrt(1 / (1 - beta2^t))
  int slots;        // views of this step; the rest of the slots stay empty
  double sigma;     // isotropic NDC^2
};

// Why an iteration changed nothing.
inline constexpr std::uint32_t kTooSmall = 1;   // a buffer overflowed: grow and run it again
inline constexpr std::uint32_t kNotFinite = 2;  // loss, gradient or a position
inline constexpr std::uint32_t kLeftScene = 4;  // a vertex is farther than it may be

// Sizes of the parts of an outline. They go on counting beyond what there is room for.
struct PartCounts {
  std::int64_t segments, pieces, entries;  // totals of scans
  std::int64_t nodes, cuts;
  PENUMBRA_HD void raise(const PartCounts& o) {
    segments = o.segments > segments ? o.segments : segments;
    pieces = o.pieces > pieces ? o.pieces : pieces;
    entries = o.entries > entries ? o.entries : entries;
    nodes = o.nodes > nodes ? o.nodes : nodes;
    cuts = o.cuts > cuts ? o.cuts : cuts;
  }
};

// State of the running iteration.
struct Counters {
  PartCounts now;             // of the launch sequence under way
  PartCounts most;            // of any since the host last looked: what to make room for
  std::uint32_t trouble;      // bits above; set by any kernel, taken away by the host
  std::uint32_t largestPull;  // bits of the largest component of a vertex's pull
  std::uint32_t largestMoment;
  int iteration;  // row of the table of IterationRecords; goes on when an iteration was carried out
};

// The mesh. Edges with two consistently wound faces come first.
struct MeshView {
  const Vec3<float>* positions;
  const Face* faces;
  const glm::ivec2* edges;
  const glm::ivec2* edgePair;  // regular edges: (face that walks it forwards, other face)
  const int* edgeFaceStart;    // E + 1, for irregular edges, into:
  const int* edgeFaces;
  const std::int8_t* edgeSides;
  int vertexCount, faceCount, edgeCount, regularEdges;
};

template <class Real>
PENUMBRA_HD inline Vec3<Real> cameraSpace(const CameraT<Real>& camera, const Vec3<Real>& world) {
  return camera.rotation * world + camera.translation;
}

PENUMBRA_HD inline float smaller(float a, float b) { return b < a ? b : a; }
PENUMBRA_HD inline float larger(float a, float b) { return a < b ? b : a; }

// Row of a height, within [lowest, highest]; NaN gives lowest.
PENUMBRA_HD inline int rowOf(float y, int lowest, int highest) {
  const float floored = floorf(y);
  if (!(floored > float(lowest))) return lowest;
  return floored < float(highest) ? int(floored) : highest;
}

// Fills the slots for the present iteration and empties the counters. One thread a slot.
struct BeginIteration {
  const IterationRecord* table;
  const int* steps;  // [row][slot] view indices; null: slot s shows view firstView + s
  const ViewRecord* views;
  Slot* slots;
  Counters* counters;
  std::uint32_t* anyBehind;  // one word for 32 slots: is a vertex behind the near plane?
  int stepStride, firstView;
  PENUMBRA_HD void operator()(Index s) const {
    const IterationRecord& now = table[counters->iteration];
    Slot& slot = slots[s];
    const int place = firstView + int(s);
    slot.index = place >= now.slots ? -1 : steps ? steps[Index(counters->iteration) * stepStride + place] : place;
    slot.view = views[slot.index >= 0 ? slot.index : 0];
    slot.scale = now.sqrtSigma * slot.view.pixelsPerNdc;
    slot.reach = float(kProfileReach) * slot.scale;
    slot.margin = int(ceilf(slot.reach)) + 1;
    slot.sigma = now.sigma * double(slot.view.pixelsPerNdc) * double(slot.view.pixelsPerNdc);
    if (s % kBlock == 0) anyBehind[s / kBlock] = 0;
    if (s > 0) return;
    counters->most.raise(counters->now);
    counters->now = {};
    counters->largestPull = counters->largestMoment = 0;
  }
};

}  // namespace penumbra::device
