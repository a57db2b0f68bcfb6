// What a set of cameras cannot determine: directions from which no silhouette comes.
//
// A silhouette seen from direction d and from -d is nearly the same, so directions count as axes. The gap at an axis a
// is the angle to the nearest view's axis d_v = direction from the object's middle to camera v:
//   gap = max_a min_v acos |a . d_v|         a over 2000 axes spread evenly
// One ring: all cameras lie within kRingSpread of one plane; then no silhouette limits the shape along the ring's axis
// other than in outline, and more views on the ring never will (Laurentini 1994).
#pragma once
#include <span>
#include <string>
#include <vector>

#include "optim/view_set.h"

namespace penumbra {

inline constexpr double kWideGap = 60;     // degrees
inline constexpr double kRingSpread = 0.05;  // of the cameras' distance from the plane, relative to the ring's radius

struct ViewCoverage {
  double widestGap = 90;           // degrees
  glm::dvec3 emptiest{0, 1, 0};    // axis farthest from all views
  bool singleRing = false;         // four or more cameras, all in one plane
};
ViewCoverage viewCoverage(std::span<const View> views);

// One sentence for each thing a person should know, none when the views suffice.
std::vector<std::string> viewCoverageNotes(std::span<const View> views);

}  // namespace penumbra
