#include "optim/hull/preview_hull.h"

#include <algorithm>

#include "optim/hull/hull_cleaning.h"
#include "optim/hull/hull_field.h"
#include "optim/hull/hull_surface.h"
#include "optim/hull/visual_hull.h"
#include "renderer/error.h"

namespace penumbra {

View boxedDown(const View& view, int factor) {
  View small;
  small.name = view.name;
  small.width = view.width / float(factor);
  Camera& c = small.camera = view.camera;
  for (double* length : {&c.fx, &c.fy, &c.cx, &c.cy}) *length /= factor;
  c.width /= factor;
  c.height /= factor;
  small.mask = Mask(c.width, c.height);
  const float share = 1 / float(factor * factor);
  for (int y = 0; y < c.height * factor; ++y)
    for (int x = 0; x < c.width * factor; ++x) small.mask.at(x / factor, y / factor) += share * view.mask.at(x, y);
  return small;
}

Mesh previewHull(std::span<const View> views, ThreadPool& pool) {
  checkHullViews(views);
  const int count = std::min(int(views.size()), PreviewHull::kViews);
  std::vector<View> small(static_cast<std::size_t>(count));
  pool.parallelFor(count, [&](int i, int) {
    const View& view = views[std::size_t(i) * views.size() / std::size_t(count)];
    const int longest = std::max(view.camera.width, view.camera.height);
    const int fits = (longest + PreviewHull::kSide - 1) / PreviewHull::kSide;
    small[std::size_t(i)] = boxedDown(view, std::min(fits, std::min(view.camera.width, view.camera.height)));
  });
  const HullField field(small, HullOptions{}.radius, false, pool);
  if (field.viewCount() == 0) return {};
  try {
    HullGrid grid = sampleHull(field, PreviewHull::kSteps, pool);
    cleanHull(grid, field, pool, false);
    return extractSurface(grid, field, pool);
  } catch (const Error& error) {
    if (error.code() != ExitCode::Input) throw;
    return {};
  }
}

}  // namespace penumbra
