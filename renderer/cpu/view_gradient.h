// Carries the gradient of one view from camera space to world positions and the camera.
#pragma once
#include <vector>

#include "renderer/coverage.h"

namespace penumbra {

// One vertex that a view pulls at. Several entries may name the same vertex.
template <class Real> struct VertexPull {
  int vertex;
  Vec3<Real> x;      // camera space position
  Vec3<Real> dL_dx;  // camera space gradient
};

// Adds the pulls, in order, to positions and to the camera's pose (intrinsics are added where pixels are made).
template <class Real>
void addPulls(const std::vector<VertexPull<Real>>& pulls, const CameraT<Real>& camera,
              std::vector<Vec3<Real>>& dL_dpositions, CameraGradient<Real>& dL_dcamera) {
  const Mat3<Real> worldFromCamera = glm::transpose(camera.rotation);
  for (const auto& pull : pulls) {
    dL_dpositions[pull.vertex] += worldFromCamera * pull.dL_dx;
    dL_dcamera.translation += pull.dL_dx;
    dL_dcamera.rotation += glm::cross(pull.x, pull.dL_dx);
  }
}

}  // namespace penumbra
