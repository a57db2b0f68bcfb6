// The table of what kernels must move (renderer/cuda/kernel_bounds.h): it has a row for every kernel that is launched, and
// its figures lie between what launches really change and what there is to be moved at all.
#include "renderer/cuda/kernel_bounds.h"

#include <gtest/gtest.h>

#include <set>

#include "renderer/cuda/cuda_executor.h"
#include "renderer/cuda/scan.h"
#include "renderer/cuda/scene.h"
#include "renderer/cuda/totals.h"
#include "tests/support/device_scene.h"
#include "tests/support/fake_card.h"
#include "tests/support/fake_cuda.h"

namespace penumbra::device {
namespace {

using FakeExecutor = CudaExecutor<FakeKernels>;

// Every term and every way of a step; dense or iterated smoothing, plain or IoU loss.
DeviceOptions everything(const DeviceScene& scene, CoverageModel model, bool other) {
  DeviceOptions options = scene.options();
  options.coverage = model;
  options.loss = other ? DeviceLoss::SoftIoU : DeviceLoss::L2;
  options.denseVertices = other ? 0 : 1000;
  options.uniformLaplacian = options.normalConsistency = options.edgeLength = 0.01;
  options.cotangentLaplacian = other ? 0.01 : 0;  // its rows are bounds of the uniform one
  return options;
}

struct Card {
  FakeCuda fake;
  std::unique_ptr<DeviceIteration> iteration = fakeIteration(fake.api());

  void load(const DeviceScene& scene, const DeviceOptions& options) {
    iteration->setOptions(options);
    iteration->setViews(scene.inputs(), true);
    iteration->setMesh(scene.topology, {scene.positions, {}, {}});
  }
};

// A Gauss-Newton step whose moves are small: counts of parts stay what they are.
struct NewtonCard {
  FakeCuda fake;
  std::unique_ptr<DeviceNewton> iteration = fakeNewton(fake.api());

