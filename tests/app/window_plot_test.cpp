// The arithmetic of the loss plot: axes, thinning, gaps, markers, short numbers.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <algorithm>
#include <cmath>

#include "app/window/plot_axes.h"
#include "app/window/plot_marks.h"

namespace penumbra {
namespace {

TEST(Axis, PlacesAndValuesAreInverse) {
  const double values[] = {3e-5, 0.02, 0.7};
  const Axis loss = logAxis(values);
  EXPECT_DOUBLE_EQ(loss.lower, 1e-5);
  EXPECT_DOUBLE_EQ(loss.upper, 1);
  for (const double place : {0.0, 0.3, 1.0}) {
    EXPECT_NEAR(loss.place(loss.valueAt(place)), place, 1e-12);
    EXPECT_NEAR(linearAxis(3, 17).place(linearAxis(3, 17).valueAt(place)), place, 1e-12);
  }
  EXPECT_LT(loss.place(0), 0);
  EXPECT_LT(loss.place(std::nan("")), 0);
  const double same[] = {0.1, 0.1};
  EXPECT_GT(logAxis(same).upper, logAxis(same).lower);
  EXPECT_GT(logAxis({}).upper, logAxis({}).lower);
  for (const Axis& axis : {loss, linearAxis(0, 500), linearAxis(2, 2)})
    for (const Tick& tick : ticks(axis, 5)) EXPECT_TRUE(axis.place(tick.value) >= -1e-6 && axis.place(tick.value) <= 1 + 1e-6);
}

TEST(Plot, ThinningKeepsTheExtremes) {
  std::vector<double> x, y;
  for (int i = 0; i < 50000; ++i) x.push_back(i), y.push_back(i == 31234 ? 99 : i == 777 ? -99 : std::sin(i));
  const auto kept = thinForPixels(x, y, {0, 50000, false}, 400);
  EXPECT_LE(kept.size(), 4u * 401);
  EXPECT_TRUE(std::find(kept.begin(), kept.end(), 31234) != kept.end());
  EXPECT_TRUE(std::find(kept.begin(), kept.end(), 777) != kept.end());
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_EQ(nearestIndex(x, 12.4), 12);
  EXPECT_EQ(nearestIndex(x, -5), 0);
  EXPECT_EQ(nearestIndex(x, 1e9), 49999);
  EXPECT_EQ(nearestIndex({}, 0), -1);
}

TEST(Plot, WhatWasNotMeasuredBreaksTheLine) {
  const auto lengths = [](std::vector<double> values) {
    std::vector<std::pair<int, int>> found;
    for (const Stretch& s : measuredStretches(values)) found.push_back({s.first, s.last});
    return found;
  };
  using Found = std::vector<std::pair<int, int>>;
  EXPECT_EQ(lengths({}), Found{});
  EXPECT_EQ(lengths({-1, -1}), Found{});
  EXPECT_EQ(lengths({3, 0, std::nan("")}), (Found{{0, 3}}));
  EXPECT_EQ(lengths({-1, 3, 2, -1, -1, 4}), (Found{{1, 3}, {5, 6}}));
}

TEST(Plot, EditsOfOneDragAreOne) {
  const std::vector<OptionEdit> edits = {{5, "sigma", "1", "2"}, {5, "seed", "0", "1"}, {5, "sigma", "2", "3"}, {7, "sigma", "3", "4"},
                                         {7, "sigma", "4", "3"}, {9, "Re-carve", "", ""}};
  const auto merged = mergedEdits(edits);
  ASSERT_EQ(merged.size(), 3u);
  EXPECT_EQ(merged[0].from, "1");
  EXPECT_EQ(merged[0].to, "3");
  EXPECT_EQ(merged[1].name, "seed");
  EXPECT_EQ(merged[2].name, "Re-carve");
}

TEST(Numbers, AreShort) {
  EXPECT_EQ(shortNumber(0), "0");
  EXPECT_EQ(shortNumber(0.00012345), "0.000123");
  EXPECT_EQ(shortNumber(1e-5), "1e-05");
  EXPECT_EQ(shortNumber(2562), "2562");
  EXPECT_EQ(shortNumber(-1234567), "-1\u2009234\u2009567");
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
