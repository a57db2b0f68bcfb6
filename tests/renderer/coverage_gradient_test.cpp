// Both coverage models against central differences, over every family of scenes.
#include <gtest/gtest.h>

#include <cstdio>
#include <tuple>

#include "tests/support/gradient_check.h"

namespace penumbra {
namespace {

using Which = std::tuple<CoverageModel, TestScene>;

class CoverageGradient : public testing::TestWithParam<Which> {};

void expectGood(const char* what, const GradientReport& report) {
  std::printf("             %-9s cosine %.7f, median relative error %.1e, excluded %d of %d\n", what, report.cosine,
              report.medianRelativeError, report.excluded, report.entries);
  EXPECT_TRUE(report.finite) << what;
  EXPECT_GT(report.largest, 0) << what;
  EXPECT_GT(report.cosine, 0.999) << what;
  EXPECT_LE(report.medianRelativeError, 1e-3) << what;
  EXPECT_LE(report.excluded, report.entries / 10) << what;
}

TEST_P(CoverageGradient, MatchesCentralDifferences) {
  const auto& [model, scene] = GetParam();
  ThreadPool pool(2);
  const auto report = checkSceneGradients(pool, scene, model);
  expectGood("positions", report.positions);
  expectGood("cameras", report.cameras);
}

INSTANTIATE_TEST_SUITE_P(Families, CoverageGradient,
                         testing::Combine(testing::Values(CoverageModel::Contour, CoverageModel::SoftRas),
                                          testing::ValuesIn(testScenes())),
                         [](const auto& which) {
                           const bool contour = std::get<0>(which.param) == CoverageModel::Contour;
                           return std::get<1>(which.param).name + (contour ? "Contour" : "SoftRas");
                         });

}  // namespace

}  // namespace penumbra
