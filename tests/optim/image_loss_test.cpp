#include <gtest/gtest.h>

#include <random>

#include "optim/targets/image_loss.h"
#include "optim/targets/targets.h"
#include "renderer/core/profile.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;
using namespace penumbra::testing;

namespace {

Mask discMask(int width, int height, double cx, double cy, double radius) {
  std::vector<glm::dvec2> corners;
  for (int i = 0; i < 360; ++i)
    corners.push_back({cx + radius * std::cos(i * M_PI / 180), cy + radius * std::sin(i * M_PI / 180)});
  return renderHardMask(polygonMesh(corners), pixelCamera(width, height), 8);
}

SoftTarget softDisc(int width, int height, double cx, double cy, double radius, double sigma) {
  const Mask mask = discMask(width, height, cx, cy, radius);
  SoftTarget target = makeSoftTarget(mask);
  soften(target, mask, sigma);
  return target;
}

// Coverage of a disc by the profile, as a perfect renderer would give it (it sees beyond the frame).
template <class Real>
std::vector<Real> profileOfDisc(int width, int height, double cx, double cy, double radius, double sigma) {
  const double s = std::sqrt(sigma) * 0.5 * std::min(width, height);
  std::vector<Real> alpha(std::size_t(width) * height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      alpha[std::size_t(y) * width + x] =
          Real(coverageProfile((radius - std::hypot(x + 0.5 - cx, y + 0.5 - cy)) / s).alpha);
  return alpha;
}

}  // namespace

TEST(SoftTarget, IsTheProfileOfTheDistanceToTheOutline) {
  const double sigma = 1e-3;
  const SoftTarget target = softDisc(96, 64, 48.3, 31.8, 20, sigma);
  const auto exact = profileOfDisc<float>(96, 64, 48.3, 31.8, 20, sigma);
  for (std::size_t i = 0; i < exact.size(); ++i) EXPECT_NEAR(target.value.pixels[i], exact[i], 0.02);
}

TEST(SoftTarget, OffMeansTheMaskItself) {
  const Mask mask = discMask(40, 40, 20, 20, 9);
  SoftTarget target = makeSoftTarget(mask);
  soften(target, mask, 1e-2);
  soften(target, mask, 1e-2, false);
  EXPECT_EQ(target.value.pixels, mask.pixels);
  EXPECT_EQ(target.openColumns + target.openRows, 0);
}

TEST(SoftTarget, LimitsAreOneFarFromTheBorder) {
  const SoftTarget target = softDisc(64, 48, 30, 20, 9, 1e-4);
  const float s = 0.01f * 24;
  for (int x = 0; x < 64; ++x)
    EXPECT_FLOAT_EQ(target.columnLimit[x],
                    coverageProfile(std::min(float(x) + 0.5f, 63.5f - float(x)) / s).alpha);
  EXPECT_EQ(target.openColumns, 2);  // the profile ends at 9 s = 2.2 px; 2.5 px is known
  EXPECT_EQ(target.columnLimit[2], 1.0f);
  EXPECT_LT(target.columnLimit[1], 1.0f);
}

TEST(SoftTarget, WeighsAllViewsByOneAreaPerSquareOfNdc) {
  ThreadPool pool(2);
  std::vector<View> views(3);
  views[0].mask = discMask(64, 64, 32, 32, 20);
  views[1].mask = discMask(128, 128, 64, 64, 40);
  views[2].mask = discMask(64, 64, 32, 32, 5);
  const auto targets = makeSoftTargets(views, pool);
  EXPECT_DOUBLE_EQ(targets[0].normaliser, targets[2].normaliser);
  EXPECT_NEAR(targets[1].normaliser / targets[0].normaliser, 4, 1e-9);
  EXPECT_NEAR(targets[0].normaliser, M_PI * (400 + 400 + 25) / 3, 3);
}

class EveryLoss : public ::testing::TestWithParam<ImageLossRow> {};
INSTANTIATE_TEST_SUITE_P(Table, EveryLoss, ::testing::ValuesIn(imageLossTable().begin(), imageLossTable().end()),
                         [](const auto& row) { return row.param.name; });

TEST_P(EveryLoss, GradientIsTheCentralDifference) {
  // Discs in the middle, across the border, and empty and full targets; odd width for the loops' tails
  const int width = 37, height = 29;
  std::mt19937 random(3);
  std::uniform_real_distribution<double> value(0.02, 0.98);
  for (const auto& disc : {glm::dvec3(18, 14, 8), glm::dvec3(2, 14, 9), glm::dvec3(36, 28, 20), glm::dvec3(-99, 0, 5),
                           glm::dvec3(18, 14, 500)})
    for (const double sigma : {3e-3, 1e-1}) {
      const SoftTarget target = softDisc(width, height, disc.x, disc.y, disc.z, sigma);
      std::vector<double> alpha(width * height), gradient(width * height), unused(width * height);
      for (double& a : alpha) a = value(random);
      GetParam().inDouble(target, alpha, gradient);
      const double h = 1e-6;
      for (int i = 0; i < width * height; ++i) {
        const double a = alpha[i];
        alpha[i] = a + h;
        const double up = GetParam().inDouble(target, alpha, unused);
        alpha[i] = a - h;
        const double down = GetParam().inDouble(target, alpha, unused);
        alpha[i] = a;
        ASSERT_NEAR(gradient[i], (up - down) / (2 * h), 1e-8) << i << " disc " << disc.x << " sigma " << sigma;
      }
    }
}

TEST_P(EveryLoss, FloatFollowsDouble) {
  const SoftTarget target = softDisc(93, 71, 40, 30, 22, 1e-2);
  const auto alpha = profileOfDisc<double>(93, 71, 45, 33, 18, 1e-2);
  const std::vector<float> alphaFloat(alpha.begin(), alpha.end());
  std::vector<double> gradient(alpha.size());
  std::vector<float> gradientFloat(alpha.size());
  const double a = imageLoss<double>(GetParam().loss, target, alpha, gradient);
  const double b = imageLoss<float>(GetParam().loss, target, alphaFloat, gradientFloat);
  EXPECT_NEAR(a, b, 1e-5 * a);
  for (std::size_t i = 0; i < alpha.size(); ++i) EXPECT_NEAR(gradient[i], double(gradientFloat[i]), 1e-8);
}

TEST_P(EveryLoss, VanishesAtTheTargetAndGrowsAwayFromIt) {
  const SoftTarget target = softDisc(64, 64, 32, 32, 15, 1e-4);
  std::vector<double> gradient(64 * 64);
  double last = -1;
  for (const double shift : {0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0}) {
    const auto alpha = profileOfDisc<double>(64, 64, 32 + shift, 32, 15, 1e-4);
    const double loss = GetParam().inDouble(target, alpha, gradient);
    EXPECT_GT(loss, last) << shift;
    last = loss;
  }
  const std::vector<double> same(target.value.pixels.begin(), target.value.pixels.end());
  const double least = GetParam().inDouble(target, same, gradient);
  // 1 - IoU of a soft image with itself is not 0: half covered pixels agree only by half
  EXPECT_NEAR(least, 0, GetParam().loss == ImageLoss::SoftIoU ? 0.1 : 1e-12);
}

TEST_P(EveryLoss, DoesNotDependOnResolutionOrObjectSize) {
  const auto lossAt = [&](double scale, double radius, int size) {
    const double sigma = 1e-4 * radius * radius * 16;  // as wide, relative to the object
    const double half = 0.5 * size;
    const SoftTarget target = softDisc(size, size, half, half, scale * radius * half, sigma);
    std::vector<double> gradient(std::size_t(size) * size);
    return GetParam().inDouble(
        target, profileOfDisc<double>(size, size, half * (1 + 0.2 * radius), half, scale * radius * half, sigma), gradient);
  };
  const double reference = lossAt(1, 0.5, 128);
  EXPECT_GT(reference, 0.01);
  EXPECT_NEAR(lossAt(1, 0.5, 256), reference, 0.03 * reference);
  EXPECT_NEAR(lossAt(1, 0.5, 400), reference, 0.03 * reference);
  EXPECT_NEAR(lossAt(1, 0.3, 256), reference, 0.03 * reference);
}

TEST_P(EveryLoss, WhatLiesOutsideTheFrameIsNeitherPulledNorPunished) {
  // A disc cut by the frame, seen by a renderer that knows it beyond the border: the mask alone says the same there
  const double sigma = 2e-2;
  for (const auto& disc : {glm::dvec3(3, 32, 16), glm::dvec3(32, 60, 20), glm::dvec3(63, 1, 30)}) {
    const SoftTarget target = softDisc(64, 64, disc.x, disc.y, disc.z, sigma);
    const auto alpha = profileOfDisc<double>(64, 64, disc.x, disc.y, disc.z, sigma);
    std::vector<double> gradient(alpha.size());
    GetParam().inDouble(target, alpha, gradient);
    if (GetParam().loss != ImageLoss::L2) continue;  // the others have no small gradient at a small residual
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x)
        EXPECT_NEAR(gradient[y * 64 + x] * target.normaliser, 0, 0.04) << x << " " << y;
  }
  // Coverage in the open interval costs nothing at all: a full frame, and an outline just outside it
  const SoftTarget full = softDisc(64, 64, 32, 32, 500, sigma);
  std::vector<double> alpha(64 * 64, 1.0), gradient(64 * 64);
  alpha[0] = 0.6;  // half a pixel from the border, profile(0.5 px / s) = 0.53
  if (GetParam().loss != ImageLoss::SoftIoU) {
    EXPECT_EQ(GetParam().inDouble(full, alpha, gradient), 0);
    EXPECT_EQ(gradient[0], 0);
    alpha[0] = 0.4;  // no outline outside the frame can explain this
    EXPECT_GT(GetParam().inDouble(full, alpha, gradient), 0);
    EXPECT_LT(gradient[0], 0);
  }
}

TEST_P(EveryLoss, EmptyTargetsPushCoverageAwayWithFiniteNumbers) {
  const Mask empty(32, 32);
  SoftTarget target = makeSoftTarget(empty);
  soften(target, empty, 1e-4);
  std::vector<double> alpha(32 * 32, 0.0), gradient(32 * 32);
  EXPECT_EQ(GetParam().inDouble(target, alpha, gradient), 0);
  alpha[16 * 32 + 16] = 0.7;
  const double loss = GetParam().inDouble(target, alpha, gradient);
  EXPECT_GT(loss, 0);
  EXPECT_TRUE(std::isfinite(loss));
  EXPECT_GT(gradient[16 * 32 + 16], 0);
}

TEST(ImageLossTable, HasEveryChoiceOnce) {
  const auto table = imageLossTable();
  ASSERT_EQ(table.size(), 3u);
  for (std::size_t i = 0; i < table.size(); ++i) EXPECT_EQ(int(table[i].loss), int(i)) << table[i].name;
}
