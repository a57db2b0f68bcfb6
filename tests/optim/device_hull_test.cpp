// The hull's first stages on the graphics card against the processor's: distances, grids, whole hulls; and what becomes of
// them when the card fails. On the host, or with PENUMBRA_TEST_DEVICE=cuda on the card.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "optim/hull/hull_card.h"
#include "optim/hull/visual_hull.h"
#include "optim/newton/judged_masks.h"
#include "optim/targets/distance_field.h"
#include "renderer/core/mask_outline.h"
#include "tests/support/device_access.h"
#include "tests/support/fit_problem.h"
#include "tests/support/flat_scene.h"
#include "tests/support/hull_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

using device::LaunchOrder;

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

Mask noise(int width, int height, int seed, bool binary) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::uniform_real_distribution<float> any(0, 1);
  Mask mask(width, height);
  for (float& m : mask.pixels) m = binary ? float(any(random) < 0.3f) : any(random);
  return mask;
}

Mask discs(int width, int height, int seed) {
  std::mt19937 random(static_cast<unsigned>(seed));
  std::uniform_real_distribution<double> any(0, 1);
  Mask mask(width, height);
  for (int i = 0; i < 7; ++i) {
    const double cx = any(random) * width, cy = any(random) * height, radius = 0.5 + 0.2 * any(random) * width;
    for (int y = 0; y < height; ++y)
      for (int x = 0; x < width; ++x) {
        const double inside = std::clamp(0.5 + radius - std::hypot(x + 0.5 - cx, y + 0.5 - cy), 0.0, 1.0);
        mask.at(x, y) = std::max(mask.at(x, y), float(std::round(255 * inside) / 255));
      }
  }
  return mask;
}

// Of every kind and size: empty, full, a single pixel, single rows and columns, frames that cut, lines of any slant.
std::vector<Mask> manyMasks() {
  std::vector<Mask> masks = {Mask(1, 1), Mask(1, 1, 1.0f), Mask(1, 9), Mask(7, 1), Mask(33, 31), Mask(31, 33, 1.0f), Mask(2, 2)};
  masks[2].at(0, 4) = masks[3].at(2, 0) = masks[6].at(1, 0) = 1;
  Mask pixel(40, 25), corner(64, 16);
  pixel.at(13, 11) = 0.7f;
  corner.at(63, 15) = 1;
  masks.push_back(pixel);
  masks.push_back(corner);
  for (const int size : {8, 31, 33, 64}) masks.push_back(noise(size, 97 - size, size, size % 2));
  for (int seed = 0; seed < 8; ++seed) masks.push_back(discs(40 + 17 * seed, 130 - 9 * seed, seed));
  for (int angle = 0; angle < 360; angle += 23) {
    const glm::dvec2 n(std::cos(angle * 0.0174533), std::sin(angle * 0.0174533));
    masks.push_back(testing::halfPlaneMask(50, 40, n, glm::dot(n, glm::dvec2(30.2, 11.7))));
  }
  return masks;
}

std::vector<std::vector<float>> onDevice(DeviceHull& device, const std::vector<Mask>& masks) {
  std::vector<DeviceImage> images;
  for (const Mask& m : masks) images.push_back({m.width, m.height, m.pixels});
  return device.signedDistances(images);
}

TEST(DeviceHullDistances, AreThoseToTheNearestSegment) {
  const std::vector<Mask> masks = manyMasks();
  const auto found = onDevice(*testHull(), masks);
  ASSERT_EQ(found.size(), masks.size());
  for (std::size_t m = 0; m < masks.size(); ++m) {
    const Mask& mask = masks[m];
    SCOPED_TRACE("mask " + std::to_string(m) + ", " + std::to_string(mask.width) + " x " + std::to_string(mask.height));
    std::vector<MaskPiece> pieces;
    for (const OutlineSegment& s : traceOutline(mask)) pieces.push_back(maskPiece(s.a, s.b));
    const float diagonal = std::sqrt(float(mask.width) * float(mask.width) + float(mask.height) * float(mask.height));
    ASSERT_EQ(found[m].size(), mask.pixels.size());
    for (int y = 0; y < mask.height; ++y)
      for (int x = 0; x < mask.width; ++x) {
        float squared = 3e38f;
        for (const MaskPiece& piece : pieces) squared = std::min(squared, piece.squaredDistance(float(x) + 0.5f, float(y) + 0.5f));
        const float d = pieces.empty() ? diagonal : std::sqrt(squared);
        ASSERT_EQ(found[m][std::size_t(y * mask.width + x)], mask.at(x, y) >= 0.5f ? d : -d) << x << ", " << y;
      }
  }
}

