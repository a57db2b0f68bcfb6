// The visual hull as a start shape: right size and topology, closed, kept thin parts, the same for any thread count.
#include "optim/hull/visual_hull.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>

#include "optim/hull/hull_cleaning.h"
#include "optim/hull/hull_surface.h"
#include "optim/hull/phantoms.h"
#include "optim/newton/judged_masks.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "renderer/topology.h"
#include "tests/support/flat_scene.h"
#include "tests/support/hull_scene.h"
#include "tests/support/measured_shapes.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

using testing::together;

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

// A box from -half to half, turned so that it is aligned with nothing.
Mesh turnedBox(const glm::dvec3& half) {
  Mesh mesh;
  const glm::dvec3 x = glm::normalize(glm::dvec3(0.8, 0.5, 0.33)), y = glm::normalize(glm::cross(x, glm::dvec3(0.1, 1, 0.4)));
  const glm::dmat3 axes(x, y, glm::cross(x, y));
  for (int i = 0; i < 8; ++i)
    mesh.positions.emplace_back(axes * (half * glm::dvec3(i & 1 ? 1 : -1, i & 2 ? 1 : -1, i & 4 ? 1 : -1)));
  mesh.faces = {{0, 2, 1}, {1, 2, 3}, {4, 5, 6}, {5, 7, 6}, {0, 1, 4}, {1, 5, 4},
                {2, 6, 3}, {3, 6, 7}, {0, 4, 2}, {2, 4, 6}, {1, 3, 5}, {3, 7, 5}};
  return mesh;
}

HullOptions coarse() {
  HullOptions options;
  options.resolution = 64;
  return options;
}

// Worst IoU over the views between the hull's masks and the given ones.
double worstIoU(const Hull& hull, const std::vector<View>& views) {
  double worst = 1;
  for (const View& view : views) {
    const Mask mask = renderHardMask(hull.mesh, view.camera, 4);
    double both = 0, any = 0;
    for (std::size_t i = 0; i < mask.pixels.size(); ++i) {
      both += std::min(mask.pixels[i], view.mask.pixels[i]);
      any += std::max(mask.pixels[i], view.mask.pixels[i]);
    }
    worst = std::min(worst, both / any);
  }
  return worst;
}

TEST(VisualHull, sphereHasItsRadiusAndStaysOutsideTheTrueOne) {
  const auto views = viewsOf(moved(testing::ballMesh(5), 0.8, glm::vec3(0.05f, -0.1f, 0.02f)), 48);
  const Hull hull = makeVisualHull(views, coarse(), pool());
  expectSoundMesh(hull.mesh);
  EXPECT_EQ(hull.components, 1);
  EXPECT_EQ(hull.genus, 0);
  double least = 1e9, most = 0, mean = 0;
  for (const auto& p : hull.mesh.positions) {
    const double r = glm::distance(glm::dvec3(p), glm::dvec3(0.05, -0.1, 0.02));
    least = std::min(least, r), most = std::max(most, r), mean += r / double(hull.mesh.positions.size());
  }
  // A pixel is 0.016 here. Between N views the hull overshoots by r delta^2 / 8, delta about 0.3 rad, less in the mean.
  EXPECT_GT(least, 0.8 - 0.004);
  EXPECT_LT(most, 0.8 + 0.05);
  EXPECT_NEAR(mean, 0.8, 0.012);
  EXPECT_GT(worstIoU(hull, views), 0.99);
}

TEST(VisualHull, trianglesAreEven) {
  const auto views = viewsOf(moved(testing::ballMesh(5), 0.9, glm::vec3(0)));
  const Hull hull = makeVisualHull(views, coarse(), pool());
  const Topology topology = buildTopology(int(hull.mesh.positions.size()), hull.mesh.faces);
  double sum = 0, squares = 0;
  for (const auto& e : topology.edges) {
    const double length = glm::distance(hull.mesh.positions[std::size_t(e.x)], hull.mesh.positions[std::size_t(e.y)]);
    sum += length, squares += length * length;
  }
  const double mean = sum / topology.edgeCount(), pixel = 2 * std::tan(glm::radians(20.0)) * distanceForUnitSphere(40) / 128;
  EXPECT_NEAR(mean, HullOptions{}.edgePixels * pixel, 0.5 * pixel);
  EXPECT_LT(std::sqrt(squares / topology.edgeCount() - mean * mean), 0.3 * mean);
}

