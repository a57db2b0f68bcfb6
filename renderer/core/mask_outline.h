// The sub-pixel outline of a mask, one square of four neighbouring pixel centres at a time (host and device).
//
// The outline is the level 1/2 of the mask, traced by marching squares on the grid of pixel centres. Where along a
// grid edge p-q (p inside, q outside, one pixel long) it crosses follows from how much of a partly covered pixel lies
// on the inner side of a straight line with the unit normal n of the mask's gradient there:
//   with a >= b >= 0 the components of |n| and c the smaller of coverage and 1 - coverage
//     c < b / 2a :  d = (a + b)/2 - sqrt(2 a b c)        (the line cuts off a corner)
//     else          d = (1/2 - c) a                       (it cuts two opposite sides)
//   p-q is crossed at d_p / (d_p - d_q), or at d / |n . pq| where only one of the two is partly covered.
// That is exact for straight outlines of box-filtered masks at any slant (linear interpolation of the coverage is
// 0.09 px off). In a binary mask every crossing is half way. Parts narrower than a pixel are taken as strips as wide
// as their coverage; where it stays below 1/2 they are background. (Area to distance: Gustavson and Strand,
// "Anti-aliased Euclidean distance transform", Pattern Recognition Letters 32, 2011, section 3.)
#pragma once
#include <cstdint>

#include "renderer/core/types.h"

namespace penumbra {

// Coverage around a pixel, and where the straight line through a partly covered pixel runs. Values are borrowed.
struct CoverageImage {
  const float* values;  // height * width
  int width, height;

  PENUMBRA_HD float at(int x, int y) const { return values[std::int64_t(y) * width + x]; }
  PENUMBRA_HD float clamped(int x, int y) const {
    return at(x < 0 ? 0 : x < width ? x : width - 1, y < 0 ? 0 : y < height ? y : height - 1);
  }

  // Unit normal, towards more coverage; zero when there is no slope.
  PENUMBRA_HD Vec2<float> normal(int x, int y) const {
    const float w = 1.41421356f;
    float columns[2], rows[2];
    for (int side = 0; side < 2; ++side) {
      const int i = x + 2 * side - 1, j = y + 2 * side - 1;
      columns[side] = clamped(i, y - 1) + w * clamped(i, y) + clamped(i, y + 1);
      rows[side] = clamped(x - 1, j) + w * clamped(x, j) + clamped(x + 1, j);
    }
    Vec2<float> g(columns[1] - columns[0], rows[1] - rows[0]);
    if (x == 0 || x == width - 1) g.x *= 2;  // one-sided difference at the frame
    if (y == 0 || y == height - 1) g.y *= 2;
    const float length = sqrtf(g.x * g.x + g.y * g.y);
    return length > 1e-6f ? g / length : Vec2<float>(0);
  }

  // Position along p -> q, in [0, 1], of the outline; p is inside and q = p + e outside.
  PENUMBRA_HD float crossing(int px, int py, int ex, int ey) const {
    const int qx = px + ex, qy = py + ey;
    const float p = at(px, py), q = at(qx, qy);
    const float beforeP = clamped(px - ex, py - ey), behindQ = clamped(qx + ex, qy + ey);
    const bool strip = beforeP < 0.5f, gap = behindQ >= 0.5f;
    if (strip && gap) return 0.5f;
    if (strip) return stripEdge(p, q, beforeP);
    if (gap) return 1 - stripEdge(1 - q, 1 - p, 1 - behindQ);
    return lineCrossing(px, py, ex, ey, p, q);
  }

 private:
  // How far an inside strip of one pixel's width reaches towards `next`, from the pixel's centre.
  PENUMBRA_HD static float stripEdge(float own, float next, float previous) {
    if (next > 0) return 0.5f + next < 1 ? 0.5f + next : 1;
    return previous > 0 ? own - 0.5f : 0.5f * own;
  }

  // Distance of a line with unit normal n from the centre of a pixel it covers by c, inside positive.
  PENUMBRA_HD static float lineDistance(float c, const Vec2<float>& n) {
    const float nx = fabsf(n.x), ny = fabsf(n.y), a = nx < ny ? ny : nx, b = ny < nx ? ny : nx;
    const float small = 1 - c < c ? 1 - c : c;
    const float d = 2 * a * small < b ? 0.5f * (a + b) - sqrtf(2 * a * b * small) : (0.5f - small) * a;
    return c >= 0.5f ? d : -d;
  }