// The processor's sweeps hand on the nearest segment; where they miss it, far from the outline, theirs is farther by little.
TEST(DeviceHullDistances, AreTheProcessorsOrALittleLess) {
  std::vector<Mask> masks;
  for (int seed = 0; seed < 12; ++seed) masks.push_back(discs(150, 120, seed));
  for (const View& view : viewsOf(moved(torusMesh(48, 24), 1.9, glm::vec3(0.1f, 0, 0)), 12)) masks.push_back(view.mask);
  const auto found = onDevice(*testHull(), masks);
  std::size_t pixels = 0, same = 0;
  float worst = 0;
  for (std::size_t m = 0; m < masks.size(); ++m) {
    const Mask expected = signedDistance(masks[m]);
    for (std::size_t i = 0; i < expected.pixels.size(); ++i, ++pixels) {
      const float less = std::abs(expected.pixels[i]) - std::abs(found[m][i]);
      ASSERT_GE(less, 0);
      ASSERT_EQ(std::signbit(expected.pixels[i]), std::signbit(found[m][i]));
      if (std::abs(expected.pixels[i]) < 2) {
        ASSERT_EQ(less, 0);
      }
      same += less == 0;
      worst = std::max(worst, less);
    }
  }
  EXPECT_GT(double(same), 0.85 * double(pixels));
  EXPECT_LT(worst, 0.1f);
}

// A hull's field, and what is special about it.
struct Case {
  std::string name;
  std::vector<View> views;
  bool frameCarves = false;
  std::vector<int> leftOut;
  float widened = 0;
  int resolution = 40;
};

std::vector<View> wideViews(const Mesh& mesh, int count, int width, int height, double fieldOfView = 40) {
  std::vector<View> views = viewsOf(mesh, count, 32, fieldOfView);
  for (View& view : views) {
    view.camera = resized(view.camera, width, height);
    view.mask = renderHardMask(mesh, view.camera, 8);
  }
  return views;
}

Mesh flattened(Mesh mesh, const glm::vec3& scale) {
  for (glm::vec3& p : mesh.positions) p *= scale;
  return mesh;
}

std::vector<Case> manyCases() {
  const Mesh ring = moved(torusMesh(48, 24), 1.7, glm::vec3(0.1f, -0.05f, 0.02f)), ball = icosphere(3);
  const Mesh plate = flattened(ball, {0.9f, 0.75f, 0.012f}), rod = flattened(ball, {0.02f, 0.95f, 0.03f});
  std::vector<Case> cases;
  cases.push_back({"torus", viewsOf(ring, 24)});
  cases.push_back({"torus, 33 views, finer", viewsOf(ring, 33, 96), false, {}, 0, 73});
  cases.push_back({"egg, 65 views of 48 x 80", wideViews(eggMesh(3), 65, 48, 80)});
  cases.push_back({"plate", viewsOf(plate, 20, 160), false, {}, 0, 64});
  cases.push_back({"rod, wide images", wideViews(rod, 12, 150, 90), false, {}, 0, 48});
  cases.push_back({"cut by the frames", wideViews(flattened(ball, glm::vec3(0.9f)), 9, 64, 48, 22)});
  cases.push_back({"frames carve", viewsOf(flattened(ball, glm::vec3(0.9f)), 9, 64, 25), true});
  cases.push_back({"widened, views left out", viewsOf(ring, 16, 90), false, {0, 7, 15}, 1.3f});
  cases.push_back({"one view", viewsOf(ring, 1), false, {}, 0, 30});
  cases.push_back({"some masks empty", viewsOf(eggMesh(3), 10, 64)});
  for (const std::size_t v : {std::size_t(2), std::size_t(9)})
    std::fill(cases.back().views[v].mask.pixels.begin(), cases.back().views[v].mask.pixels.end(), 0.0f);
  for (View& view : cases[7].views) view.width = 0.4;
  return cases;
}