TEST(VisualHull, hasAboutAsManyVerticesAsAskedFor) {
  const auto views = viewsOf(moved(testing::ballMesh(5), 0.9, glm::vec3(0)));
  HullOptions options = coarse();
  const std::size_t free = makeVisualHull(views, options, pool()).mesh.positions.size();
  ASSERT_GT(free, 1000u);
  options.mostVertices = int(free) / 2;
  const double half = double(makeVisualHull(views, options, pool()).mesh.positions.size());
  EXPECT_NEAR(half, options.mostVertices, 0.25 * options.mostVertices);
  options.mostVertices = 100000;
  EXPECT_EQ(makeVisualHull(views, options, pool()).mesh.positions.size(), free);
}

TEST(VisualHull, torusHasGenusOne) {
  const Hull hull = makeVisualHull(viewsOf(moved(torusMesh(64, 32), 1.9, glm::vec3(0))), coarse(), pool());
  expectSoundMesh(hull.mesh);
  EXPECT_EQ(hull.components, 1);
  EXPECT_EQ(hull.genus, 1);
}

TEST(VisualHull, twoSpheresAreTwoParts) {
  const Mesh pair = together(moved(testing::ballMesh(4), 0.35, glm::vec3(-0.5f, 0, 0)), moved(testing::ballMesh(4), 0.25, glm::vec3(0.6f, 0.2f, 0)));
  const Hull hull = makeVisualHull(viewsOf(pair), coarse(), pool());
  expectSoundMesh(hull.mesh);
  EXPECT_EQ(hull.components, 2);
  EXPECT_EQ(hull.genus, 0);
}

TEST(VisualHull, rodOfOneAndAHalfPixelsSurvives) {
  const double pixel = 2 * std::tan(glm::radians(20.0)) * distanceForUnitSphere(40) / 128;
  const auto views = viewsOf(turnedBox({0.95, 0.75 * pixel, 0.75 * pixel}));
  for (const int resolution : {32, 64, 128}) {
    HullOptions options;
    options.resolution = resolution;
    const Hull hull = makeVisualHull(views, options, pool());
    expectSoundMesh(hull.mesh);
    EXPECT_EQ(hull.components, 1) << resolution;
    EXPECT_EQ(hull.genus, 0) << resolution;
    double longest = 0;
    for (const auto& p : hull.mesh.positions) longest = std::max(longest, glm::length(glm::dvec3(p)));
    EXPECT_GT(longest, 0.95 - HullOptions{}.edgePixels * pixel) << resolution << ": remeshing takes at most an edge off a tip";
    EXPECT_LT(longest, 0.99) << resolution;
  }
}

TEST(VisualHull, sheetThinnerThanAStepStaysWhole) {
  const Hull hull = makeVisualHull(viewsOf(turnedBox({0.7, 0.6, 0.012})), coarse(), pool());
  expectSoundMesh(hull.mesh);
  EXPECT_EQ(hull.components, 1);
  EXPECT_EQ(hull.genus, 0);
}

TEST(VisualHull, fewViewsAndOneViewAreClosedByTheBall) {
  for (const int count : {1, 2, 4}) {
    const Hull hull = makeVisualHull(viewsOf(moved(testing::ballMesh(4), 0.6, glm::vec3(0)), count), coarse(), pool());
    expectSoundMesh(hull.mesh);
    EXPECT_GE(volume(hull.mesh), 4.18 * 0.6 * 0.6 * 0.6 * 0.98);
    for (const auto& p : hull.mesh.positions) ASSERT_LT(glm::length(p), HullOptions{}.radius + 0.01);
  }
}

