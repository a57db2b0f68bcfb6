// Single kernels of the graphics card, run on the host: at sizes around the warp's and the chunk's, in any order of
// threads.
#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "renderer/cuda/contour_outline.h"
#include "tests/support/host_executor.h"
#include "tests/support/host_iteration.h"
#include "renderer/cuda/step_pass.h"
#include "renderer/core/reduce.h"
#include "renderer/cuda/vertex_pulls.h"
#include "tests/support/device_scene.h"

namespace penumbra::device {
namespace {

constexpr LaunchOrder kOrders[] = {LaunchOrder::Ascending, LaunchOrder::Reversed, LaunchOrder::Shuffled, LaunchOrder::Together};
const std::vector<Index> kSizes = {0, 1, 31, 32, 33, 63, 64, 65, 256, 257, 16384, 16385, 70000};

TEST(CudaKernels, PrefixSumsOfAnySize) {
  for (const Index n : kSizes)
    for (const LaunchOrder order : kOrders) {
      HostExecutor executor(order);
      std::vector<int> counts(static_cast<std::size_t>(n));
      for (std::size_t i = 0; i < counts.size(); ++i) counts[i] = int(i * 7919 % 13);
      Buffer<int> buffer;
      Buffer<std::int64_t> total;
      PrefixSums sums;
      buffer.upload(executor, counts);
      total.allocate(executor, 1);
      sums.allocate(executor, n);
      sums.run(executor, buffer.data(), total.data());
      Index expected = 0;
      for (Index i = 0; i < n; ++i) {
        ASSERT_EQ(sums.view(buffer.data()).place(i), expected) << n;
        expected += counts[std::size_t(i)];
      }
      EXPECT_EQ(*total.data(), expected) << n;
    }
}

// Counts whose sum does not fit 32 bits.
TEST(CudaKernels, PrefixSumsBeyond32Bits) {
  HostExecutor executor;
  Buffer<int> counts;
  Buffer<std::int64_t> total;
  PrefixSums sums;
  counts.upload(executor, std::vector<int>(1000, 1 << 30));
  total.allocate(executor, 1);
  sums.allocate(executor, 1000);
  sums.run(executor, counts.data(), total.data());
  EXPECT_EQ(*total.data(), Index(1000) << 30);
  EXPECT_EQ(sums.view(counts.data()).place(999), Index(999) << 30);
}

TEST(CudaKernels, TotalsOfAnySize) {
  for (const Index n : kSizes)
    for (const LaunchOrder order : kOrders) {
      HostExecutor executor(order);
      Totals totals;
      Buffer<double> total;
      totals.allocate(executor, 70000);
      total.allocate(executor, 1);
      for (Index i = 0; i < n; ++i) totals.values()[i] = double(i) - 3;
      totals.add(executor, n, total.data());
      EXPECT_EQ(*total.data(), double(n) * double(n - 1) / 2 - 3 * double(n)) << n;
    }
}

// Room that a launch needs for pixels that lie beyond 2^31.
TEST(CudaKernels, PixelsBeyond32Bits) {
  Slot slot{};
  slot.index = 0;
  slot.view.camera.width = slot.view.camera.height = 4096;
  slot.view.blocksPerRow = 128;
  slot.view.blocks = 128 * 4096;
  slot.view.target = Index(1) << 33;
  std::vector<Slot> slots(1000, slot);
  const Index pixel = (Index(999) * slot.view.blocks + Index(4095) * 128 + 127) * kBlock + 31;
  const Pixel at = pixelAt(slots.data(), slot.view.blocks, pixel);
  EXPECT_GT(pixel, Index(1) << 33);
  EXPECT_EQ(at.slot, 999);
  EXPECT_EQ(at.x, 4095);
  EXPECT_EQ(at.y, 4095);
  EXPECT_EQ(at.target, (Index(1) << 33) + slot.view.blocks - 1);
}

TEST(CudaKernels, CutsAreSorted) {
  std::mt19937 random(5);
  for (const int n : {0, 1, 2, 3, 31, 33, 200}) {
    std::vector<Cut> cuts;
    std::vector<int> order(static_cast<std::size_t>(n));
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    for (int i = 0; i < n; ++i) cuts.push_back({float(i % 7), i, -1});
    int head = -1;
    for (const int i : order) cuts[std::size_t(i)].next = std::exchange(head, i);
    int seen = 0;
    const Cut* before = nullptr;
    for (int c = sortCuts(cuts.data(), head); c >= 0; c = cuts[std::size_t(c)].next, ++seen) {
      if (before) {
        EXPECT_TRUE(cutBefore(*before, cuts[std::size_t(c)]));
      }
      before = &cuts[std::size_t(c)];
    }
    EXPECT_EQ(seen, n);
  }
}

// Pulls of very different sizes: nothing overflows, and the sum is exact to the last bits of the largest.
TEST(CudaKernels, VertexSumsKeepTheirDigits) {
  for (const float size : {1e-20f, 1e-6f, 1.0f, 1e6f, 1e17f}) {
    Counters counters{};
    std::int64_t sums[3] = {};
    counters.now.pieces = 52;  // of 20 pulls each
    const VertexSums vertex{sums, &counters};
    std::vector<Vec3<float>> pulls;
    std::mt19937 random(3);
    std::uniform_real_distribution<float> unit(-1, 1);
    for (int i = 0; i < 1024; ++i) pulls.push_back(size * Vec3<float>(unit(random), 1.0f, 1e-5f * unit(random)));
    glm::dvec3 expected(0);
    for (const bool measure : {true, false}) {
      PullSink sink{vertex, measure};
      for (const auto& p : pulls) sink(0, p);
      sink.finish();
    }
    for (const auto& p : pulls) expected += glm::dvec3(p);
    IterationRecord record{};
    record.slots = 1;
    Vec3<float> gradient;
    CollectPulls{vertex, &record, &gradient, 1.0f, 1}(0);
    EXPECT_EQ(counters.trouble, 0u);
    for (int k = 0; k < 3; ++k)
      EXPECT_NEAR(gradient[k], expected[k], 1e-7 * std::abs(expected[k]) + 1e-9 * double(size)) << size;
  }
}

TEST(CudaKernels, PullsThatAreNotFiniteAreNoticed) {
  Counters counters{};
  std::int64_t sums[3] = {};
  const VertexSums vertex{sums, &counters};
  for (const bool measure : {true, false}) {
    PullSink sink{vertex, measure};
    sink(0, Vec3<float>(1.0f, std::numeric_limits<float>::quiet_NaN(), 0.0f));
    sink.finish();
  }
  IterationRecord record{};
  record.slots = 1;
  Vec3<float> gradient;
  CollectPulls{vertex, &record, &gradient, 1.0f, 1}(0);
  EXPECT_EQ(counters.trouble, kNotFinite);
}

std::vector<Vec3<float>> applySystem(const Topology& topology, double lambda, const std::vector<Vec3<float>>& x) {
  std::vector<glm::dvec3> result(x.begin(), x.end());
  for (const auto& e : topology.edges) {
    const glm::dvec3 d = lambda * glm::dvec3(x[std::size_t(e.x)] - x[std::size_t(e.y)]);
    result[std::size_t(e.x)] += d;
    result[std::size_t(e.y)] -= d;
  }
  return {result.begin(), result.end()};
}

// Both ways of smoothing undo I + lambda L, for even and uneven meshes, with vertices that no face uses.
TEST(CudaKernels, SmoothingUndoesTheSystem) {
  std::vector<DeviceScene> scenes = {deviceScene(testScenes()[1], 0), deviceScene(testScenes()[2], 0),
                                     deviceScene(testScenes()[3], 0)};
  for (DeviceScene& scene : scenes) {
    scene.positions.push_back({0.3f, -0.2f, 0.1f});
    const Topology topology = buildTopology(int(scene.positions.size()), scene.topology.faces);
    for (const double lambda : {0.01, 5.0, 1000.0})
      for (const Index dense : {Index(0), Index(1000)})
        for (const LaunchOrder order : kOrders) {
          HostExecutor executor(order);
          AroundStore around;
          around.set(executor, topology);
          SmoothPass<HostExecutor> smooth;
          smooth.prepare(executor, around.view(), around.maxDegree(), topology.vertexCount, lambda, dense);
          Buffer<Vec3<float>> values;
          values.upload(executor, applySystem(topology, lambda, scene.positions));
          smooth.run(executor, values.data());
          // Rounding grows with the condition number 1 + 2 lambda d at worst.
          const double tolerance = 3e-6 + 1e-7 * lambda * around.maxDegree();
          EXPECT_LE(relativeDifference(values.download(topology.vertexCount), scene.positions), tolerance)
              << scene.name << " lambda " << lambda << (dense ? " dense" : " chebyshev");
        }
  }
}

// Faces that a step of any size must carry: none, one, and around a warp.
TEST(CudaKernels, IterationsOfAnyNumberOfFaces) {
  const DeviceScene whole = deviceScene(testScenes()[8], 0);
  for (const std::size_t faces : {std::size_t(0), std::size_t(1), std::size_t(2), whole.topology.faces.size()})
    for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas}) {
      DeviceScene scene = whole;
      scene.topology = buildTopology(int(scene.positions.size()), std::span(whole.topology.faces).first(faces));
      const auto iteration = makeHostIteration();
      DeviceOptions options = scene.options();
      options.coverage = model;
      options.normalConsistency = options.edgeLength = options.uniformLaplacian = 0.01;
      iteration->setOptions(options);
      iteration->setViews(scene.inputs(), false);
      iteration->setMesh(scene.topology, {scene.positions, {}, {}});
      DeviceStep step;
      step.sigma = scene.sigma;
      iteration->run(std::vector<DeviceStep>(3, step));
      EXPECT_EQ(iteration->finish().done, 3) << faces;
      const SceneResult expected = onProcessor(scene, model, scene.sigma);
      if (faces == 0) {
        EXPECT_EQ(iteration->coverage(0, scene.sigma), expected.alpha[0]);
      }
    }
}

