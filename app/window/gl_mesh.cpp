#include "app/window/gl_mesh.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

// 0..1 for each vertex; the 98th percentile is the hottest colour: a few extreme vertices do not darken the rest.
std::vector<float> heatOf(const std::vector<float>& gradient) {
  std::vector<float> heat = gradient;
  const auto at = heat.begin() + std::ptrdiff_t(double(heat.size() - 1) * 0.98);
  std::nth_element(heat.begin(), at, heat.end());
  const float scale = *at > 0 ? 1 / *at : 0;
  for (std::size_t i = 0; i < heat.size(); ++i) heat[i] = std::sqrt(std::min(1.f, gradient[i] * scale));
  return heat;
}

}  // namespace

GlMesh::GlMesh() {
  glBindVertexArray(array_.get());
  const auto attribute = [](GLuint index, int size, const GlBuffer& buffer) {
    glBindBuffer(GL_ARRAY_BUFFER, buffer.get());
    glEnableVertexAttribArray(index);
    glVertexAttribPointer(index, size, GL_FLOAT, GL_FALSE, 0, nullptr);
  };
  attribute(0, 3, positions_);
  attribute(1, 3, normals_);
  attribute(2, 1, heat_);
  glBindBuffer(GL_ELEMENT_ARRAY_BUFFER, indices_.get());
  glBindVertexArray(0);
}

void GlMesh::setFaces(const std::vector<Face>& faces) {
  glBindVertexArray(array_.get());
  glBufferData(GL_ELEMENT_ARRAY_BUFFER, GLsizeiptr(faces.size() * sizeof(Face)), faces.data(), GL_STATIC_DRAW);
  glBindVertexArray(0);
  indexCount_ = int(faces.size()) * 3;
}

// CUDA lets go of the buffers before their storage is replaced.
void GlMesh::letGo() {
  for (const GlBuffer* buffer : {&positions_, &normals_})
    if (registeredWith_) registeredWith_->forgetBuffer(buffer->get());
  registeredWith_ = nullptr;
}

// Room for so many vertices and some more: remeshing changes their number all the time, and the buffers stay registered.
void GlMesh::reserve(std::size_t vertices) {
  if (vertices <= capacity_) return;
  letGo();
  capacity_ = vertices + vertices / 2;
  for (const GlBuffer* buffer : {&positions_, &normals_}) {
    glBindBuffer(GL_ARRAY_BUFFER, buffer->get());
    glBufferData(GL_ARRAY_BUFFER, GLsizeiptr(capacity_ * sizeof(glm::vec3)), nullptr, GL_STREAM_DRAW);
  }
}

void GlMesh::write(const GlBuffer& buffer, const void* data) const {
  const GLsizeiptr bytes = GLsizeiptr(vertices_ * sizeof(glm::vec3));
  glBindBuffer(GL_ARRAY_BUFFER, buffer.get());
  if (registeredWith_) glBufferSubData(GL_ARRAY_BUFFER, 0, bytes, data);
  else glBufferData(GL_ARRAY_BUFFER, bytes, data, GL_STREAM_DRAW);  // new storage: no waiting for what draws the old
}

void GlMesh::setVertices(const std::vector<glm::vec3>& positions, const std::vector<glm::vec3>& normals) {
  vertices_ = positions.size();
  if (vertices_ > capacity_) letGo();
  if (!registeredWith_) capacity_ = vertices_;
  write(positions_, positions.data());
  write(normals_, normals.data());
}

bool GlMesh::setVertices(std::shared_ptr<const PublishedGeometry> geometry, CudaInterop& interop) {
  if (!interop.usable()) return false;
  vertices_ = std::size_t(geometry->vertexCount);
  reserve(vertices_);
  registeredWith_ = &interop;
  if (interop.copy(std::move(geometry), positions_.get(), normals_.get())) return true;
  registeredWith_ = nullptr;
  return false;
}

void GlMesh::setHeat(const std::vector<float>* gradient) {
  const bool known = gradient && !gradient->empty() && gradient->size() == vertices_;
  const std::vector<float> heat = known ? heatOf(*gradient) : std::vector<float>(vertices_, 0.f);
  glBindBuffer(GL_ARRAY_BUFFER, heat_.get());
  glBufferData(GL_ARRAY_BUFFER, GLsizeiptr(heat.size() * sizeof(float)), heat.data(), GL_STREAM_DRAW);
}

void GlMesh::draw() const {
  glBindVertexArray(array_.get());
  glDrawElements(GL_TRIANGLES, indexCount_, GL_UNSIGNED_INT, nullptr);
  glBindVertexArray(0);
}

}  // namespace penumbra