TEST(VisualHull, sameBitsForAnyNumberOfThreads) {
  const auto views = viewsOf(moved(torusMesh(48, 24), 1.9, glm::vec3(0.1f, 0, 0)));
  ThreadPool one(1), four(4);
  const Hull a = makeVisualHull(views, coarse(), one), b = makeVisualHull(views, coarse(), four);
  EXPECT_EQ(a.mesh.faces, b.mesh.faces);
  EXPECT_EQ(a.mesh.positions, b.mesh.positions);
}

TEST(VisualHull, isTheSameFromMasksThatAreKnownAlready) {
  auto views = viewsOf(moved(torusMesh(48, 24), 1.9, glm::vec3(0.1f, 0, 0)), 14);
  for (float& m : views[2].mask.pixels) m = 0;
  for (int y = 0; y < 128; ++y)
    for (int x = 64; x < 128; ++x) views[6].mask.at(x, y) = 0;  // half of the object is missing
  const JudgedMasks masks(views, pool());
  const std::vector<const Mask*> distances = masks.distances();
  const KnownMasks known{distances, masks.trust};
  const Hull a = makeVisualHull(views, coarse(), pool()), b = makeVisualHull(views, coarse(), pool(), &known);
  EXPECT_FALSE(a.distrusted.empty());
  EXPECT_EQ(a.distrusted, b.distrusted);
  EXPECT_EQ(a.emptyViews, b.emptyViews);
  EXPECT_EQ(a.mesh.faces, b.mesh.faces);
  EXPECT_EQ(a.mesh.positions, b.mesh.positions);
}

TEST(VisualHull, whatTheFrameCutsIsNotCarved) {
  // The far views see all of the rod; the near ones cut off its ends.
  const Mesh rod = turnedBox({0.9, 0.2, 0.2});
  std::vector<View> views = viewsOf(rod, 12);
  const double whole = volume(makeVisualHull(views, coarse(), pool()).mesh);
  for (View& near : viewsOf(rod, 11, 128, 20)) views.push_back(near);
  const Hull hull = makeVisualHull(views, coarse(), pool());
  expectSoundMesh(hull.mesh);
  double longest = 0;
  for (const auto& p : hull.mesh.positions) longest = std::max(longest, glm::length(glm::dvec3(p)));
  EXPECT_GT(longest, 0.9);
  EXPECT_GT(volume(hull.mesh), 0.9 * 8 * 0.9 * 0.04);
  EXPECT_LT(volume(hull.mesh), whole) << "more views never add";
  HullOptions carved = coarse();
  carved.frameCarves = true;
  EXPECT_LT(volume(makeVisualHull(views, carved, pool()).mesh), 0.8 * volume(hull.mesh));
}

TEST(VisualHull, emptyMasksAreLeftOutOrRefused) {
  auto views = viewsOf(moved(testing::ballMesh(4), 0.6, glm::vec3(0)), 12);
  for (float& m : views[3].mask.pixels) m = 0;
  const Hull hull = makeVisualHull(views, coarse(), pool());
  EXPECT_EQ(hull.emptyViews, 1);
  EXPECT_EQ(hull.components, 1);
  for (View& view : views) std::fill(view.mask.pixels.begin(), view.mask.pixels.end(), 0.0f);
  try {
    makeVisualHull(views, coarse(), pool());
    FAIL() << "not refused";
  } catch (const Error& error) {
    EXPECT_STREQ(error.what(), "None of the 12 training masks shows an object, so there is no visual hull.");
    EXPECT_EQ(error.code(), ExitCode::Input);
  }
}

TEST(VisualHull, masksWithNothingInCommonAreRefused) {
  auto views = viewsOf(moved(testing::ballMesh(3), 0.2, glm::vec3(0.6f, 0, 0)), 8);
  const auto others = viewsOf(moved(testing::ballMesh(3), 0.2, glm::vec3(-0.6f, 0, 0)), 8);
  views.insert(views.end(), others.begin(), others.end());
  EXPECT_THROW(makeVisualHull(views, coarse(), pool()), Error);
}

