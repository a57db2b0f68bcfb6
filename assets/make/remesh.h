// Makes a rough closed mesh of a solid's surface into an even one with a wanted number of faces.
//
// Isotropic remeshing: split edges longer than 4/3 of the wanted length, collapse those shorter than 4/5, flip towards
// six neighbours a vertex, move vertices within the surface to the middle of their neighbours, and bring them back to
// the true surface by Newton steps p -= f grad f / |grad f|^2. The wanted length follows the curvature,
//
//   l(p) = scale * clamp(fineness / kappa(p), shortest, longest),   |l(p) - l(q)| <= |p - q| / 4 along edges,
//
// kappa: norm of the derivative of the unit normal (1/m); `scale` is adapted from sweep to sweep until the number of
// faces is the wanted one. Sources: Botsch and Kobbelt, "A remeshing approach to multiresolution modeling" (2004);
// Dunyach et al., "Adaptive remeshing for real-time mesh deformation" (2013) for the length that follows curvature.
// Limits: topology is kept as it comes in; creases sharper than the edge length are rounded.
#pragma once
#include "assets/make/shapes.h"
#include "renderer/mesh.h"

namespace penumbra::assets {

struct RemeshOptions {
  int faces = 10000;          // wanted; the result is within a few per cent
  double shortest = 1e-3;     // m, before scaling
  double longest = 1e-2;      // m, before scaling
  double fineness = 0.3;      // edge length over radius of curvature
  int sweeps = 14;
};

MeshT<double> remesh(const MeshT<double>& rough, const Solid& solid, const RemeshOptions& options);

}  // namespace penumbra::assets
