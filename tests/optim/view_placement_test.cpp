#include <gtest/gtest.h>

#include <filesystem>

#include "optim/io/dataset_io.h"
#include "optim/targets/metrics.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;
using namespace penumbra::testing;

namespace {

// Degrees between the viewing directions of two cameras looking at the origin.
double angleBetween(const Camera& a, const Camera& b) {
  const double cosine = glm::dot(glm::normalize(a.centre()), glm::normalize(b.centre()));
  return std::acos(std::clamp(cosine, -1.0, 1.0)) * 180 / M_PI;
}

double elevation(const Camera& camera) { return std::asin(glm::normalize(camera.centre()).y) * 180 / M_PI; }

// A slanted box of a table: not symmetric, not centred.
Mesh wedge() {
  Mesh mesh;
  mesh.positions = {{4, 7, -3}, {9, 7, -3}, {9, 8, -1}, {4, 8.5f, -1}, {5, 10, -2}};
  mesh.faces = {{0, 1, 2}, {0, 2, 3}, {0, 1, 4}, {1, 2, 4}, {2, 3, 4}, {3, 0, 4}};
  mesh.positions.push_back({1000, 0, 0});  // used by no face
  return mesh;
}

}  // namespace

TEST(ViewPlacement, EveryPlacementSeesTheUnitSphereWithASmallMargin) {
  for (const auto placement : {ViewPlacement::Fibonacci, ViewPlacement::Ring, ViewPlacement::SixAxes})
    for (const double fieldOfView : {10.0, 40.0, 100.0}) {
      FitOptions options;
      options.placement = placement;
      options.fieldOfView = fieldOfView;
      options.size = 128;
      const auto cameras = placeCameras(options);
      EXPECT_EQ(int(cameras.size()), placement == ViewPlacement::SixAxes ? 6 : options.views);
      for (const Camera& camera : cameras) {
        const double distance = glm::length(camera.centre());
        const double radius = camera.fx * std::tan(std::asin(1 / distance));
        EXPECT_NEAR(radius, 0.97 * 64, 1e-9);
        const glm::dvec3 seen = camera.toCamera({0, 0, 0});
        EXPECT_NEAR(seen.x, 0, 1e-12);
        EXPECT_NEAR(seen.y, 0, 1e-12);
        EXPECT_NEAR(seen.z, distance, 1e-12);
        EXPECT_NEAR(glm::determinant(camera.rotation), 1, 1e-12);
      }
    }
}

TEST(ViewPlacement, ElevationRangeIsRespectedAndFilled) {
  FitOptions options;
  options.views = 40;
  options.elevationMin = -10;
  options.elevationMax = 50;
  double low = 90, high = -90;
  for (const Camera& camera : placeCameras(options)) {
    low = std::min(low, elevation(camera));
    high = std::max(high, elevation(camera));
  }
  EXPECT_GE(low, -10);
  EXPECT_LE(high, 50);
  EXPECT_LT(low, -8);
  EXPECT_GT(high, 47);
  options.placement = ViewPlacement::Ring;
  for (const Camera& camera : placeCameras(options)) EXPECT_NEAR(elevation(camera), 20, 1e-9);
}

TEST(ViewPlacement, FibonacciIsEven) {
  FitOptions options;
  for (const int views : {8, 24, 64}) {
    options.views = views;
    const auto cameras = placeCameras(options);
    for (std::size_t i = 0; i < cameras.size(); ++i) {
      double nearest = 180;
      for (std::size_t j = 0; j < cameras.size(); ++j)
        if (i != j) nearest = std::min(nearest, angleBetween(cameras[i], cameras[j]));
      // A perfect hexagonal packing has sqrt(8 pi / (sqrt(3) n)) between neighbours
      EXPECT_GT(nearest, 0.6 * std::sqrt(8 * M_PI / (std::sqrt(3.0) * views)) * 180 / M_PI);
    }
  }
}

TEST(ViewPlacement, SeedTurnsTheViewsAndNothingElseDoes) {
  FitOptions options;
  const auto a = placeCameras(options), b = placeCameras(options);
  options.seed = 7;
  const auto c = placeCameras(options);
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].rotation, b[i].rotation);
    EXPECT_NEAR(angleBetween(a[0], a[i]), angleBetween(c[0], c[i]), 1e-6);
  }
  EXPECT_GT(angleBetween(a[10], c[10]), 1);
}

