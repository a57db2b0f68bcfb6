// Convex hull of points: the smallest convex body that holds them, as a closed triangle mesh wound outward.
//
// Quickhull: from a tetrahedron of far apart points, the point farthest outside some face replaces all faces it sees by a
// fan over their common outline. In double; points less than 1e-9 of the extent outside a face count as inside, so
// coplanar points add no slivers.
// Source: Barber, Dobkin, Huhdanpaa, "The quickhull algorithm for convex hulls" (1996).
#pragma once
#include <span>

#include "renderer/mesh.h"

namespace penumbra {

// Throws Error(Input) when all points lie in a plane.
Mesh convexHull(std::span<const glm::vec3> points);

}  // namespace penumbra
