// Views that cannot determine a shape are told from those that can.
#include "optim/targets/view_coverage.h"

#include <gtest/gtest.h>

#include <cmath>

#include "optim/targets/targets.h"

namespace penumbra {
namespace {

std::vector<View> placed(ViewPlacement placement, int count, double low = -90, double high = 90) {
  FitOptions options;
  options.placement = placement;
  options.views = count;
  options.elevationMin = low;
  options.elevationMax = high;
  std::vector<View> views;
  for (const Camera& camera : placeCameras(options)) views.push_back({"view", camera, {}});
  return views;
}

TEST(ViewCoverage, viewsAllAroundAreFine) {
  for (const int count : {8, 12, 24, 64}) EXPECT_TRUE(viewCoverageNotes(placed(ViewPlacement::Fibonacci, count)).empty()) << count;
  EXPECT_TRUE(viewCoverageNotes(placed(ViewPlacement::SixAxes, 6)).empty());
  EXPECT_NEAR(viewCoverage(placed(ViewPlacement::SixAxes, 6)).widestGap, 54.74, 1.5) << "the cube's diagonals";
}

TEST(ViewCoverage, oneRingIsToldAtAnyHeight) {
  for (const double elevation : {0.0, 20.0, 60.0}) {
    const auto views = placed(ViewPlacement::Ring, 16, elevation, elevation);
    EXPECT_TRUE(viewCoverage(views).singleRing) << elevation;
    ASSERT_EQ(viewCoverageNotes(views).size(), 1u);
    EXPECT_EQ(viewCoverageNotes(views)[0].rfind("All cameras stand on one ring", 0), 0u);
  }
  const ViewCoverage level = viewCoverage(placed(ViewPlacement::Ring, 16, 0, 0));
  EXPECT_NEAR(level.widestGap, 90, 2.5);
  EXPECT_GT(std::abs(level.emptiest.y), 0.99);
}

TEST(ViewCoverage, twoRingsAreNotOne) {
  auto views = placed(ViewPlacement::Ring, 12, 10, 10);
  const auto upper = placed(ViewPlacement::Ring, 6, 50, 50);
  views.insert(views.end(), upper.begin(), upper.end());
  EXPECT_FALSE(viewCoverage(views).singleRing);
  EXPECT_TRUE(viewCoverageNotes(views).empty());
}

TEST(ViewCoverage, wideGapsAreTold) {
  for (const int count : {1, 2, 3}) {
    const auto notes = viewCoverageNotes(placed(ViewPlacement::Fibonacci, count, -5, 5));
    ASSERT_EQ(notes.size(), 1u);
    EXPECT_NE(notes[0].find("degrees from the nearest view"), std::string::npos) << notes[0];
  }
  EXPECT_EQ(viewCoverage({}).widestGap, 90);
}

}  // namespace
}  // namespace penumbra