  explicit NewtonCard(const DeviceScene& scene) {
    std::vector<DeviceNewtonView> views;
    for (std::size_t v = 0; v < scene.cameras.size(); ++v) views.push_back({scene.cameras[v], scene.masks[v], scene.masks[v]});
    iteration->setViews(views);
    iteration->setMesh(scene.topology, scene.positions, Umbrella(scene.topology).plate());
  }
  DeviceNewtonReport step() {
    DeviceNewtonSettings settings;
    settings.damping = 1e3;
    return iteration->step(settings);
  }
};

// Looks on at launches: see LieBetweenWhatChangesAndWhatThereIs.
std::function<void(const char*, Index, const std::function<void()>&)> comparing(FakeCuda& fake, const DeviceWork& work,
                                                                                const std::string& scene, int& looked) {
  return [&fake, &work, &looked, scene](const char* kernel, Index count, const std::function<void()>& run) {
    std::map<void*, std::vector<char>> before;
    for (const auto& [pointer, bytes] : fake.allocations)
      before[pointer].assign(static_cast<char*>(pointer), static_cast<char*>(pointer) + bytes);
    run();
    double changed = 0;
    for (const auto& [pointer, bytes] : before)
      for (std::size_t i = 0; i < bytes.size(); ++i) changed += bytes[i] != static_cast<char*>(pointer)[i];
    const KernelBound* bound = kernelBound(kernel);
    ASSERT_NE(bound, nullptr) << kernel;
    const Traffic traffic = bound->of(work, double(count));
    EXPECT_GE(traffic.written, changed) << kernel << ", " << scene;
    EXPECT_LE(traffic.bytes(), 2.0 * double(fake.used)) << kernel << ", " << scene;
    EXPECT_GT(traffic.bytes(), 0) << kernel;
    ++looked;
  };
}

// All stages of a hull: of three discs' masks, seen by cameras side by side that look along z.
DeviceWork makeHull(FakeCuda& fake, std::vector<DeviceWork>* parts = nullptr) {
  const std::unique_ptr<DeviceHull> hull = fakeHull(fake.api());
  constexpr int kSize = 48;
  std::vector<std::vector<float>> masks;
  std::vector<DeviceImage> images;
  std::vector<HullView> views;
  for (int v = 0; v < 3; ++v) {
    std::vector<float>& mask = masks.emplace_back();
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x) mask.push_back(float(std::hypot(x - 20 - 3 * v, y - 24) < 9));
    views.push_back({{40, 0, 0}, {0, 40, 0}, {0, 0, 1}, {float(40 * (v - 1)) * 0.3f, 0, 3}, 24, 24, kSize, kSize, 40});
  }
  for (const auto& mask : masks) images.push_back({kSize, kSize, mask});
  auto distances = hull->signedDistances(images);
  if (parts) parts->push_back(hull->work());
  images.clear();
  for (auto& distance : distances) {
    for (float& d : distance) d = -d;
    images.push_back({kSize, kSize, distance});
  }
  hull->setField({views, images, 1.0f, -kHullFar});
  hull->coarseCells(10);
  EXPECT_GT(hull->sample({Vec3<float>(-1.2f), 0.075f, glm::ivec3(32)}).active.size(), 3u);
  return hull->work();
}

TEST(KernelBounds, HaveARowForEveryKernelThatIsLaunched) {
  const DeviceScene scene = deviceScene(testScenes()[0], 0);
  std::set<std::string> launched, known;
  for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas})
    for (const bool other : {false, true}) {
      Card card;
      card.load(scene, everything(scene, model, other));
      DeviceStep step;
      step.sigma = scene.sigma;
      step.keep = true;
      card.iteration->run({&step, 1});
      EXPECT_EQ(card.iteration->finish().done, 1);
      card.iteration->geometry();
      const PictureWish wish{0, 8};
      card.iteration->pictures({&wish, 1}, scene.sigma);
      for (const auto& [name, count] : card.fake.kernels) launched.insert(name);
    }
  {
    NewtonCard card(scene);
    card.step();
    for (const auto& [name, count] : card.fake.kernels) launched.insert(name);
  }
  FakeCuda fake;  // of hulls, and levels that only large meshes need
  makeHull(fake);
  {
    FakeExecutor executor(fake.api());
    Buffer<int> counts;
    Buffer<std::int64_t> total;
    Buffer<double> sum;
    PrefixSums prefix;
    Totals totals;
    counts.upload(executor, std::vector<int>(70000, 1));
    total.allocate(executor, 1);
    sum.allocate(executor, 1);
    prefix.allocate(executor, 70000);
    prefix.run(executor, counts.data(), total.data());
    totals.allocate(executor, 70000);
    totals.add(executor, 70000, sum.data());
  }
  for (const auto& [name, count] : fake.kernels) launched.insert(name);
  for (const KernelBound& bound : kernelBounds()) EXPECT_TRUE(known.insert(bound.kernel).second) << bound.kernel << " twice";
  EXPECT_EQ(launched, known);
  EXPECT_EQ(kernelBound("noSuchKernel"), nullptr);
}

// Bytes that differ after a launch were written by it, so no bound may be lower; and no byte needs to be read or written
// twice, so none may be higher than twice all that is there.
TEST(KernelBounds, LieBetweenWhatChangesAndWhatThereIs) {
  for (const std::size_t index : {std::size_t(0), std::size_t(1)})
    for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas}) {
      const DeviceScene scene = deviceScene(testScenes()[index], 0);
      Card card;
      card.load(scene, everything(scene, model, false));
      DeviceStep step;
      step.sigma = scene.sigma;
      step.keep = true;
      const DeviceWork work = card.iteration->work(step);
      EXPECT_GT(work.pixels, 0);
      EXPECT_GT(model == CoverageModel::Contour ? work.band : work.pairsForward, 0);
      std::vector<Vec3<float>> gradient;
      card.iteration->gradient(step, gradient);  // from now on buffers hold what they do between iterations
      int looked = 0;
      card.fake.around = comparing(card.fake, work, scene.name, looked);
      card.iteration->run({&step, 1});
      EXPECT_EQ(card.iteration->finish().done, 1);
      EXPECT_GT(looked, 20);
    }
}