// Whole iterations with every term, every loss and both ways of smoothing: the same bits in any order of threads.
TEST(CudaKernels, IterationsDoNotDependOnTheOrderOfThreads) {
  const DeviceScene scene = deviceScene(testScenes()[10], 0);
  for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas})
    for (const DeviceLoss loss : {DeviceLoss::L2, DeviceLoss::L1, DeviceLoss::SoftIoU}) {
      DeviceOptions options = scene.options();
      options.coverage = model;
      options.loss = loss;
      options.denseVertices = loss == DeviceLoss::L1 ? 0 : 1000;
      options.adamUniform = loss != DeviceLoss::SoftIoU;
      options.uniformLaplacian = options.cotangentLaplacian = options.normalConsistency = options.edgeLength = 0.01;
      DeviceStep step;
      step.sigma = scene.sigma;
      std::vector<DeviceState> states;
      std::vector<double> losses;
      for (const LaunchOrder order : kOrders) {
        const auto iteration = makeHostIteration(order);
        iteration->setOptions(options);
        iteration->setViews(scene.inputs(), loss != DeviceLoss::L2);
        iteration->setMesh(scene.topology, {scene.positions, {}, {}});
        iteration->run(std::vector<DeviceStep>(3, step));
        const DeviceProgress progress = iteration->finish();
        EXPECT_EQ(progress.done, 3);
        losses.push_back(progress.last->loss);
        states.push_back(iteration->state());
      }
      for (std::size_t i = 1; i < states.size(); ++i) {
        EXPECT_EQ(states[i].positions, states[0].positions);
        EXPECT_EQ(states[i].moment2, states[0].moment2);
        EXPECT_EQ(losses[i], losses[0]);
      }
      EXPECT_NE(states[0].positions, scene.positions);
    }
}

