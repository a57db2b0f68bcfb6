// Named scenes, one or two a family of inputs, on which tests hold both coverage models to the same promises.
#pragma once
#include <ostream>
#include <string>
#include <vector>

#include "renderer/coverage.h"
#include "renderer/mesh.h"

namespace penumbra {

struct TestScene {
  std::string name;
  std::vector<MeshT<double>> meshes;
  std::vector<ViewRef<double>> views;
  double sigma = 1e-3;
  double nearPlane = 1e-2;
};

// What test listings print instead of a dump of bytes.
inline void PrintTo(const TestScene& scene, std::ostream* out) { *out << scene.name; }

// closed, bumpy, open, thin, subPixel, degenerate, nearPlane, partlyOff, overlapping, mixedWinding, selfIntersecting,
// heterogeneous. Small: at most about 700 faces and 48 pixels a side, some images not square.
std::vector<TestScene> testScenes();

// Sphere of radius 1 by repeated halving of the icosahedron's edges: 20 * 4^level faces, outward.
MeshT<double> unitIcosphere(int level);

// Faces and vertices of `more` appended to `mesh`.
void append(MeshT<double>& mesh, const MeshT<double>& more);

// Positions moved to scale * p + shift.
MeshT<double> placed(MeshT<double> mesh, const glm::dvec3& scale, const glm::dvec3& shift);

}  // namespace penumbra
