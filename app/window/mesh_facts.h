// What a person wants to know of the mesh before saving it.
#pragma once
#include <string>

#include "optim/session/session.h"

namespace penumbra {

struct MeshFacts {
  std::size_t vertices = 0, triangles = 0;
  glm::dvec3 size{0};              // of the bounding box, as it would be written
};
std::string factsText(const MeshFacts& facts);  // "2,562 vertices, 5,120 triangles, 0.21 x 0.31 x 0.2 units"

MeshFacts meshFacts(const Snapshot& snapshot, const ExportFrame& frame);

}  // namespace penumbra
