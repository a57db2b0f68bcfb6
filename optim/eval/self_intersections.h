// Faces of a mesh that run through each other.
//
// Two faces intersect when they have a point in common beyond the vertex or edge they share:
//   no shared vertex    an edge of one meets the other face; touching counts
//   one shared vertex   the edge opposite to it in one face meets the other face
//   a shared edge       both lie in one plane, folded onto each other
//   three               the same face twice
// Positions are put on a grid of 2^-38 of the mesh's size (a float keeps 2^-24 of its own size, so nothing moves that is
// farther than 2^-14 of the size from the origin); there every orientation is exact, in 128 bit integers, guarded by a
// filter in double. Faces without area meet nothing. Broad phase: TriangleBvh.
// Sources: Shewchuk, "Adaptive precision floating-point arithmetic" (1997) for the filter; Guigue and Devillers, "Fast
// and robust triangle-triangle overlap test" (2003) for deciding by orientations alone.
#pragma once
#include <utility>
#include <vector>

#include "optim/eval/triangle_bvh.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

// Every two faces of the mesh that intersect, once, the lower first; in the same order for any number of threads.
std::vector<std::pair<int, int>> selfIntersectingPairs(const Mesh& mesh, const TriangleBvh& bvh, ThreadPool& pool);

// Those of `pairs` that intersect, in their order.
std::vector<std::pair<int, int>> intersectingOf(const Mesh& mesh, const std::vector<std::pair<int, int>>& pairs);

// 1 for every face that intersects another one of the mesh.
std::vector<char> selfIntersectingFaces(const Mesh& mesh, const TriangleBvh& bvh, ThreadPool& pool);

}  // namespace penumbra
