// Reads the expected coverage and gradients of tests/golden/softras (format: README.md there).
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "renderer/camera.h"
#include "renderer/mesh.h"

namespace penumbra {

struct SoftRasCase {
  std::string name;
  double sigma = 0, nearPlane = 0;
  MeshT<double> mesh;
  Camera camera;                          // converted from the file's OpenGL matrices
  std::vector<double> dL_dalpha, alpha;   // H * W, row 0 at the top
  std::vector<glm::dvec3> dL_dpositions;  // V
  std::vector<std::uint8_t> fragile;      // H * W: bit 1 on a medial axis, bit 2 at the rim of the reach
};

// Throws std::runtime_error naming the file when it is missing or not as described.
SoftRasCase readSoftRasCase(const std::string& name);

// Every case of the folder.
std::vector<std::string> softRasCaseNames();

}  // namespace penumbra
