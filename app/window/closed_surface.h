// Whether the back faces of a mesh can be left out of a picture: they cannot be seen when the surface is closed, its
// faces look outwards and the whole of it lies in front of the near plane.
#pragma once
#include <vector>

#include <glm/glm.hpp>

#include "renderer/core/types.h"

namespace penumbra {

class ClosedSurface {
 public:
  void setFaces(const std::vector<Face>& faces);
  void setVertices(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces);
  // OpenGL's clip space; w = 1 under a parallel projection.
  bool hidesItsBacks(const glm::dmat4& clipFromWorld) const;

 private:
  bool closed_ = false, outward_ = false;
  glm::vec3 lower_{0}, upper_{0};
};

// The directed edges of the faces cancel, each against one in the other direction: every edge counts a random number of
// 64 bits, in one direction added and in the other subtracted. A mesh that is not closed passes once in 2^64.
bool edgesCancel(const std::vector<Face>& faces);

}  // namespace penumbra
