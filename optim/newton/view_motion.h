// How a view may be wrong as a whole: its camera by a small rigid motion, its mask by a constant width all round.
//
//   x' = exp(omega) x + tau     of a point x in camera space
//   phi' = phi - o              signed distance to the outline: the mask was o pixels too wide
// The seven unknowns q are all measured in pixels that an outline moves by, so that one number can hold them to 0:
//   omega = (q0, q1) / f, q2 / R      tau = (q3, q4) z / f, q5 z / R      o = q6
// f focal length [px], z depth of the origin (the middle of the object), R = kMeanRadius f / z its size in pixels.
// Turning and shifting a camera do nearly the same to the image; both are kept, for only the shift moves near parts more
// than far ones, and where they cannot be told apart it does not matter.
// Moving all cameras together is no correction but a motion of the object: withoutCommonMotion() takes it out.
#pragma once
#include <span>
#include <vector>

#include <Eigen/Core>

#include "renderer/camera.h"

namespace penumbra {

inline constexpr int kViewUnknowns = 7;
inline constexpr double kMeanRadius = 0.7;  // of the normalised object
using ViewVector = Eigen::Matrix<double, kViewUnknowns, 1>;
using ViewMatrix = Eigen::Matrix<double, kViewUnknowns, kViewUnknowns>;

// What one pixel of each unknown is worth: radians, world units, pixels. All 0 for a camera that does not see the origin.
ViewVector viewUnits(const Camera& camera);

Camera movedCamera(const Camera& camera, const ViewVector& q);

// How far an outline point at camera space x moves along n [px] for each pixel of the unknowns; the width counts like a
// move outward, see above.
template <class Real>
Eigen::Matrix<Real, kViewUnknowns, 1> viewRow(const CameraT<Real>& camera, const ViewVector& units, const Vec3<Real>& x,
                                              const Vec2<Real>& n);

// The part of the motions that a similarity of the world and one width for all could not have caused: least squares.
std::vector<ViewVector> withoutCommonMotion(std::span<const Camera> cameras, std::span<const ViewVector> motions);

}  // namespace penumbra
