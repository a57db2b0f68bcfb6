// A triangle soup with shared vertices: open or closed, any winding.
#pragma once
#include <vector>

#include "renderer/core/types.h"

namespace penumbra {

template <class Real> struct MeshT {
  std::vector<Vec3<Real>> positions;  // V, world units
  std::vector<Face> faces;            // F, indices into positions
};
using Mesh = MeshT<float>;

// Axis-aligned bounds; `empty()` when nothing was added.
struct Bounds {
  glm::dvec3 lower{1e300}, upper{-1e300};
  void add(const glm::dvec3& p) { lower = glm::min(lower, p); upper = glm::max(upper, p); }
  bool empty() const { return lower.x > upper.x; }
  glm::dvec3 centre() const { return 0.5 * (lower + upper); }
  double diagonal() const { return empty() ? 0.0 : glm::length(upper - lower); }
};

template <class Real> Bounds boundsOf(const MeshT<Real>& mesh) {
  Bounds bounds;
  for (const auto& p : mesh.positions) bounds.add(glm::dvec3(p));
  return bounds;
}

}  // namespace penumbra
