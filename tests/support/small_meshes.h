// Small closed meshes for tests.
#pragma once
#include <cmath>

#include "renderer/mesh.h"

namespace penumbra {

// A torus of `around` x `tube` quads, two triangles each, closed and outward facing. Built from float-exact steps
// plus an offset, so its coordinates are as crooked as those of a real file.
inline Mesh torusMesh(int around, int tube, glm::dvec3 centre = glm::dvec3(0), double size = 1) {
  Mesh mesh;
  const double turn = 6.283185307179586;
  for (int i = 0; i < around; ++i)
    for (int j = 0; j < tube; ++j) {
      const double a = turn * i / around, b = turn * j / tube, r = 0.35 + 0.15 * std::cos(b);
      mesh.positions.emplace_back(centre + size * glm::dvec3(r * std::cos(a), r * std::sin(a), 0.15 * std::sin(b)));
    }
  const auto at = [&](int i, int j) { return i % around * tube + j % tube; };
  for (int i = 0; i < around; ++i)
    for (int j = 0; j < tube; ++j) {
      mesh.faces.emplace_back(at(i, j), at(i + 1, j), at(i + 1, j + 1));
      mesh.faces.emplace_back(at(i, j), at(i + 1, j + 1), at(i, j + 1));
    }
  return mesh;
}

}  // namespace penumbra
