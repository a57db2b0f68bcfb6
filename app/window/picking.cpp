// Ray against triangle by Cramer's rule (Moeller and Trumbore, "Fast, minimum storage ray/triangle intersection",
// 1997): with edges e1, e2 and the origin's offset s, solve s = u e1 + v e2 - t d for (t, u, v).
#include "app/window/picking.h"

#include <cmath>

namespace penumbra {

std::optional<glm::dvec3> pick(const Ray& ray, std::span<const glm::vec3> positions, std::span<const Face> faces) {
  double nearest = 1e300;
  for (const Face& face : faces) {
    const glm::dvec3 a(positions[face[0]]), e1 = glm::dvec3(positions[face[1]]) - a,
                     e2 = glm::dvec3(positions[face[2]]) - a;
    const glm::dvec3 p = glm::cross(ray.direction, e2);
    const double determinant = glm::dot(e1, p);
    if (std::abs(determinant) < 1e-18) continue;
    const glm::dvec3 s = ray.origin - a, q = glm::cross(s, e1);
    const double u = glm::dot(s, p) / determinant, v = glm::dot(ray.direction, q) / determinant;
    const double t = glm::dot(e2, q) / determinant;
    if (u >= 0 && v >= 0 && u + v <= 1 && t > 0 && t < nearest) nearest = t;
  }
  if (nearest == 1e300) return std::nullopt;
  return ray.origin + nearest * ray.direction;
}

}  // namespace penumbra
