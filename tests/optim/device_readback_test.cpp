// What a fit on the graphics card reads back, and that nothing depends on when: states for the guard stay on the card,
// metrics come by the clock, and the mesh is the same to the bit.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "optim/fit/device_solver.h"
#include "renderer/cuda/mesh_terms.h"
#include "renderer/cuda/pixel_loss.h"
#include "renderer/cuda/published.h"
#include "renderer/cuda/scene.h"
#include "tests/support/device_access.h"
#include "tests/support/fit_problem.h"

namespace penumbra {
namespace {

constexpr double kTick = 0.004, kEveryBatch = 1;  // of clocks, at each look

FitOptions tinyOptions() {
  FitOptions options = smallFixedOptions(3, 0, 16, 2000);
  options.backend = Backend::Cuda;
  options.sphereLevel = 1;
  return options;
}

struct Problem : FitProblem {
  explicit Problem(const FitOptions& o = tinyOptions()) : FitProblem(eggMesh(2), o, 1) {}
  Fitter with(const DeviceAccess& access) { return Fitter(views, options, pool, access); }
};

// Iterates until `iteration`; what was told on the way.
std::vector<Metrics> runTo(Fitter& fitter, int iteration) {
  std::vector<Metrics> told;
  while (fitter.iteration() < iteration) {
    const Metrics m = fitter.iterate(nullptr, iteration - fitter.iteration());
    if (told.empty() || told.back().iteration != m.iteration) told.push_back(m);
  }
  return told;
}

std::string bitsOf(const FitState& s) {
  std::string bytes;
  for (const auto* values : {&s.positions, &s.moment1, &s.moment2, &s.growth.anchor})
    bytes.append(reinterpret_cast<const char*>(values->data()), values->size() * sizeof(glm::vec3));
  bytes.append(reinterpret_cast<const char*>(s.faces.data()), s.faces.size() * sizeof(Face));
  for (const double x : {s.stepScale, double(s.iteration), double(s.optimizerStep), s.growth.sigma})
    bytes.append(reinterpret_cast<const char*>(&x), sizeof x);
  return bytes;
}

// A clock by which each iteration takes so long.
std::function<double()> clockOf(const FakeCuda& fake, double secondsEach) {
  return [&fake, secondsEach] { return secondsEach * double(fake.replays); };
}

// The mesh drifts off by its momentum alone, and leaves the scene after some 200 iterations.
struct Drift : Problem {
  static FitOptions drifting() {
    FitOptions options = tinyOptions();
    options.silhouetteWeight = 0;
    options.beta1 = options.beta2 = 0.9999;
    options.learningRate = 0.04;
    options.learningRateEnd = 1;
    return options;
  }
  Drift() : Problem(drifting()) {}
  void start(Fitter& fitter) const {
    FitState state = fitter.state();
    state.moment1.assign(state.positions.size(), glm::vec3(1, 0, 0));
    state.moment2.assign(state.positions.size(), glm::vec3(1));
    state.optimizerStep = 100000;
    fitter.restore(state);
  }
};

TEST(DeviceReadback, OnlyCountersAndNowAndThenMetrics) {
  Problem problem;
  FakeCuda fake;
  constexpr int kEnd = 1200;
  constexpr double kEach = 4e-4;  // seconds
  Fitter fitter = problem.with(fakeAccess(fake, 1.0 / 60, clockOf(fake, kEach)));
  runTo(fitter, 1);
  fake.downloads.clear();
  int batches = 0, told = 0;
  for (int last = 1; fitter.iteration() < kEnd; ++batches) {
    const int before = fitter.iteration(), behind = fitter.iterate(nullptr, kEnd - before).iteration;
    EXPECT_LE(fitter.iteration(), before + DeviceSolver::kLongestBatch);
    told += behind != std::exchange(last, behind);
  }
  const double seconds = kEach * kEnd;
  EXPECT_NEAR(batches, seconds * 60, 3);
  EXPECT_EQ(fake.downloads[sizeof(device::Counters)], batches);
  const int metrics = fake.downloads[sizeof(device::MeshTotals)];
  EXPECT_LE(metrics, int(seconds / DeviceSolver::kMetricsSeconds) + 1);
  EXPECT_GE(metrics, int(seconds / (DeviceSolver::kMetricsSeconds + 3.0 / 60))) << "they come, too";
  EXPECT_EQ(told, metrics);
  EXPECT_EQ(fake.downloads[3 * sizeof(device::ViewSums)], metrics);
  for (const auto& [bytes, times] : fake.downloads)
    EXPECT_TRUE(times == 0 || bytes <= 3 * sizeof(device::ViewSums)) << bytes << " bytes";
  const std::size_t state = fitter.state().positions.size() * sizeof(glm::vec3);
  EXPECT_EQ(fake.downloads[state], 3) << "asked for once";
  EXPECT_EQ(fitter.state().iteration, kEnd);
  EXPECT_EQ(fake.downloads[state], 3);
  EXPECT_EQ(fake.unlocked, 0);
}

// Metrics told late are those of the iteration they name; those of the last one can be asked for.
TEST(DeviceReadback, MetricsAreOfTheIterationTheyName) {
  FitOptions options = tinyOptions();
  options.laplacian = options.edgeLength = 0.01;
  Problem problem(options);
  Fitter single = problem.with(hostAccess(0, tickingClock(kEveryBatch)));  // one iteration at a time, all told
  const std::vector<Metrics> all = runTo(single, 150);
  ASSERT_EQ(all.size(), 150u);
  EXPECT_FALSE(single.untoldMetrics());
  const auto expectEqual = [&](const Metrics& m) {
    const Metrics& expected = all[std::size_t(m.iteration) - 1];
    EXPECT_EQ(m.iteration, expected.iteration);
    EXPECT_EQ(m.loss, expected.loss) << m.iteration;
    EXPECT_EQ(m.laplacian, expected.laplacian);
    EXPECT_EQ(m.edgeLength, expected.edgeLength);
    EXPECT_EQ(m.gradientNorm, expected.gradientNorm);
    EXPECT_EQ(m.trainIoU, expected.trainIoU);
    EXPECT_EQ(m.sigma, expected.sigma);
    EXPECT_EQ(m.learningRate, expected.learningRate);
  };
  for (const double tick : {0.001, kTick, 0.03}) {
    Fitter fitter = problem.with(hostAccess(1.0 / 60, tickingClock(tick)));
    for (const int until : {40, 41, 150}) {
      for (const Metrics& m : runTo(fitter, until)) expectEqual(m);
      fitter.coverage(1);  // nothing is lost by looking
      const std::optional<Metrics> rest = fitter.untoldMetrics();
      if (rest) {
        EXPECT_EQ(rest->iteration, until);
        expectEqual(*rest);
      }
      EXPECT_FALSE(fitter.untoldMetrics()) << "told by now";
    }
    EXPECT_EQ(bitsOf(fitter.state()), bitsOf(single.state()));
    EXPECT_EQ(fitter.viewIoU(), single.viewIoU());
  }
}

// Where sigma and mesh follow the outlines, all of the state comes back many times a second, but metrics do not; those of
// the iteration that was adapted behind can still be asked for.
TEST(DeviceReadback, RemeshingDoesNotBringMetricsMoreOften) {
  constexpr int kEnd = 200;
  constexpr double kEach = 1e-3;  // seconds
  FitOptions options = tinyOptions();
  options.coarseToFine = true;
  options.remesh = Remeshing::On;
  options.remeshEvery = 5;
  options.size = 32;
  Problem problem(options);
  Fitter single = problem.with(hostAccess(0, tickingClock(kEveryBatch)));
  const std::vector<Metrics> all = runTo(single, kEnd);
  ASSERT_EQ(all.size(), std::size_t(kEnd));
  FakeCuda fake;
  Fitter fitter = problem.with(fakeAccess(fake, 1.0 / 60, clockOf(fake, kEach)));
  const std::vector<Metrics> told = runTo(fitter, kEnd);
  EXPECT_LE(told.size(), std::size_t(kEnd * kEach / DeviceSolver::kMetricsSeconds) + 1);
  EXPECT_GE(told.size(), 3u);
  EXPECT_EQ(fake.downloads[sizeof(device::MeshTotals)], int(told.size()));
  for (const Metrics& m : told) EXPECT_EQ(m.loss, all[std::size_t(m.iteration) - 1].loss) << m.iteration;
  const std::optional<Metrics> rest = fitter.untoldMetrics();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->iteration, kEnd);
  EXPECT_EQ(rest->loss, all.back().loss);
  EXPECT_EQ(rest->outlinePx, all.back().outlinePx);
  EXPECT_EQ(fitter.viewIoU(), single.viewIoU());
  EXPECT_EQ(bitsOf(fitter.state()), bitsOf(single.state()));
}

TEST(DeviceReadback, ChangesOfOptionsDoNotMakeMetricsOfTheLastIterationWrong) {
  Problem problem;
  Fitter single = problem.with(hostAccess(0, tickingClock(kEveryBatch)));
  const Metrics expected = runTo(single, 30).back();
  Fitter fitter = problem.with(hostAccess(1.0 / 60, tickingClock(0.001)));
  runTo(fitter, 30);
  FitOptions options = problem.options;
  options.silhouetteWeight = 3;
  fitter.setOptions(options);
  fitter.coverage(0);  // brings them to the card
  const std::optional<Metrics> rest = fitter.untoldMetrics();
  ASSERT_TRUE(rest);
  EXPECT_EQ(rest->iteration, 30);
  EXPECT_EQ(rest->loss, expected.loss);
}

// Batches that are measured end at one place of a round after the other.
TEST(DeviceReadback, TheIoUOfAllSampledViewsGetsKnown) {
  FitOptions options = tinyOptions();
  options.views = 7;
  options.viewsPerStep = 2;
  Problem problem(options);
  FakeCuda fake;
  Fitter fitter = problem.with(fakeAccess(fake, 1.0 / 60, clockOf(fake, 1e-3)));
  const std::size_t told = runTo(fitter, 600).size();
  EXPECT_LE(told, 12u);
  EXPECT_EQ(fake.downloads[sizeof(device::MeshTotals)], int(told));
  for (const float iou : fitter.viewIoU()) EXPECT_GE(iou, 0.f);
}

// A break-down after states were kept in the same batch: the guard goes back to the newest of them, whatever the length of
// batches, and to the very state that was there.
TEST(DeviceReadback, TheGuardGoesBackToTheNewestKeptState) {
  Drift problem;
  int good = -1;
  std::string sentence, after;
  for (const int most : {1, 7, 64, 256}) {
    FakeCuda fake;
    Fitter fitter = problem.with(fakeAccess(fake, 1e9, tickingClock(kTick)));
    problem.start(fitter);
    std::optional<std::string> recovered;
    while (!recovered && fitter.iteration() < 300) fitter.iterate(&recovered, most);
    ASSERT_TRUE(recovered) << "nothing broke down";
    EXPECT_EQ(fake.downloads[fitter.state().positions.size() * sizeof(glm::vec3)], 3) << "the kept state, once";
    if (good < 0) good = fitter.iteration(), sentence = *recovered, after = bitsOf(fitter.state());
    EXPECT_EQ(*recovered, sentence) << most;
    EXPECT_EQ(bitsOf(fitter.state()), after) << most;
  }
  EXPECT_GE(good, 2 * DeviceSolver::kGoodEvery);
  EXPECT_EQ(good % DeviceSolver::kGoodEvery, 0);
  EXPECT_NE(sentence.find("a vertex left the scene"), std::string::npos) << sentence;
  Fitter reference = problem.with(hostAccess());
  problem.start(reference);
  runTo(reference, good);
  FitState expected = reference.state();
  expected.stepScale = 0.5;
  EXPECT_EQ(after, bitsOf(expected));
}

// The processor keeps a state more often, but finds the same iteration broken and goes back in the same way.
TEST(DeviceReadback, BreakDownsAreFoundWhereTheProcessorFindsThem) {
  Drift problem;
  FitOptions options = problem.options;
  options.backend = Backend::Cpu;
  Fitter processor(problem.views, options, problem.pool), card = problem.with(hostAccess());
  problem.start(processor);
  problem.start(card);
  std::optional<std::string> a, b;
  while (!a && processor.iteration() < 300) processor.iterate(&a);
  while (!b && card.iteration() < 300) card.iterate(&b, 256);
  ASSERT_TRUE(a && b);
  EXPECT_EQ(a->substr(0, a->find(';')), b->substr(0, b->find(';')));
  EXPECT_EQ(card.state().stepScale, processor.state().stepScale);
  EXPECT_LE(card.iteration(), processor.iteration());
  EXPECT_GT(card.iteration(), processor.iteration() - DeviceSolver::kGoodEvery);
}

// Where the mesh is adapted between two states to keep, and where both fall together.
TEST(DeviceReadback, KeptStatesSurviveRemeshing) {
  for (const int every : {7, 10, 64}) {
    FitOptions options = tinyOptions();
    options.coarseToFine = true;
    options.remesh = Remeshing::On;
    options.remeshEvery = every;
    options.size = 32;
    Problem problem(options);
    std::string end, back;
    for (const int most : {1, 256}) {
      Fitter fitter = problem.with(hostAccess(1e9, tickingClock(kTick)));
      runTo(fitter, 119);
      const std::string now = bitsOf(fitter.state());
      FitOptions wild = problem.options;
      wild.silhouetteWeight = std::numeric_limits<double>::infinity();
      fitter.setOptions(wild);
      std::optional<std::string> recovered;
      fitter.iterate(&recovered, most);
      ASSERT_TRUE(recovered);
      EXPECT_EQ(fitter.iteration(), 100);
      EXPECT_NO_THROW(buildTopology(int(fitter.state().positions.size()), fitter.state().faces));
      if (most == 1) end = now, back = bitsOf(fitter.state());
      EXPECT_EQ(now, end) << every;
      EXPECT_EQ(bitsOf(fitter.state()), back) << every;
    }
    Fitter reference = problem.with(hostAccess());
    runTo(reference, 100);
    FitState expected = reference.state();
    expected.stepScale = 0.5;
    EXPECT_EQ(back, bitsOf(expected)) << every;
  }
}

// What the window gets from the card is the newest mesh, also right after the processor has exchanged triangles.
TEST(DeviceReadback, PublishesTheNewestMeshWhileRemeshing) {
  FitOptions options = tinyOptions();
  options.coarseToFine = true;
  options.remesh = Remeshing::On;
  options.size = 32;
  Problem problem(options);
  FakeCuda fake;
  Fitter fitter = problem.with(fakeAccess(fake, 1e9, tickingClock(kTick)));
  std::uint64_t version = fitter.facesVersion();
  int changes = 0;
  for (int until = 5; until <= 60; until += 5) {
    runTo(fitter, until);
    changes += std::exchange(version, fitter.facesVersion()) != fitter.facesVersion();
    const auto geometry = fitter.publishGeometry();
    ASSERT_TRUE(geometry) << until;
    const std::vector<glm::vec3>& positions = fitter.state().positions;
    ASSERT_EQ(std::size_t(geometry->vertexCount), positions.size());
    EXPECT_EQ(std::memcmp(geometry->positions, positions.data(), geometry->bytes()), 0) << until;
    const PictureWish wish{0, 8};
    EXPECT_TRUE(fitter.publishPictures({&wish, 1}));
    EXPECT_GT(fitter.cardUse().viewsAtOnce, 0);
  }
  EXPECT_GE(changes, 3);
}

// The processor goes on from the newest state that the host has, and the guard does not go behind it.
TEST(DeviceReadback, ALostCardCostsWhatWasNotFetched) {
  Problem problem;
  FakeCuda fake;
  Fitter fitter = problem.with(fakeAccess(fake));
  runTo(fitter, 137);
  const FitState shown = fitter.state();
  runTo(fitter, 290);
  fake.failAt = fake.calls;
  fitter.iterate();
  EXPECT_EQ(fitter.iteration(), 138);
  EXPECT_NE(fitter.takeBackendNote().find("The CPU goes on from iteration 137."), std::string::npos);
  FitOptions wild = problem.options;
  wild.silhouetteWeight = std::numeric_limits<double>::infinity();
  fitter.setOptions(wild);
  std::optional<std::string> recovered;
  fitter.iterate(&recovered);
  ASSERT_TRUE(recovered);
  EXPECT_EQ(fitter.iteration(), 137);
  EXPECT_EQ(fitter.state().positions, shown.positions);
}

// Broken down and lost at once: any call that fails while the guard goes back.
TEST(DeviceReadback, ACardLostWhileTheGuardGoesBack) {
  Problem problem;
  const auto recoveredTo = [&](long failAfter, long& calls, std::string& failed) {
    FakeCuda fake;
    Fitter fitter = problem.with(fakeAccess(fake, 1e9, tickingClock(kTick)));
    runTo(fitter, 60);
    fitter.state();
    runTo(fitter, 70);
    FitOptions wild = problem.options;
    wild.silhouetteWeight = std::numeric_limits<double>::infinity();
    fitter.setOptions(wild);
    const long before = fake.calls;
    if (failAfter >= 0) fake.failAt = before + failAfter;
    std::optional<std::string> recovered;
    fitter.iterate(&recovered);
    EXPECT_TRUE(recovered);
    calls = fake.calls - before;
    failed = fake.failed;
    for (const glm::vec3& p : fitter.state().positions) EXPECT_TRUE(std::isfinite(p.x + p.y + p.z));
    EXPECT_EQ(fitter.card().empty(), failAfter >= 0) << failed;
    return fitter.iteration();
  };
  long calls = 0, ignored = 0;
  std::string failed;
  EXPECT_EQ(recoveredTo(-1, calls, failed), 50);
  ASSERT_GT(calls, 20);
  for (long at = 0; at < calls; ++at) EXPECT_EQ(recoveredTo(at, ignored, failed), 60) << failed;
}

// Without page-locked memory all is the same, only slower on a real card.
TEST(DeviceReadback, DoesWithoutPageLockedMemory) {
  Problem problem;
  std::string bits[2];
  double loss[2];
  for (const bool locks : {true, false}) {
    FakeCuda fake;
    fake.pageLocks = locks;
    Fitter fitter = problem.with(fakeAccess(fake, 1.0 / 60, tickingClock(kTick)));
    loss[locks] = runTo(fitter, 120).back().loss;
    bits[locks] = bitsOf(fitter.state());
    EXPECT_EQ(fake.unlocked > 0, !locks);
    EXPECT_EQ(fitter.takeBackendNote(), "");
  }
  EXPECT_EQ(bits[0], bits[1]);
  EXPECT_EQ(loss[0], loss[1]);
}

// What is predicted holds for the widest band to come, also the first of coarse to fine, which no option names.
TEST(DeviceReadback, MemoryIsPredictedForTheWidestBand) {
  for (const bool coarseToFine : {false, true}) {
    FitOptions options = tinyOptions();
    options.sphereLevel = 5;  // too many vertices for the dense inverse, whose making would hide the rest
    options.sigma = options.sigmaEnd = 1e-6;
    options.coarseToFine = coarseToFine;
    options.views = 8;
    options.size = 24;
    Problem problem(options);
    FakeCuda fake;
    Fitter fitter = problem.with(fakeAccess(fake));
    const std::size_t predicted = fitter.predictedCardNeed().bytes;
    const Metrics m = fitter.iterate();
    EXPECT_EQ(m.sigma > 1e-6, coarseToFine);
    EXPECT_GE(predicted, fitter.cardUse().bytes);
    EXPECT_GE(predicted, fake.most);
    EXPECT_LE(double(predicted), 1.3 * double(fake.most));
  }
}

}  // namespace
}  // namespace penumbra