HullField fieldOf(const Case& c) {
  HullField field(c.views, 1.1, c.frameCarves, pool());
  field.leaveOut(c.leftOut);
  if (c.widened != 0) field.widen(c.widened);
  return field;
}

void expectSame(const HullGrid& a, const HullGrid& b) {
  EXPECT_EQ(a.origin, b.origin);
  EXPECT_EQ(a.step, b.step);
  EXPECT_EQ(a.points, b.points);
  EXPECT_EQ(a.inside, b.inside);
  EXPECT_EQ(a.slots, b.slots);
  EXPECT_EQ(a.partViews, b.partViews);
  EXPECT_EQ(a.values, b.values);
  ASSERT_EQ(a.thin.size(), b.thin.size());
  for (const auto& [index, point] : b.thin) {
    const auto found = a.thin.find(index);
    ASSERT_NE(found, a.thin.end()) << index;
    EXPECT_EQ(found->second.position, point.position);
    EXPECT_EQ(found->second.value, point.value);
  }
}

TEST(DeviceHullGrid, IsTheProcessors) {
  std::size_t thin = 0, unlikeFirst = 0;
  const auto device = testHull();  // one for all: nothing is left over from case to case
  for (const Case& c : manyCases()) {
    SCOPED_TRACE(c.name);
    const HullField field = fieldOf(c);
    const HullGrid expected = sampleHull(field, c.resolution, pool());
    expectSame(sampleHull(field, c.resolution, *device, pool()), expected);
    thin += expected.thin.size();
    for (const HullViews& views : expected.partViews) unlikeFirst += !views.empty() && views.back() >= 32;
  }
  EXPECT_GT(thin, 100u);
  EXPECT_GT(unlikeFirst, 100u) << "no case needs a second word of views";
}

TEST(DeviceHull, IsTheSameForAnyOrderOfThreads) {
  if (testsOnCard()) GTEST_SKIP() << "a card has its own order";
  const std::vector<Mask> masks = manyMasks();
  const Case c = manyCases()[3];
  const HullField field = fieldOf(c);
  const auto first = testHull();
  const auto distances = onDevice(*first, masks);
  const HullGrid grid = sampleHull(field, 20, *first, pool());
  for (const LaunchOrder order : {LaunchOrder::Reversed, LaunchOrder::Shuffled, LaunchOrder::Together}) {
    const auto other = testHull(order);
    EXPECT_EQ(onDevice(*other, masks), distances);
    expectSame(sampleHull(field, 20, *other, pool()), grid);
  }
}

// A mask that no hull fits into leaves the grid empty: the same error as the processor's, and not the card's.
TEST(DeviceHull, MasksWithoutACommonPointAreRefused) {
  std::vector<View> views = viewsOf(eggMesh(3), 8, 64);
  for (std::size_t v = 0; v < views.size(); ++v)
    for (int y = 0; y < 64; ++y)
      for (int x = 0; x < 64; ++x) views[v].mask.at(x, y) = float(std::hypot(x - (v % 2 ? 4 : 60), y - 32) < 3);
  HullCard card([] { return testHull(); });
  const HullField field(views, 1.1, false, pool());
  EXPECT_THROW(sampleHull(field, 40, pool()), Error);
  EXPECT_THROW(card.sample(field, 40, pool()), Error);
  EXPECT_FALSE(card.failure());
}

double farthestApart(const Mesh& a, const Mesh& b) {
  double farthest = 0;
  for (std::size_t i = 0; i < a.positions.size(); ++i)
    farthest = std::max(farthest, double(glm::distance(a.positions[i], b.positions[i])));
  return farthest;
}

