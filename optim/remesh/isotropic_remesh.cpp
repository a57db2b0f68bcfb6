#include "optim/remesh/isotropic_remesh.h"

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

}  // namespace penumbra