  PENUMBRA_HD float lineCrossing(int px, int py, int ex, int ey, float p, float q) const {
    const bool partP = p < 1, partQ = q > 0;
    if (!partP && !partQ) return 0.5f;
    const Vec2<float> nP = partP ? normal(px, py) : Vec2<float>(0);
    const Vec2<float> nQ = partQ ? normal(px + ex, py + ey) : Vec2<float>(0);
    const float dP = lineDistance(p, nP), dQ = lineDistance(q, nQ);
    float t = 0.5f;
    if (partP && partQ) {
      if (dP - dQ > 1e-6f) t = dP / (dP - dQ);
    } else {
      const Vec2<float> n = partP ? nP : nQ;
      const float along = fabsf(n.x * float(ex) + n.y * float(ey));
      const float reach = fabsf(partP ? dP : dQ) / (along < 0.1f ? 0.1f : along);
      t = partP ? reach : 1 - reach;
    }
    return t < 0 ? 0 : 1 < t ? 1 : t;
  }
};

// The segments of the outline within a square: sides joined, inside to the right when walking from the first to the
// second in the image (y down). Sides: 0 top, 1 right, 2 bottom, 3 left.
struct SquareOutline {
  int count;          // 0 .. 2
  int first, second;  // segments: from + 4 * to
  PENUMBRA_HD int from(int k) const { return (k == 0 ? first : second) & 3; }
  PENUMBRA_HD int to(int k) const { return (k == 0 ? first : second) >> 2; }
};

// Of the square of the pixel centres (x, y) .. (x + 1, y + 1). Patterns of inside corners: 1 top left, 2 top right,
// 4 bottom right, 8 bottom left. The saddles 5 and 10 have two segments: apart, or joined through the middle.
PENUMBRA_HD inline SquareOutline squareOutline(const CoverageImage& mask, int x, int y) {
  const float topLeft = mask.at(x, y), topRight = mask.at(x + 1, y);
  const float bottomLeft = mask.at(x, y + 1), bottomRight = mask.at(x + 1, y + 1);
  const int corners = int(topLeft >= 0.5f) | int(topRight >= 0.5f) << 1 | int(bottomRight >= 0.5f) << 2 |
                      int(bottomLeft >= 0.5f) << 3;
  if (corners == 0 || corners == 15) return {0, 0, 0};
  if (corners == 5 || corners == 10) {
    const bool joined = topLeft + topRight + bottomLeft + bottomRight >= 2;
    if (corners == 5) return {2, joined ? 0x4 : 0xc, joined ? 0xe : 0x6};
    return {2, joined ? 0x3 : 0x1, joined ? 0x9 : 0xb};
  }
  constexpr std::uint64_t kSegments = 0x0347908be206d1c0;  // one digit a pattern, that of 0 last
  return {1, int((kSegments >> (4 * corners)) & 15), 0};
}

// Where the outline crosses a side of that square, in pixels.
PENUMBRA_HD inline Vec2<float> sideCrossing(const CoverageImage& mask, int x, int y, int side) {
  const int px = x + (side == 1), py = y + (side == 2), ex = side == 0 || side == 2, ey = 1 - ex;
  const bool inside = mask.at(px, py) >= 0.5f;
  const int sign = inside ? 1 : -1;
  const float along = mask.crossing(inside ? px : px + ex, inside ? py : py + ey, sign * ex, sign * ey);
  const float t = inside ? along : 1 - along;
  return {float(px) + 0.5f + t * float(ex), float(py) + 0.5f + t * float(ey)};
}

// A segment ready for distances: nearest point a + clamp((p - a) . d inverse) d.
struct MaskPiece {
  float ax, ay, dx, dy, inverse;
  PENUMBRA_HD float squaredDistance(float px, float py) const {
    const float rx = px - ax, ry = py - ay;
    const float s = (rx * dx + ry * dy) * inverse, positive = 0 < s ? s : 0, t = positive < 1 ? positive : 1;
    const float ox = rx - t * dx, oy = ry - t * dy;
    return ox * ox + oy * oy;
  }
};

PENUMBRA_HD inline MaskPiece maskPiece(const Vec2<float>& a, const Vec2<float>& b) {
  const Vec2<float> d = b - a;
  const float length2 = d.x * d.x + d.y * d.y;
  return {a.x, a.y, d.x, d.y, length2 > 1e-12f ? 1 / length2 : 0};
}

}  // namespace penumbra
