#include <gtest/gtest.h>

#include "optim/targets/metrics.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;
using namespace penumbra::testing;

namespace {
Mask squareMask(double x0, double y0, double x1, double y1) {
  return renderHardMask(polygonMesh({{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}), pixelCamera(64, 64), 8);
}
Mask discMask(double cx, double cy, double radius) {
  std::vector<glm::dvec2> corners;
  for (int i = 0; i < 720; ++i)
    corners.push_back({cx + radius * std::cos(i * M_PI / 360), cy + radius * std::sin(i * M_PI / 360)});
  return renderHardMask(polygonMesh(corners), pixelCamera(128, 128), 8);
}
}  // namespace

TEST(MaskIoU, OfSquaresIsTheRatioOfAreas) {
  EXPECT_DOUBLE_EQ(maskIoU(squareMask(10, 10, 30, 30), squareMask(20, 10, 40, 30)), 200.0 / 600);
  EXPECT_DOUBLE_EQ(maskIoU(squareMask(10, 10, 30, 30), squareMask(10, 10, 30, 30)), 1);
  EXPECT_DOUBLE_EQ(maskIoU(squareMask(10, 10, 30, 30), squareMask(40, 40, 50, 50)), 0);
  EXPECT_NEAR(softMaskIoU(squareMask(10, 10, 30, 30), squareMask(20.5, 10, 40.5, 30)), 190.0 / 610, 1e-6);
}

TEST(MaskIoU, EmptyMasksAgree) {
  EXPECT_EQ(maskIoU(Mask(8, 8), Mask(8, 8)), 1);
  EXPECT_EQ(softMaskIoU(Mask(8, 8), Mask(8, 8)), 1);
  EXPECT_EQ(maskIoU(Mask(8, 8), Mask(8, 8, 1)), 0);
  EXPECT_THROW(maskIoU(Mask(8, 8), Mask(4, 16)), Error);
}

TEST(ContourError, OfConcentricDiscsIsTheDifferenceOfRadii) {
  for (const double step : {0.1, 0.3, 1.0, 3.7})
    EXPECT_NEAR(contourErrorPx(discMask(64.2, 63.9, 40), discMask(64.2, 63.9, 40 + step)), step, 0.03) << step;
}

TEST(ContourError, OfShiftedDiscsIsTheMeanOfTheShiftAlongTheNormal) {
  // |shift cos(angle)| averages to 2/pi of the shift while it is small against the radius
  EXPECT_NEAR(contourErrorPx(discMask(64, 64, 45), discMask(65.5, 64, 45)), 1.5 * 2 / M_PI, 0.04);
}

TEST(ContourError, IsZeroForTheSameMaskAndSymmetric) {
  const Mask a = discMask(60, 60, 30), b = discMask(66, 61, 24);
  EXPECT_LT(contourErrorPx(a, a), 0.01);
  EXPECT_DOUBLE_EQ(contourErrorPx(a, b), contourErrorPx(b, a));
}

TEST(ContourError, IsRightHoweverFarTheOutlinesAreApart) {
  for (const double step : {5.0, 6.0, 7.0, 8.0, 9.0, 20.0}) {
    const Mask a = discMask(64, 64, 30), b = discMask(64, 64, 30 + step);
    EXPECT_NEAR(contourErrorPx(a, b), step, 0.06) << step;
    EXPECT_NEAR(contourErrorPx(a, measure(b)), contourErrorPx(a, b), 2e-3) << step;
  }
}

TEST(ContourError, WithoutOutlineIsTheDiagonalOrNothing) {
  EXPECT_EQ(contourErrorPx(Mask(30, 40), Mask(30, 40)), 0);
  EXPECT_EQ(contourErrorPx(Mask(30, 40), renderHardMask(polygonMesh({{5, 5}, {20, 5}, {9, 30}}), pixelCamera(30, 40))), 50);
}
