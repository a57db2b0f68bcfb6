#include "app/window/mesh_facts.h"

#include "app/window/plot_axes.h"

namespace penumbra {

std::string factsText(const MeshFacts& f) {
  return shortNumber(double(f.vertices)) + " vertices, " + shortNumber(double(f.triangles)) + " triangles, " + shortNumber(f.size.x) +
         " \u00d7 " + shortNumber(f.size.y) + " \u00d7 " + shortNumber(f.size.z) + " units";
}

MeshFacts meshFacts(const Snapshot& s, const ExportFrame& frame) {
  if (!s.positions || !s.faces) return {};
  Bounds bounds;
  for (const glm::vec3& p : *s.positions) bounds.add(glm::dvec3(p));
  const glm::dmat3 turn = exportRotation(frame.up, s.views ? s.views->up : glm::dvec3(0, 1, 0));
  const double scale = frame.scale / (s.views ? s.views->normalisation.scale : 1);
  const glm::dvec3 size = bounds.empty() ? glm::dvec3(0) : glm::abs(turn * (bounds.upper - bounds.lower)) * scale;
  return {s.positions->size(), s.faces->size(), size};
}

}  // namespace penumbra
