// What a person wants to know of the mesh before saving it.
#pragma once
#include <string>

#include "optim/session/session.h"

namespace penumbra {

struct MeshFacts {
  std::size_t vertices = 0, triangles = 0;
  bool closed = false;
  glm::dvec3 size{0};              // of the bounding box, in the input's units
};
std::string factsText(const MeshFacts& facts);  // "2,562 vertices, 5,120 triangles, closed, 0.21 x 0.31 x 0.2 in the input's units"

// Facts of a snapshot's mesh; what is dear, whether it is closed, is found anew only when the faces are others.
class MeshFactsCache {
 public:
  MeshFacts of(const Snapshot& snapshot);

 private:
  std::shared_ptr<const std::vector<Face>> faces_;
  bool closed_ = false;
};

}  // namespace penumbra
