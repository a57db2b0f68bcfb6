#include "optim/targets/clay_render.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "optim/targets/clay_shading.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr double kNear = 1e-2;

// What a sample sees: the face, affine weights of its first two corners on the screen, 1/depth (0: background).
struct Sample {
  int face = -1;
  float first = 0, second = 0, inverseDepth = 0;
};

struct Scene {
  const Mesh& mesh;
  const Camera& camera;
  const ClayStyle& style;
  int supersample, width, height;              // width and height in samples
  std::vector<glm::vec3> seen;                 // vertices, camera space
  std::vector<glm::vec2> screen;               // vertices, sample units
  std::vector<glm::vec3> normals;              // three a face, camera space
  std::vector<Sample> samples;
  float reach = 0;                             // of the occlusion, world units
};

glm::vec3 faceNormal(const std::vector<glm::vec3>& p, const Face& f) {  // length: twice the area
  return glm::cross(p[f.y] - p[f.x], p[f.z] - p[f.x]);
}

glm::vec3 unit(const glm::vec3& v) {
  const float length = glm::length(v);
  return length > 0 ? v / length : glm::vec3(0, 0, -1);
}

// Means over the faces around each corner, leaving out those beyond the crease.
std::vector<glm::vec3> cornerNormals(const Mesh& mesh, const std::vector<glm::vec3>& seen, float creaseAngle) {
  std::vector<std::vector<int>> around(seen.size());
  std::vector<glm::vec3> flat(mesh.faces.size());
  for (std::size_t f = 0; f < mesh.faces.size(); ++f) {
    flat[f] = faceNormal(seen, mesh.faces[f]);
    for (int k = 0; k < 3; ++k) around[mesh.faces[f][k]].push_back(int(f));
  }
  const float crease = std::cos(glm::radians(creaseAngle));
  std::vector<glm::vec3> normals(3 * mesh.faces.size());
  for (std::size_t f = 0; f < mesh.faces.size(); ++f)
    for (int k = 0; k < 3; ++k) {
      const glm::vec3 own = unit(flat[f]);
      glm::vec3 sum(0);
      for (const int other : around[mesh.faces[f][k]])
        if (glm::dot(unit(flat[other]), own) >= crease) sum += flat[other];
      normals[3 * f + k] = glm::length(sum) > 0 ? unit(sum) : own;
    }
  return normals;
}

void drawFace(Scene& scene, int index) {
  const Face& f = scene.mesh.faces[index];
  const glm::vec2 a = scene.screen[f.x], b = scene.screen[f.y], c = scene.screen[f.z];
  const float za = scene.seen[f.x].z, zb = scene.seen[f.y].z, zc = scene.seen[f.z].z;
  if (!(std::min({za, zb, zc}) > float(kNear))) return;
  const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  if (!std::isfinite(area) || area == 0) return;
  const float limit = 1e6f;
  const int x0 = int(std::clamp(std::min({a.x, b.x, c.x}) - 0.5f, 0.0f, limit));
  const int y0 = int(std::clamp(std::min({a.y, b.y, c.y}) - 0.5f, 0.0f, limit));
  const int x1 = std::min(scene.width - 1, int(std::clamp(std::max({a.x, b.x, c.x}), -1.0f, limit)));
  const int y1 = std::min(scene.height - 1, int(std::clamp(std::max({a.y, b.y, c.y}), -1.0f, limit)));
  const float inverse = 1 / area;
  for (int y = y0; y <= y1; ++y)
    for (int x = x0; x <= x1; ++x) {
      const float px = float(x) + 0.5f, py = float(y) + 0.5f;
      const float first = ((b.x - px) * (c.y - py) - (b.y - py) * (c.x - px)) * inverse;
      const float second = ((c.x - px) * (a.y - py) - (c.y - py) * (a.x - px)) * inverse;
      const float third = 1 - first - second;
      if (first < -1e-5f || second < -1e-5f || third < -1e-5f) continue;
      const float inverseDepth = first / za + second / zb + third / zc;
      Sample& sample = scene.samples[std::size_t(y) * scene.width + x];
      if (inverseDepth > sample.inverseDepth) sample = {index, first, second, inverseDepth};
    }
}

