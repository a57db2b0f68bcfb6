// The exact outline of a mesh in many views: what bounds the union of its projected faces, to sub-pixel precision, with
// the Jacobian that tells how each of its points moves when vertices move.
//
// Parts are straight: (1 - t) a + t b, t in [t0, t1], between the projected ends a and b of a contour segment, see
// renderer/cpu/contour_outline.h. A point moves by
//   dp = (1 - t) da + t db,   da = d pixel / d X_a dX_a   (through the cut, where an end lies on the near plane)
// and the outline moves by n . dp along its outward normal n: what dp does along the part only slides it in itself. So
//   d area / d X = sum over the parts of the integral of d(n . p) / dX along them                [px^2]
// exactly, also for open, self-intersecting and non-manifold meshes, except where contour edges appear or vanish.
// Samples stand in the middle of equal pieces of a part; as the rows are linear in t their sums are exact integrals.
#pragma once
#include <span>
#include <vector>

#include "renderer/cpu/contour_outline.h"

namespace penumbra {

struct OutlineOptions {
  double nearPlane = 1e-2;  // camera space depth, world units
  double spacing = 1;       // pixels between samples, at most
  double margin = 2;        // pixels around the image in which outlines are followed too
};

template <class Real> struct OutlinePart {
  Vec2<Real> a, b;                 // ends of the whole segment, pixels
  Vec2<Real> normal;               // outward, unit
  Real t0, t1;                     // the part of it that lies on the outline
  ContourEnd<Real> endA, endB;
};

template <class Real> struct OutlineSample {
  Vec2<Real> pixel, normal;        // normal outward, unit
  Real length;                     // of the outline that it stands for, px
  Real t;                          // on the segment of its part
  int part;
};

template <class Real> struct ViewOutline {
  std::vector<OutlinePart<Real>> parts;
  std::vector<OutlineSample<Real>> samples;
  std::vector<glm::ivec2> runs;    // covered pixels, [begin, end) columns, row by row
  std::vector<int> runStart;       // height + 1
};

// d(direction . p) / d position of each vertex that moves point p; at most three (a face cut at the near plane).
template <class Real> struct OutlineRow {
  int count = 0;
  int vertex[3];
  Vec3<Real> row[3];               // pixels per world unit
};

// Row of the point at parameter t of a part.
template <class Real>
OutlineRow<Real> outlineRow(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const OutlinePart<Real>& part, Real t,
                            const Vec2<Real>& direction, Real nearPlane);

// Depth (camera space z) of the point of a part's edge that projects to parameter t.
template <class Real> Real outlineDepth(const OutlinePart<Real>& part, Real t);

// Scratch memory is kept between calls; the pool is borrowed. Results do not depend on the number of threads.
template <class Real> class OutlineTracer {
 public:
  explicit OutlineTracer(ThreadPool& pool) : pool_(pool) {}

  // outlines[v] receives the outline in view v.
  void trace(const MeshRef<Real>& mesh, std::span<const CameraT<Real>> cameras, const OutlineOptions& options,
             std::vector<ViewOutline<Real>>& outlines);

 private:
  ThreadPool& pool_;
  ContourClassifier<Real> classifier_;
  std::vector<ContourOutline<Real>> workers_;
};

}  // namespace penumbra
