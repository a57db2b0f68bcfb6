// Parts sheets of a surface that run through each other by a little: the two sides of a wall thinner than masks can tell,
// or of a gap.
//
// Faces that run through each other and have a vertex in common form a place; so do the two of a pair. The vertices of a
// place move along their normals, evened out over the rings around it, all outward (a wall) or all inward (a gap): the
// least of a few lengths that leaves the fewest damaged faces there. Two rings around follow by less. A place that none
// of them makes better stays as it is.
#pragma once
#include <utility>
#include <vector>

#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

// How far a round moves vertices at most, in mean edges of the mesh.
inline constexpr float kFarthestParting = 0.45f;

// `crossing`: the pairs of faces that run through each other (self_intersections.h). Moves vertices, at most once each;
// returns the pairs that are left.
std::vector<std::pair<int, int>> partSheets(Mesh& mesh, const std::vector<std::pair<int, int>>& crossing, ThreadPool& pool);

}  // namespace penumbra
