// The light on a clay model, one surface point at a time. Camera space: x right, y down, z away from the viewer.
//
//   colour = clay ((key w(n.l_k) + fill w(n.l_f)) (0.4 + 0.6 o) + ambient(n) o) + (gloss + rim) o
//   w(c) = max(0, (c + a) / (1 + a))^(1 + a)    light that wraps a little around the terminator
//   o in [0, 1]: share of the sky that is open; all colours linear, then a soft shoulder x (1 + x/4) / (1 + x) * 1.6
#pragma once
#include <algorithm>
#include <cmath>

#include <glm/glm.hpp>

namespace penumbra::clay {

inline float toLinear(float s) { return s <= 0.04045f ? s / 12.92f : std::pow((s + 0.055f) / 1.055f, 2.4f); }
inline float toSrgb(float l) { return l <= 0.0031308f ? 12.92f * l : 1.055f * std::pow(l, 1 / 2.4f) - 0.055f; }
inline glm::vec3 toLinear(const glm::vec3& c) { return {toLinear(c.x), toLinear(c.y), toLinear(c.z)}; }

inline float wrapped(float cosine, float wrap) {
  return std::pow(std::max(0.0f, (cosine + wrap) / (1 + wrap)), 1 + wrap);
}

// n: unit normal facing the viewer, v: unit vector to the viewer, open: 1 where nothing is near.
inline glm::vec3 shade(const glm::vec3& clay, const glm::vec3& n, const glm::vec3& v, float open) {
  const glm::vec3 key = glm::normalize(glm::vec3(-0.62f, -0.80f, -0.42f));
  const glm::vec3 fill = glm::normalize(glm::vec3(0.90f, -0.05f, -0.45f));
  const glm::vec3 rim = glm::normalize(glm::vec3(0.45f, -0.65f, 0.75f));
  const glm::vec3 keyColour(1.00f, 0.95f, 0.86f), fillColour(0.62f, 0.78f, 1.00f), rimColour(0.85f, 0.93f, 1.00f);
  const glm::vec3 sky(0.55f, 0.65f, 0.82f), ground(0.34f, 0.27f, 0.22f);

  const glm::vec3 direct = 1.30f * keyColour * wrapped(glm::dot(n, key), 0.15f) +
                           0.17f * fillColour * wrapped(glm::dot(n, fill), 0.5f);
  const glm::vec3 ambient = 0.24f * glm::mix(ground, sky, 0.5f - 0.5f * n.y) * open;
  const float facing = std::clamp(glm::dot(n, v), 0.0f, 1.0f), graze = 1 - facing;
  const float gloss = 0.07f * std::pow(std::max(0.0f, glm::dot(n, glm::normalize(key + v))), 34.0f);
  const float edge = 0.80f * graze * graze * graze * wrapped(glm::dot(n, rim), 0.35f);
  const glm::vec3 light =
      clay * (direct * (0.4f + 0.6f * open) + ambient) + open * (gloss * keyColour + edge * rimColour);
  return 1.6f * light * (1.0f + 0.25f * light) / (1.0f + light);
}

}  // namespace penumbra::clay
