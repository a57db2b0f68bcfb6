// Colours with a meaning, chosen so that they stay apart for colour-blind eyes (orange against blue, never red
// against green), and the dark theme's palette.
#pragma once
#include <algorithm>
#include <cmath>

#include "renderer/image.h"

namespace penumbra {

namespace colour {
constexpr Rgba kWindow{20, 22, 27}, kPanel{27, 30, 36}, kRaised{38, 42, 50}, kHover{49, 54, 64}, kBorder{52, 57, 67};
constexpr Rgba kText{231, 233, 237}, kDim{158, 166, 180}, kFaint{104, 112, 126};
constexpr Rgba kAccent{92, 158, 255}, kAccentDeep{46, 110, 214}, kAccentHover{64, 130, 236};
constexpr Rgba kGood{86, 199, 155}, kWarning{255, 183, 77}, kBad{255, 120, 92};
constexpr Rgba kTooMuch{255, 150, 50};   // rendered where the target is empty
constexpr Rgba kTooLittle{70, 150, 255}; // empty where the target is filled
constexpr Rgba kTargetLine{255, 255, 255}, kRenderLine{255, 150, 50};
constexpr Rgba kUnknown{104, 112, 126};
constexpr Rgba kPictureBackground{16, 18, 22}, kPictureObject{222, 226, 232}, kAgreed{92, 98, 110}, kFaintFill{52, 57, 67};
}  // namespace colour

constexpr Rgba withAlpha(Rgba c, int alpha) { return {c.r, c.g, c.b, std::uint8_t(alpha)}; }

inline Rgba mixColour(Rgba a, Rgba b, double t) {
  const auto blend = [t](int x, int y) { return std::uint8_t(x + (y - x) * t + 0.5); };
  return {blend(a.r, b.r), blend(a.g, b.g), blend(a.b, b.b), blend(a.a, b.a)};
}

// Orange (IoU 0.7 and less) over sand to sea green (0.995 and more), even in log(1 - IoU); grey when unknown (< 0).
inline Rgba iouColour(double iou) {
  if (!(iou >= 0)) return colour::kUnknown;
  const double worst = std::log(0.3), best = std::log(0.005);
  const double t = std::clamp((std::log(std::max(1 - iou, 1e-6)) - worst) / (best - worst), 0.0, 1.0);
  const Rgba sand{226, 205, 128};
  return t < 0.5 ? mixColour({255, 122, 60}, sand, 2 * t) : mixColour(sand, {64, 196, 170}, 2 * t - 1);
}

}  // namespace penumbra