TEST(ViewPlacement, HeldOutViewsKeepAwayFromTrainViews) {
  for (const auto placement : {ViewPlacement::Fibonacci, ViewPlacement::Ring, ViewPlacement::SixAxes})
    for (const int seed : {0, 1, 2, 3})
      for (const double elevationMin : {-90.0, 20.0}) {
        FitOptions options;
        options.placement = placement;
        options.seed = seed;
        options.elevationMin = elevationMin;
        options.elevationMax = elevationMin < 0 ? 90 : 20;
        const auto train = placeCameras(options), heldOut = placeHeldOutCameras(options);
        ASSERT_EQ(int(heldOut.size()), options.heldOutViews);
        double nearest = 180;
        for (const auto& a : train)
          for (const auto& b : heldOut) nearest = std::min(nearest, angleBetween(a, b));
        EXPECT_GT(nearest, 1.0) << int(placement) << " seed " << seed;
      }
  FitOptions none;
  none.heldOutViews = 0;
  EXPECT_TRUE(placeHeldOutCameras(none).empty());
}

TEST(ViewPlacement, ImpossibleOptionsAreRefused) {
  FitOptions options;
  options.views = 0;
  EXPECT_THROW(placeCameras(options), Error);
  options = {};
  options.elevationMin = 50;
  options.elevationMax = 40;
  EXPECT_THROW(placeCameras(options), Error);
  EXPECT_THROW(placeHeldOutCameras(options), Error);
  options = {};
  options.fieldOfView = 180;
  EXPECT_THROW(placeCameras(options), Error);
}

TEST(MakeViewSet, NormalisesTheModelAndRendersEveryView) {
  FitOptions options;
  options.size = 64;
  options.views = 10;
  options.heldOutViews = 4;
  ThreadPool two(2), one(1);
  const Mesh model = wedge();
  const ViewSet set = makeViewSet(model, "wedge", options, two);
  ASSERT_EQ(set.train.size(), 10u);
  ASSERT_EQ(set.heldOut.size(), 4u);
  double farthest = 0;
  for (const Face& f : set.reference->faces)
    for (int k = 0; k < 3; ++k) {
      const glm::dvec3 p(set.reference->positions[f[k]]);
      farthest = std::max(farthest, glm::length(p));
      EXPECT_NEAR(glm::length(set.normalisation.undo(p) - glm::dvec3(model.positions[f[k]])), 0, 1e-5);
    }
  EXPECT_NEAR(farthest, 1, 1e-6);
  for (const auto* list : {&set.train, &set.heldOut})
    for (const View& view : *list) {
      EXPECT_EQ(view.mask.width, 64);
      EXPECT_GT(sum(view.mask), 64) << view.name;
      for (int i = 0; i < 64; ++i)  // the whole object is in the frame
        EXPECT_EQ(view.mask.at(i, 0) + view.mask.at(i, 63) + view.mask.at(0, i) + view.mask.at(63, i), 0) << view.name;
    }
  const ViewSet again = makeViewSet(model, "wedge", options, one);
  for (std::size_t i = 0; i < set.train.size(); ++i) EXPECT_EQ(set.train[i].mask.pixels, again.train[i].mask.pixels);
}

TEST(MakeViewSet, ModelsWithoutExtentAreRefused) {
  ThreadPool pool(1);
  FitOptions options;
  Mesh mesh;
  EXPECT_THROW(makeViewSet(mesh, "empty", options, pool), Error);
  mesh.positions = {{1, 2, 3}, {1, 2, 3}, {1, 2, 3}};
  mesh.faces = {{0, 1, 2}};
  EXPECT_THROW(makeViewSet(mesh, "point", options, pool), Error);
  mesh.positions[1].x = INFINITY;
  EXPECT_THROW(makeViewSet(mesh, "infinite", options, pool), Error);
  mesh.faces = {{0, 1, 9}};
  EXPECT_THROW(makeViewSet(mesh, "index", options, pool), Error);
}

namespace {

// Masks of `mesh` from a ring of cameras tilted down, in the mesh's own coordinates; z is up.
ViewSet photoSet(const Mesh& mesh, int views, double distance, double fieldOfView) {
  const Similarity normal = normalisationOf(mesh);
  ViewSet set;
  for (int i = 0; i < views; ++i) {
    const double azimuth = 2 * M_PI * i / views, height = 0.3 + 0.4 * (i % 3);
    const glm::dvec3 d = glm::normalize(glm::dvec3(std::cos(azimuth), std::sin(azimuth), height));
    // Not quite at the centre, as a hand holds a camera
    const glm::dvec3 aim(0.1 * std::sin(3.0 * i), 0.1 * std::cos(5.0 * i), 0.05 * std::sin(7.0 * i));
    View view;
    view.name = "photo " + std::to_string(i);
    view.camera = lookAt(normal.undo(distance * d), normal.undo(aim), {0, 0, 1}, fieldOfView, 160, 120);
    view.mask = renderHardMask(mesh, view.camera);
    set.train.push_back(std::move(view));
  }
  return set;
}

}  // namespace

