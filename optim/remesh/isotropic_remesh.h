// Makes a mesh even: edges near one length, about six neighbours a vertex, no slivers. Topology stays.
//
// Sweeps of: split edges longer than 4/3 of the wanted length, collapse those shorter than 4/5, flip towards six
// neighbours, then move every vertex in its tangent plane towards the mean of its neighbours and back to the surface by
// `project`. What edits are refused: surface_passes.h.
// Source: Botsch and Kobbelt, "A remeshing approach to multiresolution modeling" (2004).
// Limits: creases are rounded by about the edge length where `project` does not restore them; without `project` they
// are kept and their vertices stay.
#pragma once
#include <functional>

#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

struct IsotropicRemeshOptions {
  double edge = 0.02;  // wanted length, world units
  int sweeps = 2;
};

// `rough` is closed, manifold and consistently wound; other parts stay as they are. `project` may be empty; it is called
// from many threads at once.
Mesh isotropicRemesh(const Mesh& rough, const IsotropicRemeshOptions& options,
                     const std::function<glm::vec3(const glm::vec3&)>& project, ThreadPool& pool);

double surfaceArea(const Mesh& mesh);
// Of an even mesh of this area, all triangles equilateral: edges of this length make so many vertices, and back.
double evenVertices(double area, double edge);
double evenEdge(double area, double vertices);

}  // namespace penumbra
