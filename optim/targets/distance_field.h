// Signed distance from every pixel centre to the sub-pixel outline of a mask.
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
//
// The frame is no outline: an object that leaves the image has none there. A mask without outline is at
// -diagonal or +diagonal of the image everywhere.
#pragma once
#include <vector>

#include <glm/glm.hpp>

#include "renderer/image.h"

namespace penumbra {

struct OutlineSegment {
  glm::vec2 a, b;  // pixels; inside lies to the right when walking from a to b in the image (y down)
};

// The outline as loose segments, each within one square of four pixel centres, row by row.
std::vector<OutlineSegment> traceOutline(const Mask& mask);

// Distance in pixels, inside positive, at every pixel centre.
Mask signedDistance(const Mask& mask);
Mask signedDistance(const Mask& mask, const std::vector<OutlineSegment>& outline);

}  // namespace penumbra
