// The Contour coverage model, one face, edge, segment or pixel at a time (host and device).
//
// Why it needs no face rasterised: let n(p) be the number of faces, of either facing, that cover image point p. Walking
// over a projected edge e from its right to its left, n changes by
//     net(e) = sum over its faces f of side(f, e) * facing(f),
// where side is +1 if f walks the edge from its first to its second vertex, and facing is +1 if f shows its front
// (counter-clockwise) side to the camera, -1 if its back. Hence net is 0 for every edge inside a smooth visible patch, and
// the mask n > 0 and its exact outline follow from the few edges with net != 0, the contour edges. It holds for
// any soup: open, closed, non-manifold, self-intersecting, any winding.
//
// "Left" is as the viewer sees it. Pixel coordinates have y down: the left of a downward edge is at larger x.
//
// The distance d of a pixel to the outline is its distance to the nearest point q = a + t (b - a) of those pieces of
// contour edges that have n = 0 on one side and n > 0 on the other. Adjoint: dd/dq = outward normal, shared to a and b
// by (1 - t) and t. Where two edges cross (a reentrant corner) q moves with both, see `cornerShare`.
#pragma once
#include "renderer/core/types.h"

namespace penumbra {

// Plane of a face, n.X = d with n pointing to its front; twice the area is |n|.
template <class Real> struct FacePlane {
  Real nx, ny, nz, d;
};

template <class Real>
PENUMBRA_HD inline FacePlane<Real> facePlane(const Vec3<Real>& a, const Vec3<Real>& b, const Vec3<Real>& c) {
  const Real ux = b.x - a.x, uy = b.y - a.y, uz = b.z - a.z;
  const Real vx = c.x - a.x, vy = c.y - a.y, vz = c.z - a.z;
  const Real nx = uy * vz - uz * vy, ny = uz * vx - ux * vz, nz = ux * vy - uy * vx;
  return {nx, ny, nz, nx * a.x + ny * a.y + nz * a.z};
}

// Change of n when walking over a-b in the direction of growing x (a-b not horizontal), from net = left - right.
template <class Real> PENUMBRA_HD inline int countStep(Real ay, Real by, int net) { return by > ay ? net : -net; }

// Half-open test: the line y = const meets the segment iff this holds; no vertex is counted twice or never.
template <class Real> PENUMBRA_HD inline bool spansRow(Real ay, Real by, Real y) { return (ay <= y) != (by <= y); }

// Where it meets it; slope = (bx - ax) / (by - ay).
template <class Real> PENUMBRA_HD inline Real crossingX(Real ax, Real ay, Real slope, Real y) {
  return ax + (y - ay) * slope;
}

template <class Real> PENUMBRA_HD inline Real cross2(Real ux, Real uy, Real vx, Real vy) { return ux * vy - uy * vx; }

// True if segments a-b and c-d cross properly; t and r are the parameters of the point on a-b and c-d. Sign tests are
// evaluated from the same operands for every segment that ends in a shared vertex, so a path that passes over a-b
// crosses it exactly once.
template <class Real>
PENUMBRA_HD inline bool segmentsCross(const Vec2<Real>& a, const Vec2<Real>& b, const Vec2<Real>& c,
                                      const Vec2<Real>& d, Real& t, Real& r) {
  const Real ex = b.x - a.x, ey = b.y - a.y, fx = d.x - c.x, fy = d.y - c.y;
  const Real oc = cross2(ex, ey, c.x - a.x, c.y - a.y), od = cross2(ex, ey, d.x - a.x, d.y - a.y);
  if ((oc >= 0) == (od >= 0)) return false;
  const Real oa = cross2(fx, fy, a.x - c.x, a.y - c.y), ob = cross2(fx, fy, b.x - c.x, b.y - c.y);
  if ((oa >= 0) == (ob >= 0)) return false;
  t = oa / (oa - ob);
  r = oc / (oc - od);
  return true;
}

// Splits the gradient g of a corner, where lines of unit normals n1 and n2 cross, into along1 * n1 + along2 * n2:
// the corner moves by du iff n1.du and n2.du are the normal moves of the two lines. Nearly parallel lines have no
// usable corner; all of g's normal part is then given to the first.
template <class Real>
PENUMBRA_HD inline void cornerShare(const Vec2<Real>& g, const Vec2<Real>& n1, const Vec2<Real>& n2, Real& along1,
                                    Real& along2) {
  const Real det = cross2(n1.x, n1.y, n2.x, n2.y);
  if (det < Real(1e-3) && det > Real(-1e-3)) {
    along1 = g.x * n1.x + g.y * n1.y;
    along2 = 0;
    return;
  }
  along1 = cross2(g.x, g.y, n2.x, n2.y) / det;
  along2 = cross2(n1.x, n1.y, g.x, g.y) / det;
}

// Parameter in [0, 1] of the point of a + t e nearest to a + (dx, dy); inverse = 1 / |e|^2, or 0 for a point.
template <class Real> PENUMBRA_HD inline Real nearestParameter(Real dx, Real dy, Real ex, Real ey, Real inverse) {
  const Real t = (dx * ex + dy * ey) * inverse;
  const Real least = t > Real(0) ? t : Real(0);  // in this form compilers use min and max instructions
  return least < Real(1) ? least : Real(1);
}

template <class Real>
PENUMBRA_HD inline Real squaredDistance(Real dx, Real dy, Real ex, Real ey, Real inverse) {
  const Real t = nearestParameter(dx, dy, ex, ey, inverse);
  const Real qx = dx - t * ex, qy = dy - t * ey;
  return qx * qx + qy * qy;
}

// A piece of the outline in pixels, n = 0 on one side: a + t e, outward unit normal, part [t0, t1] of segment `owner`.
template <class Real> struct OutlinePiece {
  Real ax, ay, ex, ey, inverse;  // inverse = 1 / |e|^2, or 0
  Real nx, ny;                   // outward unit normal
  Real t0, t1;                   // parameters on the whole segment
  int owner;                     // index of the contour segment
  int other0, other1;            // segment crossed at the ends, -1 when the end is a vertex
};

// Adjoint of one pixel's distance, w = dL/dd. Where 0 < t < 1 the pixel sees the inside of the piece, which is pulled by
// w along its outward normal at parameter t. Else it sees an end (t = 0 or 1), pulled by the vector (gx, gy).
template <class Real> struct PixelPull {
  Real t, weight, gx, gy;
};

template <class Real>
PENUMBRA_HD inline PixelPull<Real> pixelPull(const OutlinePiece<Real>& piece, Real px, Real py, Real distance,
                                             Real dL_ddistance) {
  const Real dx = px - piece.ax, dy = py - piece.ay;
  const Real t = nearestParameter(dx, dy, piece.ex, piece.ey, piece.inverse);
  // d = +-|p - q|: dd/dq = -(p - q) / d, with the sign inside d.
  const Real scale = -dL_ddistance / (distance == Real(0) ? Real(1) : distance);
  return {t, dL_ddistance, scale * (dx - t * piece.ex), scale * (dy - t * piece.ey)};
}

}  // namespace penumbra
