// The half level of Contour coverage against masks of the independent supersampling rasteriser.
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "optim/fit/start_shapes.h"
#include "optim/targets/metrics.h"
#include "optim/targets/targets.h"
#include "renderer/coverage.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

Mask contourMask(const Mesh& mesh, const Camera& camera) {
  ThreadPool pool(1);
  CoverageRenderer<float> renderer(pool);
  const Topology topology = buildTopology(int(mesh.positions.size()), mesh.faces);
  const MeshRef<float> ref{mesh.positions, &topology};
  const ViewRef<float> view{0, CameraT<float>(camera)};
  Mask mask(camera.width, camera.height);
  const std::span<float> pixels(mask.pixels);
  CoverageOptions options;
  options.sigma = 1e-5;
  renderer.forward({&ref, 1}, {&view, 1}, options, {&pixels, 1});
  return mask;
}

void expectSameOutline(const Mesh& mesh, const Camera& camera, double tolerancePx) {
  const Mask soft = contourMask(mesh, camera), hard = renderHardMask(mesh, camera, 16);
  EXPECT_LT(contourErrorPx(soft, hard), tolerancePx);
  EXPECT_GT(maskIoU(soft, hard), 0.995);
}

TEST(ContourAgainstHardMask, HalfLevelsAgreeForAnyTessellation) {
  for (int level : {1, 2, 3, 4, 5, 6}) {  // edges of about 60 to 2 px
    SCOPED_TRACE("icosphere of level " + std::to_string(level));
    Mesh mesh = icosphere(level);
    for (auto& p : mesh.positions) p *= 0.8f + 0.1f * std::sin(4 * p.x + 2 * p.y);
    for (const glm::dvec3& eye : {glm::dvec3(3, 0.4, 0.7), glm::dvec3(-0.5, 2.8, 1.1)})
      expectSameOutline(mesh, lookAt(eye, {0, 0, 0}, {0, 1, 0}, 40, 160, 128), 0.05);
  }
}

TEST(ContourAgainstHardMask, HalfLevelsAgreeWhereTheSurfaceOverlapsItself) {
  // An area mask rounds off the reentrant corners where outlines cross, the exact outline does not.
  const Mesh ring = torusMesh(48, 24, glm::dvec3(0), 1);
  for (const glm::dvec3& eye : {glm::dvec3(2.5, 1.5, 1), glm::dvec3(0.3, 0.2, 3), glm::dvec3(3, 0.1, 0.1)})
    expectSameOutline(ring, lookAt(eye, {0, 0, 0}, {0, 1, 0}, 50, 128, 160), 0.08);
}

}  // namespace
}  // namespace penumbra
