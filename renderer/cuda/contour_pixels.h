// Contour, stage 3: from pieces to pixels. Each piece writes its distance to the pixels that may see it, the least wins
// (of two equal the piece with the lower number, as on the processor); each pixel then knows its coverage, its loss and
// which piece it pulls, all in one launch: neither coverage nor dL/dalpha is stored unless it is asked for.
//
// Bounds: 8 bytes written a pixel and piece that sees it (about twice the pixels of the band, a warp writes neighbours
// of a row), 4 bytes read a pixel for its target, 8 + 16 a pixel of the band.
#pragma once
#include "renderer/cuda/contour_outline.h"
#include "renderer/cuda/pixel_loss.h"

namespace penumbra::device {

struct Images {
  std::uint64_t* keys;    // per pixel: bits of the squared distance (px^2) << 32 | piece; kNoKey: out of reach
  std::uint8_t* marks;    // per block: some key was written
  std::uint32_t* inside;  // per block: bit i is set where pixel i is covered
  float* alpha;           // per pixel, written when a launch is asked to
  int slotBlocks;         // blocks of a slot
};

// Empties what the last launches left: keys of marked blocks, lists of cells, the table of ends, sums of views.
struct ClearContour {
  Images images;
  Cells cells;
  EndTable ends;
  ViewSums* viewSums;
  Index pixels, cellCount, endCount, views;
  PENUMBRA_HD void operator()(Index i) const {
    if (i < pixels && images.marks[i / kBlock]) images.keys[i] = kNoKey;
    if (i < cellCount) {
      cells.first[i] = -1;
      cells.steps[i] = 0;
    }
    if (i < endCount) ends.entries[i] = {kNoKey, 0, 0};
    if (i < views) viewSums[i] = {};
  }
  Index count() const {
    const Index a = pixels > cellCount ? pixels : cellCount, b = endCount > views ? endCount : views;
    return a > b ? a : b;
  }
};

// Bits k, k + 1, ... 31.
PENUMBRA_HD inline std::uint32_t bitsFrom(int k) { return k >= 32 ? 0u : ~std::uint32_t(0) << k; }

// Which pixels of the block that begins at `pixel` are covered, bit by bit: the count of faces at its first pixel and
// where it changes, from the list of its row.
PENUMBRA_HD inline std::uint32_t coveredBits(const OutlineData& data, const Pixel& pixel) {
  const Slot& slot = data.slots[pixel.slot];
  const Index row = data.cells.row(pixel.slot, pixel.y, slot.margin);
  const int bin = pixel.x / kBlock + data.cells.marginBins;
  const float centre = float(pixel.y) + 0.5f;
  const int width = slot.view.camera.width, end = pixel.x + kBlock;
  int count = 0;
  for (int b = 0; b < bin; ++b) count += data.cells.steps[row + b];
  std::uint32_t word = 0;
  // Walk from change to change; at first everything up to the block's first pixel counts.
  for (int from = pixel.x, first = 1; from < end; first = 0) {
    int next = end, step = 0;
    for (int n = data.cells.first[row + bin]; n >= 0; n = data.cells.nodes[n].next) {
      const Segment& s = data.segments[data.cells.nodes[n].segment];
      if (!spansRow(s.ay, s.by, centre)) continue;
      const float x = crossingX(s.ax, s.ay, s.slope, centre);
      if (data.cells.home(s, pixel.y, x) != bin) continue;
      const int column = rowOf(x - 0.5f, -2, width) + 1, change = countStep(s.ay, s.by, s.net);
      if (column <= from) {
        count += first ? change : 0;
      } else if (column < next) {
        next = column;
        step = change;
      } else if (column == next && next < end) {
        step += change;
      }
    }
    if (count > 0) word |= bitsFrom(from - pixel.x) & ~bitsFrom(next - pixel.x);
    count += step;
    from = next;
  }
  return word;
}

// The same for all blocks. Also takes a block's mark away.
struct CoverBlocks {
  OutlineData data;
  Images images;
  PENUMBRA_HD void operator()(Index block) const {
    const Pixel pixel = pixelAt(data.slots, images.slotBlocks, block * kBlock);
    if (!pixel.inSlot) return;
    images.marks[block] = 0;
    images.inside[block] = coveredBits(data, pixel);
  }
};

// Columns of a row that satisfy |c + slope dy - x| <= half, the row dy below the piece's start.
struct Columns {
  float c, slope, half;
};
// x with low <= p x + q dy <= high (relative to the piece's start); every x when p is nearly 0: rows decide then.
PENUMBRA_HD inline Columns columnsOf(float p, float q, float low, float high) {
  if (p < 1e-5f && p > -1e-5f) return {0, 0, 1e9f};
  const float inverse = 1 / p, half = 0.5f * (high - low) * inverse;
  return {0.5f * (low + high) * inverse, -q * inverse, half < 0 ? -half : half};
}

// A piece's distance to the pixels of the parallelogram that may see it (see renderer/cpu/contour_isa.cpp); thread
// `lane` of 32 takes every 32nd pixel of each row.
struct SpreadDistances {
  OutlineData data;
  const Piece* pieces;
  EndTable ends;
  Images images;
  int capacity;

