#include "optim/targets/image_loss.h"

#include <algorithm>
#include <string>

#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kLanes = 16;  // sums are kept in so many lanes, whatever the width of a register

template <class Real> struct Lanes {
  Real sums[kLanes] = {};
  double total() const {
    double sum = 0;
    for (const Real s : sums) sum += double(s);
    return sum;
  }
};

// a - clamp(a, lo, hi) for the interval that the frame leaves open; limit = profile(b / s).
template <class Real> inline Real openResidual(Real a, Real t, Real limit) {
  const bool inside = t >= Real(0.5);
  const Real lo = inside ? std::min(t, limit) : t, hi = inside ? t : std::max(t, 1 - limit);
  return std::max(a - hi, Real(0)) + std::min(a - lo, Real(0));
}

// Calls pixel(index, lane, a, residual) along part of a row.
template <bool open, class Real, class Pixel>
inline void overSpan(const Real* a, const float* t, const float* columnLimit, float rowLimit, int begin, int end,
                     const Pixel& pixel) {
  const auto one = [&](int x, int lane) {
    const Real r = open ? openResidual(a[x], Real(t[x]), Real(std::min(columnLimit[x], rowLimit))) : a[x] - Real(t[x]);
    pixel(x, lane, a[x], r);
  };
  int x = begin;
  for (; x + kLanes <= end; x += kLanes)
    for (int lane = 0; lane < kLanes; ++lane) one(x + lane, lane);
  for (int lane = 0; x < end; ++x, ++lane) one(x, lane);
}

// The whole of row y, in up to three spans: left and right of what the frame leaves open, and the known middle.
template <class Real, class Pixel>
inline void overRow(const SoftTarget& target, const Real* alpha, int y, const Pixel& pixel) {
  const std::size_t row = std::size_t(y) * target.width;
  const Real* a = alpha + row;
  const float* t = target.value.pixels.data() + row;
  const float* columns = target.columnLimit.data();
  const float limit = target.rowLimit[y];
  const int width = target.width;
  const bool openRow = y < target.openRows || y >= target.height - target.openRows;
  const int open = openRow ? width : std::min(target.openColumns, width);
  if (2 * open >= width) return overSpan<true>(a, t, columns, limit, 0, width, pixel);
  overSpan<true>(a, t, columns, limit, 0, open, pixel);
  overSpan<false>(a, t, columns, limit, open, width - open, pixel);
  overSpan<true>(a, t, columns, limit, width - open, width, pixel);
}

// Sum of term(r, g) / normaliser over the pixels that count, r = alpha - target; term sets g, its slope by alpha.
template <class Real, class Term>
double sumOfTerms(const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha, const Term& term) {
  double sum = 0;
  for (int y = 0; y < target.height; ++y) {
    Real* g = dL_dalpha.data() + std::size_t(y) * target.width;
    Lanes<Real> terms;
    overRow(target, alpha.data(), y, [&](int x, int lane, Real, Real r) { terms.sums[lane] += term(r, g[x]); });
    sum += terms.total();
  }
  return sum / target.normaliser;
}

template <class Real>
double l2(const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha) {
  const Real slope = Real(2 / target.normaliser);
  return sumOfTerms(target, alpha, dL_dalpha, [slope](Real r, Real& g) {
    g = slope * r;
    return r * r;
  });
}

template <class Real>
double l1(const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha) {
  const Real slope = Real(1 / target.normaliser);
  return sumOfTerms(target, alpha, dL_dalpha, [slope](Real r, Real& g) {
    const Real sign = Real(r > 0) - Real(r < 0);
    g = slope * sign;
    return sign * r;
  });
}

template <class Real>
double softIoU(const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha) {
  double intersection = 1, unions = 1;
  for (int y = 0; y < target.height; ++y) {
    Lanes<Real> both, either;
    overRow(target, alpha.data(), y, [&](int, int lane, Real a, Real r) {
      const Real t = a - r, product = a * t;
      both.sums[lane] += product;
      either.sums[lane] += a + t - product;
    });
    intersection += both.total();
    unions += either.total();
  }
  // dL = -(dI U - I dU) / U^2; with t fixed dI = t, dU = 1 - t; with t = a (open, r = 0) twice dI = 2 a, dU = 2 - 2 a
  const Real byI = Real(-1 / unions), byU = Real(intersection / (unions * unions));
  const float* value = target.value.pixels.data();
  for (int y = 0; y < target.height; ++y) {
    const std::size_t row = std::size_t(y) * target.width;
    Real* g = dL_dalpha.data() + row;
    overRow(target, alpha.data(), y, [&](int x, int, Real a, Real r) {
      const Real t = a - r;
      const bool moves = r == 0 && t != Real(value[row + x]);
      const Real slope = byI * t + byU * (1 - t);
      g[x] = moves ? 2 * slope : slope;
    });
  }
  return 1 - intersection / unions;
}

constexpr ImageLossRow kTable[] = {
    {ImageLoss::L2, "l2", l2<float>, l2<double>},
    {ImageLoss::L1, "l1", l1<float>, l1<double>},
    {ImageLoss::SoftIoU, "soft_iou", softIoU<float>, softIoU<double>},
};

ImageLossFunction<float> functionOf(const ImageLossRow& row, float) { return row.inFloat; }
ImageLossFunction<double> functionOf(const ImageLossRow& row, double) { return row.inDouble; }

}  // namespace

std::span<const ImageLossRow> imageLossTable() { return kTable; }

template <class Real>
double imageLoss(ImageLoss loss, const SoftTarget& target, std::span<const Real> alpha, std::span<Real> dL_dalpha) {
  const std::size_t count = std::size_t(target.width) * target.height;
  if (alpha.size() != count || dL_dalpha.size() != count)
    throw Error(ExitCode::Internal, "A loss was given " + std::to_string(alpha.size()) + " pixels for a target of " +
                                        std::to_string(count) + ".");
  for (const ImageLossRow& row : kTable)
    if (row.loss == loss) return functionOf(row, Real(0))(target, alpha, dL_dalpha);
  throw Error(ExitCode::Internal, "An image loss is not in the table.");
}
template double imageLoss<float>(ImageLoss, const SoftTarget&, std::span<const float>, std::span<float>);
template double imageLoss<double>(ImageLoss, const SoftTarget&, std::span<const double>, std::span<double>);

}  // namespace penumbra