TEST(VisualHull, aPhantomThatNoMaskNeedsIsDropped) {
  // Two spheres seen from two sides only: four crossings of the cones, two of which explain all masks
  const Mesh pair = together(moved(testing::ballMesh(4), 0.15, glm::vec3(-0.5f, 0, 0.5f)), moved(testing::ballMesh(4), 0.15, glm::vec3(0.5f, 0, -0.5f)));
  std::vector<View> views;
  for (const glm::dvec3& eye : {glm::dvec3(64, 0, 0), glm::dvec3(0, 0, 64)}) {
    const Camera camera = lookAt(eye, glm::dvec3(0), glm::dvec3(0, 1, 0), 2, 128, 128);
    views.push_back({"side", camera, renderHardMask(pair, camera, 8)});
  }
  const Hull hull = makeVisualHull(views, coarse(), pool());
  EXPECT_EQ(hull.components, 2);
  EXPECT_EQ(hull.partsDropped, 2);
  EXPECT_GT(worstIoU(hull, views), 0.9) << "the masks are still covered";
}

TEST(HullField, aCarvedBallIsCarvedAllOver) {
  const auto views = viewsOf(moved(torusMesh(48, 24), 1.7, glm::vec3(0.1f, 0, 0)), 6, 96, 30);  // cropped: frames matter
  for (const bool frameCarves : {false, true}) {
    const HullField field(views, 1.1, frameCarves, pool());
    std::mt19937 random(7);
    std::uniform_real_distribution<float> any(-1, 1);
    int balls = 0;
    for (int i = 0; i < 4000; ++i) {
      const glm::vec3 x(any(random), any(random), any(random));
      const std::uint16_t view[] = {std::uint16_t(i % 6)};
      float ball = -1;
      const bool carved = field.carves(view[0], x, ball);
      if (glm::length(x) < 1.1f) { EXPECT_EQ(carved, field.value(x, view) > 0) << i; }
      if (!carved || ball <= 0) continue;
      ++balls;
      for (int k = 0; k < 8; ++k) {
        const glm::vec3 d(any(random), any(random), any(random));
        float unused;
        EXPECT_TRUE(field.carves(view[0], x + ball * d / std::max(1.0f, glm::length(d)), unused)) << i << ' ' << frameCarves;
      }
    }
    EXPECT_GT(balls, 500);
  }
}

TEST(HullField, isNegativeInsideContinuousAndHasItsGradient) {
  const auto views = viewsOf(moved(testing::ballMesh(5), 0.7, glm::vec3(0)), 10);
  const HullField field(views, 1.1, false, pool());
  HullViews all;
  for (int i = 0; i < field.viewCount(); ++i) all.push_back(std::uint16_t(i));
  EXPECT_LT(field.value(glm::vec3(0), all), -0.6f);
  EXPECT_GT(field.value(glm::vec3(0.8f, 0, 0), all), 0.05f);
  for (int i = 0; i < 200; ++i) {
    const float turn = 2.4f * float(i), height = 0.01f * float(i - 100), r = 0.65f + 0.02f * float(i % 10);
    const glm::vec3 p = r * glm::vec3(std::sqrt(1 - height * height) * glm::vec2(std::cos(turn), std::sin(turn)), height);
    const HullSample s = field.sample(p, all);
    EXPECT_EQ(s.value, field.value(p, all));
    EXPECT_NEAR(glm::length(s.gradient), 1, 0.2);
    const glm::vec3 step = 1e-3f * glm::normalize(s.gradient);
    EXPECT_GT(field.value(p + step, all), s.value + 7e-4f);
  }
}

