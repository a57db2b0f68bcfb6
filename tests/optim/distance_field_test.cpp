#include <gtest/gtest.h>

#include <random>

#include "optim/targets/distance_field.h"
#include "optim/targets/targets.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;
using namespace penumbra::testing;

namespace {

float distanceToSegment(const glm::vec2& p, const OutlineSegment& s) {
  const glm::vec2 d = s.b - s.a;
  const float length2 = glm::dot(d, d), t = length2 > 0 ? glm::clamp(glm::dot(p - s.a, d) / length2, 0.0f, 1.0f) : 0;
  return glm::length(p - s.a - t * d);
}

Mask blobs(int size, int seed, bool binary) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> at(0.1 * size, 0.9 * size), radius(0.03 * size, 0.15 * size);
  std::vector<glm::dvec3> discs;
  for (int i = 0; i < 9; ++i) discs.push_back({at(random), at(random), radius(random)});
  Mask mask(size, size);
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      double value = 0;
      for (const auto& d : discs)
        value = std::max(value, std::clamp(0.5 + d.z - std::hypot(x + 0.5 - d.x, y + 0.5 - d.y), 0.0, 1.0));
      mask.at(x, y) = float(binary ? value >= 0.5 : value);
    }
  return mask;
}

}  // namespace

TEST(DistanceField, StraightOutlinesAreExactAtEverySlantAndOffset) {
  double worst = 0, worstNear = 0;
  for (int angle = 0; angle < 360; angle += 3)
    for (const double shift : {0.0, 0.11, 0.25, 0.4, 0.5, 0.77}) {
      const glm::dvec2 n(std::cos(angle * M_PI / 180), std::sin(angle * M_PI / 180));
      const double offset = glm::dot(n, glm::dvec2(20 + shift, 20));
      const Mask distance = signedDistance(halfPlaneMask(40, 40, n, offset));
      for (int y = 10; y < 30; ++y)  // where the nearest point of the line lies in the frame
        for (int x = 10; x < 30; ++x) {
          const double exact = glm::dot(n, glm::dvec2(x + 0.5, y + 0.5)) - offset;
          const double error = std::abs(double(distance.at(x, y)) - exact);
          if (std::abs(exact) < 8) worst = std::max(worst, error);
          if (std::abs(exact) < 1) worstNear = std::max(worstNear, error);
        }
    }
  EXPECT_LT(worst, 0.04);  // a pixel-long segment's slope is off by up to 0.4 %, which shows 8 px away
  EXPECT_LT(worstNear, 0.015);
}

TEST(DistanceField, EightByEightSamplesAreGoodToATwentiethOfAPixelOnDiscs) {
  for (const double radius : {5.0, 12.3, 40.7}) {
    std::vector<glm::dvec2> corners;
    for (int i = 0; i < 720; ++i)
      corners.push_back(glm::dvec2(64.3, 63.6) +
                        radius * glm::dvec2(std::cos(i * M_PI / 360), std::sin(i * M_PI / 360)));
    const Mask distance = signedDistance(renderHardMask(polygonMesh(corners), pixelCamera(128, 128), 8));
    double sumOfSquares = 0, mean = 0;
    int count = 0;
    for (int y = 0; y < 128; ++y)
      for (int x = 0; x < 128; ++x) {
        const double exact = radius - std::hypot(x + 0.5 - 64.3, y + 0.5 - 63.6);
        if (std::abs(exact) > 3) continue;
        const double error = double(distance.at(x, y)) - exact;
        mean += error;
        sumOfSquares += error * error;
        ++count;
      }
    EXPECT_LT(std::sqrt(sumOfSquares / count), 0.05) << radius;
    EXPECT_LT(std::abs(mean / count), 0.01 + 1 / (8 * radius)) << radius;  // segments are chords up to 1 px long
  }
}

TEST(DistanceField, BinaryMasksHaveTheirOutlineHalfWayBetweenPixels) {
  Mask mask(16, 12);
  for (int y = 0; y < 12; ++y)
    for (int x = 6; x < 16; ++x) mask.at(x, y) = 1;
  const Mask distance = signedDistance(mask);
  for (int y = 0; y < 12; ++y)
    for (int x = 0; x < 16; ++x) EXPECT_FLOAT_EQ(distance.at(x, y), float(x) + 0.5f - 6);
}

TEST(DistanceField, IsTheDistanceToTheNearestSegmentOfAll) {
  for (const bool binary : {false, true})
    for (int seed = 0; seed < 4; ++seed) {
      const Mask mask = blobs(72, seed, binary);
      const auto outline = traceOutline(mask);
      const Mask distance = signedDistance(mask, outline);
      for (int y = 0; y < 72; ++y)
        for (int x = 0; x < 72; ++x) {
          float nearest = 1e9f;
          for (const auto& s : outline)
            nearest = std::min(nearest, distanceToSegment({float(x) + 0.5f, float(y) + 0.5f}, s));
          ASSERT_EQ(distance.at(x, y) > 0 || (distance.at(x, y) == 0 && mask.at(x, y) >= 0.5f), mask.at(x, y) >= 0.5f);
          ASSERT_NEAR(std::abs(distance.at(x, y)), nearest, 0.1)  // sweeps may miss the nearest by a hair
               << x << " " << y;
        }
    }
}

