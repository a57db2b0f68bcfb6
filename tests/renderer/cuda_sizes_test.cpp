// The largest fits that are promised: 1,000 views, 4096 x 4096 pixels, 5,000,000 faces. Nothing of that size is computed
// here; buffers and launches are measured by the very code that makes them.
#include <gtest/gtest.h>

#include <map>

#include "renderer/cuda/iteration.h"
#include "renderer/cuda/layout.h"
#include "tests/support/device_scene.h"

namespace penumbra::device {
namespace {

constexpr int kViews = 1000, kSide = 4096, kFaces = 5000000;

// Notes launches instead of making them.
class NotingExecutor : public MeasureExecutor {
 public:
  template <class Kernel> void launch(const char* name, const Kernel&, Index count) { largest_[name] = std::max(largest_[name], count); }
  const std::map<std::string, Index>& largest() const { return largest_; }

 private:
  std::map<std::string, Index> largest_;
};

MeshView closedMesh(int faces) {
  MeshView mesh{};
  mesh.faceCount = faces;
  mesh.vertexCount = faces / 2 + 2;
  mesh.edgeCount = mesh.regularEdges = faces / 2 * 3;
  return mesh;
}

ViewStore::Extent extentOf(int side) {
  ViewStore::Extent extent;
  extent.blocks = int(blocksFor(side)) * side;
  extent.width = extent.height = side;
  extent.pixelsPerNdc = float(side) / 2;
  return extent;
}

std::vector<Camera> cameras(int count, int side) {
  return std::vector<Camera>(std::size_t(count), resized(testScenes()[0].views[0].camera, side, side));
}

TEST(CudaSizes, LaunchesOfTheLargestFitAreWithinTheGrid) {
  NotingExecutor executor;
  const MeshView mesh = closedMesh(kFaces);
  PassInput in{};
  in.mesh = mesh;
  Counters counters{};
  in.counters = &counters;
  SoftRasPass<NotingExecutor> soft;
  soft.allocate(executor, mesh, extentOf(kSide), 24, 0);
  soft.cover(executor, in);
  soft.lossAndPulls(executor, in);
  ContourPass<NotingExecutor> contour;
  contour.allocate(executor, mesh, extentOf(kSide), kViews, 50);
  contour.cover(executor, in);
  contour.lossAndPulls(executor, in);
  EXPECT_EQ(executor.largest().at("contourPixels"), Index(kViews) * kSide * kSide);
  EXPECT_GT(executor.largest().at("contourPixels"), Index(1) << 33);
  EXPECT_EQ(executor.largest().at("countTiles"), Index(24) * kFaces);
  EXPECT_EQ(executor.largest().at("facingWords"), Index(32) * (mesh.faceCount + mesh.vertexCount));
  EXPECT_GE(executor.largest().at("clearContour"), executor.largest().at("contourPixels"));
  for (const auto& [name, count] : executor.largest()) {
    EXPECT_GT(count, 0) << name;
    EXPECT_LE((count + 255) / 256, Index(0x7fffffff)) << name;
  }
  EXPECT_GT(executor.most(), std::size_t(8) * kViews * kSide * kSide) << "keys alone";
}

// What does not fit 32 bits is refused as too little memory, and fewer views are taken: never wrapped around.
TEST(CudaSizes, WhatCannotBeCountedMeansFewerViews) {
  MeasureExecutor executor;
  const auto code = [&](auto& pass, int slots, float reach) {
    try {
      pass.allocate(executor, closedMesh(1000), extentOf(kSide), slots, reach);
    } catch (const Error& error) {
      return error.code();
    }
    return ExitCode::Ok;
  };
  ContourPass<MeasureExecutor> narrow, wide;
  EXPECT_EQ(code(narrow, kViews, 50), ExitCode::Ok);
  EXPECT_EQ(code(wide, 100 * kViews, 50), ExitCode::Memory);
  SoftRasPass<MeasureExecutor> few, many;
  EXPECT_EQ(code(few, kViews, 0), ExitCode::Ok);
  EXPECT_EQ(code(many, 100 * kViews, 0), ExitCode::Memory);
}

TEST(CudaSizes, CellsBeyond32Bits) {
  Cells cells{};
  cells.rowsPerSlot = kSide + 100;
  cells.binsPerRow = kSide / kBlock + 4;
  EXPECT_EQ(cells.row(9999, kSide - 1, 50), (Index(9999) * (kSide + 100) + kSide + 49) * (kSide / kBlock + 4));
  EXPECT_GT(cells.row(9999, kSide - 1, 50), Index(1) << 31);
}

// The most pulls there can be leave 62 - 34 - 1 bits for the largest: still more than a float has.
TEST(CudaSizes, SumsOfTheMostPullsDoNotOverflow) {
  Counters counters{};
  counters.now.pieces = (Index(1) << 29) - 16;
  counters.largestPull = bitsOf(1.0f);
  const VertexSums vertex{nullptr, &counters};
  EXPECT_EQ(vertex.countBits(), 34);
  EXPECT_GE(vertex.shift(), 24);
  const double most = double(VertexSums::kPiecePulls) * double(counters.now.pieces) * 2 * std::ldexp(1.0, vertex.shift());
  EXPECT_LT(most, std::ldexp(1.0, 63));
}

// Targets alone are 69 GB; on a card of 140 GB some of the views fit at once, on one of 24 GB nothing does: said before.
TEST(CudaSizes, TheLargestFitIsPredicted) {
  const DeviceScene scene = deviceScene(testScenes()[0], 0);
  const std::vector<Camera> views = cameras(kViews, kSide);
  DeviceOptions options = scene.options();
  options.largestSigma = 1e-4;
  const DevicePrediction all = predictDeviceMemory(scene.topology, views, options, kViews);
  EXPECT_EQ(all.viewsAtOnce, kViews);
  EXPECT_GT(all.bytes, std::size_t(200) * 1000 * 1000 * 1000);
  const DevicePrediction some = predictDeviceMemory(scene.topology, views, options, kViews, std::size_t(140) << 30);
  EXPECT_GT(some.viewsAtOnce, 30);
  EXPECT_LT(some.viewsAtOnce, kViews);
  EXPECT_LE(some.bytes, std::size_t(140) << 30);
  const DevicePrediction none = predictDeviceMemory(scene.topology, views, options, kViews, std::size_t(24) << 30);
  EXPECT_EQ(none.viewsAtOnce, 0);
  EXPECT_GT(none.bytes, std::size_t(69) * 1000 * 1000 * 1000);
  EXPECT_LT(none.bytes, some.bytes);
}

TEST(CudaSizes, TheSmallestFitIsPredicted) {
  const DeviceScene scene = deviceScene(testScenes()[0], 0);
  const DevicePrediction one = predictDeviceMemory(scene.topology, cameras(1, 16), scene.options(), 1);
  EXPECT_EQ(one.viewsAtOnce, 1);
  EXPECT_GT(one.bytes, 16u * 16 * 12);
  EXPECT_LT(one.bytes, std::size_t(64) << 20);
}

}  // namespace
}  // namespace penumbra::device
