// Images to masks, and what may be wrong with them.
#pragma once
#include <filesystem>

#include "renderer/image.h"

namespace penumbra {

struct LoadedMask {
  Mask mask;                     // 0 background .. 1 object
  int fileWidth = 0, fileHeight = 0;
  bool hasAlpha = false;         // the file can be transparent at all
  bool fromAlpha = false;        // it is somewhere, so alpha is the mask; else luminance is
};

// Mask of a PNG: alpha when any pixel is not opaque, else luminance (Rec. 601 weights).
LoadedMask loadMask(const std::filesystem::path& path);

// Area average over target pixels, exact for any ratio; the size must not grow.
Mask reduced(const Mask& mask, int width, int height);

// Size with the longer side at most `maxSize` (0: no limit), the ratio kept as closely as whole pixels allow.
struct PixelSize { int width, height; };
PixelSize reducedSize(int width, int height, int maxSize);

struct MaskFacts {
  double borderCovered = 0;  // fraction of the border pixels that are more object than background
  double grey = 0;           // fraction of pixels between 0.1 and 0.9
  bool empty = false;        // no pixel is more object than background
  bool full = false;         // every pixel is
};
MaskFacts examine(const Mask& mask);

}  // namespace penumbra
