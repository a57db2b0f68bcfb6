// One pixel's part in the image losses, and the targets. The definitions are those of
// optim/targets/image_loss.h and soft_target.h: r = a - clamp(a, lo, hi), t = a - r,
//   L2  sum r^2 / n      L1  sum |r| / n      SoftIoU  1 - (I + 1) / (U + 1),  I = sum a t,  U = sum (a + t - a t)
// Targets are softened where they are read, from the mask's distance field: nothing is made anew when sigma changes.
// Sums are kept in whole numbers of 2^-32; at most 2^30 pixels of at most 2 each fit 63 bits.
#pragma once
#include "renderer/cuda/scene.h"

namespace penumbra::device {

inline constexpr float kFixedOne = 4294967296.0f;  // 2^32

PENUMBRA_HD inline std::int64_t toFixed(float value) { return std::int64_t(value * kFixedOne); }
PENUMBRA_HD inline float fromFixed(std::int64_t value) { return float(value) * (1 / kFixedOne); }

enum class Loss : int { L2, L1, SoftIoU };

struct Targets {
  const float* values;         // per pixel of all views: distance to the mask's outline [px], or the mask itself
  const std::uint32_t* masks;  // per block: bit i is set where the mask is >= 1/2
  int soft;                    // values are distances
};

// Sums of one view.
struct ViewSums {
  std::int64_t loss;             // L2, L1: sum of r^2 or |r|
  std::int64_t both, either;     // SoftIoU: I and U
  std::int64_t overlap, unions;  // pixels above 1/2 in both, in any
};

// A pixel's target: value and the interval the frame leaves open.
struct PixelTarget {
  float value, lo, hi;
};

// b is the distance of the pixel's centre to the frame's border along each axis.
PENUMBRA_HD inline PixelTarget pixelTarget(const Targets& targets, const Slot& slot, float stored, int x, int y) {
  if (!targets.soft) return {stored, stored, stored};
  const float inverseWidth = 1 / slot.scale, scaled = stored * inverseWidth;
  const bool beyond = !(scaled < float(kProfileReach) && scaled > -float(kProfileReach));
  const float value = beyond ? (stored > 0 ? 1.0f : 0.0f) : coverageProfile(scaled).alpha;
  const int width = slot.view.camera.width, height = slot.view.camera.height;
  const int left = x < width - 1 - x ? x : width - 1 - x, top = y < height - 1 - y ? y : height - 1 - y;
  const float border = (float(left < top ? left : top) + 0.5f) * inverseWidth;
  const float limit = border < float(kProfileReach) ? coverageProfile(border).alpha : 1.0f;
  const bool isInside = value >= 0.5f;
  return {value, isInside ? smaller(value, limit) : value, isInside ? value : larger(value, 1 - limit)};
}

PENUMBRA_HD inline float pixelResidual(const PixelTarget& target, float a) {
  return larger(a - target.hi, 0.0f) + smaller(a - target.lo, 0.0f);
}

// dL/dalpha of a pixel before the view's factor (1 / n, or 1 / U for SoftIoU); at most 2 in size.
PENUMBRA_HD inline float pixelSlope(Loss loss, const PixelTarget& target, float a, float r, float iou) {
  if (loss == Loss::L2) return 2 * r;
  if (loss == Loss::L1) return r > 0 ? 1.0f : (r < 0 ? -1.0f : 0.0f);
  const float t = a - r, slope = -t + iou * (1 - t);
  return r == 0 && t != target.value ? 2 * slope : slope;
}

// All pixels of a warp belong to one view and arrive together.
PENUMBRA_HD inline void addToSums(Loss loss, ViewSums& sums, float a, float r, bool inMask, bool inImage) {
  const bool covered = a >= 0.5f;
  addTogether(&sums.overlap, inImage && covered && inMask ? 1 : 0);
  addTogether(&sums.unions, inImage && (covered || inMask) ? 1 : 0);
  if (loss == Loss::SoftIoU) {
    const float t = a - r, product = a * t;
    addTogether(&sums.both, inImage ? toFixed(product) : 0);
    addTogether(&sums.either, inImage ? toFixed(a + t - product) : 0);
    return;
  }
  const float term = loss == Loss::L2 ? r * r : (r > 0 ? r : -r);
  addTogether(&sums.loss, inImage ? toFixed(term) : 0);
}

struct ClearViewSums {
  ViewSums* sums;
  PENUMBRA_HD void operator()(Index i) const { sums[i] = {}; }
};

// What dL/dalpha of the view's pixels is multiplied by, and I / U.
struct ViewFactor {
  float factor, iou;
};
PENUMBRA_HD inline ViewFactor viewFactor(Loss loss, const Slot& slot, const ViewSums& sums) {
  if (loss != Loss::SoftIoU) return {slot.view.inverseNormaliser, 0};
  const double both = 1 + double(sums.both) / double(kFixedOne), either = 1 + double(sums.either) / double(kFixedOne);
  return {float(1 / either), float(both / either)};
}

PENUMBRA_HD inline double viewLoss(Loss loss, float inverseNormaliser, const ViewSums& sums) {
  const double one = double(kFixedOne);
  if (loss != Loss::SoftIoU) return double(sums.loss) / one * double(inverseNormaliser);
  return 1 - (1 + double(sums.both) / one) / (1 + double(sums.either) / one);
}
PENUMBRA_HD inline double viewIoU(const ViewSums& sums) {
  return sums.unions == 0 ? 1.0 : double(sums.overlap) / double(sums.unions);
}

// What a launch over pixels is to do.
inline constexpr int kWriteAlpha = 1, kSumLoss = 2, kPull = 4;

// Which pixel an index of a launch over all pixels is.
struct Pixel {
  int slot, x, y;
  Index block, target;   // blocks of the launch's images and of the targets
  bool inSlot, inImage;  // the whole block, this pixel
};
PENUMBRA_HD inline Pixel pixelAt(const Slot* slots, int slotBlocks, Index index) {
  Pixel p{};
  p.block = index / kBlock;
  p.slot = int(p.block / slotBlocks);
  const int local = int(p.block - Index(p.slot) * slotBlocks);
  const ViewRecord& view = slots[p.slot].view;
  p.inSlot = slots[p.slot].index >= 0 && local < view.blocks;
  if (!p.inSlot) return p;
  p.y = local / view.blocksPerRow;
  p.x = local % view.blocksPerRow * kBlock + int(index % kBlock);
  p.target = view.target + local;
  p.inImage = p.x < view.camera.width;
  return p;
}

}  // namespace penumbra::device
