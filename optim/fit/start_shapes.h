// The mesh a fit begins with. Ellipsoid, box and convex hull: start_shapes_masks.h.
//
// The sphere is placed by the masks and kept inside every frame:
//   centre   the point nearest to the rays through the masks' centroids (least squares)
//   radius   median over the views of sqrt(area / pi) * depth / focal length, at most kFrameShare of the distance from
//            the centre to the nearest side of any view's frustum
// so that it overlaps the object in most views: without overlap there is little gradient to follow.
#pragma once
#include <string>

#include "optim/options.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct KnownMasks;  // optim/hull/visual_hull.h
class HullCard;     // optim/hull/hull_card.h

// Unit sphere from `level` subdivisions of the icosahedron, outward facing: 10 * 4^level + 2 vertices.
Mesh icosphere(int level);

struct Ball {
  glm::dvec3 centre{0};
  double radius = 0.5;
};
inline constexpr double kFrameShare = 0.95;
// Cameras that do not see the centre, and views with an empty mask, do not count.
Ball startBall(const ViewSet& views);

// What start and solver come to for so many train views when they are left to choose.
inline constexpr int kFewestHullViews = 6;
inline constexpr int kFinestHull = 256;  // steps, where holes are as narrow as those asked for
StartShape resolvedStart(const FitOptions& options, const ViewSet& views);
SolverKind resolvedSolver(const FitOptions& options, const ViewSet& views);
FitOptions resolvedOptions(FitOptions options, const ViewSet& views);  // with both in place of auto

// In the coordinates of the cameras. A mesh from a file is normalised by the similarity of `views`, a hull is carved
// from the train masks (optim/hull/visual_hull.h). Throws what readMesh and makeVisualHull throw.
// `note`, when given, gets what a person should know of it: "Visual hull: 1 part, genus 0, 10242 vertices".
// `known` of the train views' masks, when it is, saves the hull half of its time; `card`: see
// makeVisualHull.
Mesh makeStartMesh(const FitOptions& options, const ViewSet& views, ThreadPool& pool, std::string* note = nullptr,
                   const KnownMasks* known = nullptr, HullCard* card = nullptr);

}  // namespace penumbra
