#include "optim/io/mesh_cleanup.h"

#include <bit>
#include <cmath>
#include <cstdint>

namespace penumbra {
namespace {

bool isFinite(const glm::vec3& p) { return std::isfinite(p.x) && std::isfinite(p.y) && std::isfinite(p.z); }

// Three distinct finite corners and an area; in double only truly flat faces have none.
bool isSound(const std::vector<glm::vec3>& positions, const Face& face) {
  if (face.x == face.y || face.y == face.z || face.z == face.x) return false;
  const glm::vec3 a = positions[std::size_t(face.x)], b = positions[std::size_t(face.y)], c = positions[std::size_t(face.z)];
  if (!isFinite(a) || !isFinite(b) || !isFinite(c)) return false;
  const glm::dvec3 origin(a);
  return glm::cross(glm::dvec3(b) - origin, glm::dvec3(c) - origin) != glm::dvec3(0);
}

std::uint64_t hashOf(const glm::vec3& p) {
  std::uint64_t hash = 0x9e3779b97f4a7c15ull;
  for (int k = 0; k < 3; ++k) {
    hash ^= std::bit_cast<std::uint32_t>(p[k]);
    hash *= 0xff51afd7ed558ccdull;
    hash ^= hash >> 32;
  }
  return hash;
}

// For every vertex the first vertex of the same position. Open addressing; NaN never equals anything.
std::vector<int> firstOfSamePlace(const std::vector<glm::vec3>& positions) {
  std::size_t slots = 16;
  while (slots < positions.size() * 2) slots *= 2;
  std::vector<int> table(slots, -1), first(positions.size());
  for (std::size_t v = 0; v < positions.size(); ++v) {
    std::size_t slot = hashOf(positions[v]) & (slots - 1);
    while (table[slot] >= 0 && positions[std::size_t(table[slot])] != positions[v]) slot = (slot + 1) & (slots - 1);
    if (table[slot] < 0) table[slot] = int(v);
    first[v] = table[slot];
  }
  return first;
}

}  // namespace

Mesh cleanMesh(const ImportedScene& scene, MeshReadReport& report) {
  report.parts = int(scene.parts);
  report.verticesRead = int(scene.positions.size());
  report.facesRead = int(scene.faces.size());
  std::vector<glm::vec3> positions = scene.positions;
  for (glm::vec3& p : positions) p += 0.0f;  // -0 becomes 0
  const std::vector<int> first = firstOfSamePlace(positions);
  for (std::size_t v = 0; v < positions.size(); ++v) report.verticesWelded += first[v] != int(v);

  // Keep the sound faces and mark what they use.
  Mesh mesh;
  std::vector<int> newIndex(positions.size(), -1);
  for (const Face& face : scene.faces) {
    const Face welded(first[std::size_t(face.x)], first[std::size_t(face.y)], first[std::size_t(face.z)]);
    if (!isSound(positions, welded)) {
      ++report.facesDropped;
      continue;
    }
    mesh.faces.push_back(welded);
    for (int corner = 0; corner < 3; ++corner) newIndex[std::size_t(welded[corner])] = 0;
  }

  // Number the used vertices in the order of the file.
  for (std::size_t v = 0; v < positions.size(); ++v) {
    if (newIndex[v] < 0) continue;
    newIndex[v] = int(mesh.positions.size());
    mesh.positions.push_back(positions[v]);
  }
  for (Face& face : mesh.faces)
    for (int corner = 0; corner < 3; ++corner) face[corner] = newIndex[std::size_t(face[corner])];
  return mesh;
}

}  // namespace penumbra