// Twelve copies of a scene, a little apart: more parts of outlines than room is first made for.
DeviceScene foldedScene() {
  DeviceScene scene = deviceScene(testScenes()[8], 0);
  std::vector<Face> faces;
  std::vector<Vec3<float>> positions;
  for (int copy = 0; copy < 12; ++copy) {
    for (const Face& f : scene.topology.faces) faces.push_back(f + int(positions.size()));
    for (const auto& p : scene.positions) positions.push_back(p + 0.02f * float(copy) * Vec3<float>(1, 0.5f, 0.2f));
  }
  scene.positions = positions;
  scene.topology = buildTopology(int(positions.size()), faces);
  return scene;
}

// A fold too fine for the first guess of room: buffers grow, and the result is as if they had been large from the
// start.
TEST(CudaKernels, BuffersGrowUntilAllFits) {
  const DeviceScene scene = foldedScene();
  const SceneResult expected = onProcessor(scene, CoverageModel::Contour, scene.sigma);
  const auto iteration = makeHostIteration();
  DeviceOptions options = scene.options();
  options.denseVertices = 0;  // its making would hide the growth
  iteration->setOptions(options);
  iteration->setViews(scene.inputs(), false);
  iteration->setMesh(scene.topology, {scene.positions, {}, {}});
  DeviceStep step;
  step.sigma = scene.sigma;
  std::vector<Vec3<float>> gradient;
  iteration->gradient(step, gradient);
  EXPECT_GT(iteration->memoryInUse(), predictDeviceMemory(scene.topology, scene.cameras, options, 2).bytes) << "nothing grew";
  EXPECT_LE(relativeDifference(gradient, expected.gradient), 1e-4);
  iteration->run(std::vector<DeviceStep>(4, step));
  EXPECT_EQ(iteration->finish().done, 4);
}

