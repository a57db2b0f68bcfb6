// Points spread evenly over a surface, the same for the same seed.
//
// The total area is cut into n equal parts in the order of the faces; sample i is a random point of part i: within its
// face at p = (1 - sqrt r) a + sqrt r (1 - s) b + sqrt r s c. Stratified so, a face of area share w gets n w samples up
// to one, and means have less noise than those of independent points (Osada et al., "Shape distributions" (2002), eq. 1).
#pragma once
#include <cstdint>
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

struct SurfaceSample {
  glm::dvec3 point;
  int face;
};

// splitmix64 of a counter, as a number in [0, 1): random access, no state to share between threads.
double hashedUnit(std::uint64_t seed, std::uint64_t index);

// Empty when the mesh has no area. In the order of the faces.
std::vector<SurfaceSample> sampleSurface(const Mesh& mesh, int count, std::uint64_t seed);

// Unit normal of a face; 0 when it has no area.
glm::dvec3 faceNormal(const Mesh& mesh, int face);

// Area of a face.
double faceArea(const Mesh& mesh, int face);

}  // namespace penumbra
