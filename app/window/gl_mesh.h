// A mesh in OpenGL's buffers: positions, normals and heat apart, so that the first two can be filled by CUDA.
#pragma once
#include <memory>
#include <vector>

#include "app/window/cuda_interop.h"
#include "app/window/gl_objects.h"
#include "renderer/core/types.h"

namespace penumbra {

class GlMesh {
 public:
  GlMesh();
  void setFaces(const std::vector<Face>& faces);
  void setVertices(const std::vector<glm::vec3>& positions, const std::vector<glm::vec3>& normals);
  // From the card's memory; false when that failed and nothing changed. `interop` must live as long as it is used here.
  bool setVertices(std::shared_ptr<const PublishedGeometry> geometry, CudaInterop& interop);
  void setHeat(const std::vector<float>* gradient);  // null, or of another size: cold
  void draw() const;

 private:
  void reserve(std::size_t vertices);
  void letGo();
  void write(const GlBuffer& buffer, const void* data) const;

  GlArray array_ = makeArray();
  GlBuffer positions_ = makeBuffer(), normals_ = makeBuffer(), heat_ = makeBuffer(), indices_ = makeBuffer();
  std::size_t vertices_ = 0, capacity_ = 0;  // in use, and with room in the buffers
  int indexCount_ = 0;
  CudaInterop* registeredWith_ = nullptr;  // knows the buffers: their storage must stay
};

}  // namespace penumbra
