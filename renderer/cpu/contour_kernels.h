// The inner loops of the Contour model that are compiled once per instruction set.
#pragma once
#include <cstdint>

#include "renderer/core/contour.h"

namespace penumbra {

inline constexpr int kViewsPerGroup = 32;  // facing bits of so many views share a word
inline constexpr int kLanes = 16;          // loops over pixels run over blocks of so many
inline constexpr int kFaceBlock = 64;      // and loops over faces over blocks of so many

template <class Real> struct ContourKernels {
  // bits[f] bit v = face f shows its front to the camera centre (cx[v], cy[v], cz[v]). faces is a multiple of kFaceBlock.
  void (*faceBits)(const Real* nx, const Real* ny, const Real* nz, const Real* d, int faces, const Real* cx,
                   const Real* cy, const Real* cz, int views, std::uint32_t* bits);
  // One row of pixels: lowers best[i] to the squared distance of (x0 + i, y) (relative to the piece's start) from the
  // piece and notes its index where it did. count is a multiple of kLanes.
  void (*distanceRow)(Real* best, int* nearest, int count, Real x0, Real y, Real ex, Real ey, Real inverse, int piece);
  // signed distances (px) -> coverage and dalpha/dd, perPixel = 1 / (sqrt(sigma) in px). count is a multiple of kLanes.
  void (*profile)(const Real* distance, int count, Real perPixel, Real* alpha, Real* slope);
};

template <class Real> const ContourKernels<Real>& contourKernels();  // of currentIsa()

}  // namespace penumbra
