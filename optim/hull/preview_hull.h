// A coarse visual hull within a moment: something to look at while the one that is fitted is carved.
//
// Masks are boxed down to at most kSide pixels a side, and of many views kViews spread over the list do; the grid has
// kSteps steps along the longest side. Masks are not judged, handles not doubted and triangles not made even. Closed, a
// 2-manifold and the same bits for any number of threads, as the hull it stands for.
#pragma once
#include <span>

#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

struct PreviewHull {
  static constexpr int kSide = 128, kViews = 32, kSteps = 48;
};

// Empty when the masks have no point in common, or none shows anything. Throws Interrupted as the pool's loops do.
Mesh previewHull(std::span<const View> views, ThreadPool& pool);

// The view in pixels `factor` times as wide; columns and rows that do not fill one are left out. For tests.
View boxedDown(const View& view, int factor);

}  // namespace penumbra