// What the window shows is the coverage, reduced as on the processor; any number of views, also more than a step has.
TEST(CudaKernels, PicturesAreTheCoverageReduced) {
  for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas}) {
    const DeviceScene scene = deviceScene(testScenes()[10], 0);
    const auto iteration = makeHostIteration();
    DeviceOptions options = scene.options();
    options.coverage = model;
    iteration->setOptions(options);
    iteration->setViews(scene.inputs(), false);
    iteration->setMesh(scene.topology, {scene.positions, {}, {}});
    DeviceStep step;
    step.sigma = scene.sigma;
    step.views = {0};
    iteration->run({&step, 1});
    EXPECT_EQ(iteration->finish().done, 1);
    std::vector<PictureWish> wishes;
    for (int view = 0; view < int(scene.cameras.size()); ++view)
      for (const int side : {5, 16, 10000}) wishes.push_back({view, side});
    const DevicePictures pictures = iteration->pictures(wishes, scene.sigma);
    const std::vector<float> values(static_cast<const float*>(pictures.values),
                                    static_cast<const float*>(pictures.values) + pictures.count);
    ASSERT_EQ(pictures.list.size(), wishes.size());
    for (const DevicePicture& p : pictures.list) {
      const Camera& camera = scene.cameras[std::size_t(p.wish.view)];
      const std::vector<float> full = iteration->coverage(p.wish.view, scene.sigma);
      EXPECT_EQ((PictureSize{p.width, p.height}), reducedSize({camera.width, camera.height}, p.wish.maxSide));
      EXPECT_LE(std::max(p.width, p.height), p.wish.maxSide);
      const auto at = [&](int u, int v) { return full[std::size_t(v) * std::size_t(camera.width) + std::size_t(u)]; };
      for (int y = 0; y < p.height; ++y)
        for (int x = 0; x < p.width; ++x)
          ASSERT_EQ(values[p.offset + std::size_t(y * p.width + x)],
                    reducedPixel(camera.width, camera.height, p.width, p.height, x, y, at));
    }
    EXPECT_EQ(iteration->pictures({}, scene.sigma).count, 0u);
    ASSERT_TRUE(iteration->metrics());
    EXPECT_EQ(iteration->metrics()->viewIoU.size(), 1u) << "of the newest iteration";
  }
}

