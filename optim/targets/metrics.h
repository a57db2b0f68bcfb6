// How well two masks agree: overlap, and distance between their outlines.
#pragma once
#include <span>
#include <vector>

#include "optim/targets/distance_field.h"
#include "optim/view_set.h"

namespace penumbra {

// Intersection over union of {a >= 1/2} and {b >= 1/2}; 1 when both are empty. Shapes must agree.
double maskIoU(std::span<const float> a, std::span<const float> b);
double maskIoU(const Mask& a, const Mask& b);

// sum min(a, b) / sum max(a, b): the same for soft masks; 1 when both are empty.
double softMaskIoU(const Mask& a, const Mask& b);

// A mask's outline and distance field, kept where one mask is compared with many.
struct MeasuredMask {
  std::vector<OutlineSegment> outline;
  Mask distance;
};
MeasuredMask measure(const Mask& mask);

// Mean symmetric distance between the outlines, pixels: the length-weighted mean of |d_b| along a's outline, averaged
// with the same of d_a along b's. 0 when neither has an outline, the image diagonal when only one has.
double contourErrorPx(const Mask& a, const MeasuredMask& b);
double contourErrorPx(const Mask& a, const Mask& b);

// World units that one pixel spans at the origin, mean over the views in front of which it lies; `ifNone` when there is none.
double pixelAtMiddle(std::span<const View> views, double ifNone = 0);
inline constexpr double kUsualPixel = 0.01;  // of a normalised scene in views of about 256^2

}  // namespace penumbra
