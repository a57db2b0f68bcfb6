// How near a mesh comes to the true shape.
//
// Frame: both meshes as given, no alignment and no fitted scale (cameras define the frame); lengths are told in units in
// which the reference's bounding box is centred at 0 and its farthest vertex has radius 1.
//
//   S, S'        samples of the mesh and of the reference, evenly over the area (surface_samples.h)
//   d(p), d'(p)  distance of p to the nearest point of the reference's, the mesh's *triangles* (exact)
//   accuracy     mean of d over S          completeness  mean of d' over S'
//   Chamfer-L1   (accuracy + completeness) / 2, not squared
//   F@t          2 P R / (P + R), P = share of S with d <= t, R = share of S' with d' <= t;
//                t = 1 % and 0.5 % of the diagonal of the reference's bounding box
//   normals      mean over S and S' of n . n' at the nearest point, signed, and of |n . n'|; flat face normals
//   Hausdorff    the larger of both directions: 95th percentile, and maximum over the samples
//   volume IoU   of the solids (solid_overlap.h); closed, consistently wound meshes only
//   flipped      share of the mesh's area whose faces look away from the reference's surface nearest to their middle, by
//                its vertex normals there, as Palfinger (2022): beyond a sharp edge the nearest face is any of two. It
//                also counts faces that are sound but nearer to another side of the shape than to their own: where
//                nothing intersects and nothing is inside out (MeshQuality, exact), it counts nothing else
// Point-to-point distances between samples would have a floor of 0.5 sqrt(area / count), 0.003 here, above the errors
// that matter; point to triangle has none.
#pragma once
#include <cstdint>
#include <optional>
#include <span>

#include "optim/eval/mesh_quality.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct EvalOptions {
  int samples = 100000;     // on each surface
  std::uint64_t seed = 0;
  int columns = 512;        // N of solid_overlap.h
};

struct EvalReport {
  double chamferL1 = 0, accuracy = 0, completeness = 0, rms = 0;  // unit sphere frame; rms over both directions
  double fScore1 = 0, fScoreHalf = 0;                             // 0 .. 1, at 1 % and 0.5 % of the diagonal
  double normalConsistency = 0, normalConsistencySigned = 0;
  double hausdorff95 = 0, hausdorffMax = 0;                       // unit sphere frame
  double flippedAreaPercent = 0;
  std::optional<double> volumeIoU;                                // none when one of both is open
  double unit = 1;                                                // length of the unit above in input coordinates
  MeshQuality mesh, reference;                                    // lengths in the unit sphere frame as well
};

// The same bits for any number of threads. Throws Error(Input) when one of both has no face or no area, or numbers that
// are not finite.
EvalReport evaluate(const Mesh& mesh, const Mesh& reference, const EvalOptions& options, ThreadPool& pool);

// Hard masks of the mesh against the masks of views, usually held-out ones: means over the views, and the worst IoU.
struct SilhouetteReport {
  double iou = 1, worstIoU = 1, contourErrorPx = 0;
  int views = 0;
};
// The mesh in the coordinates of the cameras.
SilhouetteReport evaluateSilhouettes(const Mesh& mesh, std::span<const View> views, ThreadPool& pool);
// The same against 16 masks of the reference that no fit has seen (exam_views.h), both meshes as given. The mesh is drawn
// with as many samples a pixel as the reference, so that a shape equals itself. Throws Error(Input) as evaluate() does.
SilhouetteReport evaluateHeldOut(const Mesh& mesh, const Mesh& reference, ThreadPool& pool);

}  // namespace penumbra
