// Pictures made smaller by area averages: each pixel is the mean of the block of pixels below it.
#pragma once
#include <algorithm>
#include <cmath>

#include "renderer/core/types.h"

namespace penumbra {

struct PictureSize {
  int width = 0, height = 0;
  bool operator==(const PictureSize&) const = default;
};

// The longer side becomes maxSide, the other one follows; the size itself when it is small enough or maxSide is 0.
inline PictureSize reducedSize(PictureSize full, int maxSide) {
  const int longer = std::max(full.width, full.height);
  if (longer <= maxSide || maxSide <= 0) return full;
  const auto scaled = [&](int side) { return std::max(1, int(std::lround(double(side) * maxSide / longer))); };
  return {scaled(full.width), scaled(full.height)};
}

// Pixel (x, y) of the reduced picture; at(u, v) is a pixel of the full one. Sums are made row by row.
template <class At>
PENUMBRA_HD inline float reducedPixel(int fullWidth, int fullHeight, int width, int height, int x, int y, const At& at) {
  const int x0 = x * fullWidth / width, y0 = y * fullHeight / height;
  const int x1 = (x + 1) * fullWidth / width > x0 + 1 ? (x + 1) * fullWidth / width : x0 + 1;
  const int y1 = (y + 1) * fullHeight / height > y0 + 1 ? (y + 1) * fullHeight / height : y0 + 1;
  float sum = 0;
  for (int v = y0; v < y1; ++v)
    for (int u = x0; u < x1; ++u) sum += at(u, v);
  return sum / float((x1 - x0) * (y1 - y0));
}

}  // namespace penumbra