glm::vec3 positionAt(const Scene& scene, int x, int y, float inverseDepth) {
  const Camera& camera = scene.camera;
  const float s = float(scene.supersample), z = 1 / inverseDepth;
  return {((float(x) + 0.5f) / s - float(camera.cx)) / float(camera.fx) * z,
          ((float(y) + 0.5f) / s - float(camera.cy)) / float(camera.fy) * z, z};
}

// Share of the sky over a point that nearby surface leaves open, from a spiral of taps turned from sample to sample.
float openSky(const Scene& scene, int x, int y, const glm::vec3& p, const glm::vec3& n) {
  const int kTaps = 12;
  const float reachPx = float(scene.camera.fx) * float(scene.supersample) * scene.reach / p.z;
  const float turn = 0.61803399f * float((x * 73 + y * 151) & 255) * 6.2831853f;
  float shut = 0;
  for (int k = 0; k < kTaps; ++k) {
    const float angle = turn + 2.3999632f * float(k), r = reachPx * std::sqrt((float(k) + 0.5f) / float(kTaps));
    const int tx = int(float(x) + r * std::cos(angle)), ty = int(float(y) + r * std::sin(angle));
    if (tx < 0 || ty < 0 || tx >= scene.width || ty >= scene.height) continue;
    const Sample& tap = scene.samples[std::size_t(ty) * scene.width + tx];
    if (tap.face < 0) continue;
    const glm::vec3 to = positionAt(scene, tx, ty, tap.inverseDepth) - p;
    const float distance = glm::length(to);
    if (distance <= 1e-6f) continue;
    const float fade = std::max(0.0f, 1 - distance / (1.6f * scene.reach));
    shut += fade * std::max(0.0f, glm::dot(n, to) / distance - 0.08f);
  }
  return std::clamp(1 - 2.6f * scene.style.occlusion * shut / float(kTaps), 0.0f, 1.0f);
}

