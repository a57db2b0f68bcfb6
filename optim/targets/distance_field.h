// Signed distance from every pixel centre to the sub-pixel outline of a mask.
//
// The outline is the level 1/2 of the mask; where it runs between pixels: renderer/core/mask_outline.h. A pixel's distance
// is that to the nearest of its segments, carried from pixel to pixel in two sweeps; a few pixels and more from the
// outline now and then to one that is some hundredths of a pixel farther. The graphics card finds the nearest of all
// (renderer/device_hull.h).
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
// With a `band`, only up to that many pixels, a few times faster; farther off the distance is -diagonal or +diagonal.
Mask signedDistance(const Mask& mask, const std::vector<OutlineSegment>& outline, float band = 0);

}  // namespace penumbra
