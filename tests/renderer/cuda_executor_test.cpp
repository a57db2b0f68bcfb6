// The path through the CUDA runtime, on a card made of host memory: the same results as without it, recorded launches,
// and a clear Error without a leak when any call fails.
#include "renderer/cuda/cuda_executor.h"

#include <gtest/gtest.h>

#include <numeric>
#include <set>

#include "renderer/cuda/cuda_status.h"
#include "tests/support/host_iteration.h"
#include "renderer/cuda/mesh_terms.h"
#include "renderer/cuda/pixel_loss.h"
#include "renderer/cuda/scene.h"
#include "tests/support/device_scene.h"
#include "tests/support/fake_card.h"
#include "tests/support/fake_cuda.h"

namespace penumbra {
namespace {

using FakeExecutor = device::CudaExecutor<FakeKernels>;

std::unique_ptr<DeviceIteration> onFake(const FakeCuda& fake) { return fakeIteration(fake.api()); }

DeviceScene smallScene(std::size_t index = 0) {
  DeviceScene scene = deviceScene(testScenes()[index], 0);
  scene.cameras.resize(1);
  return scene;
}

void load(DeviceIteration& iteration, const DeviceScene& scene, CoverageModel model = CoverageModel::Contour) {
  DeviceOptions options = scene.options();
  options.coverage = model;
  options.uniformLaplacian = 0.01;
  iteration.setOptions(options);
  iteration.setViews(scene.inputs(), false);
  iteration.setMesh(scene.topology, {scene.positions, {}, {}});
}

std::vector<DeviceStep> stepsOf(const DeviceScene& scene, int count) {
  std::vector<DeviceStep> steps;
  for (int i = 0; i < count; ++i) steps.push_back({scene.sigma * std::pow(0.9, i), 0.02, i + 1, {}});
  return steps;
}

std::vector<Vec3<float>> positionsAfter(DeviceIteration& iteration, const DeviceScene& scene, int count) {
  load(iteration, scene);
  iteration.run(stepsOf(scene, count));
  EXPECT_EQ(iteration.finish().done, count);
  return iteration.state().positions;
}

TEST(CudaExecutor, RecordsOnceAndEqualsTheHost) {
  const DeviceScene scene = smallScene();
  FakeCuda fake;
  {
    const auto card = onFake(fake);
    const auto host = device::makeHostIteration();
    EXPECT_EQ(positionsAfter(*card, scene, 7), positionsAfter(*host, scene, 7));
    EXPECT_EQ(fake.replays, 7);
    EXPECT_EQ(fake.executables, 1);
    const long recorded = fake.recorded;
    card->run(stepsOf(scene, 3));
    EXPECT_EQ(card->finish().done, 3);
    EXPECT_EQ(fake.recorded, recorded) << "the recording was not used again";
    EXPECT_EQ(fake.replays, 10);
    EXPECT_LT(recorded, 45);
    std::printf("             %ld launches an iteration\n", recorded);
  }
  EXPECT_FALSE(fake.foreignCalls) << "nothing may be allocated or waited for while recording";
  EXPECT_TRUE(fake.clean());
}

// Every call that a whole fit makes fails once, with each of several codes; or it and all behind it, as on a lost card.
TEST(CudaExecutor, EveryFailureIsOneClearErrorAndLeaksNothing) {
  TestScene tiny{"tiny", {unitIcosphere(0)}, {{0, resized(testScenes()[0].views[0].camera, 16, 16)}}};
  const DeviceScene scene = deviceScene(tiny, 0);
  FakeCuda count;
  { positionsAfter(*onFake(count), scene, 2); }
  ASSERT_GT(count.calls, 50);
  std::set<std::string> seen;
  for (const auto& [code, stays] : {std::pair{2, false}, {46, false}, {719, false}, {719, true}}) {
    for (long n = 0; n < count.calls; ++n) {
      FakeCuda fake;
      fake.failAt = n;
      fake.failCode = code;
      fake.staysFailed = stays;
      try {
        positionsAfter(*onFake(fake), scene, 2);
        const bool fewerViews = code == device::kCudaOutOfMemory && fake.failed == "allocate";
        EXPECT_TRUE(fewerViews || (fake.failed == "allocateHost" && !stays)) << fake.failed << " was ignored";
      } catch (const Error& error) {
        const std::string text = error.full();
        EXPECT_NE(text.find("it was made to fail (cudaErrorFake)."), std::string::npos) << text;
        EXPECT_NE(text.find("--backend cpu"), std::string::npos) << text;
        EXPECT_EQ(error.code(), code == device::kCudaOutOfMemory ? ExitCode::Memory : ExitCode::Internal) << text;
      }
      EXPECT_TRUE(fake.clean()) << fake.failed << " leaked";
      seen.insert(fake.failed);
    }
  }
  for (const char* name : {"setDevice", "streamCreate", "allocate", "allocateHost", "copy", "fill", "memoryInfo", "launch",
                           "streamWait", "captureBegin", "captureEnd", "graphInstantiate", "graphLaunch"})
    EXPECT_TRUE(seen.count(name)) << name << " was never reached";
}

// Downloads go through page-locked memory, large ones piece by piece; where there is none, straight to their place.
TEST(CudaExecutor, DownloadsThroughPageLockedMemory) {
  std::vector<int> values(device::kStagingBytes / sizeof(int) * 2 + 1000);
  std::iota(values.begin(), values.end(), 0);
  for (const bool locks : {true, false}) {
    FakeCuda fake;
    fake.pageLocks = locks;
    {
      FakeExecutor first(fake.api());
      device::Buffer<int> few;
      few.upload(first, std::vector<int>{1, 2, 3});
      EXPECT_TRUE(fake.hostAllocations.empty()) << "made when first needed";
      EXPECT_EQ(few.download(3), (std::vector<int>{1, 2, 3}));
      few.clear();
      FakeExecutor executor(std::move(first));
      device::Buffer<int> buffer;
      buffer.upload(executor, values);
      EXPECT_EQ(buffer.download(std::int64_t(values.size())), values);
      EXPECT_EQ(fake.downloads[device::kStagingBytes], locks ? 2 : 0);
      EXPECT_EQ(fake.unlocked, locks ? 0 : 2);
      EXPECT_EQ(fake.hostAllocations.size(), locks ? 1u : 0u);
      device::HostBuffer<int> later;
      later.allocate(executor, 10);
      later.downloadLater(buffer.data() + 5, 10);
      buffer.download(1);
      EXPECT_EQ(later.values(10)[9], 14);
      EXPECT_EQ(fake.unlocked, locks ? 0 : 4);
    }
    EXPECT_TRUE(fake.clean());
  }
}

// Within a batch nothing is waited for: metrics come along with what tells how far it came.
TEST(CudaExecutor, ABatchReadsBackCountersAndMetricsTogether) {
  const DeviceScene scene = smallScene();
  FakeCuda fake;
  const auto card = onFake(fake);
  load(*card, scene);
  card->run(stepsOf(scene, 2));
  card->finish();
  for (const bool measure : {true, false}) {
    fake.downloads.clear();
    fake.waits = 0;
    card->run(stepsOf(scene, 9), measure);
    const int queued = fake.waits;
    EXPECT_EQ(fake.downloads.count(sizeof(device::Counters)), 0u);
    card->finish();
    EXPECT_EQ(fake.waits, queued + 1);
    EXPECT_EQ(fake.downloads[sizeof(device::Counters)], 1);
    EXPECT_EQ(fake.downloads[sizeof(device::MeshTotals)], measure ? 1 : 0);
    EXPECT_EQ(fake.downloads[sizeof(device::ViewSums)], measure ? 1 : 0);
    EXPECT_EQ(fake.unlocked, 0);
  }
}

TEST(CudaExecutor, TakesFewerViewsAtOnceWhenMemoryIsShort) {
  DeviceScene scene = deviceScene(testScenes()[0], 0);
  for (int i = 0; i < 2; ++i) {
    scene.cameras.insert(scene.cameras.end(), scene.cameras.begin(), scene.cameras.end());
    scene.masks.insert(scene.masks.end(), scene.masks.begin(), scene.masks.end());
  }
  std::vector<Vec3<float>> expected;
  std::size_t enough = 0;
  {
    FakeCuda fake;
    const auto card = onFake(fake);
    expected = positionsAfter(*card, scene, 4);
    EXPECT_EQ(card->viewsAtOnce(), 8);
    enough = fake.used;
  }
  FakeCuda fake;
  fake.memory = enough * 3 / 5;
  {
    const auto card = onFake(fake);
    const std::vector<Vec3<float>> positions = positionsAfter(*card, scene, 4);
    EXPECT_LT(card->viewsAtOnce(), 8);
    // Groups are added in float, so the last bits differ.
    EXPECT_LE(relativeDifference(positions, expected), 1e-5);
  }
  EXPECT_TRUE(fake.clean());
}

// Room that turns out too small in the middle of a run, with no memory left for more: fewer views at once, nothing
// lost.
TEST(CudaExecutor, TakesFewerViewsAtOnceWhenBuffersCannotGrow) {
  DeviceScene scene = deviceScene(testScenes()[8], 0);
  for (int i = 0; i < 2; ++i) {
    std::vector<Face> faces = scene.topology.faces;
    const int count = int(scene.positions.size());
    for (const Face& f : scene.topology.faces) faces.push_back(f + count);
    for (int v = 0; v < count; ++v)
      scene.positions.push_back(scene.positions[std::size_t(v)] + Vec3<float>(0.013f, 0.02f, 0));
    scene.topology = buildTopology(int(scene.positions.size()), faces);
  }
  for (int i = 0; i < 3; ++i) {
    scene.cameras.push_back(scene.cameras[std::size_t(i)]);
    scene.masks.push_back(scene.masks[std::size_t(i)]);
  }
  DeviceOptions options = scene.options();
  options.denseVertices = 0;
  const auto positions = [&](FakeCuda& fake, int& viewsAtOnce) {
    const auto card = onFake(fake);
    card->setOptions(options);
    card->setViews(scene.inputs(), false);
    card->setMesh(scene.topology, {scene.positions, {}, {}});
    card->run(stepsOf(scene, 3));
    EXPECT_EQ(card->finish().done, 3);
    viewsAtOnce = card->viewsAtOnce();
    return card->state().positions;
  };
  std::vector<Vec3<float>> expected;
  int viewsAtOnce = 0;
  std::size_t grown = 0;
  {
    FakeCuda fake;
    expected = positions(fake, viewsAtOnce);
    EXPECT_EQ(viewsAtOnce, int(scene.cameras.size()));
    grown = fake.most;
  }
  const std::size_t first = predictDeviceMemory(scene.topology, scene.cameras, options, viewsAtOnce).bytes;
  ASSERT_GT(grown, first + first / 8);
  FakeCuda fake;
  fake.memory = first + first / 8;
  // Groups are added in float, and its last bits decide which of two outlines that nearly coincide is the nearer one.
  EXPECT_LE(relativeDifference(positions(fake, viewsAtOnce), expected), 1e-3);
  EXPECT_LT(viewsAtOnce, int(scene.cameras.size()));
  EXPECT_TRUE(fake.clean());
}

TEST(CudaExecutor, PredictsItsMemory) {
  for (const CoverageModel model : {CoverageModel::Contour, CoverageModel::SoftRas}) {
    const DeviceScene scene = smallScene(1);
    FakeCuda fake;
    const auto card = onFake(fake);
    load(*card, scene, model);
    DeviceOptions options = scene.options();
    options.coverage = model;
    options.uniformLaplacian = 0.01;
    std::vector<Vec3<float>> gradient;
    card->gradient(stepsOf(scene, 1)[0], gradient);
    const double predicted = double(predictDeviceMemory(scene.topology, scene.cameras, options, 1).bytes);
    EXPECT_GE(predicted, double(fake.used));
    EXPECT_LE(predicted,
              1.5 * double(fake.used) + 1e6);  // the dense inverse takes three times its room while it is made
  }
}

TEST(CudaStatus, TellsWhyThereIsNoCard) {
  const auto reason = [](auto change) {
    FakeCuda fake;
    change(fake);
    const CudaStatus status = device::probeCuda(&fake.api());
    EXPECT_FALSE(status.available);
    EXPECT_EQ(status.reason.back(), '.');
    return status.reason;
  };
  const auto failing = [](long call, int code) { return [=](FakeCuda& f) { f.failAt = call, f.failCode = code; }; };
  EXPECT_EQ(device::probeCuda(nullptr).reason, "This program was built without CUDA.");
  EXPECT_EQ(reason([](FakeCuda& f) { f.failAt = 0, f.failCode = 35, f.driver = 0; }), "There is no NVIDIA driver.");
  EXPECT_EQ(reason([](FakeCuda& f) { f.failAt = 0, f.failCode = 35, f.driver = 11040; }),
            "The NVIDIA driver is too old: it supports CUDA 11.4, 13.0 is needed.");
  EXPECT_EQ(reason([](FakeCuda& f) { f.failAt = 0, f.failCode = 35, f.broken = "driverVersion"; }), "There is no NVIDIA driver.");
  EXPECT_EQ(reason([](FakeCuda& f) { f.failAt = 0, f.failCode = 35, f.driver = 11040, f.broken = "runtimeVersion"; }),
            "The NVIDIA driver is too old: it supports CUDA 11.4.");
  EXPECT_EQ(reason([](FakeCuda& f) { f.devices = 0; }), "There is no NVIDIA graphics card.");
  EXPECT_EQ(reason(failing(0, 100)), "There is no NVIDIA graphics card.");
  EXPECT_EQ(reason(failing(0, 999)), "CUDA does not start: it was made to fail.");
  EXPECT_EQ(reason(failing(1, 999)), "The graphics card cannot be asked: it was made to fail.");
  EXPECT_EQ(reason([](FakeCuda& f) { f.major = 6, f.minor = 1; }),
            "The Fake 1000 (compute capability 6.1) is too old: 7.5 or newer is needed.");
  EXPECT_EQ(reason(failing(2, 46)), "The Fake 1000 (compute capability 9.0) cannot be used: it was made to fail.");
  EXPECT_EQ(reason(failing(3, 209)), "This program holds no code for the Fake 1000 (compute capability 9.0).");
  for (const int code : {98, 222})
    EXPECT_EQ(reason(failing(3, code)), "This program holds no code for the Fake 1000 (compute capability 9.0).");
  EXPECT_EQ(reason(failing(4, 2)), "The Fake 1000 (compute capability 9.0) cannot be used: it was made to fail.");
  FakeCuda fine;
  const CudaStatus status = device::probeCuda(&fine.api());
  EXPECT_TRUE(status.available);
  EXPECT_EQ(status.name, "Fake 1000");
  EXPECT_EQ(status.freeMemory, fine.memory);
}

// Whatever this machine has: the answer is one sentence or a card.
TEST(CudaStatus, OfThisMachine) {
  const CudaStatus status = penumbra::probeCuda();
  EXPECT_EQ(status.available, status.reason.empty());
  std::printf("             %s\n", status.available ? status.name.c_str() : status.reason.c_str());
  if (!status.available) {
    EXPECT_THROW(makeCudaIteration(), Error);
  }
}

}  // namespace
}  // namespace penumbra
