// Wanted edge lengths: finer where the outline is off or the surface bends, within limits, smoothly graded.
#include "optim/remesh/sizing.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "optim/remesh/adaptive_remesh.h"
#include "renderer/error.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

ThreadPool& pool() {
  static ThreadPool shared(2);
  return shared;
}

SizingOptions free() {
  SizingOptions options;
  options.minPixels = 0;
  options.maxPixels = 1e9f;
  return options;
}

TEST(Sizing, chordErrorOfRoundSurfacesIsWhatWasAskedFor) {
  for (const float radius : {0.25f, 0.5f, 1.0f})
    for (const float chord : {0.1f, 0.4f}) {
      Mesh mesh = testing::ballMesh(4);
      for (auto& p : mesh.positions) p *= radius;
      const float pixel = 0.01f;
      const std::vector<float> pixels(mesh.positions.size(), pixel);
      SizingOptions options = free();
      options.chord = chord;
      std::vector<float> wanted;
      updateWantedLengths(mesh, {pixels, {}, {}}, options, pool(), wanted);
      for (const float l : wanted) {
        const float sagitta = radius - std::sqrt(radius * radius - l * l / 4);
        EXPECT_NEAR(sagitta / pixel, chord, 0.1f * chord);
      }
    }
}

TEST(Sizing, residualsRefineWhatIsSlowAndSettledPartsGrow) {
  const Mesh mesh = testing::ballMesh(4);
  const std::size_t count = mesh.positions.size();
  const std::vector<float> pixels(count, 0.004f);
  std::vector<float> residual(count), motion(count, 0.001f), wanted(count, 0.05f);
  for (std::size_t i = 0; i < count; ++i) {
    const glm::vec3 p = mesh.positions[i];
    residual[i] = p.x > 0.9f ? 3.0f : p.x < -0.9f ? 3.0f : p.y > 0.9f ? -1.0f : 0.01f;
    if (p.x < -0.9f) motion[i] = 0.01f;
  }
  SizingOptions options = free();
  options.gradation = 100;
  options.chord = 100;
  updateWantedLengths(mesh, {pixels, residual, motion}, options, pool(), wanted);
  for (std::size_t i = 0; i < count; ++i) {
    const glm::vec3 p = mesh.positions[i];
    const float expected = p.x > 0.9f ? 0.7f : p.x < -0.9f ? 1.0f : p.y > 0.9f ? 1.0f : 1.1f;
    EXPECT_FLOAT_EQ(wanted[i], 0.05f * expected);
  }
}

TEST(Sizing, nothingIsRefinedWhileEverythingMoves) {
  const Mesh mesh = testing::ballMesh(3);
  const std::size_t count = mesh.positions.size();
  const std::vector<float> pixels(count, 0.004f), residual(count, 20.0f);
  SizingOptions options = free();
  options.chord = 100;
  for (const float steps : {0.02f, 0.3f}) {  // edge lengths a step
    std::vector<float> wanted(count, 0.1f);
    updateWantedLengths(mesh, {pixels, residual, std::vector<float>(count, 0.1f * steps)}, options, pool(), wanted);
    for (const float l : wanted) EXPECT_FLOAT_EQ(l, steps > options.settled ? 0.1f : 0.07f);
  }
}

TEST(Sizing, limitsInPixelsAndWorldHold) {
  const Mesh mesh = testing::ballMesh(3);
  const std::size_t count = mesh.positions.size();
  const std::vector<float> pixels(count, 0.01f), off(count, 50.0f), fine(count, 0.0f);
  std::vector<float> wanted(count, 0.1f);
  for (int i = 0; i < 20; ++i) updateWantedLengths(mesh, {pixels, off, {}}, {}, pool(), wanted);
  for (const float l : wanted) EXPECT_FLOAT_EQ(l, 0.013f);
  SizingOptions options;
  options.minEdge = 0.03f;
  updateWantedLengths(mesh, {pixels, off, {}}, options, pool(), wanted);
  for (const float l : wanted) EXPECT_FLOAT_EQ(l, 0.03f);
  options.maxEdge = 0.05f;
  for (int i = 0; i < 20; ++i) updateWantedLengths(mesh, {pixels, fine, {}}, options, pool(), wanted);
  for (const float l : wanted) EXPECT_FLOAT_EQ(l, 0.05f);
}

