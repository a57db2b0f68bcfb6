// The surface between the inside and outside points of a grid as a closed triangle mesh: naive surface nets.
//
// One vertex per cell that has both kinds of corners, two triangles for each pair of neighbours of different kind. The
// vertex starts at the mean of the crossings on the cell's edges (linear between the two values; thin points count at
// the place where they are inside) and goes to the hull by Newton steps p -= F grad F / |grad F|^2, staying near its cell.
// A well-composed grid (hull_cleaning.h) makes it a 2-manifold, wound outward, with vertices shared by construction.
// Source: Gibson, "Constrained elastic surface nets" (1998); manifoldness: Latecki (1997).
#pragma once
#include "optim/hull/hull_grid.h"
#include "renderer/mesh.h"

namespace penumbra {

Mesh extractSurface(const HullGrid& grid, const SolidField& field, ThreadPool& pool);

// Newton steps to F = 0 from p, at most `reach` away from it; p itself when it is far from the surface.
glm::vec3 projectToHull(const glm::vec3& p, const HullGrid& grid, const SolidField& field, float reach, int steps);

}  // namespace penumbra