  PENUMBRA_HD void operator()(Index index) const {
    const Index i = index / kBlock;
    if (i >= data.counters->now.pieces || i >= capacity || data.counters->trouble) return;
    const Piece& piece = pieces[i];
    const Segment& owner = data.segments[piece.owner];
    const Slot& slot = data.slots[owner.slot];
    const float reach = slot.reach, length = sqrtf(piece.ex * piece.ex + piece.ey * piece.ey);
    const float ux = length > 0 ? piece.ex / length : 1.0f, uy = length > 0 ? piece.ey / length : 0.0f;
    const float foot0 = -grow(i, piece, owner, 0, reach), foot1 = length + grow(i, piece, owner, 1, reach);
    const float end0 = piece.ay + foot0 * uy, end1 = piece.ay + foot1 * uy, wide = reach * (ux < 0 ? -ux : ux);
    const float low = smaller(end0, end1) - wide, high = larger(end0, end1) + wide;
    const int width = slot.view.camera.width, lastRow = slot.view.camera.height - 1;
    if (high < 0 || low > float(lastRow + 1)) return;
    const int begin = int(larger(low, 0)), end = int(smaller(high, float(lastRow)));
    const Columns along = columnsOf(ux, uy, foot0, foot1), across = columnsOf(uy, -ux, -reach, reach);
    for (int y = begin; y <= end; ++y) {
      const float dy = float(y) + 0.5f - piece.ay;
      const float alongX = along.c + along.slope * dy, acrossX = across.c + across.slope * dy;
      // Pixel x has its centre at x + 1/2; one pixel more on either side makes up for rounding.
      const float from = piece.ax + larger(alongX - along.half, acrossX - across.half) - 0.6f;
      const float to = piece.ax + smaller(alongX + along.half, acrossX + across.half) + 0.6f;
      row(i, piece, slot, owner.slot, y, dy, int(smaller(larger(from, 0), float(width))) + int(index % kBlock),
          int(smaller(larger(to, 0), float(width))));
    }
  }
  PENUMBRA_HD void row(Index i, const Piece& piece, const Slot& slot, int s, int y, float dy, int x, int end) const {
    const Index first = (Index(s) * images.slotBlocks + Index(y) * slot.view.blocksPerRow) * kBlock;
    const float reach2 = slot.reach * slot.reach;
    for (; x < end; x += kBlock) {
      const float d2 = squaredDistance(float(x) + 0.5f - piece.ax, dy, piece.ex, piece.ey, piece.inverse);
      if (!(d2 < reach2)) continue;
      mark(&images.marks[(first + x) / kBlock]);
      least(&images.keys[first + x], std::uint64_t(bitsOf(d2)) << 32 | std::uint64_t(i));
    }
  }
  // How far past its start or end the piece may be nearest: where it meets one other piece, half the fan between their
  // normals; 1 - cos = 2 sin^2(angle / 2).
  PENUMBRA_HD float grow(Index i, const Piece& piece, const Segment& owner, int atEnd, float reach) const {
    const bool isVertex = atEnd ? piece.t1 == 1 && owner.b2 < 0 : piece.t0 == 0 && owner.a2 < 0;
    if (!isVertex) return reach;
    const Index other = ends.partner(owner.slot, atEnd ? owner.b : owner.a, std::uint32_t(2 * i + atEnd));
    if (other < 0) return reach;
    const Piece& q = pieces[other / 2];
    const float half = sqrtf(larger(0.0f, (1.0f - piece.nx * q.nx - piece.ny * q.ny) / 2));
    return smaller(reach, reach * half + 0.01f);
  }
};

// Coverage of one pixel, its part in the loss, and its pull on the nearest piece.
struct ContourPixels {
  OutlineData data;
  Images images;
  Targets targets;
  ViewSums* viewSums;  // [slot]
  const Piece* pieces;
  PieceSums* sums;
  Loss loss;
  int todo;

