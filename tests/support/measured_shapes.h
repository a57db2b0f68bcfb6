// Shapes for measuring: boxes, sheets, soups, and ways to put them together.
#pragma once
#include <random>
#include <utility>

#include "renderer/mesh.h"

namespace penumbra::testing {

inline Mesh boxMesh(const glm::vec3& lower, const glm::vec3& upper) {
  Mesh mesh;
  for (int i = 0; i < 8; ++i)
    mesh.positions.emplace_back(i & 1 ? upper.x : lower.x, i & 2 ? upper.y : lower.y, i & 4 ? upper.z : lower.z);
  mesh.faces = {{0, 2, 3}, {0, 3, 1}, {4, 5, 7}, {4, 7, 6}, {0, 1, 5}, {0, 5, 4},
                {2, 6, 7}, {2, 7, 3}, {0, 4, 6}, {0, 6, 2}, {1, 3, 7}, {1, 7, 5}};
  return mesh;
}

inline Mesh moved(Mesh mesh, const glm::vec3& scale, const glm::vec3& shift) {
  for (auto& p : mesh.positions) p = scale * p + shift;
  return mesh;
}

inline Mesh together(Mesh a, const Mesh& b) {
  const int first = int(a.positions.size());
  a.positions.insert(a.positions.end(), b.positions.begin(), b.positions.end());
  for (const Face& face : b.faces) a.faces.push_back(face + first);
  return a;
}

inline Mesh insideOut(Mesh mesh) {
  for (Face& face : mesh.faces) std::swap(face.y, face.z);
  return mesh;
}

// n x n squares in the plane z = 0, two triangles each.
inline Mesh sheet(int n) {
  Mesh mesh;
  for (int j = 0; j <= n; ++j)
    for (int i = 0; i <= n; ++i) mesh.positions.emplace_back(float(i) / float(n), float(j) / float(n), 0);
  for (int j = 0; j < n; ++j)
    for (int i = 0; i < n; ++i) {
      const int a = j * (n + 1) + i, b = a + n + 1;
      mesh.faces.emplace_back(a, a + 1, b + 1);
      mesh.faces.emplace_back(a, b + 1, b);
    }
  return mesh;
}

// Triangles thrown into the unit cube.
inline Mesh soup(int faces, float size, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> unit(-1, 1);
  const auto point = [&] { return glm::vec3(unit(random), unit(random), unit(random)); };
  Mesh mesh;
  for (int f = 0; f < faces; ++f) {
    const glm::vec3 centre = point();
    for (int k = 0; k < 3; ++k) mesh.positions.push_back(centre + size * point());
    mesh.faces.emplace_back(3 * f, 3 * f + 1, 3 * f + 2);
  }
  return mesh;
}

inline glm::dvec3 corner(const Mesh& mesh, int face, int k) {
  return glm::dvec3(mesh.positions[std::size_t(mesh.faces[std::size_t(face)][k])]);
}

}  // namespace penumbra::testing
