// Contradicting masks are named, consistent ones are not, and noise is told apart from both.
#include <gtest/gtest.h>

#include <algorithm>

#include "optim/fit/start_shapes.h"
#include "optim/hull/view_trust.h"
#include "optim/hull/visual_hull.h"
#include "optim/targets/targets.h"

namespace penumbra {
namespace {

constexpr int kViews = 12;

ThreadPool& pool() {
  static ThreadPool instance(2);
  return instance;
}

// A lopsided ellipsoid seen from all sides.
std::vector<View> ellipsoidViews() {
  Mesh mesh = icosphere(4);
  for (glm::vec3& p : mesh.positions) p *= glm::vec3(0.8f, 0.5f, p.x > 0 ? 0.6f : 0.4f);
  FitOptions options;
  options.views = kViews, options.size = 128;
  std::vector<View> views;
  for (const Camera& camera : placeCameras(options))
    views.push_back({"view_" + std::to_string(views.size()), camera, renderHardMask(mesh, camera, 8)});
  return views;
}

ViewTrust judged(const std::vector<View>& views, ThreadPool& threads = pool()) {
  return judgeViews(HullField(views, 1.1, false, threads), threads);
}

void eraseLeft(Mask& mask) {
  for (int y = 0; y < mask.height; ++y)
    for (int x = 0; x < mask.width / 2; ++x) mask.at(x, y) = 0;
}

TEST(ViewTrust, cleanMasksAreTrustedAndWithoutNoise) {
  const ViewTrust trust = judged(ellipsoidViews());
  EXPECT_TRUE(trust.distrusted.empty());
  EXPECT_LT(trust.noise, 0.05);  // pixels: bilinear values of 8-bit masks
  EXPECT_FALSE(trust.noisy());
}

TEST(ViewTrust, namesAnyMaskThatLacksHalf) {
  const std::vector<View> clean = ellipsoidViews();
  for (int wrong = 0; wrong < kViews; wrong += 3) {
    std::vector<View> views = clean;
    eraseLeft(views[std::size_t(wrong)].mask);
    EXPECT_EQ(judged(views).distrusted, std::vector<int>{wrong});
  }
}

TEST(ViewTrust, namesTwoWrongMasks) {
  std::vector<View> views = ellipsoidViews();
  eraseLeft(views[2].mask);
  eraseLeft(views[9].mask);
  EXPECT_EQ(judged(views).distrusted, (std::vector<int>{2, 9}));
}

TEST(ViewTrust, namesAMaskThatShowsWhatIsNotThere) {
  std::vector<View> views = ellipsoidViews();
  std::fill(views[5].mask.pixels.begin(), views[5].mask.pixels.end(), 1.0f);
  views[5].mask.at(0, 0) = 0;
  EXPECT_EQ(judged(views).distrusted, std::vector<int>{5});
}

TEST(ViewTrust, aSheetThatAFewViewsLoseFromItsEdgeIsNoNoise) {
  FitOptions options;
  options.size = 256;
  for (const float width : {0.05f, 0.2f, 0.5f})
    for (const int count : {16, 24, 32}) {
      Mesh sheet;
      sheet.positions = {{-0.7f, 0, -width}, {0.7f, 0, -width}, {0.7f, 0, width}, {-0.7f, 0, width}};
      sheet.faces = {{0, 1, 2}, {0, 2, 3}};
      options.views = count;
      std::vector<View> views;
      for (const Camera& camera : placeCameras(options)) views.push_back({"", camera, renderHardMask(sheet, camera, 8)});
      const ViewTrust trust = judged(views);
      EXPECT_FALSE(trust.noisy()) << trust.noise << " for " << width << " from " << count << " views";
    }
}

TEST(ViewTrust, oneCameraThatIsOffIsNoise) {
  std::vector<View> views = ellipsoidViews();
  views[4].camera.cx += 4;
  EXPECT_TRUE(judged(views).noisy());
}

TEST(ViewTrust, twoMasksThatAreTooNarrowAllRoundAreNoise) {
  std::vector<View> views = ellipsoidViews();
  for (const int v : {2, 7}) {
    const Mask whole = views[std::size_t(v)].mask;
    Mask& mask = views[std::size_t(v)].mask;
    for (int y = 2; y + 2 < mask.height; ++y)
      for (int x = 2; x + 2 < mask.width; ++x)
        for (int k = -2; k <= 2; ++k) mask.at(x, y) = std::min({mask.at(x, y), whole.at(x + k, y), whole.at(x, y + k)});
  }
  EXPECT_TRUE(judged(views).noisy());
}

TEST(ViewTrust, noiseGrowsWithTheErrorOfTheCameras) {
  double last = 0.05;
  for (const double pixels : {1.0, 2.0}) {
    std::vector<View> views = ellipsoidViews();
    for (std::size_t v = 0; v < views.size(); ++v) (v % 2 ? views[v].camera.cx : views[v].camera.cy) += v % 4 < 2 ? pixels : -pixels;
    const ViewTrust trust = judged(views);
    EXPECT_TRUE(trust.distrusted.empty());
    EXPECT_GT(trust.noise, last);
    EXPECT_LT(trust.noise, 2 * pixels);  // two cameras disagree by at most the sum of their errors
    last = trust.noise;
  }
}

TEST(ViewTrust, isTheSameForAnyNumberOfThreads) {
  std::vector<View> views = ellipsoidViews();
  eraseLeft(views[4].mask);
  views[7].camera.cx += 1;
  ThreadPool one(1), three(3);
  const ViewTrust a = judged(views, one), b = judged(views, three);
  EXPECT_EQ(a.distrusted, b.distrusted);
  EXPECT_EQ(a.noise, b.noise);
}

TEST(ViewTrust, aWrongMaskDoesNotCutTheHull) {
  std::vector<View> views = ellipsoidViews();
  HullOptions options;
  options.resolution = 48;
  const auto volume = [](const Mesh& mesh) {
    double six = 0;
    for (const Face& f : mesh.faces) {
      const auto at = [&](int i) { return glm::dvec3(mesh.positions[std::size_t(i)]); };
      six += glm::dot(at(f.x), glm::cross(at(f.y), at(f.z)));
    }
    return six / 6;
  };
  const double clean = volume(makeVisualHull(views, options, pool()).mesh);
  eraseLeft(views[3].mask);
  const Hull hull = makeVisualHull(views, options, pool());
  ASSERT_EQ(hull.distrusted.size(), 1u);
  EXPECT_EQ(hull.distrusted[0], views[3].name);
  EXPECT_NE(hull.summary().find(views[3].name), std::string::npos);
  EXPECT_GE(volume(hull.mesh), 0.99 * clean);  // one view less carves less
}

}  // namespace
}  // namespace penumbra