TEST(HullField, classificationNeverContradictsTheField) {
  const auto views = viewsOf(moved(torusMesh(48, 24), 1.9, glm::vec3(0)), 12, 64, 30);  // frames cut the object
  const HullField field(views, 1.1, false, pool());
  HullViews all, undecided;
  for (int i = 0; i < field.viewCount(); ++i) all.push_back(std::uint16_t(i));
  int decided = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto wave = [&](float f) { return std::sin(f * float(i) + f); };
    const glm::vec3 c(wave(1.3f), wave(2.17f), wave(0.71f));
    const float r = 0.02f + 0.1f * std::abs(wave(3.3f));
    const auto side = field.classify(c, r, all, undecided);
    decided += side != HullField::Side::Mixed;
    const glm::vec3 p = c + 0.99f * r * glm::normalize(glm::vec3(wave(5.1f), wave(4.3f), wave(7.7f)));
    const float value = field.value(p, all);
    const bool expected = side == HullField::Side::Mixed ? field.value(p, undecided) < 0 : side == HullField::Side::In;
    EXPECT_EQ(value < 0, expected);
  }
  EXPECT_GT(decided, 1000);
}

// A grid near the surface everywhere, with the given inside points.
HullGrid denseGrid(int blocks, const std::function<bool(const glm::ivec3&)>& inside) {
  HullGrid grid;
  const int n = 8 * blocks;
  grid.step = 1.5f / float(n);
  grid.origin = glm::vec3(-0.75f);
  grid.points = glm::ivec3(n);
  grid.inside.assign(std::size_t(n) * std::size_t(n) * std::size_t(n), 0);
  grid.slots.resize(std::size_t(blocks * blocks * blocks));
  for (std::size_t i = 0; i < grid.slots.size(); ++i) grid.slots[i] = int(i);
  grid.partViews.resize(8 * grid.slots.size());
  grid.values.assign(512 * grid.slots.size(), 0.5f * grid.step);
  for (int z = 1; z + 1 < n; ++z)
    for (int y = 1; y + 1 < n; ++y)
      for (int x = 1; x + 1 < n; ++x) grid.inside[grid.index(x, y, z)] = inside({x, y, z});
  return grid;
}

TEST(HullGenus, countsTheTunnelsOfSolids) {
  const auto slab = [](const glm::ivec3& p) { return p.z > 10 && p.z < 14 && p.x > 3 && p.x < 20 && p.y > 3 && p.y < 20; };
  for (int holes = 0; holes < 4; ++holes) {
    const HullGrid grid = denseGrid(3, [&](const glm::ivec3& p) {
      for (int i = 0; i < holes; ++i)
        if (std::abs(p.x - 6 - 4 * i) < 1 && std::abs(p.y - 10) < 3) return false;
      return slab(p);
    });
    EXPECT_EQ(solidGenus(grid), holes);
  }
  const HullGrid hollow = denseGrid(3, [&](const glm::ivec3& p) { return slab(p) && glm::length(glm::vec3(p) - 12.0f) > 0.5f; });
  EXPECT_EQ(solidGenus(hollow), 0) << "a cavity is no tunnel";
  const HullGrid two = denseGrid(3, [&](const glm::ivec3& p) { return slab(p) && std::abs(p.x - 12) > 2; });
  EXPECT_EQ(solidGenus(two), 0) << "nor are two parts";
}

TEST(HullGenus, wideHandlesAreTrustedNarrowOnesAreNot) {
  const auto ring = [](float tube) {
    return denseGrid(6, [tube](const glm::ivec3& p) {
      const glm::vec3 c = glm::vec3(p) - 23.5f;
      return std::hypot(std::hypot(c.x, c.y) - 13, c.z) < tube;
    });
  };
  EXPECT_EQ(solidGenus(ring(5)), 1);
  EXPECT_EQ(genusConfidence(ring(5)), 1);
  EXPECT_EQ(solidGenus(ring(1.2f)), 1);
  EXPECT_LT(genusConfidence(ring(1.2f)), 0.5);
}

// A handle that masks show stays, however thin; the true genus comes out for few and many views.
TEST(HullGenus, isThatOfTheObjectForFewAndManyViews) {
  const Mesh torus = moved(torusMesh(64, 32), 1.9, glm::vec3(0));
  for (const int count : {8, 12, 16, 32}) {
    const Hull hull = makeVisualHull(viewsOf(torus, count), coarse(), pool());
    EXPECT_EQ(hull.genus, 1) << count;
    EXPECT_EQ(hull.components, 1) << count;
    EXPECT_GT(hull.genusConfidence, 0.3) << count;
  }
  const Mesh ball = moved(testing::ballMesh(4), 0.8, glm::vec3(0));
  for (const int count : {8, 16}) EXPECT_EQ(makeVisualHull(viewsOf(ball, count), coarse(), pool()).genus, 0) << count;
}

