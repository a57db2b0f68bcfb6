#include "optim/remesh/mesh_solid.h"

#include <algorithm>
#include <numeric>

namespace penumbra {

MeshSolid::MeshSolid(const Mesh& closed, const HullField& hull, float slack, std::unique_ptr<HullField> covered)
    : bvh_(closed), hull_(hull), slack_(slack), covered_(std::move(covered)) {
  if (covered_) allCovered_.resize(std::size_t(covered_->viewCount()));
  std::iota(allCovered_.begin(), allCovered_.end(), std::uint16_t(0));
}

HullSample MeshSolid::grown(const glm::vec3& x, Trail& trail) const {
  const glm::dvec3 p(x);
  // No surface lies between points nearer to each other than to the surface
  const bool sameSide = trail.face >= 0 && 1.01 * double(glm::distance(x, trail.at)) < trail.distance;
  const NearestPoint near = bvh_.nearest(p, trail.face);
  const bool inside = sameSide ? trail.inside : bvh_.windingAlongZ(p) > 0;
  const double distance = near.distance(), sign = inside ? -1 : 1;
  trail = {near.face, inside, x, distance};
  const glm::dvec3 away = distance > 0 ? sign / distance * (p - near.point) : glm::dvec3(0);
  const HullSample mesh{float(sign * distance), glm::vec3(away)};
  if (!covered_) return mesh;
  const HullSample rest = covered_->sample(x, allCovered_);
  return -rest.value < mesh.value ? HullSample{-rest.value, -rest.gradient} : mesh;
}

float MeshSolid::value(const glm::vec3& x, std::span<const std::uint16_t> pieces) const {
  const float carved = hull_.value(x, views(pieces)) - slack_;
  Trail trail;
  return hasMesh(pieces) ? std::max(carved, grown(x, trail).value) : carved;
}

HullSample MeshSolid::sample(const glm::vec3& x, std::span<const std::uint16_t> pieces) const {
  HullSample carved = hull_.sample(x, views(pieces));
  carved.value -= slack_;
  if (!hasMesh(pieces)) return carved;
  Trail trail;
  const HullSample own = grown(x, trail);
  return own.value > carved.value ? own : carved;
}

void MeshSolid::values(const glm::vec3& start, float step, std::span<const std::uint16_t> pieces,
                       std::span<float> out) const {
  hull_.values(start, step, views(pieces), out);
  Trail trail;
  for (int i = 0; i < kCube * kCube * kCube; ++i) {
    float& value = out[std::size_t(i)];
    value -= slack_;
    if (!hasMesh(pieces)) continue;
    const glm::vec3 x = start + step * glm::vec3(i % kCube, i / kCube % kCube, i / (kCube * kCube));
    value = std::max(value, grown(x, trail).value);
  }
}

// Every field changes by no more than the distance, so the ball is widened by the slack.
SolidField::Side MeshSolid::classify(const glm::vec3& c, float r, std::span<const std::uint16_t> pieces,
                                     HullViews& undecided) const {
  const Side hull = hull_.classify(c, r + slack_, views(pieces), undecided);
  if (hull == Side::Out || !hasMesh(pieces)) return hull;
  Trail trail;
  const float own = grown(c, trail).value;
  if (own > 1.01f * r) return Side::Out;
  if (own < -1.01f * r) return hull;
  undecided.push_back(std::uint16_t(hull_.viewCount()));
  return Side::Mixed;
}

}  // namespace penumbra
