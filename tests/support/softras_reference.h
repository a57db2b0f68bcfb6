// SoftRas the slow way: every face at every pixel, straight from the definition. The truth for tests and the
// yardstick for speed; shares no line with the renderer's loops.
//
//   D_j = logistic(+-d_j^2 / sigma), left out where outside and d_j^2 >= ln(1/1e-4 - 1) sigma
//   alpha = 1 - prod_j (1 - D_j);  dalpha/dD_j = prod_{k != j} (1 - D_k), from products of the faces before and after j
//
// Faces are clipped to z >= near as polygons. Limits: degenerate faces are those of exactly no area.
#pragma once
#include <span>

#include "renderer/coverage.h"

namespace penumbra {

// alpha receives H * W values.
template <class Real>
void softRasReference(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const CoverageOptions& options,
                      std::span<Real> alpha);

// Adds dL/dposition and dL/dcamera for the given dL/dalpha (H * W).
template <class Real>
void softRasReferenceBackward(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const CoverageOptions& options,
                              std::span<const Real> dL_dalpha, std::vector<Vec3<Real>>& dL_dpositions,
                              CameraGradient<Real>& dL_dcamera);

}  // namespace penumbra
