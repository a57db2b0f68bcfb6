// Pinhole camera, world to camera, OpenCV axes: x right, y down, z forward (into the scene).
//
//   cameraFromWorld(X) = rotation * X + translation
//   pixel(x, y, z)     = (fx x / z + cx, fy y / z + cy)
//
// Pixel (column i, row j) has its centre at (i + 0.5, j + 0.5); row 0 is the top of the image.
// Sigma is measured in isotropic NDC: one unit is half the shorter image side, see `pixelsPerNdc`.
// Other conventions (OpenGL/NeRF, look-at) are converted by the named functions below and nowhere else.
#pragma once
#include <algorithm>

#include "renderer/core/types.h"

namespace penumbra {

template <class Real> struct CameraT {
  Mat3<Real> rotation{Real(1)};       // world to camera, orthonormal
  Vec3<Real> translation{Real(0)};    // world to camera
  Real fx = 1, fy = 1, cx = 0, cy = 0;  // pixels
  int width = 0, height = 0;          // pixels

  CameraT() = default;
  template <class Other> explicit CameraT(const CameraT<Other>& o)
      : rotation(o.rotation), translation(o.translation), fx(Real(o.fx)), fy(Real(o.fy)), cx(Real(o.cx)),
        cy(Real(o.cy)), width(o.width), height(o.height) {}

  Vec3<Real> toCamera(const Vec3<Real>& world) const { return rotation * world + translation; }
  Vec3<Real> centre() const { return -(glm::transpose(rotation) * translation); }
  // Pixels in one unit of isotropic NDC.
  Real pixelsPerNdc() const { return Real(std::min(width, height)) / 2; }
};
using Camera = CameraT<double>;

// Camera at `eye` looking at `target`; `up` need not be perpendicular (any axis is taken if it is parallel).
// `fieldOfView` in degrees spans the shorter image side; the principal point is the image centre.
Camera lookAt(const glm::dvec3& eye, const glm::dvec3& target, const glm::dvec3& up, double fieldOfView, int width,
              int height);

// OpenGL/Blender/NeRF camera-to-world (x right, y up, z backward) to and from this convention.
void setFromOpenGlPose(Camera& camera, const glm::dmat4& worldFromGlCamera);
glm::dmat4 toOpenGlPose(const Camera& camera);

// The camera of the same image after the world was moved by X -> scale * (X - centre).
Camera transformed(const Camera& camera, double scale, const glm::dvec3& centre);

// The same camera for an image of another size (intrinsics scaled, field of view kept).
Camera resized(const Camera& camera, int width, int height);

}  // namespace penumbra
