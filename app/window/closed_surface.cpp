#include "app/window/closed_surface.h"

#include <algorithm>
#include <cstdint>

namespace penumbra {
namespace {

// A number that looks random, of an edge (SplitMix64's finaliser: Steele, Lea, Flood 2014).
std::uint64_t scrambled(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

double sixfoldVolume(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces) {
  double sum = 0;
  for (const Face& f : faces) sum += double(glm::dot(positions[f[0]], glm::cross(positions[f[1]], positions[f[2]])));
  return sum;
}

}  // namespace

bool edgesCancel(const std::vector<Face>& faces) {
  std::uint64_t sum = 0;
  for (const Face& f : faces)
    for (int k = 0; k < 3; ++k) {
      const std::uint64_t a = std::uint32_t(f[k]), b = std::uint32_t(f[(k + 1) % 3]);
      sum += a < b ? scrambled(a << 32 | b) : 0 - scrambled(b << 32 | a);
    }
  return sum == 0;
}

void ClosedSurface::setFaces(const std::vector<Face>& faces) { closed_ = !faces.empty() && edgesCancel(faces); }

void ClosedSurface::setVertices(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces) {
  outward_ = closed_ && !positions.empty() && sixfoldVolume(positions, faces) > 0;
  if (!outward_) return;
  lower_ = upper_ = positions[0];
  for (const glm::vec3& p : positions) lower_ = glm::min(lower_, p), upper_ = glm::max(upper_, p);
}

bool ClosedSurface::hidesItsBacks(const glm::dmat4& clipFromWorld) const {
  if (!outward_) return false;
  for (int corner = 0; corner < 8; ++corner) {
    const glm::dvec3 p{corner & 1 ? upper_.x : lower_.x, corner & 2 ? upper_.y : lower_.y, corner & 4 ? upper_.z : lower_.z};
    const glm::dvec4 clip = clipFromWorld * glm::dvec4(p, 1);
    if (!(clip.z > -clip.w)) return false;
  }
  return true;
}

}  // namespace penumbra
