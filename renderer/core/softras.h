// SoftRas coverage: one pixel (or one vector of pixels) against one projected face.
//
//   d      distance of the pixel centre to the boundary of the projected face
//   x      +d^2 / sigma inside the face, -d^2 / sigma outside
//   D      logistic(x), the coverage by one face; taken as 0 outside where d^2 >= kSoftRasReach * sigma
//   T      prod_j (1 - D_j), what is left uncovered;  alpha = 1 - T
//   dalpha/dx_j = T D_j   (no division: d/dx of log(1 - D) is -D)
//
// Source: Liu, Li, Chen, Li, "Soft Rasterizer", ICCV 2019, section 3.2.
// NOTE The product is formed from 1 - D = 1 / (1 + e^x), which is exact to the last bits for D near 0 and near 1, so
// no logarithm is needed. Once T < epsilon / 4 coverage is 1 in this arithmetic and further faces may be left out;
// the gradient must then leave out the same ones.
//
// A face is a convex polygon of N edges (a triangle, or a triangle cut by the near plane). With unit tangent t, unit
// inward normal n and start point a, a pixel p has
//   dist = n . (p - a),   along = t . (p - a),   s = clamp(along, 0, L),   over = along - s,
//   d^2  = min over edges of dist^2 + over^2,    inside = all dist >= 0.
// All lengths are in pixels; `inverseSigma` is 1 / (sigma in square pixels).
//
// Templates on a kind of lanes L: `L::Value` is a number or a compiler vector of numbers, `L::Bits` the integer of the
// same shape, `L::Real` the number. Only +, -, *, /, comparisons and ?: are used, so that host vectors and device
// threads run the same lines.
#pragma once
#include <cstdint>

#include "renderer/core/types.h"

