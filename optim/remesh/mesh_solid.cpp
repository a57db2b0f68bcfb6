#include "optim/remesh/mesh_solid.h"

#include <algorithm>
#include <numeric>

namespace penumbra {

MeshSolid::MeshSolid(const Mesh& closed, const HullField& hull, float slack, std::unique_ptr<HullField> covered)
    : bvh_(closed), hull_(hull), slack_(slack), covered_(std::move(covered)) {
  if (covered_) allCovered_.resize(std::size_t(covered_->viewCount()));
  std::iota(allCovered_.begin(), allCovered_.end(), std::uint16_t(0));
}

HullSample MeshSolid::grown(const glm::vec3& x, int& guess) const {
  const glm::dvec3 p(x);
  const NearestPoint near = bvh_.nearest(p, guess);
  guess = near.face;
  const double distance = near.distance(), sign = bvh_.windingAlongZ(p) > 0 ? -1 : 1;
  const glm::dvec3 away = distance > 0 ? sign / distance * (p - near.point) : glm::dvec3(0);
  const HullSample mesh{float(sign * distance), glm::vec3(away)};
  if (!covered_) return mesh;
  const HullSample rest = covered_->sample(x, allCovered_);
  return -rest.value < mesh.value ? HullSample{-rest.value, -rest.gradient} : mesh;
}

float MeshSolid::value(const glm::vec3& x, std::span<const std::uint16_t> pieces) const {
  const float carved = hull_.value(x, views(pieces)) - slack_;
  int guess = -1;
  return hasMesh(pieces) ? std::max(carved, grown(x, guess).value) : carved;
}

HullSample MeshSolid::sample(const glm::vec3& x, std::span<const std::uint16_t> pieces) const {
  HullSample carved = hull_.sample(x, views(pieces));
  carved.value -= slack_;
  if (!hasMesh(pieces)) return carved;
  int guess = -1;
  const HullSample own = grown(x, guess);
  return own.value > carved.value ? own : carved;
}

void MeshSolid::values(const glm::vec3& start, float step, std::span<const std::uint16_t> pieces, std::span<float> out) const {
  hull_.values(start, step, views(pieces), out);
  int guess = -1;
  for (int i = 0; i < kCube * kCube * kCube; ++i) {
    float& value = out[std::size_t(i)];
    value -= slack_;
    if (!hasMesh(pieces)) continue;
    const glm::vec3 x = start + step * glm::vec3(i % kCube, i / kCube % kCube, i / (kCube * kCube));
    value = std::max(value, grown(x, guess).value);
  }
}

// Every field changes by no more than the distance, so the ball is widened by the slack.
SolidField::Side MeshSolid::classify(const glm::vec3& c, float r, std::span<const std::uint16_t> pieces, HullViews& undecided) const {
  const Side hull = hull_.classify(c, r + slack_, views(pieces), undecided);
  if (hull == Side::Out || !hasMesh(pieces)) return hull;
  int guess = -1;
  const float own = grown(c, guess).value;
  if (own > 1.01f * r) return Side::Out;
  if (own < -1.01f * r) return hull;
  undecided.push_back(std::uint16_t(hull_.viewCount()));
  return Side::Mixed;
}

}  // namespace penumbra
