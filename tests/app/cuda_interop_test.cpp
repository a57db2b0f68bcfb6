// The window's copies from CUDA into OpenGL's buffers, on a card made of host memory: contents, the order of the calls, and
// every one of them failing.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <algorithm>
#include <set>

#include "app/window/cuda_interop.h"
#include "optim/fit/start_shapes.h"
#include "optim/session/session.h"
#include "tests/support/device_access.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

constexpr unsigned kTiny = 1, kPositions = 2, kNormals = 3, kOtherPositions = 4, kOtherNormals = 5;

// Meshes on the fake card.
class Meshes {
 public:
  explicit Meshes(const FakeCuda& fake) : ring_(fake.api()) {}
  std::shared_ptr<const PublishedGeometry> publish(int vertices, float value) {
    positions_.assign(std::size_t(vertices), glm::vec3(value));
    normals_.assign(std::size_t(vertices), glm::vec3(0, 0, value));
    return device::publish(ring_, DeviceGeometry{positions_.data(), normals_.data(), vertices, nullptr});
  }

 private:
  device::BufferRing ring_;
  std::vector<glm::vec3> positions_, normals_;
};

glm::vec3 firstOf(const FakeCuda& fake, unsigned buffer) {
  glm::vec3 value(-1);
  std::memcpy(&value, fake.glBuffers.at(buffer).data(), sizeof value);
  return value;
}

void makeBuffers(FakeCuda& fake, int vertices) {
  fake.glBuffers[kTiny].resize(16);
  for (const unsigned buffer : {kPositions, kNormals, kOtherPositions, kOtherNormals}) fake.glBuffers[buffer].resize(12 * std::size_t(vertices));
}

TEST(BufferRing, NeverWritesWhatIsHeldAndNeverWaits) {
  FakeCuda fake;
  {
    Meshes meshes(fake);
    std::vector<std::shared_ptr<const PublishedGeometry>> held;
    for (int i = 0; i < device::BufferRing::kBuffers; ++i) {
      held.push_back(meshes.publish(10, float(i)));
      ASSERT_TRUE(held.back());
    }
    EXPECT_FALSE(meshes.publish(10, 99));
    for (int i = 0; i < device::BufferRing::kBuffers; ++i) {
      const glm::vec3* positions = static_cast<const glm::vec3*>(held[std::size_t(i)]->positions);
      for (int v = 0; v < 10; ++v) EXPECT_EQ(positions[v].x, float(i));
    }
    held.erase(held.begin() + 2);
    const auto next = meshes.publish(10, 7);
    ASSERT_TRUE(next);
    EXPECT_EQ(fake.events, device::BufferRing::kBuffers) << "buffers are used again";
    held.clear();
    EXPECT_EQ(meshes.publish(20, 8)->vertexCount, 20);
  }
  EXPECT_TRUE(fake.clean());
}

TEST(BufferRing, MeshesOutliveIt) {
  FakeCuda fake;
  std::shared_ptr<const PublishedGeometry> kept;
  {
    Meshes meshes(fake);
    kept = meshes.publish(4, 5);
  }
  EXPECT_EQ(static_cast<const glm::vec3*>(kept->positions)->x, 5);
  EXPECT_FALSE(fake.clean());
  kept.reset();
  EXPECT_TRUE(fake.clean());
}

