// Contour, stage 1: which faces show their front to each camera, which edges are contour edges, and the segments they
// project to. See renderer/core/contour.h for the mathematics and renderer/cpu/contour_classify.h for the same on the
// processor; segments come in the same order there.
//
// Words and masks: `FacingWords` makes one bit a view (32 views a word) for each face; `ContourMasks` turns them
// around, one bit an edge (32 edges a mask) for each view, so that counting bits and a prefix sum give every segment
// its place. Bounds: words 36 bytes and 224 flops a face and group of 32 views; masks 2 cached words an edge and group.
#pragma once
#include "renderer/cuda/contour_cells.h"
#include "renderer/cuda/scan.h"

namespace penumbra::device {

// Facing of faces, and depth of vertices: items are F faces, then V vertices, for each group of 32 slots.
struct FacingWords {
  MeshView mesh;
  const Slot* slots;
  int slotCount;
  float nearPlane;
  std::uint32_t* facing;     // [group][face]
  std::uint32_t* inFront;    // [group][vertex]
  std::uint8_t* degenerate;  // [face]
  std::uint32_t* anyBehind;  // [group]

  PENUMBRA_HD void operator()(Index index) const {
    const int items = mesh.faceCount + mesh.vertexCount;
    const int group = int(index / items), item = int(index % items), first = group * kBlock;
    const int views = slotCount - first < kBlock ? slotCount - first : kBlock;
    if (item < mesh.faceCount) face(group, item, first, views);
    else vertex(group, item - mesh.faceCount, first, views);
  }
  PENUMBRA_HD void face(int group, int f, int first, int views) const {
    const Face& v = mesh.faces[f];
    const auto plane = facePlane(mesh.positions[v.x], mesh.positions[v.y], mesh.positions[v.z]);
    std::uint32_t word = 0;
    for (int k = 0; k < views; ++k) {
      const Vec3<float>& c = slots[first + k].view.centre;
      const float side = plane.nx * c.x + plane.ny * c.y + plane.nz * c.z - plane.d;
      word |= side > 0 ? std::uint32_t(1) << k : 0u;
    }
    facing[Index(group) * mesh.faceCount + f] = word;
    if (group == 0) degenerate[f] = plane.nx == 0 && plane.ny == 0 && plane.nz == 0;
  }
  PENUMBRA_HD void vertex(int group, int v, int first, int views) const {
    std::uint32_t word = 0, behind = 0;
    for (int k = 0; k < views; ++k) {
      const bool front = cameraSpace(slots[first + k].view.camera, mesh.positions[v]).z > nearPlane;
      word |= front ? std::uint32_t(1) << k : 0u;
      behind |= front ? 0u : std::uint32_t(1) << k;
    }
    inFront[Index(group) * mesh.vertexCount + v] = word;
    if (behind) unite(&anyBehind[group], behind);
  }
};

// What the masks are made from and how a mask's bit is read.
struct ContourSource {
  MeshView mesh;
  const std::uint32_t* facing;
  const std::uint32_t* inFront;
  const std::uint8_t* degenerate;
  const std::uint32_t* anyBehind;
  int edgeBlocks, faceBlocks;  // masks of a slot: 32 edges each, then 32 faces each

  PENUMBRA_HD bool showsFront(int face, int slot) const {
    return facing[Index(slot / kBlock) * mesh.faceCount + face] >> (slot % kBlock) & 1;
  }
  // Faces on the left minus faces on the right of an edge.
  PENUMBRA_HD int net(int edge, int slot) const {
    if (edge < mesh.regularEdges) {
      const bool front = showsFront(mesh.edgePair[edge].x, slot);
      return front == showsFront(mesh.edgePair[edge].y, slot) ? 0 : front ? 2 : -2;
    }
    int sum = 0;
    for (int i = mesh.edgeFaceStart[edge]; i < mesh.edgeFaceStart[edge + 1]; ++i)
      if (!degenerate[mesh.edgeFaces[i]]) sum += mesh.edgeSides[i] * (showsFront(mesh.edgeFaces[i], slot) ? 1 : -1);
    return sum;
  }
  // Does the near plane cut this face?
  PENUMBRA_HD bool isCut(int face, int slot) const {
    const std::uint32_t* words = inFront + Index(slot / kBlock) * mesh.vertexCount;
    const Face& v = mesh.faces[face];
    const std::uint32_t differ = (words[v.x] ^ words[v.y]) | (words[v.x] ^ words[v.z]);
    return (differ >> (slot % kBlock) & 1) && !degenerate[face];
  }
};

// One mask: threads of a warp take the same 32 edges for 32 views.
struct ContourMasks {
  ContourSource source;
  const Slot* slots;
  int slotCount;
  std::uint32_t* masks;  // [slot][edge blocks, face blocks]
  int* counts;           // bits of each

