// SoftRas against its slow definition over every family of scenes, and the promises about threads, instruction sets,
// input that is not finite, and what lies outside the image.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "renderer/core/softras.h"
#include "renderer/cpu/isa.h"
#include "tests/support/scenes.h"
#include "tests/support/softras_reference.h"

namespace penumbra {
namespace {

template <class Real> struct Rendered {
  std::vector<std::vector<Real>> alpha;
  CoverageGradients<Real> gradients;
};

template <class Real> struct Prepared {
  std::vector<Topology> topologies;
  std::vector<std::vector<Vec3<Real>>> positions;
  std::vector<MeshRef<Real>> meshes;
  std::vector<ViewRef<Real>> views;
  CoverageOptions options;

  explicit Prepared(const TestScene& scene) : options{CoverageModel::SoftRas, scene.sigma, scene.nearPlane} {
    for (const auto& mesh : scene.meshes) {
      topologies.push_back(buildTopology(int(mesh.positions.size()), mesh.faces));
      positions.emplace_back(mesh.positions.begin(), mesh.positions.end());
    }
    for (std::size_t m = 0; m < positions.size(); ++m) meshes.push_back({positions[m], &topologies[m]});
    for (const auto& view : scene.views) views.push_back({view.mesh, CameraT<Real>(view.camera)});
  }
};

// Fixed weights that depend on nothing but the pixel.
template <class Real> void fillWeights(int view, std::span<Real> dL_dalpha) {
  std::mt19937 random(view + 1);
  std::uniform_real_distribution<double> unit(-1, 1);
  for (Real& w : dL_dalpha) w = Real(unit(random));
}

template <class Real> Rendered<Real> render(const TestScene& scene, int threads) {
  Prepared<Real> prepared(scene);
  ThreadPool pool(threads);
  CoverageRenderer<Real> renderer(pool);
  Rendered<Real> result;
  for (const auto& view : prepared.views)
    result.alpha.emplace_back(std::size_t(view.camera.width) * view.camera.height, Real(-1));
  std::vector<std::span<Real>> spans(result.alpha.begin(), result.alpha.end());
  renderer.forwardBackward(prepared.meshes, prepared.views, prepared.options, spans,
                           [](int view, std::span<const Real>, std::span<Real> dL) { fillWeights(view, dL); },
                           result.gradients);
  return result;
}

template <class Real> Rendered<Real> slow(const TestScene& scene) {
  Prepared<Real> prepared(scene);
  Rendered<Real> result;
  for (const auto& p : prepared.positions) result.gradients.positions.emplace_back(p.size(), Vec3<Real>(0));
  for (std::size_t v = 0; v < prepared.views.size(); ++v) {
    const auto& view = prepared.views[v];
    std::vector<Real> alpha(std::size_t(view.camera.width) * view.camera.height), weights(alpha.size());
    fillWeights<Real>(int(v), weights);
    softRasReference<Real>(prepared.meshes[view.mesh], view.camera, prepared.options, alpha);
    result.alpha.push_back(alpha);
    result.gradients.cameras.emplace_back();
    softRasReferenceBackward<Real>(prepared.meshes[view.mesh], view.camera, prepared.options, weights,
                                   result.gradients.positions[view.mesh], result.gradients.cameras.back());
  }
  return result;
}

template <class Real> std::vector<double> flat(const CoverageGradients<Real>& gradients) {
  std::vector<double> all;
  for (const auto& mesh : gradients.positions)
    for (const auto& g : mesh) all.insert(all.end(), {double(g.x), double(g.y), double(g.z)});
  for (const auto& c : gradients.cameras)
    all.insert(all.end(), {double(c.rotation.x), double(c.rotation.y), double(c.rotation.z), double(c.translation.x),
                           double(c.translation.y), double(c.translation.z), double(c.fx), double(c.fy), double(c.cx),
                           double(c.cy)});
  return all;
}

template <class Real> void expectSameBits(const Rendered<Real>& a, const Rendered<Real>& b) {
  EXPECT_EQ(a.alpha, b.alpha);
  EXPECT_EQ(flat(a.gradients), flat(b.gradients));
}

// Largest difference over the largest expected number.
double relativeDifference(const std::vector<double>& a, const std::vector<double>& b) {
  double worst = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    worst = std::max(worst, std::abs(a[i] - b[i]));
    size = std::max(size, std::abs(b[i]));
  }
  return worst / size;
}

class SoftRasFamilies : public testing::TestWithParam<TestScene> {};

TEST_P(SoftRasFamilies, AgreesWithTheSlowDefinition) {
  const auto fast = render<double>(GetParam(), 2), truth = slow<double>(GetParam());
  for (std::size_t v = 0; v < truth.alpha.size(); ++v)
    for (std::size_t i = 0; i < truth.alpha[v].size(); ++i) ASSERT_NEAR(fast.alpha[v][i], truth.alpha[v][i], 1e-10);
  EXPECT_LE(relativeDifference(flat(fast.gradients), flat(truth.gradients)), 1e-9);
}

TEST_P(SoftRasFamilies, SameBitsForAnyNumberOfThreads) {
  const auto single = render<float>(GetParam(), 1);
  for (int threads : {2, 3, 7}) expectSameBits(render<float>(GetParam(), threads), single);
}

TEST_P(SoftRasFamilies, SameBitsForEveryInstructionSet) {
  const Isa before = currentIsa();
  forceIsa(Isa::Baseline);
  const auto plain = render<float>(GetParam(), 2);
  const auto plainDouble = render<double>(GetParam(), 2);
  for (Isa isa : {Isa::Avx2, Isa::Avx512}) {
    forceIsa(isa);
    expectSameBits(render<float>(GetParam(), 2), plain);
    expectSameBits(render<double>(GetParam(), 2), plainDouble);
  }
  forceIsa(before);
}

INSTANTIATE_TEST_SUITE_P(Families, SoftRasFamilies, testing::ValuesIn(testScenes()),
                         [](const auto& which) { return which.param.name; });

Camera frontCamera(int width, int height) { return lookAt({0, 0, 3}, {0, 0, 0}, {0, 1, 0}, 40, width, height); }

TEST(SoftRas, NumbersThatAreNotFiniteHideTheirFacesOnly) {
  TestScene scene{"", {unitIcosphere(1)}, {{0, frontCamera(40, 36)}}};
  append(scene.meshes[0], MeshT<double>{{{0, 0, 0}, {NAN, 1, 0}, {1, INFINITY, 0}, {0.2, 0.1, NAN}, {1e308, 1e308, 0}},
                                        {{0, 1, 2}, {0, 3, 1}, {0, 4, 2}, {3, 3, 4}}});
  const auto broken = render<double>(scene, 2);
  scene.meshes[0] = unitIcosphere(1);
  const auto whole = render<double>(scene, 2);
  EXPECT_EQ(broken.alpha, whole.alpha);
  for (std::size_t v = 0; v < whole.gradients.positions[0].size(); ++v)
    EXPECT_EQ(broken.gradients.positions[0][v], whole.gradients.positions[0][v]);
}

TEST(SoftRas, WhatLiesOutsideTheImageNeitherPullsNorShows) {
  TestScene scene{"", {placed(unitIcosphere(2), glm::dvec3(0.5), {4, 0, 0})}, {{0, frontCamera(40, 36)}}};
  append(scene.meshes[0], placed(unitIcosphere(1), glm::dvec3(0.5), {0, 0, 6}));  // behind the camera
  const auto result = render<float>(scene, 2);
  for (float a : result.alpha[0]) EXPECT_EQ(a, 0);
  for (double g : flat(result.gradients)) EXPECT_EQ(g, 0);
}

TEST(SoftRas, ManyLayersNeitherUnderflowNorExceedOne) {
  TestScene scene{"", {unitIcosphere(1)}, {{0, frontCamera(24, 20)}}};
  for (int i = 0; i < 60; ++i) append(scene.meshes[0], placed(unitIcosphere(1), glm::dvec3(1 - 0.001 * i), {}));
  scene.sigma = 1e-2;
  const auto result = render<float>(scene, 2);
  const auto truth = slow<double>(scene);
  for (std::size_t i = 0; i < result.alpha[0].size(); ++i) {
    EXPECT_LE(result.alpha[0][i], 1.0f);
    EXPECT_NEAR(result.alpha[0][i], truth.alpha[0][i], 5e-5);
  }
  for (double g : flat(result.gradients)) EXPECT_TRUE(std::isfinite(g));
  EXPECT_LE(relativeDifference(flat(result.gradients), flat(truth.gradients)), 1e-3);
}

TEST(SoftRas, EmptyMeshAndOnePixelWork) {
  TestScene scene{"", {MeshT<double>{}}, {{0, frontCamera(1, 1)}}};
  EXPECT_EQ(render<float>(scene, 2).alpha[0][0], 0);
  scene.meshes[0] = unitIcosphere(0);
  EXPECT_GT(render<float>(scene, 2).alpha[0][0], 0.9f);
}

// A face whose far corners project tens of thousands of pixels away keeps its accuracy in float. Its numbers are
// exact in float, so that nothing is lost before the renderer has them.
TEST(SoftRas, HugeFacesStayAccurate) {
  TestScene scene{"", {MeshT<double>{{{-60, -50, 2.875}, {60, -55, 2.75}, {0.0625, -0.03125, 1}}, {{0, 1, 2}}}}, {}};
  scene.views = {{0, CameraT<double>(CameraT<float>(frontCamera(64, 64)))}};
  scene.sigma = 1e-4;
  const auto result = render<float>(scene, 1);
  const auto truth = slow<double>(scene);
  for (std::size_t i = 0; i < truth.alpha[0].size(); ++i) EXPECT_NEAR(result.alpha[0][i], truth.alpha[0][i], 2e-5);
}

TEST(SoftRasMaths, ExponentialIsAccurate) {
  for (double x = 0; x > -79; x -= 0.0137) {
    EXPECT_NEAR(softExponential<ScalarLane<float>>(float(x)) / std::exp(double(float(x))), 1, 3e-7);
    EXPECT_NEAR(softExponential<ScalarLane<double>>(x) / std::exp(x), 1, 1e-15);
  }
  EXPECT_GT(softExponential<ScalarLane<float>>(-1e30f), 0);
  EXPECT_GT(softExponential<ScalarLane<double>>(-std::numeric_limits<double>::infinity()), 0);
  EXPECT_EQ(softExponential<ScalarLane<float>>(0.0f), 1);
}

}  // namespace
}  // namespace penumbra