TEST(CudaInterop, CopiesTheMeshInTheOrderThatIsSafe) {
  FakeCuda fake;
  makeBuffers(fake, 10);
  {
    Meshes meshes(fake);
    CudaInterop interop(&fake.api(), InteropMode::Auto);
    EXPECT_FALSE(interop.usable());
    interop.probe(kTiny);
    ASSERT_TRUE(interop.usable()) << interop.reason();
    EXPECT_EQ(fake.registered, 0);
    auto geometry = meshes.publish(10, 3);
    fake.keepLog = true;
    EXPECT_TRUE(interop.copy(geometry, kPositions, kNormals));
    EXPECT_EQ(fake.log, (std::vector<std::string>{"registerGlBuffer", "registerGlBuffer", "map", "map", "streamWaitEvent", "mappedPointer", "copy",
                                                  "mappedPointer", "copy", "unmap", "unmap", "eventRecord"}));
    EXPECT_EQ(firstOf(fake, kPositions), glm::vec3(3));
    EXPECT_EQ(firstOf(fake, kNormals), glm::vec3(0, 0, 3));
    EXPECT_EQ(fake.mapped, 0);
    // The next frame waits for the last one's copies, and registers nothing.
    geometry = meshes.publish(10, 4);
    fake.log.clear();
    EXPECT_TRUE(interop.copy(geometry, kPositions, kNormals));
    EXPECT_EQ(fake.log.front(), "eventWait");
    EXPECT_EQ(std::count(fake.log.begin(), fake.log.end(), "registerGlBuffer"), 0);
    EXPECT_EQ(firstOf(fake, kPositions), glm::vec3(4));
    // Other buffers, as after the mesh has grown.
    fake.log.clear();
    for (const unsigned buffer : {kPositions, kNormals}) interop.forgetBuffer(buffer);
    EXPECT_EQ(fake.log, (std::vector<std::string>{"eventWait", "unregister", "eventWait", "unregister"}));
    EXPECT_EQ(fake.registered, 0);
    EXPECT_TRUE(interop.copy(meshes.publish(10, 5), kOtherPositions, kOtherNormals));
    EXPECT_EQ(firstOf(fake, kOtherNormals), glm::vec3(0, 0, 5));
    EXPECT_EQ(fake.registered, 2);
  }
  EXPECT_TRUE(fake.clean());
}

TEST(CudaInterop, KeepsTheMeshWhileItIsRead) {
  FakeCuda fake;
  makeBuffers(fake, 10);
  Meshes meshes(fake);
  CudaInterop interop(&fake.api(), InteropMode::On);
  interop.probe(kTiny);
  std::weak_ptr<const PublishedGeometry> seen;
  {
    const auto geometry = meshes.publish(10, 1);
    seen = geometry;
    interop.copy(geometry, kPositions, kNormals);
  }
  EXPECT_FALSE(seen.expired());
  interop.copy(meshes.publish(10, 2), kPositions, kNormals);
  EXPECT_TRUE(seen.expired());
}

// Every call fails once, or it and all behind it: off afterwards, with a reason, nothing left mapped, registered or leaked.
class CudaInteropFailing : public testing::TestWithParam<bool> {};

TEST_P(CudaInteropFailing, SwitchesItOffWithAReason) {
  std::set<std::string> failed;
  for (long at = 0;; ++at) {
    FakeCuda fake;
    fake.staysFailed = GetParam();
    makeBuffers(fake, 10);
    bool usable = true;
    {
      Meshes meshes(fake);
      const auto first = meshes.publish(10, 1), second = meshes.publish(10, 2);
      fake.calls = 0;
      fake.failAt = at;
      CudaInterop interop(&fake.api(), InteropMode::Auto);
      interop.probe(kTiny);
      for (const auto& geometry : {first, second}) {
        const bool shown = interop.copy(geometry, kPositions, kNormals);
        EXPECT_EQ(shown, interop.usable());
        EXPECT_EQ(fake.mapped, 0) << fake.failed;
      }
      usable = interop.usable();
      EXPECT_EQ(usable, interop.reason().empty());
      EXPECT_TRUE(usable || fake.registered == 0) << fake.failed;
      if (!fake.failed.empty()) failed.insert(fake.failed);
    }
    EXPECT_TRUE(fake.clean()) << fake.failed;
    if (usable && fake.failed.empty()) break;
    ASSERT_LT(at, 200);
  }
  for (const char* name : {"setDevice", "glDevices", "streamCreate", "eventCreate", "registerGlBuffer", "map", "mappedPointer", "copy", "unmap",
                           "streamWaitEvent", "eventRecord", "eventWait", "streamWait"})
    EXPECT_TRUE(failed.count(name)) << name << " never failed";
}

INSTANTIATE_TEST_SUITE_P(Calls, CudaInteropFailing, testing::Bool(),
                         [](const auto& which) { return which.param ? "forGood" : "once"; });