// A camera that sees everything the grid can hold, along z.
std::vector<View> frontOnly() {
  const Camera camera = lookAt({0, 0, 64}, glm::dvec3(0), {0, 1, 0}, 2, 128, 128);
  Mask mask(128, 128);
  for (int y = 12; y < 116; ++y)
    for (int x = 12; x < 116; ++x) mask.at(x, y) = 1;
  return {{"front", camera, mask}};
}

// A bridge of two bars that share an edge: what lies between them is cut first, and mending puts it back.
// A plate of bars, turned, with gaps between them.
Mesh grating(int bars, double gap) {
  const auto bar = [](const glm::dvec3& centre, const glm::dvec3& half) {
    Mesh mesh = turnedBox(half);
    const Mesh axes = turnedBox(glm::dvec3(0.5));  // corners 1, 2 and 4 are an edge away from corner 0
    const auto axis = [&](int corner) { return axes.positions[std::size_t(corner)] - axes.positions[0]; };
    const glm::vec3 shift = float(centre.x) * axis(1) + float(centre.y) * axis(2) + float(centre.z) * axis(4);
    for (auto& p : mesh.positions) p += shift;
    return mesh;
  };
  const double pitch = 1.2 / (bars - 1);
  Mesh all = together(bar({0, 0.65, 0}, {0.65, 0.1, 0.05}), bar({0, -0.65, 0}, {0.65, 0.1, 0.05}));
  for (int i = 0; i < bars; ++i) all = together(all, bar({-0.6 + i * pitch, 0, 0}, {0.5 * (pitch - gap), 0.6, 0.05}));
  return all;
}

// Gaps of 0.06 between bars, steps of 0.062 and 0.083: what comes through is chance until the grid is finer.
TEST(HullGenus, narrowHolesGetAFinerGrid) {
  const auto views = viewsOf(grating(5, 0.06), 24, 256);
  for (const int resolution : {24, 32}) {
    HullOptions options;
    options.resolution = resolution;
    const Hull rough = makeVisualHull(views, options, pool());
    EXPECT_NE(rough.genus, 4);
    EXPECT_EQ(rough.genusConfidence, 0);
    options.finest = 4 * resolution;
    const Hull fine = makeVisualHull(views, options, pool());
    expectSoundMesh(fine.mesh);
    EXPECT_EQ(fine.genus, 4);
    EXPECT_EQ(fine.components, 1);
    EXPECT_GT(fine.genusConfidence, 0);
    EXPECT_NEAR(fine.step, rough.step / 4, 1e-6);
  }
}

TEST(HullGenus, sureHolesDoNotAndNeitherDoThoseNoGridIsSureOf) {
  HullOptions options = coarse();
  options.finest = 256;
  const Hull ring = makeVisualHull(viewsOf(moved(torusMesh(64, 32), 1.9, glm::vec3(0))), options, pool());
  options.finest = 0;
  EXPECT_EQ(ring.step, makeVisualHull(viewsOf(moved(torusMesh(64, 32), 1.9, glm::vec3(0))), options, pool()).step);
  const auto views = viewsOf(grating(5, 0.06), 24, 256);
  options.resolution = 16;
  const Hull rough = makeVisualHull(views, options, pool());
  options.finest = 32;
  EXPECT_EQ(makeVisualHull(views, options, pool()).step, rough.step);
}