TEST(Sizing, gradationHoldsOnEveryEdgeAndLowersNothingElse) {
  const Mesh mesh = torusMesh(60, 30);
  std::vector<float> lengths(mesh.positions.size(), 10.0f);
  lengths[17] = 0.01f, lengths[900] = 0.02f;
  const std::vector<float> before = lengths;
  limitGradation(mesh, 0.3f, lengths);
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) {
      const std::size_t i = std::size_t(f[k]), j = std::size_t(f[(k + 1) % 3]);
      EXPECT_LE(lengths[i], lengths[j] + 0.3f * glm::distance(mesh.positions[i], mesh.positions[j]) + 1e-6f);
    }
  // The greatest such lengths: each is as before or tight against a neighbour
  std::vector<char> tight(lengths.size(), 0);
  for (const Face& f : mesh.faces)
    for (const int k : {0, 1, 2, 3, 4, 5}) {
      const std::size_t i = std::size_t(f[k % 3]), j = std::size_t(f[(k + 1 + k / 3) % 3]);
      tight[i] |= lengths[i] > lengths[j] + 0.3f * glm::distance(mesh.positions[i], mesh.positions[j]) - 1e-6f;
    }
  for (std::size_t i = 0; i < lengths.size(); ++i) EXPECT_TRUE(lengths[i] == before[i] || tight[i]) << i;
}

TEST(Sizing, pixelSizesFollowDepthAndFocalLength) {
  const Mesh mesh = testing::ballMesh(2);
  std::vector<View> views;
  for (const double distance : {3.0, 5.0}) {
    const Camera camera = lookAt({0, 0, distance}, glm::dvec3(0), {0, 1, 0}, 40, 100, 80);
    views.push_back({"view", camera, Mask(100, 80)});
  }
  const auto sizes = pixelSizes(mesh.positions, views, pool());
  const double focal = views[0].camera.fx;
  for (std::size_t i = 0; i < sizes.size(); ++i)
    EXPECT_NEAR(sizes[i], (4 - double(mesh.positions[i].z)) / focal, 1e-6);
}

// With the remesher: a loop of both settles on a graded mesh that is fine where the residual asks for it.
TEST(Sizing, drivesTheRemesherToWhereDetailIsNeeded) {
  Mesh mesh = testing::ballMesh(3);
  std::vector<float> wanted = meanEdgeLengths(mesh);
  for (int round = 0; round < 12; ++round) {
    const std::vector<float> pixels(mesh.positions.size(), 0.01f);
    std::vector<float> residual;
    for (const auto& p : mesh.positions) residual.push_back(p.z > 0.8f ? 1.0f : 0.05f);
    updateWantedLengths(mesh, {pixels, residual, {}}, {}, pool(), wanted);
    adaptiveRemesh(mesh, wanted, {}, {}, pool());
  }
  double top = 0, rest = 0, tops = 0, rests = 0;
  const auto lengths = meanEdgeLengths(mesh);
  for (std::size_t i = 0; i < lengths.size(); ++i)
    if (mesh.positions[i].z > 0.9f) top += double(lengths[i]), tops += 1;
    else if (mesh.positions[i].z < 0) rest += double(lengths[i]), rests += 1;
  EXPECT_NEAR(top / tops, 0.013, 0.004);
  EXPECT_GT(rest / rests, 4 * top / tops);
}

TEST(Sizing, lengthsThatDoNotFitAreRefused) {
  const Mesh mesh = testing::ballMesh(1);
  const std::vector<float> few(3, 1.0f), enough(mesh.positions.size(), 1.0f);
  std::vector<float> wanted;
  EXPECT_THROW(updateWantedLengths(mesh, {few, {}, {}}, {}, pool(), wanted), Error);
  EXPECT_THROW(updateWantedLengths(mesh, {enough, few, {}}, {}, pool(), wanted), Error);
  EXPECT_THROW(updateWantedLengths(mesh, {enough, {}, few}, {}, pool(), wanted), Error);
}

}  // namespace
}  // namespace penumbra
