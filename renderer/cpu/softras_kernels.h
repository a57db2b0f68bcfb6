// The inner loops of the SoftRas model that are compiled once per instruction set, and the view they work on.
//
// Pixels are kept in blocks of 4 x 4, one vector each, row-major grid of blocks; tiles are 8 x 8 blocks. Faces are
// taken in index order everywhere. A block stops at the first face after which all its pixels are covered
// (T < epsilon / 4); the backward pass leaves out the same faces.
#pragma once
#include <cstddef>
#include <cstdint>

#include "renderer/core/softras.h"

namespace penumbra {

inline constexpr int kBlockSide = 4, kBlockPixels = kBlockSide * kBlockSide;
inline constexpr int kTileBlocks = 8, kTileSide = kTileBlocks * kBlockSide;

// What replaces a face that crosses the near plane: up to four corners, in pixels.
struct SoftRasCut {
  double corner[4][2];
  int corners = 0;
  int face = 0;
  int from[4], to[4];  // corner lies on the edge between these corners (0..2) of the face; equal: it is that corner
};

inline constexpr int kFaceNumbers = 8;  // of a face's gradient: four corners, x and y
inline constexpr int kFaceLeftOut = -2, kFaceWhole = -1;  // else the index of its SoftRasCut

template <class Real> struct SoftRasView {
  const std::int32_t* faces = nullptr;   // F x 3 vertex indices
  const double* pixels = nullptr;        // V x 2 projected vertices
  const std::int32_t* kinds = nullptr;   // F: kFaceLeftOut, kFaceWhole or index of its cut
  const SoftRasCut* cuts = nullptr;
  const std::int32_t* tileStart = nullptr;  // tiles + 1
  const std::int32_t* tileFaces = nullptr;  // face indices, ascending in each tile
  double reach = 0;         // pixels: beyond it a face covers less than kSoftRasTau
  Real inverseSigma = 0;    // 1 / (sigma in square pixels)
  int width = 0, height = 0, blocksX = 0, blocksY = 0, tilesX = 0, tilesY = 0;
  Real* blocks = nullptr;         // blocksY x blocksX x 16: T, then dL/dalpha * T / sigma
  std::int32_t* stops = nullptr;  // blocksY x blocksX: faces from this index on are left out
  Real* alpha = nullptr;          // height x width
};

template <class Real> struct SoftRasKernels {
  void (*coverTile)(const SoftRasView<Real>& view, int tile);  // writes blocks, stops and alpha of the tile
  // Turns T of the whole view into pulls, given dL/dalpha (height x width). Blocks that pull at nothing stop at 0.
  void (*weighBlocks)(const SoftRasView<Real>& view, const Real* dL_dalpha);
  // Writes dL/d corner in pixels, kFaceNumbers a face from beginFace on; nothing for faces left out.
  void (*coverBackward)(const SoftRasView<Real>& view, int beginFace, int endFace, Real* gradients);
};

template <class Real> const SoftRasKernels<Real>& softRasKernels();  // of currentIsa()

}  // namespace penumbra
