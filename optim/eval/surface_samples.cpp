#include "optim/eval/surface_samples.h"

#include <cmath>

namespace penumbra {
namespace {

glm::dvec3 corner(const Mesh& mesh, int face, int k) {
  return glm::dvec3(mesh.positions[std::size_t(mesh.faces[std::size_t(face)][k])]);
}

glm::dvec3 areaNormal(const Mesh& mesh, int face) {
  const glm::dvec3 a = corner(mesh, face, 0);
  return glm::cross(corner(mesh, face, 1) - a, corner(mesh, face, 2) - a);
}

}  // namespace

double hashedUnit(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = (seed + 1) * 0xd1342543de82ef95ull + (index + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  z ^= z >> 31;
  return double(z >> 11) / 9007199254740992.0;
}

glm::dvec3 faceNormal(const Mesh& mesh, int face) {
  const glm::dvec3 n = areaNormal(mesh, face);
  const double length = glm::length(n);
  return length > 0 ? n / length : glm::dvec3(0);
}

double faceArea(const Mesh& mesh, int face) { return 0.5 * glm::length(areaNormal(mesh, face)); }

std::vector<SurfaceSample> sampleSurface(const Mesh& mesh, int count, std::uint64_t seed) {
  std::vector<double> until(mesh.faces.size());  // area up to and with each face
  double total = 0;
  for (std::size_t f = 0; f < until.size(); ++f) until[f] = total += faceArea(mesh, int(f));
  std::vector<SurfaceSample> samples;
  if (!(total > 0)) return samples;
  samples.reserve(std::size_t(count));
  int face = 0;
  for (int i = 0; i < count; ++i) {
    const auto random = [&](int k) { return hashedUnit(seed, 3 * std::uint64_t(i) + std::uint64_t(k)); };
    const double area = total * (i + random(0)) / count;
    while (face + 1 < int(until.size()) && until[std::size_t(face)] <= area) ++face;
    const double r = std::sqrt(random(1)), s = random(2);
    const glm::dvec3 p = (1 - r) * corner(mesh, face, 0) + r * (1 - s) * corner(mesh, face, 1) +
                         r * s * corner(mesh, face, 2);
    samples.push_back({p, face});
  }
  return samples;
}

}  // namespace penumbra
