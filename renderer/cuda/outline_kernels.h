// Exact distances of all pixels to the outlines of their masks.
//
// Pieces of outlines are kept row of squares by row of squares ("bands"), in each from left to right, so that the first
// piece at or behind any column is one look away. A pixel goes through the bands above and below it, and in each through
// the pieces to its left and right, from the nearest on, until whatever is left is farther away than what it has found.
// Nothing is handed from pixel to pixel, so the result does not depend on any order. Bound: 12 bytes moved a pixel.
#pragma once
#include "renderer/core/mask_outline.h"
#include "renderer/cuda/scan.h"

namespace penumbra::device {

struct MaskSize {
  int width, height;
};

// Masks of a launch; each has the room of the largest.
struct MaskImages {
  const float* values;
  const MaskSize* sizes;
  Index room;  // pixels

  PENUMBRA_HD CoverageImage image(Index mask) const {
    return {values + mask * room, sizes[mask].width, sizes[mask].height};
  }
};

// Pixel of an index of the launch; `there`: false in the room that a smaller mask does not need.
struct MaskPixel {
  CoverageImage image;
  Index first;  // of the mask's room
  int x, y;
  bool there;

  PENUMBRA_HD MaskPixel(const MaskImages& masks, Index index)
      : image(masks.image(index / masks.room)), first(index / masks.room * masks.room) {
    const Index local = index - first;
    x = int(local % image.width);
    y = int(local / image.width);
    there = y < image.height;
  }
  PENUMBRA_HD bool startsSquare() const { return there && x + 1 < image.width && y + 1 < image.height; }
};

// Pieces in the square right below each pixel.
struct CountOutline {
  MaskImages masks;
  int* counts;
  PENUMBRA_HD void operator()(Index index) const {
    const MaskPixel p(masks, index);
    counts[index] = p.startsSquare() ? squareOutline(p.image, p.x, p.y).count : 0;
  }
};

struct BandPiece {
  MaskPiece piece;
  int column;  // of its square
};

// The pieces themselves, and for each square how many come before it.
struct WriteOutline {
  MaskImages masks;
  PrefixView places;
  int* before;
  BandPiece* pieces;
  PENUMBRA_HD void operator()(Index index) const {
    const MaskPixel p(masks, index);
    const Index place = places.place(index);
    before[index] = int(place);
    if (!p.startsSquare()) return;
    const SquareOutline square = squareOutline(p.image, p.x, p.y);
    for (int k = 0; k < square.count; ++k)
      pieces[place + k] = {maskPiece(sideCrossing(p.image, p.x, p.y, square.from(k)),
                                        sideCrossing(p.image, p.x, p.y, square.to(k))),
                           p.x};
  }
};

struct OutlineDistances {
  MaskImages masks;
  const int* before;
  const BandPiece* pieces;
  Index pieceCount, maskCount;
  float* distances;  // inside positive, layout as the masks'

  PENUMBRA_HD void operator()(Index index) const {
    const MaskPixel p(masks, index);
    if (!p.there) return;
    const float width = float(p.image.width), height = float(p.image.height);
    const Index behind = p.first + masks.room;
    const bool empty = before[p.first] == (behind < maskCount * masks.room ? before[behind] : pieceCount);
    const float d = empty ? sqrtf(width * width + height * height) : sqrtf(nearest(p));
    distances[index] = p.image.at(p.x, p.y) >= 0.5f ? d : -d;
  }

 private:
  // Squares are taken as a hundredth of a pixel nearer than they are, lest rounding leaves out a piece.
  static PENUMBRA_HD bool mayHold(int across, int along, float squared) {
    const float x = along > 0 ? float(along) - 0.01f : 0.0f, y = across > 0 ? float(across) - 0.01f : 0.0f;
    return x * x + y * y <= squared;
  }
  PENUMBRA_HD float nearest(const MaskPixel& p) const {
    float squared = 3e38f;
    const int bands = p.image.height - 1;
    for (int away = 0; mayHold(away, 0, squared); ++away) {
      const int above = p.y - 1 - away, below = p.y + away;
      if (above < 0 && below >= bands) break;
      if (above >= 0) lookAlong(p, above, away, squared);
      if (below < bands) lookAlong(p, below, away, squared);
    }
    return squared;
  }
  // The pieces of a band that is so many pixels away.
  PENUMBRA_HD void lookAlong(const MaskPixel& p, int band, int away, float& squared) const {
    const int* row = before + p.first + Index(band) * p.image.width;
    const float px = float(p.x) + 0.5f, py = float(p.y) + 0.5f;
    const int first = row[0], here = row[p.x], end = row[p.image.width - 1];
    for (int i = here; i < end && mayHold(away, pieces[i].column - p.x, squared); ++i) look(pieces[i], px, py, squared);
    for (int i = here - 1; i >= first && mayHold(away, p.x - 1 - pieces[i].column, squared); --i)
      look(pieces[i], px, py, squared);
  }
  static PENUMBRA_HD void look(const BandPiece& piece, float px, float py, float& squared) {
    const float d = piece.piece.squaredDistance(px, py);
    squared = d < squared ? d : squared;
  }
};

}  // namespace penumbra::device
