// Compiled once per instruction set; see renderer/CMakeLists.txt. Nothing here may call a function that is not inlined.
#include <cmath>

#include "renderer/core/contour.h"
#include "renderer/core/profile.h"
#include "renderer/cpu/contour_kernels.h"

namespace penumbra::PENUMBRA_ISA {
namespace {

template <class Real>
void faceBits(const Real* __restrict nx, const Real* __restrict ny, const Real* __restrict nz,
              const Real* __restrict d, int faces, const Real* __restrict cx, const Real* __restrict cy,
              const Real* __restrict cz, int views, std::uint32_t* __restrict bits) {
  for (int begin = 0; begin < faces; begin += kFaceBlock) {
    const int end = begin + kFaceBlock;
    for (int f = begin; f < end; ++f) bits[f] = 0;
    for (int v = 0; v < views; ++v) {
      const Real x = cx[v], y = cy[v], z = cz[v];
      const std::uint32_t bit = std::uint32_t(1) << v;
      for (int f = begin; f < end; ++f) {
        const Real side = nx[f] * x + ny[f] * y + nz[f] * z - d[f];
        bits[f] |= side > 0 ? bit : 0u;
      }
    }
  }
}

template <class Real>
void distanceRow(Real* __restrict best, int* __restrict nearest, int count, Real x0, Real y, Real ex, Real ey,
                 Real inverse, int piece) {
  for (int i = 0; i < count; ++i) {
    // Plain stores of both values: conditional ones would be skipped by a branch that is hard to predict.
    const Real d2 = squaredDistance(x0 + Real(i), y, ex, ey, inverse), before = best[i];
    const int change = d2 < before ? -1 : 0;
    best[i] = d2 < before ? d2 : before;
    nearest[i] ^= (nearest[i] ^ piece) & change;
  }
}

template <class Real> Real least(Real a, Real b) { return a < b ? a : b; }
template <class Real> Real most(Real a, Real b) { return a > b ? a : b; }

// Marks the blocks that hold columns [x0, x1) of a row; blocks met for the first time are made empty.
template <class Real>
void markBlocks(const DistanceStrip<Real>& strip, int row, int x0, int x1) {
  std::uint64_t* marks = strip.marks + row * strip.markWords;
  for (int block = x0 / kLanes; block <= (x1 - 1) / kLanes; ++block) {
    const std::uint64_t bit = std::uint64_t(1) << (block & 63);
    if (marks[block >> 6] & bit) continue;
    marks[block >> 6] |= bit;
    Real* best = strip.best + row * strip.stride + block * kLanes;
    int* nearest = strip.nearest + row * strip.stride + block * kLanes;
    for (int i = 0; i < kLanes; ++i) {
      best[i] = strip.reach * strip.reach;
      nearest[i] = -1;
    }
  }
}

// Columns of a row that satisfy |c + slope dy - x| <= half, the row dy below the piece's start.
template <class Real> struct Interval {
  Real c, slope, half;
};

// x with low <= p x + q dy <= high (relative to the piece's start); every x when p is nearly 0: rows decide then.
template <class Real> Interval<Real> columns(Real p, Real q, Real low, Real high) {
  if (p < Real(1e-5) && p > Real(-1e-5)) return {0, 0, Real(1e9)};
  const Real inverse = 1 / p, half = Real(0.5) * (high - low) * inverse;
  return {Real(0.5) * (low + high) * inverse, -q * inverse, half < 0 ? -half : half};
}

// The pixels that may see the piece: at most `reach` from its line, and with their foot point on it or up to `grow` px
// past its ends, where a neighbouring piece takes over. This is a parallelogram, walked row by row.
template <class Real>
void distancePiece(const DistanceStrip<Real>& strip, const OutlinePiece<Real>& piece, int index) {
  const Real reach = strip.reach, ex = piece.ex, ey = piece.ey, length = std::sqrt(ex * ex + ey * ey);
  const Real ux = length > 0 ? ex / length : Real(1), uy = length > 0 ? ey / length : Real(0);
  const Real foot0 = -strip.grow[2 * index], foot1 = length + strip.grow[2 * index + 1];
  const Real end0 = piece.ay + foot0 * uy, end1 = piece.ay + foot1 * uy, wide = reach * (ux < 0 ? -ux : ux);
  const Real low = least(end0, end1) - wide, high = most(end0, end1) + wide;
  if (high < Real(strip.firstRow) || low > Real(strip.lastRow + 1)) return;
  const int begin = int(most(low, Real(strip.firstRow))), end = int(least(high, Real(strip.lastRow)));
  const Interval<Real> along = columns(ux, uy, foot0, foot1), across = columns(uy, -ux, -reach, reach);
  for (int y = begin; y <= end; ++y) {
    const Real dy = Real(y) + Real(0.5) - piece.ay;
    const Real alongX = along.c + along.slope * dy, acrossX = across.c + across.slope * dy;
    // Pixel x has its centre at x + 1/2; one pixel more on either side makes up for rounding.
    const Real from = piece.ax + most(alongX - along.half, acrossX - across.half) - Real(0.6);
    const Real to = piece.ax + least(alongX + along.half, acrossX + across.half) + Real(0.6);
    const int x0 = int(least(most(from, Real(0)), Real(strip.width)));
    const int x1 = int(least(most(to, Real(0)), Real(strip.width)));
    if (x0 >= x1) continue;
    const int row = y - strip.firstRow;
    markBlocks(strip, row, x0, x1);
    distanceRow(strip.best + row * strip.stride + x0, strip.nearest + row * strip.stride + x0,
                (x1 - x0 + kLanes - 1) & ~(kLanes - 1), Real(x0) + Real(0.5) - piece.ax, dy, ex, ey, piece.inverse,
                index);
  }
}

template <class Real>
void emitBlock(const Real* __restrict best, const int* __restrict nearest, int inRow, Real perPixel,
               Real* __restrict alpha, int* __restrict piece, Real* __restrict distance, Real* __restrict slope) {
  for (int i = 0; i < kLanes; ++i) {
    const Real root = std::sqrt(best[i]), d = alpha[i] > 0 ? root : -root;
    const ProfileValue<Real> value = coverageProfile(d * perPixel);
    const bool has = nearest[i] >= 0 && i < inRow;
    alpha[i] = has ? value.alpha : alpha[i];
    piece[i] = has ? nearest[i] : 0;
    distance[i] = d;
    slope[i] = has ? value.slope * perPixel : Real(0);
  }
}

template <class Real>
void emitRow(const DistanceStrip<Real>& strip, int row, int y, Real perPixel, Real* alpha, Band<Real>& band) {
  const std::uint64_t* marks = strip.marks + row * strip.markWords;
  for (int word = 0; word < strip.markWords; ++word)
    for (std::uint64_t left = marks[word]; left; left &= left - 1) {
      const int x = (word * 64 + __builtin_ctzll(left)) * kLanes, n = band.blocks++;
      band.x[n] = x;
      band.y[n] = y;
      emitBlock(strip.best + row * strip.stride + x, strip.nearest + row * strip.stride + x, strip.width - x, perPixel,
                alpha + x, band.piece.data() + n * kLanes, band.distance.data() + n * kLanes,
                band.slope.data() + n * kLanes);
    }
}

// t, weight and end pulls of the lanes of one block (pixelPull, one array a member).
template <class Real> struct BlockPulls {
  Real t[kLanes], weight[kLanes], gx[kLanes], gy[kLanes];
};

template <class Real>
void pullBlock(Real px, Real py, const int* __restrict piece, const Real* __restrict distance,
               const Real* __restrict slope, const Real* __restrict dL_dalpha, const Real* __restrict ax,
               const Real* __restrict ay, const Real* __restrict ex, const Real* __restrict ey,
               const Real* __restrict inverse, BlockPulls<Real>& __restrict pulls) {
  for (int i = 0; i < kLanes; ++i) {
    const int k = piece[i];
    const OutlinePiece<Real> p{ax[k], ay[k], ex[k], ey[k], inverse[k], 0, 0, 0, 0, 0, 0, 0};
    const auto pull = pixelPull(p, px + Real(i), py, distance[i], dL_dalpha[i] * slope[i]);
    pulls.t[i] = pull.t;
    pulls.weight[i] = pull.weight;
    pulls.gx[i] = pull.gx;
    pulls.gy[i] = pull.gy;
  }
}

template <class Real>
void pullBand(const Band<Real>& band, const PieceArrays<Real>& pieces, const Real* dL_dalpha, int width,
              PieceSum<Real>* sums) {
  BlockPulls<Real> pulls;
  for (int n = 0; n < band.blocks; ++n) {
    const int* piece = band.piece.data() + n * kLanes;
    pullBlock(Real(band.x[n]) + Real(0.5), Real(band.y[n]) + Real(0.5), piece, band.distance.data() + n * kLanes,
              band.slope.data() + n * kLanes, dL_dalpha + std::size_t(band.y[n]) * width + band.x[n],
              pieces.ax.data(), pieces.ay.data(), pieces.ex.data(), pieces.ey.data(), pieces.inverse.data(), pulls);
    for (int i = 0; i < kLanes; ++i) {
      const Real weight = pulls.weight[i], t = pulls.t[i];
      if (weight == 0) continue;
      PieceSum<Real>& sum = sums[piece[i]];
      if (t > 0 && t < 1) {
        sum.weight += weight;
        sum.weightT += weight * t;
      } else if (t > Real(0.5)) {
        sum.end1x += pulls.gx[i];
        sum.end1y += pulls.gy[i];
      } else {
        sum.end0x += pulls.gx[i];
        sum.end0y += pulls.gy[i];
      }
    }
  }
}

}  // namespace

template <class Real> const ContourKernels<Real>& contourKernels() {
  static constexpr ContourKernels<Real> table{faceBits<Real>, distancePiece<Real>, emitRow<Real>, pullBand<Real>};
  return table;
}
template const ContourKernels<float>& contourKernels<float>();
template const ContourKernels<double>& contourKernels<double>();

}  // namespace penumbra::PENUMBRA_ISA
