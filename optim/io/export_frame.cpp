#include "optim/io/export_frame.h"

namespace penumbra {
namespace {

glm::dvec3 nearestAxis(const glm::dvec3& direction) {
  int axis = 1;
  for (int k = 0; k < 3; ++k)
    if (std::abs(direction[k]) > std::abs(direction[axis])) axis = k;
  glm::dvec3 result(0);
  result[axis] = direction[axis] < 0 ? -1 : 1;
  return result;
}

}  // namespace

const char* upAxisName(UpAxis up) { return up == UpAxis::Y ? "y" : up == UpAxis::Z ? "z" : "input"; }

std::optional<UpAxis> upAxisNamed(std::string_view name) {
  for (const UpAxis up : {UpAxis::AsInput, UpAxis::Y, UpAxis::Z})
    if (name == upAxisName(up)) return up;
  return std::nullopt;
}

glm::dmat3 exportRotation(UpAxis up, const glm::dvec3& inputUp) {
  if (up == UpAxis::AsInput) return glm::dmat3(1);
  const glm::dvec3 from = nearestAxis(inputUp), to = up == UpAxis::Y ? glm::dvec3(0, 1, 0) : glm::dvec3(0, 0, 1);
  if (from == to) return glm::dmat3(1);
  if (from == -to) return glm::dmat3(1, 0, 0, 0, -1, 0, 0, 0, -1);  // half a turn about x
  // A quarter turn about n = from x to:  R v = n (n.v) + n x v  for the other two axes, column by column.
  const glm::dvec3 n = glm::cross(from, to);
  glm::dmat3 rotation;
  for (int k = 0; k < 3; ++k) {
    glm::dvec3 e(0);
    e[k] = 1;
    rotation[k] = n * n[k] + glm::cross(n, e);
  }
  return rotation;
}

}  // namespace penumbra
