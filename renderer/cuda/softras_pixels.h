// SoftRas, stage 2: from the tiles' faces to pixels, and back from pixels to faces and vertices.
//
// Forward, a pixel multiplies what each face leaves uncovered, until nothing is left; backward, an entry (a face in a
// tile) adds up what the tile's pixels pull, so nothing is shared between threads until the sums at vertices. Bounds:
// 60 operations a pixel and entry forward, 90 backward; pixels outside the face's reach cost 10.
#pragma once
#include "renderer/cuda/pixel_loss.h"
#include "renderer/cuda/softras_tiles.h"
#include "renderer/cuda/vertex_pulls.h"

namespace penumbra::device {

using Lane = ScalarLane<float>;
template <int N>
using Place = SoftRasPlace<Lane, N>;

// Per pixel of the launch (layout as in scene.h).
struct SoftRasImages {
  float* left;   // T, what is left uncovered; then dL/dalpha * T / sigma before the view's factor
  int* stops;    // entries of the tile's list from this one on are left out
  float* alpha;  // written when a launch is asked to
  int slotBlocks;
};

struct SoftRasCover {
  const Slot* slots;
  PrefixView places;
  const SoftRasEntry* entries;
  SoftRasImages images;
  const Counters* counters;
  int tilesPerSlot;

  PENUMBRA_HD void operator()(Index index) const {
    const Pixel pixel = pixelAt(slots, images.slotBlocks, index);
    if (!pixel.inSlot || counters->trouble) return;
    images.left[index] = 1;
    images.stops[index] = 0;
    if (!pixel.inImage) return;
    const Slot& slot = slots[pixel.slot];
    const Index tile =
        Index(pixel.slot) * tilesPerSlot + pixel.y / kTile * SoftRasSource::tilesX(slot) + pixel.x / kTile;
    const Index begin = places.place(tile);
    const int count = places.counts[tile];
    const float x = float(pixel.x % kOrigin) + 0.5f, y = float(pixel.y % kOrigin) + 0.5f, full = 1.0f / (1 << 25);
    const float reach = float(SoftRasSource::reach(slot)), inverseSigma = float(1 / slot.sigma);
    float left = 1;
    int k = 0;
    while (k < count && !(left < full)) {
      const SoftRasEntry& entry = entries[begin + k++];
      left = entry.corners == 3 ? cover<3>(entry, x, y, reach, inverseSigma, left)
                                : cover<4>(entry, x, y, reach, inverseSigma, left);
    }
    images.left[index] = left;
    images.stops[index] = k;
  }
  template <int N>
  PENUMBRA_HD static float cover(const SoftRasEntry& entry, float x, float y, float reach, float inverseSigma,
                                 float left) {
    Place<N> place;
    softRasPlace<Lane, N>(entry.edges, x, y, place);
    return place.lowest < -1.01f * reach ? left : softRasCover<Lane, N>(place, inverseSigma, left);
  }
};

// Coverage, loss and pull of one pixel.
struct SoftRasLoss {
  const Slot* slots;
  SoftRasImages images;
  Targets targets;
  ViewSums* viewSums;
  const Counters* counters;
  Loss loss;
  int todo;  // kWriteAlpha, kSumLoss, kPull

  PENUMBRA_HD void operator()(Index index) const {
    const Pixel pixel = pixelAt(slots, images.slotBlocks, index);
    if (!pixel.inSlot || counters->trouble) return;
    const Slot& slot = slots[pixel.slot];
    const int lane = int(index % kBlock);
    const float left = images.left[index], a = 1 - left;
    if (todo & kWriteAlpha) images.alpha[index] = a;
    if (!(todo & (kSumLoss | kPull))) return;
    const float stored = pixel.inImage ? targets.values[pixel.target * kBlock + lane] : 0.0f;
    const PixelTarget target = pixelTarget(targets, slot, stored, pixel.x, pixel.y);
    const float r = pixelResidual(target, a);
    if (todo & kSumLoss)
      addToSums(loss, viewSums[pixel.slot], a, r, targets.masks[pixel.target] >> lane & 1, pixel.inImage);
    if (!(todo & kPull)) return;
    const float slope = pixelSlope(loss, target, a, r, viewFactor(loss, slot, viewSums[pixel.slot]).iou);
    const float pull = pixel.inImage ? slope * left * float(1 / slot.sigma) : 0.0f;
    images.left[index] = pull;
    if (pull == 0) images.stops[index] = 0;
  }
};

// dL/d corner of one entry, in pixels, before the view's factor.
struct EntryGradient {
  float corner[8];
};

struct SoftRasPullEntries {
  const Slot* slots;
  const SoftRasEntry* entries;
  EntryGradient* gradients;
  SoftRasImages images;
  const Counters* counters;
  int tilesPerSlot;