TEST(HullGenus, aBridgeThatMendingJoinsAgainIsCutWider) {
  const HullField field(frontOnly(), 1.1, false, pool());
  const auto solid = [](const glm::ivec3& p) {
    if (p.x < 8 || p.x > 39 || p.y < 8 || p.y > 39) return false;
    if (p.z >= 30 && p.z < 36) return true;  // the sheet before it
    const bool foot = p.z >= 14 && p.y > 12 && p.y < 36 && (p.x < 15 || p.x > 32);
    const bool low = p.x <= 23 && p.y >= 19 && p.y <= 23, high = p.x >= 24 && p.y >= 24 && p.y <= 28;
    const bool joint = p.x == 24 && p.y == 23;
    return p.z < 30 && (foot || (p.z >= 17 && p.z < 22 && (low || high || joint)));
  };
  HullGrid grid = denseGrid(6, solid), once = grid;
  ASSERT_EQ(solidGenus(grid), 1);
  EXPECT_EQ(removePhantoms(once, field, 1).bridgesCut, 1);
  EXPECT_EQ(solidGenus(once), 0);
  const CleaningReport report = cleanHull(grid, field, pool());
  EXPECT_EQ(report.bridgesCut, 1);
  EXPECT_EQ(solidGenus(grid), 0);
}

// Seen along one axis only, a bridge behind a sheet hides in every mask; beside the sheet it would not.
TEST(HullGenus, aBridgeThatHidesInEveryMaskIsCut) {
  const HullField field(frontOnly(), 1.1, false, pool());
  // A sheet with two feet behind it, and a rod between the feet: a handle
  const auto solid = [](const glm::ivec3& p) {
    if (p.x < 8 || p.x > 39 || p.y < 8 || p.y > 39) return false;
    const bool foot = p.z >= 16 && p.z < 30 && p.y > 18 && p.y < 26 && (p.x < 15 || p.x > 32);
    return (p.z >= 30 && p.z < 36) || foot || (p.z >= 19 && p.z < 22 && p.y > 20 && p.y < 24);
  };
  HullGrid hidden = denseGrid(6, solid);
  ASSERT_EQ(solidGenus(hidden), 1);
  const PhantomReport cut = removePhantoms(hidden, field, 3);
  EXPECT_EQ(cut.bridgesCut, 1);
  EXPECT_EQ(solidGenus(hidden), 0);
  // With a hole in the sheet before it, the mask shows the rod
  HullGrid shown = denseGrid(6, [&](const glm::ivec3& p) { return solid(p) && !(p.z >= 30 && p.x > 18 && p.x < 29 && p.y > 14 && p.y < 31); });
  const int before = solidGenus(shown);
  EXPECT_EQ(removePhantoms(shown, field, 3).bridgesCut, 0);
  EXPECT_EQ(solidGenus(shown), before);
}

// Any pattern of grid points becomes a solid with a manifold surface.
TEST(HullCleaning, randomSolidsHaveManifoldSurfaces) {
  const auto views = viewsOf(moved(testing::ballMesh(3), 0.7, glm::vec3(0)), 3, 64);
  const HullField field(views, 1.1, false, pool());
  std::uint32_t state = 1;
  for (int round = 0; round < 6; ++round) {
    HullGrid grid;
    grid.step = 0.1f;
    grid.origin = glm::vec3(-0.75f);
    grid.points = glm::ivec3(16);
    grid.inside.assign(16 * 16 * 16, 0);
    grid.slots.assign(8, 0);
    for (int i = 0; i < 8; ++i) grid.slots[std::size_t(i)] = i;
    grid.partViews.resize(64);
    grid.values.assign(8 * 512, 0.05f);
    for (int z = 1; z < 15; ++z)
      for (int y = 1; y < 15; ++y)
        for (int x = 1; x < 15; ++x)
          grid.inside[grid.index(x, y, z)] = ((state = state * 1664525u + 1013904223u) >> 24) < 40u + 30u * unsigned(round);
    cleanHull(grid, field, pool());
    const Mesh mesh = extractSurface(grid, field, pool());
    ASSERT_FALSE(mesh.faces.empty());
    const auto summary = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
    EXPECT_TRUE(summary.closed()) << round;
    EXPECT_EQ(summary.inconsistentEdges, 0);
  }
}

}  // namespace
}  // namespace penumbra
