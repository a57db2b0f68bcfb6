// Which masks contradict the others, and by how many pixels masks differ from one another where all is well.
//
// A pixel p that mask u shows must belong to a point of its ray that all other masks show too:
//   m(u, p) = min over t of max over v != u of F_v(ray_u(p, t)) / (world units a pixel),   <= 0 when the masks agree
// (F_v: hull_field.h; a coarse walk along the ray, refined around its best point). The view that decides m is blamed.
//   lacking   kDeep < m on kShare of the rays of at least half the views, all blamed on v: mask v is wrong, for one mask
//             against many is the likelier error
//   extra     kDeep < m on kExtraShare of the rays of u, blamed on no one in particular: mask u shows what is not there
// The worst view is taken out and the rest looked at again, at most a quarter of all.
// noise = mean of max(m, 0) on the outlines of the masks that are left: 0 for clean masks with exact cameras; dilated and
// eroded masks and cameras that are a little off show up here in pixels, where the misfit of a mesh could not tell them
// from detail that it is too coarse for. A sheet that few views see from its edge is lost there between the pixels,
// though nothing is wrong with them: where a share kFewShare of all excess is blamed on what is thinner than two pixels in
// a share kFew of the views, it does not count.
// Limits: below kFewestViews nothing is judged; a mask that shows less than the object where all others are cropped too
// cannot be found out. Source: consistency of silhouettes, Hernandez, Schmitt and Cipolla, "Silhouette coherence for
// camera calibration under circular motion" (PAMI 2007), there to calibrate cameras; blaming single views is ours.
#pragma once
#include <vector>

#include "optim/hull/hull_field.h"

namespace penumbra {

struct ViewTrust {
  static constexpr int kFewestViews = 6;
  static constexpr double kDeep = 6, kShare = 0.03, kExtraShare = 0.1;
  static constexpr double kFew = 0.2, kFewShare = 0.6;
  static constexpr double kNoisy = 0.1;  // pixels; clean masks of real shapes stay below a tenth of it

  std::vector<int> distrusted;  // ascending, by number among the views that the field was given
  double noise = 0;             // pixels
  bool noisy() const { return noise > kNoisy; }
};

ViewTrust judgeViews(const HullField& field, ThreadPool& pool);

}  // namespace penumbra