// Looking at views makes buffers grow earlier, and in other steps, than the fit alone would; its bits stay the same.
TEST(CudaKernels, LookingAtViewsDoesNotChangeTheFit) {
  const DeviceScene scene = foldedScene();
  const auto after = [&](bool looking) {
    const auto iteration = makeHostIteration();
    DeviceOptions options = scene.options();
    options.denseVertices = 0;
    iteration->setOptions(options);
    iteration->setViews(scene.inputs(), false);
    iteration->setMesh(scene.topology, {scene.positions, {}, {}});
    DeviceStep step;
    step.views = {0};
    for (const double sigma : {scene.sigma / 16, scene.sigma}) {
      const PictureWish wishes[] = {{0, 16}, {1, 16}};
      if (looking) iteration->pictures(wishes, scene.sigma), iteration->coverage(1, scene.sigma);
      step.sigma = sigma;
      iteration->run(std::vector<DeviceStep>(2, step));
      EXPECT_EQ(iteration->finish().done, 2);
    }
    return iteration->state().positions;
  };
  EXPECT_EQ(after(true), after(false));
}

// The state after the newest step to keep: not touched by later steps, by trouble, or by buffers that grow in between.
TEST(CudaKernels, KeepsStatesWithinABatch) {
  const DeviceScene scene = foldedScene();
  const auto prepared = [&] {
    auto iteration = makeHostIteration();
    DeviceOptions options = scene.options();
    options.denseVertices = 0;
    iteration->setOptions(options);
    iteration->setViews(scene.inputs(), false);
    iteration->setMesh(scene.topology, {scene.positions, {}, {}});
    return iteration;
  };
  const auto steps = [&](int count, std::initializer_list<int> kept) {
    std::vector<DeviceStep> result;
    for (int i = 0; i < count; ++i) result.push_back({scene.sigma, 0.02, i + 1});
    for (const int i : kept) result[std::size_t(i)].keep = true;
    return result;
  };
  std::vector<DeviceState> after;
  const auto single = prepared();
  for (const DeviceStep& step : steps(5, {})) {
    single->run({&step, 1});
    EXPECT_EQ(single->finish().done, 1);
    after.push_back(single->state());
  }
  const auto all = prepared();
  all->run(steps(5, {1, 3}));
  EXPECT_EQ(all->finish().done, 5);
  EXPECT_EQ(all->keptState().positions, after[3].positions);
  EXPECT_EQ(all->keptState().moment1, after[3].moment1);
  EXPECT_EQ(all->keptState().moment2, after[3].moment2);
  EXPECT_EQ(all->state().positions, after[4].positions);
  const auto some = prepared();
  some->run(steps(3, {1}), false);
  const DeviceProgress progress = some->finish();
  EXPECT_FALSE(progress.last);
  EXPECT_EQ(some->keptState().positions, after[1].positions);
  DeviceOptions broken = scene.options();
  broken.denseVertices = 0;
  broken.sceneRadius = 1e-3;
  some->setOptions(broken);
  some->run(steps(3, {0, 1, 2}));
  EXPECT_EQ(some->finish().done, 0);
  EXPECT_EQ(some->keptState().positions, after[1].positions) << "an iteration that broke down is not kept";
  EXPECT_FALSE(some->metrics()) << "nor told of";
}

