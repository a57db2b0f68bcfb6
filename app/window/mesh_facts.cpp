#include "app/window/mesh_facts.h"

#include "app/window/plot_axes.h"
#include "renderer/topology.h"

namespace penumbra {

std::string factsText(const MeshFacts& f) {
  return shortNumber(double(f.vertices)) + " vertices, " + shortNumber(double(f.triangles)) + " triangles, " + (f.closed ? "closed" : "open") + ", " +
         shortNumber(f.size.x) + " \u00d7 " + shortNumber(f.size.y) + " \u00d7 " + shortNumber(f.size.z) + " in the input's units";
}

MeshFacts MeshFactsCache::of(const Snapshot& s) {
  if (!s.positions || !s.faces) return {};
  if (faces_ != s.faces) {
    faces_ = s.faces;
    closed_ = summarise(buildTopology(int(s.positions->size()), *s.faces)).closed();
  }
  Bounds bounds;
  for (const glm::vec3& p : *s.positions) bounds.add(glm::dvec3(p));
  const double scale = s.views ? s.views->normalisation.scale : 1;
  return {s.positions->size(), s.faces->size(), closed_, bounds.empty() ? glm::dvec3(0) : (bounds.upper - bounds.lower) / scale};
}

}  // namespace penumbra
