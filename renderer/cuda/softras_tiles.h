// SoftRas, stage 1: faces as polygons in pixels, entered into the tiles that they may cover. See
// renderer/core/softras.h for the mathematics and renderer/cpu/softras_prepare.h for the same on the processor.
//
// Each tile's list is sized by counting, filled in any order, and put in the order of faces by rank (how many of the
// list have a lower index): the order of the product is fixed. Ranks cost L comparisons an entry, which a warp reads
// together; covering the tile's pixels costs as many, each of 40 operations and more. Bounds: 700 double operations a
// face and view, 128 bytes written an entry, 2.3 entries a small face and view.
#pragma once
#include "renderer/core/softras.h"
#include "renderer/cuda/scan.h"
#include "renderer/cuda/scene.h"

namespace penumbra::device {

inline constexpr int kTile = 16;    // pixels a side
inline constexpr int kOrigin = 32;  // edges are measured from multiples of it, as on the processor: the same rounding

// A face, cut at the near plane. Corner c lies on the edge between vertices from[c] and to[c]; equal: it is that
// vertex.
struct SoftRasPolygon {
  Vec2<double> corner[4];
  int from[4], to[4];
  int corners;     // 0: nothing in front of the near plane
  double winding;  // sign of its area
};

// First and last + 1 of the tiles that a polygon grown by the reach touches.
struct TileRange {
  int beginX, beginY, endX, endY;
};

struct SoftRasSource {
  MeshView mesh;
  const Slot* slots;
  double nearPlane;
  int tilesPerSlot;

  PENUMBRA_HD static int tilesX(const Slot& slot) { return (slot.view.camera.width + kTile - 1) / kTile; }
  PENUMBRA_HD static int tilesY(const Slot& slot) { return (slot.view.camera.height + kTile - 1) / kTile; }
  PENUMBRA_HD static double reach(const Slot& slot) { return sqrt(kSoftRasReach * slot.sigma); }

  PENUMBRA_HD SoftRasPolygon polygon(const Slot& slot, int face) const {
    const CameraT<double>& camera = slot.view.exact;
    const Face& v = mesh.faces[face];
    Vec3<double> x[3];
    bool seen[3];
    for (int k = 0; k < 3; ++k) {
      x[k] = cameraSpace(camera, Vec3<double>(mesh.positions[v[k]]));
      seen[k] = x[k].z >= nearPlane;
    }
    SoftRasPolygon p;
    p.corners = 0;
    const auto add = [&](const Vec3<double>& at, int from, int to) {
      p.corner[p.corners] = project(camera, at);
      p.from[p.corners] = from;
      p.to[p.corners++] = to;
    };
    for (int a = 0; a < 3; ++a) {
      const int b = (a + 1) % 3;
      if (seen[a]) add(x[a], v[a], v[a]);
      if (seen[a] == seen[b]) continue;
      double s;
      add(cutAtNear(x[a], x[b], nearPlane, s), v[a], v[b]);
    }
    return p;
  }

