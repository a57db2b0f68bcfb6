// Model files: what is written comes back, odd scenes are merged rightly, bad files give one sentence.
#include "optim/io/mesh_io.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "renderer/error.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

class MeshFormats : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(All, MeshFormats, testing::Values("obj", "ply", "stl", "glb"));

// Corner by corner, because formats may number vertices anew.
double largestCornerError(const Mesh& a, const Mesh& b) {
  if (a.faces.size() != b.faces.size()) return std::numeric_limits<double>::infinity();
  double worst = 0;
  for (std::size_t f = 0; f < a.faces.size(); ++f)
    for (int corner = 0; corner < 3; ++corner) {
      const glm::dvec3 p(a.positions[std::size_t(a.faces[f][corner])]), q(b.positions[std::size_t(b.faces[f][corner])]);
      worst = std::max(worst, glm::length(p - q));
    }
  return worst;
}

TEST_P(MeshFormats, comeBackWithinAMillionthOfTheirSize) {
  const TemporaryFolder folder;
  for (const double size : {1e-4, 1.0, 3e5}) {
    const Mesh mesh = torusMesh(40, 20, size * glm::dvec3(0.3, -0.7, 0.9), size);
    const auto file = folder / ("torus." + std::string(GetParam()));
    writeMesh(file, mesh);
    MeshReadReport report;
    const Mesh back = readMesh(file, &report);
    EXPECT_EQ(back.positions.size(), mesh.positions.size());
    EXPECT_LE(largestCornerError(mesh, back), 1e-6 * boundsOf(mesh).diagonal()) << size;
    EXPECT_EQ(report.facesRead, int(mesh.faces.size()));
    EXPECT_EQ(report.facesDropped, 0);
    EXPECT_EQ(report.parts, 1);
  }
}

}  // namespace
}  // namespace penumbra
