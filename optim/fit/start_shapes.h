// The mesh a fit begins with. A further start (a visual hull, a box) is one more case in `makeStartMesh`.
//
// The sphere is placed by the masks and kept inside every frame:
//   centre   the point nearest to the rays through the masks' centroids (least squares)
//   radius   median over the views of sqrt(area / pi) * depth / focal length, at most kFrameShare of the distance from
//            the centre to the nearest side of any view's frustum
// so that it overlaps the object in most views: without overlap there is little gradient to follow.
#pragma once
#include "optim/options.h"
#include "optim/view_set.h"

namespace penumbra {

// Unit sphere from `level` subdivisions of the icosahedron, outward facing: 10 * 4^level + 2 vertices.
Mesh icosphere(int level);

struct Ball {
  glm::dvec3 centre{0};
  double radius = 0.5;
};
inline constexpr double kFrameShare = 0.95;
// Cameras that do not see the centre, and views with an empty mask, do not count.
Ball startBall(const ViewSet& views);

// In the coordinates of the cameras. A mesh from a file is normalised by the similarity of `views`. Throws what
// readMesh throws.
Mesh makeStartMesh(const FitOptions& options, const ViewSet& views);

}  // namespace penumbra
