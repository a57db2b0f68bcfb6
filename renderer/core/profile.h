// The coverage profile: how signed distance becomes coverage.
//
//   alpha(x) = logistic(x / (1 - (x / X)^16)),   x = d / sqrt(sigma),  X = 8,   alpha = 0 or 1 for |x| >= X
//
// d is the signed distance to the outline, inside positive, in isotropic NDC (or d and sqrt(sigma) both in pixels).
// This is the logistic of the literature with its tails drawn in so that the profile, smooth of every order, ends at
// X: work grows with the outline only, and nothing steps. |alpha - logistic(x)| < 7e-4 everywhere; alpha(0) = 1/2.
#pragma once
#include <bit>
#include <cmath>
#include <cstdint>

#include "renderer/core/types.h"

namespace penumbra {

inline constexpr double kProfileReach = 8;  // X: beyond so many sqrt(sigma) coverage is exactly 0 or 1

// e^x for x in [-80, 80]; float by range reduction and a degree-6 polynomial (relative error < 3e-7), written so that
// compilers vectorise it and every processor gives the same bits. Double is the standard library's.
PENUMBRA_HD inline float exponential(float x) {
  const float k = x * 1.44269504f;
  const float n = float(int(k + (k < 0 ? -0.5f : 0.5f)));
  const float r = (x - n * 0.693359375f) + n * 2.12194440e-4f;
  const float p =
      1 + r * (1 + r * (0.5f + r * (0.166666667f + r * (4.16666667e-2f + r * (8.33333333e-3f + r * 1.38888889e-3f)))));
  return p * std::bit_cast<float>((int(n) + 127) << 23);
}
PENUMBRA_HD inline double exponential(double x) { return std::exp(x); }

// alpha and its derivative by x.
template <class Real> struct ProfileValue {
  Real alpha, slope;
};

template <class Real> PENUMBRA_HD inline ProfileValue<Real> coverageProfile(Real x) {
  const Real u = x * Real(1 / kProfileReach), u2 = u * u, u4 = u2 * u2, u8 = u4 * u4, u16 = u8 * u8;
  const Real rest = u16 < Real(0.999) ? Real(1) - u16 : Real(1e-3);
  const Real inverse = Real(1) / rest;
  Real z = x * inverse;
  z = z > Real(60) ? Real(60) : (z < Real(-60) ? Real(-60) : z);
  const Real e = exponential(z < 0 ? z : -z);  // in (0, 1]
  const Real q = Real(1) / (Real(1) + e);
  const bool saturated = u16 >= Real(1);
  const Real alpha = z < 0 ? e * q : q;
  const Real slope = e * q * q * (Real(1) + Real(15) * u16) * inverse * inverse;
  return {saturated ? (x < 0 ? Real(0) : Real(1)) : alpha, saturated ? Real(0) : slope};
}

}  // namespace penumbra
