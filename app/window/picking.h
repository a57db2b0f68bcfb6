// Which point of a mesh a ray meets first.
#pragma once
#include <optional>
#include <span>

#include "app/window/orbit_camera.h"

namespace penumbra {

// Nearest hit in front of the ray's origin, both sides of a face count; empty when nothing is hit.
std::optional<glm::dvec3> pick(const Ray& ray, std::span<const glm::vec3> positions, std::span<const Face> faces);

}  // namespace penumbra
