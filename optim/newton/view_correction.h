// Cameras that are a little off and masks that are a little too wide or too narrow, corrected before the fit.
//
// Hull of the masks -> a coarse Gauss-Newton fit in which the views may move too (newton_step.h, view_motion.h) -> without
// what all views have in common. What the rims of the other views and a smooth surface agree on tells where a view should
// stand; a mesh that is fitted to fixed views follows every one of their errors instead. A few steps settle the views,
// long before the mesh. What is left of the disagreement (view_trust.h) is corrected from the better hull, at most kRounds
// times; a round that makes no better is dropped.
// Which way all views are wrong together no mask tells: that part of the error stays (view_motion.h).
// The result depends on the views alone, not on the start shape or on other options.
#pragma once
#include <memory>
#include <string>

#include "optim/newton/judged_masks.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct ViewCorrection {
  static constexpr int kRounds = 3, kSteps = 6, kHullResolution = 64;
  static constexpr double kEdgePixels = 3;     // of the coarse mesh
  static constexpr double kViewPrior = 0.003;  // NewtonSettings::viewPrior
  static constexpr double kNoisePrior = 10;    // the surface is 1 + kNoisePrior n times stiffer, n pixels of noise
  static constexpr double kRobust = 4;         // pixels: views are off as a whole, not in parts

  std::shared_ptr<const ViewSet> views;        // train cameras and widths corrected, none held out
  std::shared_ptr<const JudgedMasks> masks;    // of those
  double meanMove = 0, meanWidth = 0;          // what was changed, pixels: of outlines by the camera, |width| of masks
  int rounds = 0;                              // 0: nothing was changed
  std::string summary() const;                 // "cameras corrected by 2.1 px, widths of masks by 0.3 px"
};

// `masks` of the train views as they are. Throws what makeVisualHull throws.
ViewCorrection correctViews(std::shared_ptr<const ViewSet> views, std::shared_ptr<const JudgedMasks> masks, ThreadPool& pool);

}  // namespace penumbra
