// Where the outline of a mask lies, as seen from any point of the image: what a contour sample is drawn to.
//
//   phi(p)   signed distance to the mask's sub-pixel outline, px, inside positive, bilinear between pixel centres
//   b(p)     distance of p to the frame; outlines farther than b may lie outside, where the mask says nothing, so
//            where the mask touches the frame |phi| is taken as min(|phi|, b): what is known for certain
// Source of phi: optim/targets/distance_field.h.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "optim/targets/distance_field.h"
#include "optim/view_set.h"
#include "renderer/core/contour_fit.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

class TargetField {
 public:
  TargetField() = default;
  explicit TargetField(const Mask& mask, double width = 0);  // see View::width

  using Sample = FieldSample;
  Sample at(const glm::vec2& pixel) const;
  const Mask& distance() const { return distance_; }
  bool empty() const { return outline_.empty(); }  // the mask shows nothing, or fills the frame
  const std::vector<OutlineSegment>& outline() const { return outline_; }
  double outlineLength() const { return length_; }  // px
  // Pixels of the mask at 1/2 or more: all of them, and those of a row in columns [begin, end).
  long covered() const { return covered_; }
  bool touchesFrame() const { return touchesFrame_; }
  // Partly covered pixels for each pixel of outline, at most 1: 0 for binary masks.
  double greyShare() const { return greyShare_; }
  int coveredBetween(int row, int begin, int end) const {
    const std::uint16_t* counts = counts_.data() + std::size_t(row) * std::size_t(distance_.width + 1);
    return counts[end] - counts[begin];
  }

 private:
  Mask distance_;
  std::vector<OutlineSegment> outline_;
  std::vector<std::uint16_t> counts_;  // of a row's first x pixels, x = 0 .. width
  long covered_ = 0;
  double greyShare_ = 1, length_ = 0;
  bool touchesFrame_ = false;
};

std::vector<TargetField> makeTargetFields(std::span<const View> views, ThreadPool& pool);

}  // namespace penumbra