TEST(DistanceField, OutlinesCloseUnlessTheyLeaveTheFrame) {
  const auto outline = traceOutline(blobs(96, 5, false));
  ASSERT_FALSE(outline.empty());
  std::map<std::pair<float, float>, int> ends;
  for (const auto& s : outline) {
    ++ends[{s.a.x, s.a.y}];
    --ends[{s.b.x, s.b.y}];
  }
  for (const auto& [point, balance] : ends) {
    const bool atFrame = point.first < 0.6f || point.second < 0.6f || point.first > 95.4f || point.second > 95.4f;
    EXPECT_TRUE(atFrame || balance == 0) << point.first << " " << point.second;
  }
}

TEST(DistanceField, SegmentsKeepTheInsideToTheirRight) {
  Mask mask(64, 64);  // a disc with a hole
  for (int y = 0; y < 64; ++y)
    for (int x = 0; x < 64; ++x) {
      const float r = std::hypot(float(x) + 0.5f - 31.2f, float(y) + 0.5f - 32.7f);
      mask.at(x, y) = std::clamp(0.5f + 6 - std::abs(r - 18), 0.0f, 1.0f);
    }
  int checked = 0;
  for (const auto& s : traceOutline(mask)) {
    const glm::vec2 d = s.b - s.a;
    if (glm::length(d) < 0.2f) continue;
    const glm::vec2 right = glm::vec2(-d.y, d.x) / glm::length(d), middle = 0.5f * (s.a + s.b);
    const glm::ivec2 in(middle + 1.5f * right), out(middle - 1.5f * right);
    EXPECT_GE(mask.at(in.x, in.y), 0.5f);
    EXPECT_LT(mask.at(out.x, out.y), 0.5f);
    ++checked;
  }
  EXPECT_GT(checked, 150);
}

TEST(DistanceField, ABandIsTheSameThereAndTheDiagonalBeyond) {
  for (int seed = 0; seed < 4; ++seed) {
    const Mask mask = blobs(96, seed, seed % 2 == 0);
    const auto outline = traceOutline(mask);
    const Mask whole = signedDistance(mask, outline), band = signedDistance(mask, outline, 8);
    int within = 0, beyond = 0;
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
      const float d = std::abs(whole.pixels[i]);
      EXPECT_EQ(std::signbit(band.pixels[i]), std::signbit(whole.pixels[i]));
      within += d < 7.9f;
      beyond += d > 8.1f;
      const float expected = d < 8 ? d : 96 * std::sqrt(2.0f), off = std::abs(std::abs(band.pixels[i]) - expected);
      EXPECT_LT(std::abs(d - 8) > 0.1f ? off : 0, 0.05f);
    }
    EXPECT_GT(within, 1000);
    EXPECT_GT(beyond, 300);
  }
}

TEST(DistanceField, MasksWithoutOutlineAreAtTheDiagonal) {
  for (const float value : {0.0f, 0.3f, 1.0f})
    for (const float d : signedDistance(Mask(30, 40, value)).pixels) EXPECT_EQ(d, value < 0.5f ? -50.0f : 50.0f);
}

TEST(DistanceField, ThinPartsNeverGiveGarbage) {
  // Lines of growing width, upright and slanted: finite everywhere, sides right within 0.1 px, plus what a single pixel
  // cannot tell: where between its borders a strip narrower than itself lies
  for (const double width : {0.2, 0.4, 0.6, 0.8, 1.0, 1.5})
    for (const double middle : {15.5, 15.6, 15.8, 16.0}) {
      const Mask mask = renderHardMask(
          polygonMesh({{middle - width / 2, -5}, {middle + width / 2, -5}, {middle + width / 2, 50}, {middle - width / 2, 50}}),
          pixelCamera(32, 40), 16);
      const Mask distance = signedDistance(mask);
      for (const float d : distance.pixels) ASSERT_TRUE(std::isfinite(d) && std::abs(d) < 60);
      if (*std::max_element(mask.pixels.begin(), mask.pixels.end()) < 0.5f) continue;
      for (const double x : {3.5, 28.5}) {
        const double exact = width / 2 - std::abs(x - middle);
        EXPECT_NEAR(distance.at(int(x), 20), exact, 0.1 + std::max(0.0, 1 - width) / 2) << width << " at " << middle;
      }
    }
  const Mask slanted = renderHardMask(polygonMesh({{2, 2}, {2.5, 2}, {38, 30}, {37.5, 30}}), pixelCamera(40, 32), 8);
  for (const float d : signedDistance(slanted).pixels) ASSERT_TRUE(std::isfinite(d) && std::abs(d) < 60);
}

TEST(DistanceField, TinyImagesWork) {
  for (const auto& [width, height] : {std::pair{1, 1}, {1, 5}, {5, 1}, {2, 2}}) {
    Mask mask(width, height);
    mask.pixels[0] = 1;
    for (const float d : signedDistance(mask).pixels) EXPECT_TRUE(std::isfinite(d));
  }
}
