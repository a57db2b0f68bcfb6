// The inner loops of the Contour model that are compiled once per instruction set.
#pragma once
#include <cstdint>
#include <vector>

#include "renderer/core/contour.h"

namespace penumbra {

inline constexpr int kViewsPerGroup = 32;  // facing bits of so many views share a word
inline constexpr int kLanes = 16;          // loops over pixels run over blocks of so many
inline constexpr int kFaceBlock = 64;      // and loops over faces over blocks of so many

// A strip of image rows and, for each pixel, its nearest outline piece so far.
template <class Real> struct DistanceStrip {
  Real* best;            // squared distance, px^2, rows x stride
  int* nearest;          // piece index or -1, rows x stride
  std::uint64_t* marks;  // blocks of kLanes pixels that some piece reached: rows x markWords
  int stride, markWords, firstRow, lastRow, width;
  Real reach;            // pixels
  const Real* grow;      // two values a piece: how far past its ends (px) it may be the nearest; reach is always enough
};

// Blocks of kLanes neighbouring pixels near the outline. A lane without a piece, or past the row's end, has slope 0.
template <class Real> struct Band {
  std::vector<int> x, y;          // of each block's first pixel
  std::vector<int> piece;         // kLanes a block, valid (0) where there is none
  std::vector<Real> distance;     // signed, px
  std::vector<Real> slope;        // dalpha/ddistance, per px
  int blocks = 0;
};

// Pieces, one array a member (see OutlinePiece).
template <class Real> struct PieceArrays {
  std::vector<Real> ax, ay, ex, ey, inverse;
};

// Sums over the pixels that see one piece: weights, weights times parameter, and vectors on its two ends.
template <class Real> struct PieceSum {
  Real weight = 0, weightT = 0, end0x = 0, end0y = 0, end1x = 0, end1y = 0;
};

template <class Real> struct ContourKernels {
  // bits[f] bit v = face f shows its front to the camera centre (cx[v], cy[v], cz[v]). faces is a multiple of kFaceBlock.
  void (*faceBits)(const Real* nx, const Real* ny, const Real* nz, const Real* d, int faces, const Real* cx,
                   const Real* cy, const Real* cz, int views, std::uint32_t* bits);
  // Lowers best to the distance from the piece in all pixels of the strip within reach, and notes its index there.
  void (*distancePiece)(const DistanceStrip<Real>& strip, const OutlinePiece<Real>& piece, int index);
  // Appends the marked blocks of strip row `row` (image row y). `alpha` holds 0 or 1 and receives the coverage;
  // it has room for whole blocks. perPixel = 1 / (sqrt(sigma) in px). The band has room for a row's blocks.
  void (*emitRow)(const DistanceStrip<Real>& strip, int row, int y, Real perPixel, Real* alpha, Band<Real>& band);
  // Adds what the pixels of the band pull: dL_dalpha (image, kLanes values of slack) through the slopes to the pieces.
  void (*pullBand)(const Band<Real>& band, const PieceArrays<Real>& pieces, const Real* dL_dalpha, int width,
                   PieceSum<Real>* sums);
};

template <class Real> const ContourKernels<Real>& contourKernels();  // of currentIsa()

}  // namespace penumbra
