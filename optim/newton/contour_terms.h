// The silhouette part of the Gauss-Newton problem: what every outline sample asks the vertices to do.
//
// A sample s at p on the outline of view v, outward normal n, depth z, focal length f, stands for l pixels of outline.
// It should move outward by phi(p), the signed distance to the mask's outline (inside positive). In world units:
//   r = phi z / f,   a = n . dp/dX z / f,   w = kLengthScale l z / f,   term  w rho(a . d - r)
// with d the moves of the vertices. World units make views of any distance and size count alike; kLengthScale only sets
// the unit of the prior's weight. phi is clipped, and weighted down beyond k pixels (Huber): w min(1, k / |phi|).
// Limit: a protrusion that the mesh lacks (an ear on a sphere) is grown slowly, for samples beside it see only half its
// width. Terms that draw the nearest sample to such outlines were tried: from the hull, where nothing is missing, they
// changed nothing, and from a sphere every newly reached outline raised the energy, so that steps were refused.
// Source: derivatives of the outline: renderer/outline.h.
#pragma once
#include <vector>

#include "optim/newton/target_field.h"
#include "optim/newton/view_motion.h"
#include "renderer/core/symmetric3.h"
#include "renderer/outline.h"

namespace penumbra {

// Sums over the samples of one part of the outline, which all move with the same few vertices.
struct ContourTerm {
  int count = 0;           // 1 .. 3 vertices
  int vertex[3];
  Symmetric3 diagonal[3];  // sum of w a_k a_k^T
  glm::mat3 pair[3];       // sum of w a_k a_l^T for (k, l) = (0, 1), (0, 2), (1, 2)
  glm::vec3 pull[3];       // sum of w r a_k
};
inline constexpr int kTermPairs[3][2] = {{0, 1}, {0, 2}, {1, 2}};

struct ContourTermOptions {
  double clip = 15;     // px
  double robust = 2;    // px, 0: off
  double nearPlane = 1e-2;
};

// Of one view.
struct ContourMisfit {
  double energy = 0;             // 1/2 sum of w rho(r), world units
  double length = 0;             // of the outline, px
  double absolute = 0, squared = 0;  // sums of length * |phi|, length * phi^2
  double iou = 0;                // pixels of the mesh against the mask at 1/2
};

inline constexpr double kLengthScale = 240;

ContourMisfit makeContourTerms(const MeshRef<float>& mesh, const CameraT<float>& camera, const ViewOutline<float>& outline,
                               const TargetField& target, const ContourTermOptions& options,
                               std::vector<ContourTerm>& terms);

// The same samples when the view may be wrong as a whole by q (view_motion.h): w rho(a . d + b . q - r), b = viewRow z / f.
struct ViewTerms {
  struct Coupling {
    int vertex;
    glm::vec3 column[kViewUnknowns];  // sum of w a b_k
  };
  std::vector<Coupling> coupling;
  ViewMatrix square;                  // sum of w b b^T
  ViewVector pull;                    // sum of w r b
};
// `camera` is the moved one, `width` its q6; `units` those of the view (viewUnits).
ContourMisfit makeContourTerms(const MeshRef<float>& mesh, const CameraT<float>& camera, const ViewOutline<float>& outline,
                               const TargetField& target, const ContourTermOptions& options, double width,
                               const ViewVector& units, std::vector<ContourTerm>& terms, ViewTerms& view);

}  // namespace penumbra