// Asked for later, or within the batch: the same numbers.
TEST(CudaKernels, MetricsCanBeAskedForBehind) {
  const DeviceScene scene = deviceScene(testScenes()[10], 0);
  const auto iteration = makeHostIteration();
  DeviceOptions options = scene.options();
  options.uniformLaplacian = options.edgeLength = 0.01;
  iteration->setOptions(options);
  iteration->setViews(scene.inputs(), false);
  DeviceStep step;
  step.sigma = scene.sigma;
  std::vector<DeviceMetrics> measured;
  for (const bool within : {true, false}) {
    iteration->setMesh(scene.topology, {scene.positions, {}, {}});
    EXPECT_EQ(bool(iteration->metrics()), !within) << "of the run before, if there was one";
    iteration->run(std::vector<DeviceStep>(2, step), within);
    const DeviceProgress progress = iteration->finish();
    ASSERT_EQ(bool(progress.last), within);
    iteration->coverage(0, scene.sigma);
    ASSERT_TRUE(iteration->metrics());
    measured.push_back(within ? *progress.last : *iteration->metrics());
  }
  EXPECT_EQ(measured[0].loss, measured[1].loss);
  EXPECT_EQ(measured[0].gradientNorm, measured[1].gradientNorm);
  EXPECT_EQ(measured[0].viewIoU, measured[1].viewIoU);
  // They stay those of that iteration, whatever is brought to the card or looked at behind it.
  const auto expectTheSame = [&] {
    ASSERT_TRUE(iteration->metrics());
    EXPECT_EQ(iteration->metrics()->loss, measured[0].loss);
    EXPECT_EQ(iteration->metrics()->edgeLength, measured[0].edgeLength);
    EXPECT_EQ(iteration->metrics()->viewIoU, measured[0].viewIoU);
  };
  options.edgeLength = 0.02;
  iteration->setOptions(options);
  expectTheSame();
  const PictureWish wish{1, 16};
  iteration->pictures({&wish, 1}, scene.sigma);
  expectTheSame();
  const DeviceScene other = deviceScene(testScenes()[0], 0);
  iteration->setViews(other.inputs(), false);
  iteration->setMesh(other.topology, {other.positions, {}, {}});
  std::vector<Vec3<float>> gradient;
  step.sigma = other.sigma;
  iteration->gradient(step, gradient);
  expectTheSame();
  iteration->run({&step, 1}, false);
  EXPECT_EQ(iteration->finish().done, 1);
  EXPECT_NE(iteration->metrics()->loss, measured[0].loss);
}

TEST(CudaKernels, BreakDownsStopTheFitAndAreTold) {
  const DeviceScene scene = deviceScene(testScenes()[0], 0);
  const auto after = [&](auto change) {
    const auto iteration = makeHostIteration();
    DeviceOptions options = scene.options();
    DeviceState state{scene.positions, {}, {}};
    DeviceStep step;
    step.sigma = scene.sigma;
    change(options, state, step);
    iteration->setOptions(options);
    iteration->setViews(scene.inputs(), false);
    iteration->setMesh(scene.topology, state);
    iteration->run(std::vector<DeviceStep>(5, step));
    return iteration->finish();
  };
  const DeviceProgress left = after([](DeviceOptions& o, DeviceState&, DeviceStep&) { o.sceneRadius = 0.1; });
  EXPECT_EQ(left.done, 0);
  EXPECT_EQ(left.reason, "a vertex left the scene");
  const DeviceProgress broken = after(
      [](DeviceOptions&, DeviceState& s, DeviceStep&) { s.moment1.assign(s.positions.size(), Vec3<float>(NAN)); });
  EXPECT_EQ(broken.done, 0);
  EXPECT_EQ(broken.reason, "the objective or a vertex was not finite");
  EXPECT_EQ(after([](DeviceOptions&, DeviceState&, DeviceStep&) {}).done, 5);
}

}  // namespace
}  // namespace penumbra::device
