// Single Gauss-Newton steps by the kernels of the graphics card, run on the host, against the processor's.
#include <gtest/gtest.h>

#include <random>

#include "optim/newton/device_newton_solver.h"
#include "tests/support/host_iteration.h"
#include "tests/support/device_scene.h"
#include "tests/support/newton_problem.h"
#include "tests/support/small_meshes.h"
#include "tests/support/test_iteration.h"

namespace penumbra {
namespace {

using device::LaunchOrder;

// Views of a shape, and a mesh to begin with.
struct Scene {
  std::string name;
  std::shared_ptr<ViewSet> views;
  Mesh start;
};

Mesh scaled(Mesh mesh, float by) {
  for (glm::vec3& p : mesh.positions) p *= by;
  return mesh;
}

Mesh roughened(Mesh mesh, float by) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> shift(-by, by);
  for (glm::vec3& p : mesh.positions) p += glm::vec3(shift(random), shift(random), shift(random));
  return mesh;
}

Mesh opened(Mesh mesh, std::size_t without) {
  mesh.faces.erase(mesh.faces.begin(), mesh.faces.begin() + std::ptrdiff_t(without));
  return mesh;
}

FitOptions viewOptions(int views, int size) {
  FitOptions options = smallNewtonOptions();
  options.views = views;
  options.size = size;
  options.heldOutViews = 0;
  return options;
}

// Moves of up to a fifth of a ball's radius at random: folds, and many contour edges that cross.
Scene roughScene(ThreadPool& pool, int level, float by) {
  const FitOptions options = viewOptions(3, 32);
  return {"rough", std::make_shared<ViewSet>(makeViewSet(eggMesh(), "egg", options, pool)), roughened(icosphere(level), by)};
}

std::vector<Scene> scenes(ThreadPool& pool) {
  const FitOptions options = viewOptions(8, 72);
  const auto viewsOf = [&](const Mesh& shape) { return std::make_shared<ViewSet>(makeViewSet(shape, "shape", options, pool)); };
  const auto eggs = viewsOf(eggMesh());
  const auto hull = makeStartMesh(options, *eggs, pool);
  std::vector<Scene> result{{"hull", eggs, hull},
                            {"ball", eggs, scaled(icosphere(3), 0.7f)},
                            {"rough", eggs, roughened(icosphere(3), 0.15f)},
                            {"open", eggs, opened(icosphere(3), 300)},
                            {"torus", viewsOf(torusMesh(40, 20)), torusMesh(24, 12, glm::dvec3(0), 0.9)}};
  const auto cut = std::make_shared<ViewSet>(*eggs);  // what the frame cuts, with a mesh beyond it and behind the cameras
  for (View& view : cut->train) {
    view.camera.cx += 20, view.camera.cy -= 9;
    view.mask = renderHardMask(eggMesh(), view.camera);
  }
  result.push_back({"cut", cut, scaled(icosphere(3), 1.1f)});
  const auto wrong = std::make_shared<ViewSet>(*eggs);  // a mask that lacks half, and one that shows nothing
  for (int y = 0; y < options.size; ++y)
    for (int x = 0; x < options.size; ++x) {
      if (y > options.size / 2) wrong->train[2].mask.at(x, y) = 0;
      wrong->train[5].mask.at(x, y) = 0;
    }
  result.push_back({"wrong", wrong, scaled(icosphere(3), 0.7f)});
  Mesh around = scaled(icosphere(3), 0.8f);
  for (std::size_t i = 0; i < 40; ++i) around.positions[i] *= 6.0f;
  result.push_back({"spikes", eggs, around});
  return result;
}

// The same mesh on both sides.
struct Pair {
  std::shared_ptr<const JudgedMasks> masks;
  NewtonStepper stepper;
  std::unique_ptr<DeviceNewton> device;
  Topology topology;
  ThinPlate plate;
  std::vector<glm::vec3> positions;