TEST(NormaliseViews, BringsTheObjectIntoTheUnitBall) {
  const Mesh mesh = wedge();
  for (const double fieldOfView : {45.0, 28.0}) {  // the narrow one cuts the object in some views
    ViewSet set = photoSet(mesh, 20, 4, fieldOfView);
    const std::vector<View> before = set.train;
    normaliseViews(set);
    double farthest = 0;
    for (int i = 0; i < 5; ++i)
      farthest = std::max(farthest, glm::length(set.normalisation.apply(glm::dvec3(mesh.positions[i]))));
    EXPECT_LE(farthest, 1.0);
    EXPECT_GE(farthest, 0.75);
    EXPECT_NEAR(set.up.z, 1, 1e-9);
    for (std::size_t v = 0; v < before.size(); ++v)  // the same pixel before and after
      for (int i = 0; i < 5; ++i) {
        const glm::dvec3 x(mesh.positions[i]), a = before[v].camera.toCamera(x);
        const glm::dvec3 b = set.train[v].camera.toCamera(set.normalisation.apply(x));
        EXPECT_NEAR(a.x / a.z, b.x / b.z, 1e-9);
        EXPECT_NEAR(a.y / a.z, b.y / b.z, 1e-9);
      }
  }
}

TEST(NormaliseViews, OneWrongMaskOfManyDoesNoHarm) {
  const Mesh mesh = wedge();
  ViewSet set = photoSet(mesh, 20, 4, 45);
  set.train[3].mask = Mask(160, 120);
  set.train[3].mask.at(2, 2) = 1;  // a speck in the corner is all that this mask shows
  normaliseViews(set);
  double farthest = 0;
  for (int i = 0; i < 5; ++i)
    farthest = std::max(farthest, glm::length(set.normalisation.apply(glm::dvec3(mesh.positions[i]))));
  EXPECT_LE(farthest, 1.0);
  EXPECT_GE(farthest, 0.6);
}

TEST(NormaliseViews, ASingleViewStillGetsAFiniteScale) {
  ViewSet set = photoSet(ballMesh(2), 1, 4, 45);
  normaliseViews(set);
  EXPECT_TRUE(std::isfinite(set.normalisation.scale) && set.normalisation.scale > 0);
  EXPECT_LT(glm::length(set.normalisation.centre), 1.5);
}

TEST(NormaliseViews, SetsThatShowNothingAreRefused) {
  ViewSet set = photoSet(ballMesh(1), 4, 4, 45);
  for (View& view : set.train) view.mask = Mask(160, 120);
  EXPECT_THROW(normaliseViews(set), Error);
  set.train[0].mask = Mask(3, 3);
  EXPECT_THROW(normaliseViews(set), Error);
  ViewSet none;
  EXPECT_THROW(normaliseViews(none), Error);
}

TEST(NormaliseViews, MicrophoneOfTheNerfSetFillsTheBall) {
  const std::filesystem::path folder =
      std::filesystem::path(PENUMBRA_SOURCE_DIR) / ".." / "shared" / "data" / "imagesets" / "nerf_mic";
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "the nerf_mic image set is not there";
  DatasetOptions options;
  options.maxSize = 200;
  ViewSet set = readDataset(folder, options);
  normaliseViews(set);
  EXPECT_EQ(set.up, glm::dvec3(0, 0, 1));
  EXPECT_LT(glm::length(set.normalisation.centre), 0.6);  // Blender scenes of this family sit near the origin
  EXPECT_GT(set.normalisation.scale, 1 / 1.8);
  EXPECT_LT(set.normalisation.scale, 1 / 0.8);
  for (const View& view : set.train) {  // the ball's disc holds the mask and is not much larger
    const glm::dvec3 c = view.camera.toCamera({0, 0, 0});
    const double radius = view.camera.fx / std::sqrt(c.z * c.z - 1);
    double farthest = 0;
    for (int y = 0; y < view.mask.height; ++y)
      for (int x = 0; x < view.mask.width; ++x)
        if (view.mask.at(x, y) >= 0.5f)
          farthest = std::max(farthest, std::hypot(x + 0.5 - view.camera.cx - view.camera.fx * c.x / c.z,
                                                   y + 0.5 - view.camera.cy - view.camera.fy * c.y / c.z));
    EXPECT_LT(farthest, 1.1 * radius) << view.name;
    EXPECT_GT(farthest, 0.5 * radius) << view.name;
  }
}

TEST(NormaliseViews, MasksThatContradictEachOtherAreReported) {
  ViewSet set = photoSet(wedge(), 6, 4, 45);
  set.train[2].mask = Mask(160, 120);
  set.train[2].mask.at(2, 2) = 1;
  normaliseViews(set);
  EXPECT_EQ(set.notes.size(), 1u);
  EXPECT_TRUE(std::isfinite(set.normalisation.scale) && set.normalisation.scale > 0);
}
