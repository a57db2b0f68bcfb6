// Small fits for tests: a model (most often an egg) in a few small views, and options to begin with.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>

#include "optim/fit/fitter.h"
#include "optim/fit/start_shapes.h"
#include "optim/targets/targets.h"

namespace penumbra {

// Gradient descent from a sphere.
inline FitOptions smallGradientOptions(int views, int heldOut, int size, int iterations) {
  FitOptions options;
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = views;
  options.heldOutViews = heldOut;
  options.size = size;
  options.sphereLevel = 2;
  options.iterations = iterations;
  return options;
}

// The same with a mesh and a sigma that do not follow the outlines, so that two backends can be compared vertex by vertex:
// exchanges of triangles turn on the last bit.
inline FitOptions smallFixedOptions(int views, int heldOut, int size, int iterations) {
  FitOptions options = smallGradientOptions(views, heldOut, size, iterations);
  options.lambda = 3;
  options.sigma = 1e-3;
  options.sigmaEnd = 1e-4;
  options.coarseToFine = false;
  options.remesh = Remeshing::Off;
  return options;
}

inline Mesh eggMesh(int level = 4) {
  Mesh mesh = icosphere(level);
  for (glm::vec3& p : mesh.positions) p = {0.6f * p.x, p.y, 0.8f * p.z * (1 + 0.3f * p.y)};
  return mesh;
}

struct FitProblem {
  FitOptions options;
  ThreadPool pool;
  std::shared_ptr<const ViewSet> views;
  FitProblem(const Mesh& model, const FitOptions& o, int threads = 2)
      : options(o), pool(threads), views(std::make_shared<const ViewSet>(makeViewSet(model, "model", o, pool))) {}
};

inline void run(Fitter& fitter, int iterations) {
  for (int i = 0; i < iterations; ++i) fitter.iterate();
}

inline bool sameBits(const std::vector<glm::vec3>& a, const std::vector<glm::vec3>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(glm::vec3)) == 0;
}

// Between corresponding vertices, so the surfaces are not farther apart (Hausdorff).
inline double farthestVertex(const std::vector<glm::vec3>& a, const std::vector<glm::vec3>& b) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, double(glm::length(a[i] - b[i])));
  return worst;
}
inline double farthestVertex(const FitState& a, const FitState& b) { return farthestVertex(a.positions, b.positions); }

}  // namespace penumbra
