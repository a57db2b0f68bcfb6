// Losses that compare one view's coverage with its target, and their gradients.
//
// With a = alpha(p), r = a - clamp(a, lo, hi) the residual outside the known interval (see soft_target.h) and
// t = a - r the target value nearest to a, n = target.normaliser:
//   L2       sum r^2 / n
//   L1       sum |r| / n
//   SoftIoU  1 - (I + 1) / (U + 1),   I = sum a t,   U = sum (a + t - a t)
// All are free of units: neither the resolution nor the object's size in the frame matters (a mean over all pixels
// would fade with the object's share of the frame). The 1 in SoftIoU, one pixel, gives an empty target a gradient.
// Where the frame leaves the target open t moves with a. Sums run in a fixed order: the same bits on every machine.
// To add a loss: write the function template, add a row to the table in image_loss.cpp.
#pragma once
#include <span>

#include "optim/options.h"
#include "optim/targets/soft_target.h"

namespace penumbra {

// Returns the loss of one view and writes dL/dalpha, all of it. alpha and dL_dalpha: H*W. Safe from many threads.
template <class Real>
using ImageLossFunction = double (*)(const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha);

struct ImageLossRow {
  ImageLoss loss;
  const char* name;  // as the option's choice: "l2", "l1", "soft_iou"
  ImageLossFunction<float> inFloat;
  ImageLossFunction<double> inDouble;
};
std::span<const ImageLossRow> imageLossTable();

template <class Real>
double imageLoss(ImageLoss loss, const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha);

}  // namespace penumbra