TEST(CudaInterop, SaysWhyItIsNotUsed) {
  FakeCuda fake;
  makeBuffers(fake, 4);
  CudaInterop off(&fake.api(), InteropMode::Off), without(nullptr, InteropMode::Auto);
  off.probe(kTiny);
  without.probe(kTiny);
  EXPECT_EQ(off.reason(), "It was switched off.");
  EXPECT_EQ(without.reason(), "This program was built without CUDA.");
  fake.glDevices = {1};
  CudaInterop elsewhere(&fake.api(), InteropMode::Auto);
  elsewhere.probe(kTiny);
  EXPECT_EQ(elsewhere.reason(), "The window is not drawn by the graphics card that computes.");
  for (CudaInterop* interop : {&off, &without, &elsewhere}) {
    EXPECT_FALSE(interop->usable());
    EXPECT_FALSE(interop->copy(nullptr, kPositions, kNormals));
  }
  EXPECT_TRUE(fake.clean());
}

// The whole way: a running fit publishes, the newest mesh ends up in OpenGL's buffers, and no frame is waited for.
TEST(CudaInterop, ARunningFitIsDrawnFromTheCard) {
  FakeCuda fake;
  FitOptions options;
  options.solver = SolverKind::Gradient;
  options.start = StartShape::Sphere;
  options.views = 2;
  options.heldOutViews = 0;
  options.size = 16;
  options.sphereLevel = 1;
  options.iterations = 1000000;
  options.threads = 1;
  options.remesh = Remeshing::Off;
  makeBuffers(fake, 42);
  std::shared_ptr<const Snapshot> last;
  {
    Session session(fakeAccess(fake, 0.005));
    session.setOptions(options);
    session.loadModel(icosphere(2), "ball");
    session.waitIdle();
    session.shareGeometry(true);
    session.sharePictures({{0, 8}, {1, 16}, {99, 16}, {-1, 16}});
    session.start();
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 400 && seen.size() < 3; ++i) {
      last = session.snapshot();
      session.waitForChange(last->version, 0.05);
      if (last->geometry && last->pictures) seen.insert(last->version);
    }
    EXPECT_GE(seen.size(), 3u) << last->backendReason;
    session.pause();
    session.waitIdle();
    EXPECT_FALSE(session.snapshot()->geometry) << "at rest the host's copy is shown";
    EXPECT_FALSE(session.snapshot()->pictures);
    EXPECT_EQ(session.snapshot()->positions->size(), 42u);
  }
  ASSERT_TRUE(last->geometry);  // outlives the session
  EXPECT_EQ(last->geometry->vertexCount, 42);
  CudaInterop interop(&fake.api(), InteropMode::Auto);
  interop.probe(kTiny);
  EXPECT_TRUE(interop.copy(last->geometry, kPositions, kNormals));
  EXPECT_EQ(std::memcmp(fake.glBuffers[kPositions].data(), last->geometry->positions, 12 * 42), 0);
  const glm::vec3 normal = firstOf(fake, kNormals);
  EXPECT_NEAR(glm::length(normal), 1, 1e-5);
  ASSERT_EQ(last->pictures->list.size(), 2u) << "of the views there are";
  EXPECT_EQ(last->pictures->count, 8u * 8 + 16 * 16);
  ASSERT_NE(last->pictures->find({1, 16}), nullptr);
  fake.glBuffers[kOtherPositions].resize(last->pictures->bytes());
  EXPECT_TRUE(interop.copy(last->pictures, kOtherPositions));
  std::vector<float> values(last->pictures->count);
  std::memcpy(values.data(), fake.glBuffers[kOtherPositions].data(), last->pictures->bytes());
  EXPECT_EQ(std::memcmp(values.data(), last->pictures->values, last->pictures->bytes()), 0);
  EXPECT_GT(*std::max_element(values.begin(), values.end()), 0.9f);
  EXPECT_GE(*std::min_element(values.begin(), values.end()), 0.f);
}

}  // namespace
}  // namespace penumbra
#endif