TEST(KernelBounds, OfNewtonStepsLieThereToo) {
  for (const std::size_t index : {std::size_t(0), std::size_t(1)}) {
    const DeviceScene scene = deviceScene(testScenes()[index], 0);
    NewtonCard card(scene);
    card.step();
    const DeviceWork work = card.iteration->work();
    EXPECT_GT(work.pieces, 0);
    EXPECT_GT(work.pixels, 0);
    int looked = 0;
    card.fake.around = comparing(card.fake, work, scene.name, looked);
    card.step();
    EXPECT_GT(looked, 100);
  }
}

TEST(KernelBounds, OfTheHullLieBetweenWhatChangesAndWhatThereIs) {
  DeviceWork outlines, field;
  {
    FakeCuda fake;
    std::vector<DeviceWork> parts;
    field = makeHull(fake, &parts);
    outlines = parts[0];
  }
  EXPECT_GT(outlines.pieces, 100);
  EXPECT_EQ(outlines.pixels, 3 * 48 * 48);
  EXPECT_EQ(field.slots, 3);
  FakeCuda fake;
  std::set<std::string> looked;
  fake.around = [&](const char* kernel, Index count, const std::function<void()>& run) {
    std::map<void*, std::vector<char>> before;
    for (const auto& [pointer, bytes] : fake.allocations)
      before[pointer].assign(static_cast<char*>(pointer), static_cast<char*>(pointer) + bytes);
    run();
    double changed = 0;
    for (const auto& [pointer, bytes] : before)
      for (std::size_t i = 0; i < bytes.size(); ++i) changed += bytes[i] != static_cast<char*>(pointer)[i];
    const bool ofMasks = std::string_view(kernel).find("utline") != std::string_view::npos;
    const Traffic traffic = kernelBound(kernel)->of(ofMasks ? outlines : field, double(count));
    EXPECT_GE(traffic.written, changed) << kernel;
    EXPECT_LE(traffic.bytes(), 2.0 * double(fake.used)) << kernel;
    looked.insert(kernel);
  };
  makeHull(fake);
  for (const char* kernel : {"countOutline", "writeOutline", "outlineDistances", "coarseCells", "blockSides", "partSides", "sampleBlocks", "findThin"})
    EXPECT_TRUE(looked.count(kernel)) << kernel;
}

// By hand: a tetrahedron (4 vertices, 4 faces, 6 edges) in one view.
TEST(KernelBounds, OfATetrahedron) {
  DeviceWork work;
  work.vertices = work.faces = 4;
  work.edges = 6;
  work.slots = 1;
  const auto of = [&](const char* kernel, double threads) { return kernelBound(kernel)->of(work, threads); };
  EXPECT_EQ(of("commitPositions", 4).read, 4 * 12);
  EXPECT_EQ(of("commitPositions", 4).written, 4 * 12 + sizeof(Counters));
  EXPECT_EQ(of("squareGradient", 4).bytes(), 4 * (12 + 8));
  EXPECT_EQ(of("faceNormals", 4).bytes(), 4 * 12 + 4 * 12 + 4 * (12 + 4 + 12 + 8));
  EXPECT_EQ(of("vertexNormals", 4).bytes(), (5 + 12) * 4 + 48 + 48 + 48);  // corner lists, mesh, normals
  EXPECT_EQ(of("denseProduct", 4).bytes(), 16 * 4 + 48 + 48);
  EXPECT_EQ(of("denseProduct", 4).floats, 6 * 16);
  EXPECT_EQ(of("chebyshevStep", 4).bytes(), (5 + 12) * 4 + 3 * 48 + 2 * 48);
  EXPECT_EQ(of("chebyshevStep", 16).written, 2 * 4 * 16);  // columns of the inverse
  EXPECT_EQ(of("facingWords", 8).written, 4 * 8 + 4 + 4);
  EXPECT_EQ(of("facingWords", 8).floats, 4 * (25 + 7) + 4 * 7);
  EXPECT_EQ(of("sumCounts", 3).read, 2 * 64 * 4 + 4);  // at least: the last chunk may hold one count
}

}  // namespace
}  // namespace penumbra::device