  PENUMBRA_HD void operator()(Index index) const {
    const Pixel pixel = pixelAt(data.slots, images.slotBlocks, index);
    if (!pixel.inSlot || data.counters->trouble) return;
    const Slot& slot = data.slots[pixel.slot];
    const int lane = int(index % kBlock);
    const bool isInside = images.inside[pixel.block] >> lane & 1;
    const std::uint64_t key = images.marks[pixel.block] ? images.keys[index] : kNoKey;
    // Coverage.
    float a = isInside ? 1.0f : 0.0f, distance = 0, slope = 0;
    if (key != kNoKey) {
      const float root = sqrtf(floatOf(std::uint32_t(key >> 32)));
      distance = isInside ? root : -root;
      const ProfileValue<float> value = coverageProfile(distance * (1.0f / slot.scale));
      a = value.alpha;
      slope = value.slope;
    }
    if (todo & kWriteAlpha) images.alpha[index] = a;
    if (!(todo & (kSumLoss | kPull))) return;
    // Loss.
    const float stored = pixel.inImage ? targets.values[pixel.target * kBlock + lane] : 0.0f;
    const PixelTarget target = pixelTarget(targets, slot, stored, pixel.x, pixel.y);
    const float r = pixelResidual(target, a);
    if (todo & kSumLoss)
      addToSums(loss, viewSums[pixel.slot], a, r, targets.masks[pixel.target] >> lane & 1, pixel.inImage);
    if (!(todo & kPull) || !pixel.inImage || slope == 0) return;
    const float iou = viewFactor(loss, slot, viewSums[pixel.slot]).iou;
    pull(std::uint32_t(key), pixel, distance, pixelSlope(loss, target, a, r, iou) * slope);
  }
  // weight = dL/dx, x = distance / scale, before the view's factor: at most 2 * 0.3 in size.
  PENUMBRA_HD void pull(std::uint32_t i, const Pixel& pixel, float distance, float weight) const {
    if (weight == 0) return;
    const auto p = pixelPull(pieces[i], float(pixel.x) + 0.5f, float(pixel.y) + 0.5f, distance, weight);
    PieceSums& sum = sums[i];
    if (p.t > 0 && p.t < 1) {
      add(&sum.weight, toFixed(p.weight));
      add(&sum.weightT, toFixed(p.weight * p.t));
    } else if (p.t > 0.5f) {
      add(&sum.end1x, toFixed(p.gx));
      add(&sum.end1y, toFixed(p.gy));
    } else {
      add(&sum.end0x, toFixed(p.gx));
      add(&sum.end0y, toFixed(p.gy));
    }
  }
};

}  // namespace penumbra::device
