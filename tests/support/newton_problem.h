// A small problem for tests of the Gauss-Newton fit: an egg (or another model) in a few small views.
#pragma once
#include <cstring>
#include <memory>

#include "optim/fit/start_shapes.h"
#include "optim/targets/targets.h"

namespace penumbra {

inline FitOptions smallNewtonOptions() {
  FitOptions options;
  options.views = 8;
  options.heldOutViews = 5;
  options.size = 72;
  options.hullResolution = 40;
  return options;
}

inline Mesh eggMesh() {
  Mesh mesh = icosphere(4);
  for (glm::vec3& p : mesh.positions) p = {0.6f * p.x, p.y, 0.8f * p.z * (1 + 0.3f * p.y)};
  return mesh;
}

struct NewtonProblem {
  FitOptions options;
  ThreadPool pool;
  std::shared_ptr<const ViewSet> views;
  explicit NewtonProblem(const Mesh& model, const FitOptions& o = smallNewtonOptions(), int threads = 2)
      : options(o), pool(threads), views(std::make_shared<const ViewSet>(makeViewSet(model, "model", o, pool))) {}
};

inline bool sameBits(const std::vector<glm::vec3>& a, const std::vector<glm::vec3>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(glm::vec3)) == 0;
}

}  // namespace penumbra