TEST(DeviceHull, MakesTheProcessorsMesh) {
  for (const Case& c : manyCases()) {
    if (c.views.size() < 2) continue;
    SCOPED_TRACE(c.name);
    HullOptions options;
    options.resolution = 48;
    options.edgePixels = 0;  // vertex by vertex; triangles are made even in another order when one bit differs
    options.frameCarves = c.frameCarves;
    HullCard card([] { return testHull(); });
    const Hull expected = makeVisualHull(c.views, options, pool());
    const Hull hull = makeVisualHull(c.views, options, pool(), nullptr, &card);
    EXPECT_TRUE(card.used());
    EXPECT_FALSE(card.failure());
    EXPECT_EQ(hull.summary(), expected.summary());
    EXPECT_NEAR(volume(hull.mesh), volume(expected.mesh), 1e-4 * volume(expected.mesh));
    ASSERT_EQ(hull.mesh.positions.size(), expected.mesh.positions.size());
    EXPECT_LT(farthestApart(hull.mesh, expected.mesh), 0.05 * expected.step);
    expectSoundMesh(hull.mesh);
  }
}

// Distances that are known already go to the card as they are: then all is the same, to the bit, even triangles.
TEST(DeviceHull, IsTheSameToTheBitFromKnownMasks) {
  const auto views = viewsOf(moved(torusMesh(48, 24), 1.9, glm::vec3(0.1f, 0, 0)), 14);
  const JudgedMasks masks(views, pool());
  const std::vector<const Mask*> distances = masks.distances();
  const KnownMasks known{distances, masks.trust};
  HullOptions options;
  options.resolution = 32;
  options.finest = 64;
  HullCard card([] { return testHull(); });
  const Hull expected = makeVisualHull(views, options, pool(), &known);
  const Hull hull = makeVisualHull(views, options, pool(), &known, &card);
  EXPECT_TRUE(card.used());
  EXPECT_EQ(hull.mesh.faces, expected.mesh.faces);
  EXPECT_EQ(hull.mesh.positions, expected.mesh.positions);
}

// Every call of the runtime fails once, or it and all behind it: the processor's hull comes of it, and nothing leaks.
TEST(DeviceHullFailure, AnyFailureOfTheCardLeavesTheHullAsItWas) {
  const auto views = viewsOf(eggMesh(2), 6, 32);
  HullOptions options;
  options.resolution = 16;
  const Hull expected = makeVisualHull(views, options, pool());
  long calls = 0;
  Hull clean;
  {
    FakeCuda fake;
    HullCard card([&] { return fakeHull(fake.api()); });
    clean = makeVisualHull(views, options, pool(), nullptr, &card);
    EXPECT_FALSE(card.failure());
    EXPECT_EQ(clean.summary(), expected.summary());
    calls = fake.calls;
  }
  ASSERT_GT(calls, 60);
  std::set<std::string> failed;
  for (const auto& [code, stays] : {std::pair{700, false}, {int(device::kCudaOutOfMemory), false}, {719, true}})
    for (long at = 0; at < calls; ++at) {
      FakeCuda fake;
      fake.failAt = at;
      fake.failCode = code;
      fake.staysFailed = stays;
      std::optional<Hull> hull;
      {
        HullCard card([&] { return fakeHull(fake.api()); });
        hull = makeVisualHull(views, options, pool(), nullptr, &card);
        failed.insert(fake.failed);
        if (fake.failed == "allocateHost" && !stays) {  // it does without
          EXPECT_FALSE(card.failure());
        } else {
          ASSERT_TRUE(card.failure()) << fake.failed;
          EXPECT_EQ(card.failure()->code() == ExitCode::Memory, code == device::kCudaOutOfMemory) << fake.failed;
        }
      }
      EXPECT_TRUE(fake.clean()) << fake.failed;
      EXPECT_EQ(hull->summary(), expected.summary()) << fake.failed;
      // With the card's distances where those came before the failure, else with the processor's.
      EXPECT_TRUE(hull->mesh.positions == expected.mesh.positions || hull->mesh.positions == clean.mesh.positions) << fake.failed;
    }
  for (const char* call : {"setDevice", "streamCreate", "allocate", "allocateHost", "copy", "launch", "streamWait"})
    EXPECT_TRUE(failed.count(call)) << call << " never failed";
}