  PENUMBRA_HD void operator()(Index i) const {
    if (i >= counters->now.entries || counters->trouble) return;
    const SoftRasEntry& entry = entries[i];
    EntryGradient& g = gradients[i];
    for (int k = 0; k < 8; ++k) g.corner[k] = 0;
    if (entry.corners == 3) pull<3>(entry, g);
    else pull<4>(entry, g);
  }
  template <int N>
  PENUMBRA_HD void pull(const SoftRasEntry& entry, EntryGradient& g) const {
    const int s = entry.tile / tilesPerSlot, local = entry.tile % tilesPerSlot;
    const Slot& slot = slots[s];
    const int across = SoftRasSource::tilesX(slot), x0 = local % across * kTile, y0 = local / across * kTile;
    const int width = slot.view.camera.width - x0, height = slot.view.camera.height - y0;
    const float reach = float(SoftRasSource::reach(slot)), inverseSigma = float(1 / slot.sigma);
    SoftRasEdgeSums<float> sums[N];
    for (int y = 0; y < (height < kTile ? height : kTile); ++y) {
      const Index row = (Index(s) * images.slotBlocks + Index(y0 + y) * slot.view.blocksPerRow) * kBlock + x0;
      for (int x = 0; x < (width < kTile ? width : kTile); ++x) {
        if (images.stops[row + x] <= entry.rank) continue;
        Place<N> place;
        softRasPlace<Lane, N>(entry.edges, float((x0 + x) % kOrigin) + 0.5f, float((y0 + y) % kOrigin) + 0.5f, place);
        if (place.lowest < -1.01f * reach) continue;
        softRasPlaceBackward<Lane, N>(place, softRasCoverBackward<Lane, N>(place, inverseSigma, images.left[row + x]),
                                      sums);
      }
    }
    toCorners<N>(entry, sums, g);
  }
  template <int N>
  PENUMBRA_HD static void toCorners(const SoftRasEntry& entry, const SoftRasEdgeSums<float>* sums, EntryGradient& g) {
    for (int e = 0; e < N; ++e) {
      const SoftRasEdge<float>& edge = entry.edges[e];
      if (!(edge.length > 0)) continue;
      const float inverse = 1 / edge.length, dist = -2 * sums[e].dist, over = -2 * sums[e].over;
      const float distB = -2 * sums[e].distS * inverse, overB = -2 * sums[e].overS * inverse;
      const float distA = dist - distB, overA = over - overB;
      const int a = 2 * e, b = 2 * (e + 1 < N ? e + 1 : 0);
      g.corner[a] += distA * edge.nx + overA * edge.tx;
      g.corner[a + 1] += distA * edge.ny + overA * edge.ty;
      g.corner[b] += distB * edge.nx + overB * edge.tx;
      g.corner[b + 1] += distB * edge.ny + overB * edge.ty;
    }
  }
};

struct SoftRasPullVertices {
  SoftRasSource source;
  const SoftRasEntry* entries;
  const EntryGradient* gradients;
  const ViewSums* viewSums;
  PointPuller puller;
  VertexSums vertices;
  Loss loss;
  int measure;
  PENUMBRA_HD void operator()(Index i) const {
    PullSink sink{vertices, measure != 0};
    if (i < vertices.counters->now.entries && !vertices.counters->trouble) entry(i, sink);
    sink.finish();
  }
  PENUMBRA_HD void entry(Index i, PullSink& sink) const {
    const int s = entries[i].tile / source.tilesPerSlot;
    const Slot& slot = source.slots[s];
    const float unit = viewFactor(loss, slot, viewSums[s]).factor;
    const SoftRasPolygon p = source.polygon(slot, entries[i].face);
    for (int c = 0; c < p.corners; ++c) {
      const Vec2<float> g = unit * Vec2<float>(gradients[i].corner[2 * c], gradients[i].corner[2 * c + 1]);
      puller(slot.view.camera, p.from[c], p.from[c] == p.to[c] ? -1 : p.to[c], g, sink);
    }
  }
};

}  // namespace penumbra::device
