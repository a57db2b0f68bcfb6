// Start shapes that follow from the masks: an ellipsoid, a box, a convex hull. All lie inside every frame.
//
// Ellipsoid (x - c)' S^-1 (x - c) = 1: a camera at depth z sees it (to first order in size over depth) as an ellipse of
// the matrix P S P', P = f / z times the first two rows of its rotation, and a filled ellipse has a quarter of its matrix as
// second moments M [px^2]. So 4 M_v = P_v S P_v' is three linear equations a view for the six numbers of S, solved by least
// squares; a weak pull towards a ball settles what no view tells. Axes are kept above kThinnest of the longest.
// Box: bounds of a coarse visual hull along the axes. Convex hull: of a coarse visual hull's vertices (convex_hull.h).
// Frames: the shape is shrunk about its centre by the largest factor that brings it kFrameMargin inside every frame that
// holds the centre.
#pragma once
#include <span>

#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

inline constexpr double kThinnest = 0.05;     // of the longest axis
inline constexpr double kFrameMargin = 0.02;  // of the distance from the centre to the frame's side

// 10 * 4^level + 2 vertices around `centre` (see startBall in start_shapes.h). A ball of radius 1/2 when no mask shows
// anything.
Mesh ellipsoidStart(std::span<const View> views, const glm::dvec3& centre, int level);

// About `vertices` vertices. Throw what makeVisualHull throws.
Mesh boxStart(std::span<const View> views, int vertices, ThreadPool& pool);
Mesh convexStart(std::span<const View> views, int vertices, ThreadPool& pool);

// Shrinks the mesh about `centre` until it lies inside every frame that holds the centre; returns the factor.
double shrinkIntoFrames(Mesh& mesh, std::span<const View> views, const glm::dvec3& centre);

}  // namespace penumbra
