// World -> camera -> pixel with cuts at the near plane, one vertex at a time, and the adjoints.
//
//   x = R X + t                 camera space
//   p = (fx x/z + cx, fy y/z + cy)   pixels, z > 0 (guaranteed by cutting at z = near)
//   cut between a and b: c = a + s (b - a), s = (near - a.z) / (b.z - a.z)
#pragma once
#include "renderer/camera.h"
#include "renderer/core/types.h"

namespace penumbra {

template <class Real> PENUMBRA_HD inline Vec2<Real> project(const CameraT<Real>& camera, const Vec3<Real>& x) {
  const Real inverse = Real(1) / x.z;
  return {camera.fx * x.x * inverse + camera.cx, camera.fy * x.y * inverse + camera.cy};
}

// Gradient with respect to the camera-space point; intrinsics' share is added to dL_dfx ... dL_dcy.
template <class Real>
PENUMBRA_HD inline Vec3<Real> projectBackward(const CameraT<Real>& camera, const Vec3<Real>& x,
                                              const Vec2<Real>& dL_dpixel, Real& dL_dfx, Real& dL_dfy, Real& dL_dcx,
                                              Real& dL_dcy) {
  const Real inverse = Real(1) / x.z, u = x.x * inverse, v = x.y * inverse;
  dL_dfx += dL_dpixel.x * u;
  dL_dfy += dL_dpixel.y * v;
  dL_dcx += dL_dpixel.x;
  dL_dcy += dL_dpixel.y;
  const Real gx = dL_dpixel.x * camera.fx * inverse, gy = dL_dpixel.y * camera.fy * inverse;
  return {gx, gy, -(gx * u + gy * v)};
}

// Where the segment a-b (camera space, on either side of the plane) meets z = near; `s` is its parameter.
template <class Real>
PENUMBRA_HD inline Vec3<Real> cutAtNear(const Vec3<Real>& a, const Vec3<Real>& b, Real near, Real& s) {
  s = (near - a.z) / (b.z - a.z);
  Vec3<Real> c = a + s * (b - a);
  c.z = near;
  return c;
}

// Adds the gradient of the cut point to both ends.
template <class Real>
PENUMBRA_HD inline void cutAtNearBackward(const Vec3<Real>& a, const Vec3<Real>& b, Real near, Real s,
                                          const Vec3<Real>& dL_dc, Vec3<Real>& dL_da, Vec3<Real>& dL_db) {
  const Real dz = b.z - a.z, dL_ds = glm::dot(dL_dc, b - a);
  dL_da += (Real(1) - s) * dL_dc;
  dL_db += s * dL_dc;
  dL_da.z += dL_ds * (near - b.z) / (dz * dz);
  dL_db.z -= dL_ds * (near - a.z) / (dz * dz);
}

}  // namespace penumbra
