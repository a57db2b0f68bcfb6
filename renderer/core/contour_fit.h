// One sample of an outline against a mask: where the mask's distance field is read, and what the sample adds to the sums
// of its part. The terms are those of optim/newton/contour_terms.h, the field that of optim/newton/target_field.h.
#pragma once
#include <cmath>

#include "renderer/core/types.h"

namespace penumbra {

PENUMBRA_HD inline float heldIn(float value, float low, float high) {
  return value < low ? low : (high < value ? high : value);
}

struct FieldSample {
  float distance;        // px, inside positive
  Vec2<float> gradient;  // of the distance, about unit length, towards the inside
};

// The field at a pixel position, bilinear between pixel centres; at(x, y) reads it. With `touchesFrame` the distance is
// at most that to the frame.
template <class At>
PENUMBRA_HD inline FieldSample sampleField(int width, int height, bool touchesFrame, const Vec2<float>& pixel,
                                           const At& at) {
  const float x = heldIn(pixel.x - 0.5f, 0.0f, float(width - 1)), y = heldIn(pixel.y - 0.5f, 0.0f, float(height - 1));
  const int beforeLast = width > 2 ? width - 2 : 0, aboveLast = height > 2 ? height - 2 : 0;
  const int x0 = int(x) < beforeLast ? int(x) : beforeLast, y0 = int(y) < aboveLast ? int(y) : aboveLast;
  const int x1 = x0 + 1 < width ? x0 + 1 : width - 1, y1 = y0 + 1 < height ? y0 + 1 : height - 1;
  const float u = x - float(x0), v = y - float(y0);
  const float a = at(x0, y0), b = at(x1, y0), c = at(x0, y1), d = at(x1, y1);
  FieldSample sample{(1 - v) * (a + u * (b - a)) + v * (c + u * (d - c)),
                     {(1 - v) * (b - a) + v * (d - c), (1 - u) * (c - a) + u * (d - b)}};
  if (touchesFrame) {
    float free = pixel.x;
    if (pixel.y < free) free = pixel.y;
    if (float(width) - pixel.x < free) free = float(width) - pixel.x;
    if (float(height) - pixel.y < free) free = float(height) - pixel.y;
    if (!(free > 0)) free = 0;
    sample.distance = heldIn(sample.distance, -free, free);
  }
  return sample;
}

// Depth (camera space z) of the point that projects to parameter t between the projections of points of these depths.
template <class Real> PENUMBRA_HD inline Real depthBetween(Real zA, Real zB, Real t) {
  return Real(1) / ((Real(1) - t) / zA + t / zB);  // 1/z is linear in the image
}

struct FitRules {
  float clip, robust;  // px; robust 0: off
  float lengthScale;   // kLengthScale of contour_terms.h
};

// The rows of the samples of one part are (1 - t) A_k + t B_k times a factor; these are sums over them.
struct FitSums {
  float aa, ab, bb;  // of w times products of the factors of A and B
  float a, b;        // of w r times the factors
};

struct FitMisfit {
  double energy;             // 1/2 sum of w rho(r), world units
  double length;             // of the outline, px
  double absolute, squared;  // sums of length * |phi|, length * phi^2
};

// A sample's weight and residual, and the factors of A and B.
struct FitFactors {
  float w, r, a, b;
};

// Adds a sample at parameter t of its part, that stands for `length` pixels of outline, with phi = `distance`; `unit`: world
// units a pixel there.
PENUMBRA_HD inline FitFactors addSample(const FitRules& rules, float distance, float unit, float t, float length,
                                        FitSums& sums, FitMisfit& misfit) {
  const float k = rules.robust, phi = heldIn(distance, -rules.clip, rules.clip), size = phi < 0 ? -phi : phi;
  misfit.length += double(length);
  misfit.absolute += double(length * (distance < 0 ? -distance : distance));
  misfit.squared += double(length * distance * distance);
  const float far = k > 0 && size > k ? k / size : 1.0f, weight = rules.lengthScale * length * unit;
  // Huber: phi^2 / 2 up to k, then k |phi| - k^2 / 2
  misfit.energy += double(weight * unit * unit * (far < 1 ? k * size - 0.5f * k * k : 0.5f * phi * phi));
  const FitFactors f{weight * far, phi * unit, (1 - t) * unit, t * unit};
  sums.aa += f.w * f.a * f.a, sums.ab += f.w * f.a * f.b, sums.bb += f.w * f.b * f.b;
  sums.a += f.w * f.r * f.a, sums.b += f.w * f.r * f.b;
  return f;
}

// Samples on a piece of outline of this length: in the middle of equal parts, at most `spacing` long.
PENUMBRA_HD inline int samplesOn(float length, float spacing) {
  const int count = int(ceilf(length / spacing));
  return count > 1 ? count : 1;
}

}  // namespace penumbra
