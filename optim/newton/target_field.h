// Where the outline of a mask lies, as seen from any point of the image: what a contour sample is drawn to.
//
//   phi(p)   signed distance to the mask's sub-pixel outline, px, inside positive, bilinear between pixel centres
//   b(p)     distance of p to the frame; outlines farther than b may lie outside, where the mask says nothing, so
//            where the mask touches the frame |phi| is taken as min(|phi|, b): what is known for certain
// Source of phi: optim/targets/distance_field.h.
#pragma once
#include <span>
#include <vector>

#include "optim/targets/distance_field.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

class TargetField {
 public:
  TargetField() = default;
  explicit TargetField(const Mask& mask);

  struct Sample {
    float distance;      // px, inside positive
    glm::vec2 gradient;  // of phi, about unit length, towards the inside
  };
  Sample at(const glm::vec2& pixel) const;
  bool empty() const { return outline_.empty(); }  // the mask shows nothing, or fills the frame
  const std::vector<OutlineSegment>& outline() const { return outline_; }

 private:
  Mask distance_;
  std::vector<OutlineSegment> outline_;
  bool touchesFrame_ = false;
};

std::vector<TargetField> makeTargetFields(std::span<const View> views, ThreadPool& pool);

}  // namespace penumbra
