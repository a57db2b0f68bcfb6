// Volumes of two solids and of what they have in common.
//
// A point belongs to a solid when the surface winds around it: winding number != 0, so overlapping parts count once,
// inner walls bound hollows, and a mesh turned inside out is the same solid. Both meshes must be closed and consistently
// wound; for others the winding number means nothing and no volume is told.
//
//   V = sum over the columns of a regular grid of  (area of a column) * (length of {z : winding number != 0})
// Along a column the length is exact (column_crossing.h: signed crossings, no seam leaks), across columns it is the
// midpoint rule with N x N columns over the box of both. The meshes are turned to a generic pose first, so that walls
// along an axis do not beat against the grid. Against N^3 point tests: the same error as many more points, at the cost
// of N^2 columns. Measured error of the IoU of two spheres of 81920 faces (radius ratio 0.5 to 0.95):
// below 2e-4 at N = 128, 3e-5 at 256, 5e-6 at 512.
#pragma once
#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

// The mesh turned about the origin to a generic pose, always the same one.
Mesh inGenericPose(const Mesh& mesh);

struct SolidOverlap {
  double volumeA = 0, volumeB = 0, both = 0, either = 0;
  double iou() const { return either > 0 ? both / either : 1; }
};

// The same bits for any number of threads.
SolidOverlap overlapOfSolids(const Mesh& a, const Mesh& b, int columns, ThreadPool& pool);

}  // namespace penumbra
