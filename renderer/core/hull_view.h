// What one view says of the visual hull, one point or ball at a time (host and device). The whole field, its formula
// and sources: optim/hull/hull_field.h.
#pragma once
#include <cstdint>

#include "renderer/core/types.h"

namespace penumbra {

struct HullView {
  Vec3<float> right{0}, down{0}, forward{0};  // rows of the camera; x and y times the focal length
  Vec3<float> offset{0};                      // translation, likewise
  float cx = 0, cy = 0, width = 0, height = 0, focal = 1;
};

// Distance to a mask's outline at pixel centres, outside positive. Values are borrowed.
struct DistanceImage {
  const float* values;  // height * width
  int width, height;
};

inline constexpr float kHullNear = 1e-3f;   // depth below which a point counts as behind the camera
inline constexpr float kHullSlack = 1.5f;   // pixels: bilinear values differ from distances by up to 0.71 at either end
inline constexpr float kHullFar = 1e6f;     // pixels

// Of x in [0, most]; 0 for what is no number.
PENUMBRA_HD inline float between(float x, float most) {
  const float positive = x > 0 ? x : 0;
  return positive < most ? positive : most;
}

PENUMBRA_HD inline float bilinear(const DistanceImage& image, float u, float v) {
  const float x = between(u - 0.5f, float(image.width - 1)), y = between(v - 0.5f, float(image.height - 1));
  const int lastI = image.width > 1 ? image.width - 2 : 0, lastJ = image.height > 1 ? image.height - 2 : 0;
  const int i = int(x) < lastI ? int(x) : lastI, j = int(y) < lastJ ? int(y) : lastJ;
  const int right = image.width > 1, below = image.height > 1 ? image.width : 0;
  const float a = x - float(i), b = y - float(j);
  const float* p = image.values + std::int64_t(j) * image.width + i;
  const float top = p[0] + a * (p[right] - p[0]), bottom = p[below] + a * (p[below + right] - p[below]);
  return top + b * (bottom - top);
}

// `unseen`: what is said outside the frame.
PENUMBRA_HD inline float distanceAt(const HullView& view, const DistanceImage& image, float u, float v, float unseen) {
  const bool seen = u >= 0 && v >= 0 && u <= view.width && v <= view.height;
  return seen ? bilinear(image, u, v) : unseen;
}

PENUMBRA_HD inline float depthOf(const HullView& view, const Vec3<float>& x) {
  return glm::dot(view.forward, x) + view.offset.z;
}

// s_v z_v at x, whose depth z is beyond kHullNear.
PENUMBRA_HD inline float distanceTimesDepth(const HullView& view, const DistanceImage& image, const Vec3<float>& x,
                                            float z, float unseen) {
  const float inverse = 1 / z;
  const float u = (glm::dot(view.right, x) + view.offset.x) * inverse + view.cx;
  const float v = (glm::dot(view.down, x) + view.offset.y) * inverse + view.cy;
  return distanceAt(view, image, u, v, unseen) * z;
}

PENUMBRA_HD inline float scaledDistance(const HullView& view, const DistanceImage& image, const Vec3<float>& x,
                                        float unseen) {
  const float z = depthOf(view, x);
  return z <= kHullNear ? -kHullFar : distanceTimesDepth(view, image, x, z, unseen) / view.focal;
}

// Gradient of that distance at x, where it is `value`: central differences half a pixel wide in the plane, and the
// scale's own change with depth.
PENUMBRA_HD inline Vec3<float> scaledDistanceGradient(const HullView& view, const DistanceImage& image,
                                                      const Vec3<float>& x, float value) {
  const float inverse = 1 / depthOf(view, x);
  const float u = (glm::dot(view.right, x) + view.offset.x) * inverse;
  const float v = (glm::dot(view.down, x) + view.offset.y) * inverse;
  const float h = 0.5f, cu = u + view.cx, cv = v + view.cy;
  const float du = bilinear(image, cu + h, cv) - bilinear(image, cu - h, cv);
  const float dv = bilinear(image, cu, cv + h) - bilinear(image, cu, cv - h);
  return (du * (view.right - u * view.forward) + dv * (view.down - v * view.forward)) / view.focal +
         value * inverse * view.forward;
}

enum class BallSide : std::uint8_t { Out, In, Mixed };

// Of the ball around c, as this view alone knows it; In also where it says nothing. The bound: optim/hull/hull_field.h.
PENUMBRA_HD inline BallSide ballSide(const HullView& view, const DistanceImage& image, const Vec3<float>& c, float r,
                                     float unseen) {
  const float z = depthOf(view, c);
  if (z <= -r) return BallSide::In;  // wholly behind the camera: unknown
  if (z <= r + kHullNear) return BallSide::Mixed;
  const float u = (glm::dot(view.right, c) + view.offset.x) / z, v = (glm::dot(view.down, c) + view.offset.y) / z;
  const float slope2 = (u * u + v * v) / (view.focal * view.focal);
  const float reach = 1.01f * view.focal * r * sqrtf(1 + slope2) / (z - r) + kHullSlack;
  const float pu = u + view.cx, pv = v + view.cy;
  const bool wholly = pu >= reach && pv >= reach && pu <= view.width - reach && pv <= view.height - reach;
  const bool nowhere = pu < -reach || pv < -reach || pu > view.width + reach || pv > view.height + reach;
  const float d = nowhere ? unseen : wholly ? bilinear(image, pu, pv) : 0;
  return d > reach ? BallSide::Out : d < -reach ? BallSide::In : BallSide::Mixed;
}

}  // namespace penumbra