  PENUMBRA_HD void operator()(Index index) const {
    const int blocks = source.edgeBlocks + source.faceBlocks;
    const int lane = int(index % kBlock), block = int(index / kBlock % blocks);
    const int slot = int(index / kBlock / blocks) * kBlock + lane;
    if (slot >= slotCount) return;
    std::uint32_t mask = 0;
    if (slots[slot].index >= 0)
      mask = block < source.edgeBlocks ? edges(block, slot) : faces(block - source.edgeBlocks, slot);
    masks[Index(slot) * blocks + block] = mask;
    counts[Index(slot) * blocks + block] = countBits(mask);
  }
  PENUMBRA_HD std::uint32_t edges(int block, int slot) const {
    const int first = block * kBlock, left = source.mesh.edgeCount - first, end = left < kBlock ? left : kBlock;
    std::uint32_t mask = 0;
    for (int k = 0; k < end; ++k) mask |= source.net(first + k, slot) != 0 ? std::uint32_t(1) << k : 0u;
    return mask;
  }
  PENUMBRA_HD std::uint32_t faces(int block, int slot) const {
    if (!(source.anyBehind[slot / kBlock] >> (slot % kBlock) & 1)) return 0;
    const int first = block * kBlock, left = source.mesh.faceCount - first, end = left < kBlock ? left : kBlock;
    std::uint32_t mask = 0;
    for (int k = 0; k < end; ++k) mask |= source.isCut(first + k, slot) ? std::uint32_t(1) << k : 0u;
    return mask;
  }
};

inline constexpr float kFarAway = 1e7f;  // pixels; what projects farther is never near the image

// An end of a segment in camera space, from its vertices.
struct SegmentEnd {
  int vertex, vertex2;
  Vec3<float> x;
};

PENUMBRA_HD inline SegmentEnd vertexEnd(const MeshView& mesh, const CameraT<float>& camera, int vertex) {
  return {vertex, -1, cameraSpace(camera, mesh.positions[vertex])};
}

// Projects the edges of one mask and enters the segments into the lists of their cells.
struct MakeSegments {
  ContourSource source;
  const Slot* slots;
  const std::uint32_t* masks;
  PrefixView places;
  float nearPlane;
  Segment* segments;
  int capacity;
  Cells cells;
  Counters* counters;

  PENUMBRA_HD void operator()(Index index) const {
    std::uint32_t mask = masks[index];
    if (mask == 0) return;
    const int blocks = source.edgeBlocks + source.faceBlocks, slot = int(index / blocks), block = int(index % blocks);
    Index place = places.place(index);
    for (; mask; mask &= mask - 1, ++place) {
      if (place >= capacity) return unite(&counters->trouble, kTooSmall);
      const int bit = lowestBit(mask);
      Segment segment{};
      segment.slot = slot;
      segment.cuts = segment.a2 = segment.b2 = -1;
      if (block < source.edgeBlocks) fromEdge(segment, block * kBlock + bit);
      else fromFace(segment, (block - source.edgeBlocks) * kBlock + bit);
      if (segment.net != 0 && !CellWriter{cells, counters}(segment, int(place), slots[slot].margin))
        return unite(&counters->trouble, kTooSmall);
      segments[place] = segment;
    }
  }

  PENUMBRA_HD void fromEdge(Segment& segment, int edge) const {
    const CameraT<float>& camera = slots[segment.slot].view.camera;
    const glm::ivec2& v = source.mesh.edges[edge];
    SegmentEnd a = vertexEnd(source.mesh, camera, v.x), b = vertexEnd(source.mesh, camera, v.y);
    const bool aFront = a.x.z > nearPlane, bFront = b.x.z > nearPlane;
    if (!aFront && !bFront) return;
    if (aFront != bFront) {
      float s;
      const SegmentEnd cut{v.x, v.y, cutAtNear(a.x, b.x, nearPlane, s)};
      if (aFront) b = cut;
      else a = cut;
    }
    project2(segment, a, b, source.net(edge, segment.slot));
  }

  // A face that crosses the near plane leaves a new edge in it; the face's boundary walks it from exit to entry.
  PENUMBRA_HD void fromFace(Segment& segment, int f) const {
    const CameraT<float>& camera = slots[segment.slot].view.camera;
    const Face& face = source.mesh.faces[f];
    SegmentEnd corner[3], exit{}, entry{};
    for (int k = 0; k < 3; ++k) corner[k] = vertexEnd(source.mesh, camera, face[k]);
    for (int k = 0; k < 3; ++k) {
      const int next = (k + 1) % 3;
      const bool front = corner[k].x.z > nearPlane;
      if (front == (corner[next].x.z > nearPlane)) continue;
      const bool ordered = face[k] < face[next];
      const SegmentEnd &lo = corner[ordered ? k : next], &hi = corner[ordered ? next : k];
      float s;
      const SegmentEnd cut{lo.vertex, hi.vertex, cutAtNear(lo.x, hi.x, nearPlane, s)};
      if (front) exit = cut;
      else entry = cut;
    }
    project2(segment, exit, entry, source.showsFront(f, segment.slot) ? 1 : -1);
  }

  // Leaves net at 0 when the segment cannot matter.
  PENUMBRA_HD void project2(Segment& s, const SegmentEnd& endA, const SegmentEnd& endB, int net) const {
    const Slot& slot = slots[s.slot];
    const CameraT<float>& camera = slot.view.camera;
    const Vec2<float> a = project(camera, endA.x), b = project(camera, endB.x);
    const auto usable = [](float v) { return v < kFarAway && v > -kFarAway; };
    if (!usable(a.x) || !usable(a.y) || !usable(b.x) || !usable(b.y)) return;
    const float low = smaller(a.y, b.y), high = larger(a.y, b.y);
    s.left = smaller(a.x, b.x);
    s.right = larger(a.x, b.x);
    const int margin = slot.margin, lastRow = camera.height + margin - 1;
    if (high < float(-margin) || low >= float(camera.height + margin) || s.left > float(camera.width + margin)) return;
    s.ax = a.x, s.ay = a.y, s.bx = b.x, s.by = b.y;
    s.slope = (b.x - a.x) / (b.y - a.y);
    s.a = endA.vertex, s.a2 = endA.vertex2, s.b = endB.vertex, s.b2 = endB.vertex2;
    s.row0 = rowOf(low, -margin, lastRow);
    s.row1 = rowOf(high, -margin, lastRow);
    s.net = net;
  }
};

}  // namespace penumbra::device