// How much of the wire's colour a sample takes: nearness to the closest edge of its face.
float wireShare(const Scene& scene, const Sample& sample) {
  const Face& f = scene.mesh.faces[sample.face];
  const glm::vec2 a = scene.screen[f.x], b = scene.screen[f.y], c = scene.screen[f.z];
  const float area = std::abs((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
  const float third = 1 - sample.first - sample.second;
  const float toEdge = std::min({sample.first * area / glm::length(c - b), sample.second * area / glm::length(a - c),
                                 third * area / glm::length(b - a)});
  const float half = 0.5f * scene.style.wireWidth * float(scene.supersample);
  return std::clamp(half - toEdge + 0.5f, 0.0f, 1.0f);
}

glm::vec3 shadeSample(const Scene& scene, int x, int y, const Sample& sample, const glm::vec3& clayColour,
                      const glm::vec3& wireColour) {
  const Face& f = scene.mesh.faces[sample.face];
  const float third = 1 - sample.first - sample.second;
  const glm::vec3 weights(sample.first / scene.seen[f.x].z, sample.second / scene.seen[f.y].z,
                          third / scene.seen[f.z].z);
  const glm::vec3* corners = scene.normals.data() + 3 * std::size_t(sample.face);
  glm::vec3 n = unit(weights.x * corners[0] + weights.y * corners[1] + weights.z * corners[2]);
  const glm::vec3 p = positionAt(scene, x, y, sample.inverseDepth), v = -unit(p);
  glm::vec3 flat = unit(faceNormal(scene.seen, f));
  if (glm::dot(flat, v) < 0) {
    n = -n;
    flat = -flat;
  }
  if (glm::dot(n, v) < 0) n = unit(n - glm::dot(n, v) * v);  // a smooth normal may lean past the horizon
  const float open = scene.style.occlusion > 0 ? openSky(scene, x, y, p, flat) : 1.0f;
  glm::vec3 colour = clay::shade(clayColour, n, v, open);
  if (scene.style.wireframe) colour = glm::mix(colour, wireColour, 0.75f * wireShare(scene, sample));
  return colour;
}

glm::vec3 background(const Scene& scene, int x, int y) {
  const float u = (float(x) + 0.5f) / float(scene.width) - 0.5f, v = (float(y) + 0.5f) / float(scene.height) - 0.45f;
  const float t = std::clamp(std::sqrt(u * u + v * v) * 1.45f, 0.0f, 1.0f);
  return glm::mix(clay::toLinear(scene.style.backgroundMiddle), clay::toLinear(scene.style.backgroundCorner),
                  t * t * (3 - 2 * t));
}

std::uint8_t toByte(float v) { return std::uint8_t(std::clamp(v, 0.0f, 1.0f) * 255 + 0.5f); }

// Mean of a pixel's samples; `backdrop` fills what the model leaves free unless the style is transparent.
Rgba resolvePixel(const Scene& scene, int px, int py, const glm::vec3& clayColour, const glm::vec3& wireColour) {
  const int s = scene.supersample;
  glm::vec3 sum(0);
  int covered = 0;
  for (int y = py * s; y < (py + 1) * s; ++y)
    for (int x = px * s; x < (px + 1) * s; ++x) {
      const Sample& sample = scene.samples[std::size_t(y) * scene.width + x];
      if (sample.face < 0) continue;
      sum += shadeSample(scene, x, y, sample, clayColour, wireColour);
      ++covered;
    }
  const float coverage = float(covered) / float(s * s);
  glm::vec3 colour = covered > 0 ? sum / float(covered) : glm::vec3(0);
  if (!scene.style.transparent)
    colour = glm::mix(background(scene, px * s + s / 2, py * s + s / 2), colour, coverage);
  return {toByte(clay::toSrgb(colour.x)), toByte(clay::toSrgb(colour.y)), toByte(clay::toSrgb(colour.z)),
          scene.style.transparent ? toByte(coverage) : std::uint8_t(255)};
}

void check(const Mesh& mesh, const Camera& camera, int supersample) {
  if (camera.width < 1 || camera.height < 1 || camera.width > 8192 || camera.height > 8192)
    throw Error(ExitCode::Input, "A picture of " + std::to_string(camera.width) + " x " +
                                     std::to_string(camera.height) + " pixels was asked for; each side must be in [1, 8192].");
  if (supersample < 1 || supersample > 8)
    throw Error(ExitCode::Input, "supersample is " + std::to_string(supersample) + ", must be in [1, 8].");
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k)
      if (f[k] < 0 || std::size_t(f[k]) >= mesh.positions.size())
        throw Error(ExitCode::Input, "A face names vertex " + std::to_string(f[k]) + ", but the mesh has " +
                                         std::to_string(mesh.positions.size()) + " vertices.");
}

}  // namespace

RgbaImage renderClay(const Mesh& mesh, const Camera& camera, const ClayStyle& style, int supersample) {
  check(mesh, camera, supersample);
  const int width = camera.width * supersample, height = camera.height * supersample;
  Scene scene{mesh, camera, style, supersample, width, height, {}, {}, {}, {}};
  scene.samples.resize(std::size_t(scene.width) * scene.height);
  scene.reach = float(0.07 * boundsOf(mesh).diagonal());
  for (const glm::vec3& position : mesh.positions) {
    const glm::dvec3 x = camera.toCamera(glm::dvec3(position));
    scene.seen.emplace_back(x);
    scene.screen.emplace_back(supersample * (camera.fx * x.x / x.z + camera.cx),
                              supersample * (camera.fy * x.y / x.z + camera.cy));
  }
  scene.normals = cornerNormals(mesh, scene.seen, style.creaseAngle);
  for (int f = 0; f < int(mesh.faces.size()); ++f) drawFace(scene, f);

  RgbaImage image(camera.width, camera.height);
  const glm::vec3 clayColour = clay::toLinear(style.clay), wireColour = clay::toLinear(style.wire);
  for (int y = 0; y < image.height; ++y)
    for (int x = 0; x < image.width; ++x) image.at(x, y) = resolvePixel(scene, x, y, clayColour, wireColour);
  return image;
}

}  // namespace penumbra