namespace penumbra {

inline constexpr double kSoftRasTau = 1e-4;                   // a face that covers less than this is left out
inline constexpr double kSoftRasReach = 9.2102403669758495;   // ln(1 / kSoftRasTau - 1)

#if defined(__CUDACC__)
#define PENUMBRA_LANES PENUMBRA_HD __forceinline__
#else
#define PENUMBRA_LANES inline __attribute__((always_inline))  // no out-of-line copy that instruction sets could share
#endif

// One pixel at a time.
template <class Number> struct ScalarLane;
template <> struct ScalarLane<float> { using Real = float; using Value = float; using Bits = std::int32_t; };
template <> struct ScalarLane<double> { using Real = double; using Value = double; using Bits = std::int64_t; };

// e^x for x <= 0 (below -80 in float and -600 in double it stays at that tiny value): range reduction by ln 2, then
// Taylor to degree 7 or 13. Relative error below 2e-7 and 4e-16.
template <class L> PENUMBRA_LANES typename L::Value softExponential(typename L::Value x) {
  using Real = typename L::Real;
  constexpr bool isFloat = sizeof(Real) == 4;
  constexpr int degree = isFloat ? 7 : 13, mantissaBits = isFloat ? 23 : 52;
  constexpr Real lowest = isFloat ? -80 : -600;
  // Adding `shift` rounds to a whole number and leaves it, with the exponent bias, in the low bits.
  constexpr Real shift = isFloat ? Real(12582912.0 + 127) : Real(6755399441055744.0 + 1023);
  constexpr Real ln2High = isFloat ? Real(0.693359375) : Real(0.693147180369123816490);
  constexpr Real ln2Low = isFloat ? Real(-2.12194440054690583e-4) : Real(1.90821492927058770002e-10);
  constexpr double terms[14] = {1., 1., 1. / 2, 1. / 6, 1. / 24, 1. / 120, 1. / 720, 1. / 5040, 1. / 40320,
                                1. / 362880, 1. / 3628800, 1. / 39916800, 1. / 479001600, 1. / 6227020800};
  const typename L::Value zero{};
  x = x < zero + lowest ? zero + lowest : x;
  const typename L::Value shifted = x * Real(1.44269504088896340736) + shift;
  const typename L::Value n = shifted - shift;
  const typename L::Value r = (x - n * ln2High) - n * ln2Low;
  typename L::Value p = zero + Real(terms[degree]);
#pragma GCC unroll 16
  for (int k = degree - 1; k >= 0; --k) p = p * r + Real(terms[k]);
  const typename L::Bits bits = __builtin_bit_cast(typename L::Bits, shifted);
  return p * __builtin_bit_cast(typename L::Value, bits << mantissaBits);
}

// One edge, relative to an origin near the pixels: dist = nx x + ny y + nc, along = tx x + ty y + tc.
template <class Real> struct SoftRasEdge {
  Real nx, ny, nc, tx, ty, tc, length;
};

// Edge from a to b of a polygon whose area has the sign `winding` (x right, y down). Double, so that far end points
// cost no accuracy near the origin. An edge without length is put far away, where no pixel finds it.
template <class Real>
PENUMBRA_LANES SoftRasEdge<Real> softRasEdge(double ax, double ay, double bx, double by, double winding, double ox,
                                             double oy) {
  const double ex = bx - ax, ey = by - ay, length = __builtin_sqrt(ex * ex + ey * ey);
  if (!(length > 0)) return {0, 0, Real(1e9), 0, 0, 0, 0};
  const double inverse = 1 / length, tx = ex * inverse, ty = ey * inverse;
  const double nx = -winding * ty, ny = winding * tx, fromX = ox - ax, fromY = oy - ay;
  return {Real(nx), Real(ny), Real(nx * fromX + ny * fromY), Real(tx), Real(ty), Real(tx * fromX + ty * fromY),
          Real(length)};
}

// Where a pixel lies to a polygon.
template <class L, int N> struct SoftRasPlace {
  typename L::Value dist[N], s[N], over[N], d2[N];
  typename L::Value nearest;  // min d2
  typename L::Value lowest;   // min dist; inside where >= 0
};

template <class L, int N>
PENUMBRA_LANES void softRasPlace(const SoftRasEdge<typename L::Real>* edges, typename L::Value x, typename L::Value y,
                                 SoftRasPlace<L, N>& place) {
  using Value = typename L::Value;
  const Value zero{};
#pragma GCC unroll 4
  for (int e = 0; e < N; ++e) {
    const auto& edge = edges[e];
    const Value dist = x * edge.nx + y * edge.ny + edge.nc, along = x * edge.tx + y * edge.ty + edge.tc;
    const Value end = zero + edge.length;
    Value s = along < zero ? zero : along;
    s = s > end ? end : s;
    const Value over = along - s, d2 = dist * dist + over * over;
    place.dist[e] = dist;
    place.s[e] = s;
    place.over[e] = over;
    place.d2[e] = d2;
    place.nearest = e == 0 ? d2 : (d2 < place.nearest ? d2 : place.nearest);
    place.lowest = e == 0 ? dist : (dist < place.lowest ? dist : place.lowest);
  }
}

// T after one more face.
template <class L, int N>
PENUMBRA_LANES typename L::Value softRasCover(const SoftRasPlace<L, N>& place, typename L::Real inverseSigma,
                                              typename L::Value uncovered) {
  using Value = typename L::Value;
  const Value zero{}, x = place.nearest * inverseSigma, e = softExponential<L>(-x);
  const Value q = typename L::Real(1) / (e + typename L::Real(1));
  const Value left = place.lowest >= zero ? e * q : q;
  // Below 1e-30 it is 0 for good: slow subnormal numbers never arise.
  Value next = uncovered * left;
  next = next < zero + typename L::Real(1e-30) ? zero : next;
  const Value outside = x < zero + typename L::Real(kSoftRasReach) ? next : uncovered;
  return place.lowest >= zero ? next : outside;
}

// dL/d(d^2) of one face at a pixel, given pull = dL/dalpha * T / sigma.
template <class L, int N>
PENUMBRA_LANES typename L::Value softRasCoverBackward(const SoftRasPlace<L, N>& place,
                                                      typename L::Real inverseSigma, typename L::Value pull) {
  using Value = typename L::Value;
  const Value zero{}, x = place.nearest * inverseSigma, e = softExponential<L>(-x);
  const Value q = typename L::Real(1) / (e + typename L::Real(1));
  const Value outside = x < zero + typename L::Real(kSoftRasReach) ? -(e * q) : zero;
  return pull * (place.lowest >= zero ? q : outside);
}

// Sums over pixels of w (dist, over) and of the same times s, for the pixels nearest to one edge; w = dL/d(d^2).
// With r = p - nearest point = dist n + over t:  d(d^2)/da = -2 (1 - s/L) r,  d(d^2)/db = -2 (s/L) r.
template <class Value> struct SoftRasEdgeSums {
  Value dist{}, distS{}, over{}, overS{};
};

template <class L, int N>
PENUMBRA_LANES void softRasPlaceBackward(const SoftRasPlace<L, N>& place, typename L::Value dL_dd2,
                                         SoftRasEdgeSums<typename L::Value>* sums) {
  using Value = typename L::Value;
  const Value zero{};
  Value rest = dL_dd2;  // what no earlier edge took: of two edges equally near the first has it
#pragma GCC unroll 4
  for (int e = 0; e < N; ++e) {
    const Value w = place.d2[e] <= place.nearest ? rest : zero;
    rest = place.d2[e] <= place.nearest ? zero : rest;
    const Value u = w * place.dist[e], v = w * place.over[e];
    sums[e].dist = sums[e].dist + u;
    sums[e].distS = sums[e].distS + u * place.s[e];
    sums[e].over = sums[e].over + v;
    sums[e].overS = sums[e].overS + v * place.s[e];
  }
}

}  // namespace penumbra
