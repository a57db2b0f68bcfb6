#include "optim/remesh/isotropic_remesh.h"

#include <cmath>
#include <limits>
#include <vector>

#include "optim/remesh/surface_passes.h"

namespace penumbra {

Mesh isotropicRemesh(const Mesh& rough, const IsotropicRemeshOptions& options,
                     const std::function<glm::vec3(const glm::vec3&)>& project, ThreadPool& pool) {
  constexpr float kRelaxation = 0.6f;  // share of the way to the mean of the neighbours
  constexpr LengthWindow kWindow{0.8f, 4.0f / 3.0f};
  SurfacePasses passes(rough, std::vector<float>(rough.positions.size(), float(options.edge)), {}, kWindow, pool);
  for (int sweep = 0; sweep < options.sweeps; ++sweep) {
    passes.computeNormals();
    passes.splitLong(std::numeric_limits<int>::max());
    passes.collapseShort();
    passes.flipEdges();
    passes.computeNormals();
    passes.relax(kRelaxation, project);
  }
  return passes.finish({}, nullptr);
}

double surfaceArea(const Mesh& mesh) {
  double twice = 0;
  for (const Face& f : mesh.faces) {
    const glm::dvec3 a(mesh.positions[std::size_t(f.x)]), b(mesh.positions[std::size_t(f.y)]), c(mesh.positions[std::size_t(f.z)]);
    twice += glm::length(glm::cross(b - a, c - a));
  }
  return twice / 2;
}

double evenVertices(double area, double edge) { return area / (0.5 * std::sqrt(3.0) * edge * edge); }
double evenEdge(double area, double vertices) { return std::sqrt(area / (0.5 * std::sqrt(3.0) * vertices)); }

}  // namespace penumbra
