#include "assets/make/models.h"

#include "assets/make/isosurface.h"

namespace penumbra::assets {

std::span<const NamedModel> models() {
  static constexpr NamedModel kModels[] = {{"avocado", avocado}, {"kettle", kettle}, {"tree", tree}};
  return kModels;
}

Mesh build(const Model& model) {
  const auto fine = remesh(isosurface(model.solid, model.box, model.cellSize), model.solid, model.remesh);
  Mesh mesh;
  for (const Point& p : fine.positions) mesh.positions.emplace_back(p);
  mesh.faces = fine.faces;
  return mesh;
}

}  // namespace penumbra::assets