class DeviceHullFit : public ::testing::Test {
 protected:
  DeviceHullFit() {
    options = smallFixedOptions(8, 0, 32, 10);
    options.start = StartShape::Hull;
    options.hullResolution = 16;
    options.backend = Backend::Cuda;
    views = std::make_shared<const ViewSet>(makeViewSet(eggMesh(2), "egg", options, pool()));
  }
  static bool carvedOnCard(const Fitter& fitter) { return fitter.startNote().find("on the graphics card") != std::string::npos; }

  FitOptions options;
  std::shared_ptr<const ViewSet> views;
};

TEST_F(DeviceHullFit, TheStartIsCarvedWhereTheFitRuns) {
  for (const Backend backend : {Backend::Cuda, Backend::Auto}) {
    options.backend = backend;
    Fitter fitter(views, options, pool(), hostAccess());
    EXPECT_TRUE(carvedOnCard(fitter)) << fitter.startNote();
    EXPECT_EQ(fitter.takeBackendNote(), "");
  }
  options.backend = Backend::Cpu;
  EXPECT_FALSE(carvedOnCard(Fitter(views, options, pool(), hostAccess())));
  options.backend = Backend::Cuda;
  options.start = StartShape::Sphere;
  EXPECT_FALSE(carvedOnCard(Fitter(views, options, pool(), hostAccess())));
}

TEST_F(DeviceHullFit, TheNewtonSolversStartIsTheProcessors) {
  options.solver = SolverKind::Newton;
  Fitter fitter(views, options, pool(), hostAccess());
  EXPECT_TRUE(carvedOnCard(fitter)) << fitter.startNote();
  options.backend = Backend::Cpu;
  EXPECT_EQ(fitter.state().positions, Fitter(views, options, pool(), hostAccess()).state().positions);
}

TEST_F(DeviceHullFit, ACardThatIsMissingIsNotAskedForAHull) {
  DeviceAccess access = hostAccess();
  access.probe = [] {
    CudaStatus status;
    status.reason = "There is no NVIDIA driver.";
    return status;
  };
  access.makeHull = []() -> std::unique_ptr<DeviceHull> {
    ADD_FAILURE() << "asked for";
    return testHull();
  };
  Fitter fitter(views, options, pool(), access);
  EXPECT_FALSE(carvedOnCard(fitter));
  EXPECT_EQ(fitter.takeBackendNote(), "The fit runs on the CPU: There is no NVIDIA driver.");
}

TEST_F(DeviceHullFit, AFailureIsToldAndTheFitGoesOn) {
  options.backend = Backend::Cpu;
  const FitState expected = Fitter(views, options, pool()).state();
  options.backend = Backend::Cuda;
  int asked = 0;
  ExitCode code = ExitCode::Internal;
  DeviceAccess access = hostAccess();
  access.makeHull = [&]() -> std::unique_ptr<DeviceHull> {
    ++asked;
    throw Error(code, "The card is on fire.");
  };
  Fitter fitter(views, options, pool(), access);
  EXPECT_FALSE(carvedOnCard(fitter));
  EXPECT_EQ(fitter.state().positions, expected.positions);
  EXPECT_EQ(fitter.takeBackendNote(), "The graphics card failed while the visual hull was carved: The card is on fire. The CPU carved it.");
  EXPECT_EQ(fitter.card(), "Host 1") << "the iterations may do all the same";
  fitter.reset();
  EXPECT_EQ(asked, 1) << "not tried again";
  code = ExitCode::Memory;
  for (const Backend backend : {Backend::Cpu, Backend::Cuda}) {
    options.backend = backend;
    fitter.setOptions(options);
  }
  fitter.reset();
  EXPECT_EQ(asked, 2) << "until it is chosen anew";
  EXPECT_EQ(fitter.takeBackendNote(), "The graphics card has not enough memory for the visual hull. The CPU carved it.");
}

}  // namespace
}  // namespace penumbra