  Pair(const Scene& scene, ThreadPool& pool, LaunchOrder order = LaunchOrder::Ascending)
      : masks(std::make_shared<const JudgedMasks>(scene.views->train, pool)), stepper(scene.views, pool, masks),
        device(testNewton(order)), topology(buildTopology(int(scene.start.positions.size()), scene.start.faces)),
        plate(topology), positions(scene.start.positions) {
    uploadViews(*device, *scene.views, *masks);
    place();
  }
  void place() { device->setMesh(topology, positions, plate.onDevice()); }
};

// Settings of the schedule's beginning and end.
std::vector<NewtonSettings> someSettings() {
  NewtonSettings wide, narrow, plain;
  wide.contour = {15, 2, 1e-2};
  narrow.contour = {2, 2, 1e-2};
  narrow.prior = 0.3;
  plain.contour = {15, 0, 1e-2};
  plain.prior = 20;
  return {wide, narrow, plain};
}

class DeviceNewtonStep : public testing::Test {
 protected:
  ThreadPool pool{2};
};

TEST_F(DeviceNewtonStep, IsTheProcessors) {
  for (const Scene& scene : scenes(pool))
    for (const NewtonSettings& settings : someSettings()) {
      SCOPED_TRACE(scene.name + ", clip " + std::to_string(settings.contour.clip) + ", prior " + std::to_string(settings.prior));
      Pair pair(scene, pool);
      double damping = 1e-3;
      for (int step = 0; step < 4; ++step) {
        const double before = damping;
        const std::vector<glm::vec3> from = pair.positions;
        pair.place();
        const NewtonReport expected = pair.stepper.step(pair.positions, pair.topology, settings, damping);
        const DeviceNewtonReport report = pair.device->step(deviceSettings(settings, before));
        const auto near = [](double a, double b) { return std::abs(a - b) <= 2e-5 * std::abs(b) + 1e-9; };
        EXPECT_PRED2(near, report.here.energy(), expected.before);
        EXPECT_PRED2(near, report.gradientNorm, expected.gradientNorm);
        EXPECT_LE(relativeDifference(pair.device->gradient(), pair.stepper.gradient()), 1e-4);
        EXPECT_EQ(report.accepted, expected.attempts == 1 && expected.accepted);
        if (!report.accepted) break;
        EXPECT_EQ(report.solverIterations, expected.solverIterations);
        EXPECT_NE(pair.positions, from);
        if (scene.name == "spikes") {  // whether a face is about to turn over is at times a matter of the last bit
          EXPECT_NEAR(report.there.energy(), expected.energy(), 1e-2 * expected.energy());
          continue;
        }
        EXPECT_LE(farthestVertex(pair.device->positions(), pair.positions), 1e-3 * expected.largestMove);
        EXPECT_NEAR(report.largestMove, expected.largestMove, 1e-3 * expected.largestMove);
        EXPECT_NEAR(report.there.silhouette, expected.silhouette, 1e-3 * expected.energy());
        EXPECT_NEAR(report.there.bending, expected.bending, 1e-3 * expected.energy());
        EXPECT_NEAR(report.there.absolute / report.there.length, expected.meanPixels, 1e-3 * expected.meanPixels);
        for (std::size_t v = 0; v < report.there.viewIoU.size(); ++v)
          EXPECT_NEAR(report.there.viewIoU[v], pair.stepper.viewIoU()[v], 2e-3);
      }
    }
}

// Whatever the order of threads, and however often room was too small before.
TEST_F(DeviceNewtonStep, GivesTheSameBits) {
  const Scene scene = roughScene(pool, 2, 0.2f), rougher = roughScene(pool, 3, 0.4f);
  std::vector<glm::vec3> first;
  for (const LaunchOrder order : {LaunchOrder::Ascending, LaunchOrder::Reversed, LaunchOrder::Shuffled, LaunchOrder::Together}) {
    Pair pair(scene, pool, order);
    if (order == LaunchOrder::Reversed) {  // grows
      const Topology topology = buildTopology(int(rougher.start.positions.size()), rougher.start.faces);
      const ThinPlate plate(topology);
      pair.device->setMesh(topology, rougher.start.positions, plate.onDevice());
      pair.device->step(deviceSettings({}, 1e-3));
      pair.place();
    }
    for (int step = 0; step < 3; ++step) pair.device->step(deviceSettings({}, 1e-3));
    if (first.empty()) first = pair.device->positions();
    EXPECT_NE(first, scene.start.positions);
    EXPECT_TRUE(sameBits(first, pair.device->positions())) << "order " << int(order);
  }
}

// Parts of outlines outgrow the room of the first guess; the step is made again.
TEST_F(DeviceNewtonStep, OutlinesMayOutgrowTheirRoom) {
  const Scene scene = roughScene(pool, 3, 0.5f);  // nearly every edge is a contour edge
  Pair pair(scene, pool);
  std::vector<Camera> cameras;
  for (const View& view : scene.views->train) cameras.push_back(view.camera);
  const std::size_t guess = predictNewtonMemory(pair.topology, cameras);
  double damping = 1e-3;
  const NewtonReport expected = pair.stepper.step(pair.positions, pair.topology, {}, damping);
  const DeviceNewtonReport report = pair.device->step(deviceSettings({}, 1e-3));
  EXPECT_GT(pair.device->memoryInUse(), guess);
  EXPECT_NEAR(report.here.energy(), expected.before, 1e-4 * expected.before);
  EXPECT_LE(relativeDifference(pair.device->gradient(), pair.stepper.gradient()), 1e-4);
}

// A step that would raise the energy leaves the mesh where it is; the next one, more damped, is what the processor's second
// attempt is.
TEST_F(DeviceNewtonStep, IsNotTakenWhenTheEnergyWouldGrow) {
  const Scene scene = scenes(pool)[2];
  NewtonSettings settings;
  settings.maxEdges = 100;  // moves far beyond what is linear
  Pair pair(scene, pool);
  double damping = 1e-8;
  const std::vector<glm::vec3> before = pair.positions;
  const NewtonReport expected = pair.stepper.step(pair.positions, pair.topology, settings, damping);
  ASSERT_GT(expected.attempts, 1);
  double tried = 1e-8;
  DeviceNewtonReport report;
  for (int attempt = 1; attempt <= std::min(expected.attempts, NewtonStepper::kAttempts); ++attempt) {
    report = pair.device->step(deviceSettings(settings, tried));
    const bool last = attempt == expected.attempts;
    EXPECT_EQ(report.accepted, last && expected.accepted) << attempt;
    EXPECT_NEAR(report.here.energy(), expected.before, 1e-5 * expected.before) << "it begins where it was";
    EXPECT_TRUE(last || sameBits(pair.device->positions(), before));
    tried = nextDamping(tried, report.accepted);
  }
  EXPECT_EQ(tried, damping);
  if (!expected.accepted) return;
  EXPECT_NEAR(report.there.energy(), expected.energy(), 1e-2 * expected.energy());
}

// Errors of whole views are the processor's.
TEST_F(DeviceNewtonStep, ViewsThatMoveAreRefused) {
  NewtonSettings settings;
  settings.viewPrior = 1;
  EXPECT_THROW(deviceSettings(settings, 1e-3), Error);
}

TEST_F(DeviceNewtonStep, NeedsAMeshAndAView) { EXPECT_THROW(testNewton()->step({}), Error); }

}  // namespace
}  // namespace penumbra
