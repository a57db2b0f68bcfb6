// What the rendered coverage of one view is compared with: the mask softened by the renderer's own profile, and how
// much of it the frame leaves open.
//
//   value(p) = coverageProfile(d_T(p) / s)     d_T signed distance to the mask's outline [px],
//                                              s = sqrt(sigma) * min(W, H) / 2 [px]
// A pixel at distance b from the frame's border sees outlines up to b away for certain; farther ones may lie outside
// the frame, where the mask says nothing. So the true value is known only to lie in [lo, hi]:
//   inside   hi = value, lo = min(value, profile(b / s))
//   outside  lo = value, hi = max(value, profile(-b / s))
// (equal to value wherever |d_T| <= b). Losses use the residual alpha - clamp(alpha, lo, hi), so geometry outside the
// frame is neither pulled nor punished. b is separable, so lo and hi cost no memory: profile(b / s) is the smaller of
// a column's and a row's limit. Memory: 8 bytes a pixel. A hard target (softening off) is the mask itself, all known.
#pragma once
#include <span>
#include <vector>

#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct SoftTarget {
  int width = 0, height = 0;
  Mask distance;                                // px, inside positive
  Mask value;                                   // 0..1
  std::vector<float> columnLimit, rowLimit;     // profile(b / s) by column and row, 1 where nothing is open
  int openColumns = 0, openRows = 0;            // limits are 1 from this many pixels off the border
  double area = 0;                              // of the mask, px
  double normaliser = 1;                        // px; losses per pixel are summed and divided by it
};

// Distance field and area of one mask; `normaliser` is the area, at least 1 % of the image. Call soften() before use.
SoftTarget makeSoftTarget(const Mask& mask);

// The same for all views, with normalisers that weigh every square of isotropic NDC alike in all views: the mean over
// the views of the area in NDC, times pixels per NDC squared. So losses depend neither on resolution nor on how much of
// the frame the object fills, and a view that sees it edge-on does not count for more.
std::vector<SoftTarget> makeSoftTargets(std::span<const View> views, ThreadPool& pool);

// Sets value and limits for this sigma; `mask` is the one the target was made from. With soft = false the value is
// the mask itself and sigma does not matter. 0.15 ms at 256^2.
void soften(SoftTarget& target, const Mask& mask, double sigma, bool soft = true);

}  // namespace penumbra
