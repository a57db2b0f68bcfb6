// The check itself must be trustworthy: it accepts right gradients of both models and notices wrong ones.
#include "renderer/gradient_check.h"

#include <gtest/gtest.h>

#include "renderer/error.h"

namespace penumbra {
namespace {

MeshT<double> tetrahedron() {
  MeshT<double> mesh;
  mesh.positions = {{0.9, 0.1, 0.2}, {-0.7, 0.6, 0.1}, {-0.4, -0.8, 0.3}, {0.1, 0.05, -0.9}};
  mesh.faces = {{0, 1, 2}, {0, 3, 1}, {1, 3, 2}, {2, 3, 0}};
  return mesh;
}

std::vector<Camera> twoCameras() {
  return {lookAt({0.5, 0.4, 3}, {0, 0, 0}, {0, 1, 0}, 45, 40, 32), lookAt({-2, 1, 1.5}, {0.1, 0, 0}, {0, 1, 0}, 50, 32, 40)};
}

TEST(GradientCheck, BothModelsPass) {
  ThreadPool pool(2);
  const auto cameras = twoCameras();
  for (CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas}) {
    const GradientCheck result = checkGradients(pool, tetrahedron(), cameras, {model, 1e-3, 1e-2});
    EXPECT_EQ(result.positions.count, 12);
    EXPECT_EQ(result.cameras.count, 20);
    EXPECT_GT(result.positions.cosine, 0.999);
    EXPECT_GT(result.cameras.cosine, 0.999);
    EXPECT_LE(result.positions.medianRelativeError, 1e-5);
    EXPECT_LE(result.cameras.medianRelativeError, 1e-5);
  }
}

TEST(GradientCheck, ADifferenceOverManyKinksIsNoticed) {
  ThreadPool pool(1);
  GradientCheckOptions coarse;
  coarse.step = 0.2;  // a fifth of the object: no derivative any more
  const GradientCheck result = checkGradients(pool, tetrahedron(), twoCameras(), {CoverageModel::Contour, 1e-4, 1e-2}, coarse);
  EXPECT_GT(result.positions.medianRelativeError, 1e-2);
  EXPECT_LT(result.positions.cosine, 0.999);
}

TEST(GradientCheck, TheSameSeedGivesTheSameFigures) {
  ThreadPool one(1), three(3);
  GradientCheckOptions options;
  options.samples = 6;
  options.seed = 7;
  const auto a = checkGradients(one, tetrahedron(), twoCameras(), {}, options);
  const auto b = checkGradients(three, tetrahedron(), twoCameras(), {}, options);
  EXPECT_EQ(a.positions.cosine, b.positions.cosine);
  EXPECT_EQ(a.cameras.medianRelativeError, b.cameras.medianRelativeError);
}

TEST(GradientCheck, NothingToCheckIsRefused) {
  ThreadPool pool(1);
  EXPECT_THROW(checkGradients(pool, MeshT<double>{}, twoCameras(), {}), Error);
  EXPECT_THROW(checkGradients(pool, tetrahedron(), {}, {}), Error);
}

}  // namespace
}  // namespace penumbra
