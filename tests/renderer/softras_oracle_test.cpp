// SoftRas against expected values and gradients computed by an independent program, in float and in double.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>

#include "renderer/coverage.h"
#include "tests/support/softras_case.h"
#include "tests/support/softras_reference.h"

namespace penumbra {
namespace {

template <class Real> struct Rendered {
  std::vector<Real> alpha;
  CoverageGradients<Real> gradients;
};

template <class Real> Rendered<Real> render(const SoftRasCase& expected, int threads = 2) {
  ThreadPool pool(threads);
  CoverageRenderer<Real> renderer(pool);
  const Topology topology = buildTopology(int(expected.mesh.positions.size()), expected.mesh.faces);
  std::vector<Vec3<Real>> positions;
  for (const auto& p : expected.mesh.positions) positions.emplace_back(p);
  const MeshRef<Real> mesh{positions, &topology};
  const ViewRef<Real> view{0, CameraT<Real>(expected.camera)};
  const CoverageOptions options{CoverageModel::SoftRas, expected.sigma, expected.nearPlane};
  Rendered<Real> result;
  result.alpha.resize(expected.alpha.size());
  const std::span<Real> alpha(result.alpha);
  renderer.forwardBackward({&mesh, 1}, {&view, 1}, options, {&alpha, 1},
                           [&](int, std::span<const Real>, std::span<Real> dL_dalpha) {
                             for (std::size_t i = 0; i < dL_dalpha.size(); ++i)
                               dL_dalpha[i] = Real(expected.dL_dalpha[i]);
                           },
                           result.gradients);
  return result;
}

template <class Real> double largestAlphaError(const SoftRasCase& expected, const std::vector<Real>& alpha) {
  double worst = 0;
  for (std::size_t i = 0; i < alpha.size(); ++i)
    if (!(expected.fragile[i] & 2)) worst = std::max(worst, std::abs(double(alpha[i]) - expected.alpha[i]));
  return worst;
}

template <class Vector>
double relativeError(const std::vector<glm::dvec3>& expected, const std::vector<Vector>& gradient) {
  double difference = 0, size = 0;
  for (std::size_t v = 0; v < expected.size(); ++v) {
    const glm::dvec3 error = glm::dvec3(gradient[v]) - expected[v];
    difference += glm::dot(error, error);
    size += glm::dot(expected[v], expected[v]);
  }
  return std::sqrt(difference / size);
}

void print(const char* real, double alpha, double gradient) {
  std::printf("             %s: alpha max error %.2e, gradient relative error %.2e\n", real, alpha, gradient);
}

class SoftRasOracle : public testing::TestWithParam<std::string> {};

TEST_P(SoftRasOracle, DoubleAgrees) {
  const SoftRasCase expected = readSoftRasCase(GetParam());
  const auto result = render<double>(expected);
  const double alpha = largestAlphaError(expected, result.alpha);
  const double gradient = relativeError(expected.dL_dpositions, result.gradients.positions[0]);
  print("double", alpha, gradient);
  EXPECT_LE(alpha, 1e-12);
  EXPECT_LE(gradient, 1e-9);
}

TEST_P(SoftRasOracle, FloatAgrees) {
  const SoftRasCase expected = readSoftRasCase(GetParam());
  const auto result = render<float>(expected);
  const double alpha = largestAlphaError(expected, result.alpha);
  const double gradient = relativeError(expected.dL_dpositions, result.gradients.positions[0]);
  print("float", alpha, gradient);
  EXPECT_LE(alpha, 1e-5);
  EXPECT_LE(gradient, 1e-3);
}

// The slow definition that other tests lean on is held to the same figures.
TEST_P(SoftRasOracle, SlowDefinitionAgrees) {
  const SoftRasCase expected = readSoftRasCase(GetParam());
  const Topology topology = buildTopology(int(expected.mesh.positions.size()), expected.mesh.faces);
  const MeshRef<double> mesh{expected.mesh.positions, &topology};
  const CoverageOptions options{CoverageModel::SoftRas, expected.sigma, expected.nearPlane};
  std::vector<double> alpha(expected.alpha.size());
  softRasReference<double>(mesh, expected.camera, options, alpha);
  EXPECT_LE(largestAlphaError(expected, alpha), 1e-12);
  std::vector<glm::dvec3> dL_dpositions(expected.mesh.positions.size(), glm::dvec3(0));
  CameraGradient<double> dL_dcamera;
  softRasReferenceBackward<double>(mesh, expected.camera, options, expected.dL_dalpha, dL_dpositions, dL_dcamera);
  EXPECT_LE(relativeError(expected.dL_dpositions, dL_dpositions), 1e-9);
  // The camera has no expected figures; the renderer and the slow definition must agree.
  const auto camera = render<double>(expected).gradients.cameras[0];
  const double scale = glm::length(dL_dcamera.rotation) + glm::length(dL_dcamera.translation);
  EXPECT_LE(glm::length(camera.rotation - dL_dcamera.rotation), 1e-9 * scale);
  EXPECT_LE(glm::length(camera.translation - dL_dcamera.translation), 1e-9 * scale);
  EXPECT_NEAR(camera.fx, dL_dcamera.fx, 1e-9 * scale);
  EXPECT_NEAR(camera.fy, dL_dcamera.fy, 1e-9 * scale);
  EXPECT_NEAR(camera.cx, dL_dcamera.cx, 1e-9 * scale);
  EXPECT_NEAR(camera.cy, dL_dcamera.cy, 1e-9 * scale);
}

INSTANTIATE_TEST_SUITE_P(Cases, SoftRasOracle, testing::ValuesIn(softRasCaseNames()),
                         [](const auto& which) { return "case" + which.param; });

}  // namespace
}  // namespace penumbra