  // Also sets the winding. Empty when the polygon is degenerate, not finite, or too far outside the image.
  PENUMBRA_HD TileRange tiles(const Slot& slot, SoftRasPolygon& p) const {
    if (p.corners < 3) return {0, 0, 0, 0};
    Vec2<double> low = p.corner[0], high = p.corner[0];
    double area = 0, longest = 0;
    for (int c = 0; c < p.corners; ++c) {
      const Vec2<double> a = p.corner[c], b = p.corner[c + 1 < p.corners ? c + 1 : 0];
      const Vec2<double> u = a - p.corner[0], w = b - p.corner[0];
      low = glm::min(low, a);
      high = glm::max(high, a);
      const double length2 = glm::dot(b - a, b - a);
      longest = longest < length2 ? length2 : longest;
      area += u.x * w.y - u.y * w.x;
    }
    p.winding = area < 0 ? -1 : 1;
    const double r = reach(slot), size = area < 0 ? -area : area;
    const bool solid = size > 1e-6 * longest && size < 1e300;  // positions in float are flat to their own rounding
    const bool near =
        high.x + r > 0 && high.y + r > 0 && low.x - r < slot.view.camera.width && low.y - r < slot.view.camera.height;
    if (!solid || !near) return {0, 0, 0, 0};
    return {tileOf(low.x - r, tilesX(slot)), tileOf(low.y - r, tilesY(slot)), tileOf(high.x + r, tilesX(slot)) + 1,
            tileOf(high.y + r, tilesY(slot)) + 1};
  }
  PENUMBRA_HD static int tileOf(double pixel, int tiles) {
    const double t = pixel / kTile, last = tiles - 1;
    return t > 0 ? int(t < last ? t : last) : 0;
  }
};

struct ClearTiles {
  int *counts, *filled;
  Index n;
  PENUMBRA_HD void operator()(Index i) const { counts[i] = filled[i] = 0; }
};

// Calls visit(tile) for the tiles of face index % F in slot index / F.
template <class Visit>
PENUMBRA_HD inline void forEachTile(const SoftRasSource& source, Index index, Visit visit) {
  const int s = int(index / source.mesh.faceCount);
  const Slot& slot = source.slots[s];
  if (slot.index < 0) return;
  SoftRasPolygon polygon = source.polygon(slot, int(index % source.mesh.faceCount));
  const TileRange range = source.tiles(slot, polygon);
  for (int y = range.beginY; y < range.endY; ++y)
    for (int x = range.beginX; x < range.endX; ++x)
      visit(Index(s) * source.tilesPerSlot + y * SoftRasSource::tilesX(slot) + x);
}

struct CountTiles {
  SoftRasSource source;
  int* counts;
  PENUMBRA_HD void operator()(Index index) const {
    forEachTile(source, index, [&](Index tile) { add(&counts[tile], 1); });
  }
};

struct TileFace {
  int tile, face;
};

struct FillTiles {
  SoftRasSource source;
  PrefixView places;
  int* filled;
  TileFace* entries;
  Index capacity;
  Counters* counters;
  PENUMBRA_HD void operator()(Index index) const {
    const int face = int(index % source.mesh.faceCount);
    if (counters->now.entries > capacity) return unite(&counters->trouble, kTooSmall);
    forEachTile(source, index, [&](Index tile) {
      const Index place = places.place(tile) + takeOne(&filled[tile]);
      entries[place] = {int(tile), face};
    });
  }
  PENUMBRA_HD static int takeOne(int* counter) {
#ifdef __CUDA_ARCH__
    return atomicAdd(counter, 1);
#else
    return __atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
#endif
  }
};

// A face in one tile: its edges relative to a corner nearby.
struct SoftRasEntry {
  SoftRasEdge<float> edges[4];
  int face, corners, tile, rank;
};

struct RankEntries {
  SoftRasSource source;
  PrefixView places;
  const TileFace* unsorted;
  SoftRasEntry* entries;
  Index capacity;
  const Counters* counters;
  PENUMBRA_HD void operator()(Index i) const {
    if (i >= counters->now.entries || counters->trouble) return;
    const TileFace own = unsorted[i];
    const Index begin = places.place(own.tile), end = begin + places.counts[own.tile];
    int rank = 0;
    for (Index k = begin; k < end; ++k) rank += unsorted[k].face < own.face;
    const int s = own.tile / source.tilesPerSlot, local = own.tile % source.tilesPerSlot;
    const Slot& slot = source.slots[s];
    SoftRasPolygon p = source.polygon(slot, own.face);
    source.tiles(slot, p);
    const int across = SoftRasSource::tilesX(slot);
    const double x = local % across * kTile / kOrigin * kOrigin, y = local / across * kTile / kOrigin * kOrigin;
    SoftRasEntry& entry = entries[begin + rank];
    for (int e = 0; e < p.corners; ++e) {
      const Vec2<double> a = p.corner[e], b = p.corner[e + 1 < p.corners ? e + 1 : 0];
      entry.edges[e] = softRasEdge<float>(a.x, a.y, b.x, b.y, p.winding, x, y);
    }
    entry.face = own.face;
    entry.corners = p.corners;
    entry.tile = own.tile;
    entry.rank = rank;
  }
};

}  // namespace penumbra::device
