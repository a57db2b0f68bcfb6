// The gradient solver with everything that follows the outlines: triangles, sigma, smoothing, units of the rate.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "optim/fit/adaptation.h"
#include "optim/fit/schedule.h"
#include "optim/fit/start_shapes.h"
#include "optim/io/mesh_io.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/sizing.h"
#include "tests/support/fit_problem.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

FitOptions smallOptions() {
  FitOptions options = smallGradientOptions(8, 4, 64, 100);
  options.backend = Backend::Cpu;
  return options;
}

// A ball with a horn: needs fine triangles at one end only.
Mesh horned() {
  Mesh mesh = icosphere(4);
  for (glm::vec3& p : mesh.positions) p *= 0.6f + 0.6f * std::pow(std::max(0.0f, p.y), 8.0f);
  return mesh;
}

struct Problem : FitProblem {
  explicit Problem(const FitOptions& o = smallOptions()) : FitProblem(horned(), o) {}
};

TEST(GradientRemesh, theMeshGrowsWithTheShapeAndStaysAClosedManifold) {
  Problem p;
  Fitter fitter(p.views, p.options, p.pool);
  std::uint64_t version = fitter.facesVersion();
  int changes = 0;
  for (int i = 0; i < 100; ++i) {
    const Metrics m = fitter.iterate();
    if (fitter.facesVersion() == version) continue;
    EXPECT_EQ(m.iteration % p.options.remeshEvery, 0);
    version = fitter.facesVersion();
    ++changes;
    const FitState& s = fitter.state();
    EXPECT_EQ(s.moment1.size(), s.positions.size());
    EXPECT_EQ(s.moment2.size(), s.positions.size());
    EXPECT_EQ(s.growth.wanted.size(), s.positions.size());
    EXPECT_EQ(fitter.vertexGradient().size(), s.positions.size());
    const TopologySummary t = summarise(buildTopology(int(s.positions.size()), s.faces));
    ASSERT_TRUE(t.closed() && t.inconsistentEdges == 0 && t.components == 1 && t.genus() == 0);
  }
  EXPECT_GE(changes, 5);
  EXPECT_GT(fitter.state().positions.size(), icosphere(2).positions.size());
}

TEST(GradientRemesh, reachesWhatTheTrianglesOfTheStartCannot) {
  Problem p;
  Fitter live(p.views, p.options, p.pool);
  run(live, 100);
  p.options.remesh = Remeshing::Off;
  Fitter fixed(p.views, p.options, p.pool);
  run(fixed, 100);
  EXPECT_EQ(fixed.state().faces, icosphere(2).faces);
  EXPECT_GT(live.measureHeldOut().iou, fixed.measureHeldOut().iou + 0.01);
}

TEST(GradientRemesh, threadsDoNotMatterAndStatesGoOnExactly) {
  Problem p;
  Fitter whole(p.views, p.options, p.pool);
  run(whole, 23);
  const FitState middle = whole.state();
  run(whole, 22);
  ThreadPool one(1), three(3);
  Fitter resumed(p.views, p.options, one, middle);
  run(resumed, 22);
  EXPECT_TRUE(sameBits(whole.state().positions, resumed.state().positions));
  EXPECT_TRUE(sameBits(whole.state().moment2, resumed.state().moment2));
  EXPECT_EQ(whole.state().faces, resumed.state().faces);
  EXPECT_EQ(whole.state().growth.sigma, resumed.state().growth.sigma);
  Fitter again(p.views, p.options, three);
  run(again, 45);
  EXPECT_TRUE(sameBits(whole.state().positions, again.state().positions));
}

TEST(GradientRemesh, theGuardGoesBackToOtherFaces) {
  Problem p;
  p.options.remeshEvery = 5;
  Fitter fitter(p.views, p.options, p.pool);
  run(fitter, 10);
  const std::vector<Face> good = fitter.state().faces;
  run(fitter, 8);
  ASSERT_NE(fitter.state().faces, good);
  FitOptions wild = p.options;
  wild.silhouetteWeight = std::numeric_limits<double>::infinity();
  fitter.setOptions(wild);
  std::optional<std::string> recovered;
  fitter.iterate(&recovered);
  ASSERT_TRUE(recovered.has_value());
  EXPECT_EQ(fitter.state().iteration, 10);
  EXPECT_EQ(fitter.state().faces, good);
  fitter.setOptions(p.options);
  run(fitter, 12);
  EXPECT_EQ(fitter.state().iteration, 22);
}

TEST(GradientRemesh, edgesAndFacesKeepToTheirLimits) {
  Problem p;
  p.options.minEdge = 6;
  Fitter coarse(p.views, p.options, p.pool);
  run(coarse, 60);
  const FitState& s = coarse.state();
  const std::vector<float> pixels = pixelSizes(s.positions, p.views->train, p.pool);
  double mean = 0;
  const std::vector<float> lengths = meanEdgeLengths({s.positions, s.faces});
  for (std::size_t i = 0; i < lengths.size(); ++i) {
    EXPECT_GE(s.growth.wanted[i], 6 * pixels[i] * 0.99f);
    mean += double(lengths[i] / pixels[i]) / double(lengths.size());
  }
  EXPECT_GT(mean, 5);
  p.options.minEdge = 1.3;
  p.options.maxFaces = 1000;
  Fitter few(p.views, p.options, p.pool);
  run(few, 60);
  EXPECT_LE(few.state().faces.size(), 1000u);
  EXPECT_GT(few.state().faces.size(), 500u);
}

TEST(GradientRemesh, openMeshesKeepTheirTrianglesAndSaySo) {
  Problem p;
  Mesh open = icosphere(2);
  for (glm::vec3& v : open.positions) v *= 0.6f;
  open.faces.pop_back();
  const TemporaryFolder folder;
  const auto file = folder / "open.ply";
  writeMesh(file, open);
  p.options.start = StartShape::File;
  p.options.startMesh = file.string();
  Fitter quiet(p.views, p.options, p.pool);
  EXPECT_EQ(quiet.startNote(), "") << "a mesh from a file is left alone unless it is asked for";
  p.options.remesh = Remeshing::On;
  Fitter fitter(p.views, p.options, p.pool);
  EXPECT_NE(fitter.startNote().find("triangles stay"), std::string::npos) << fitter.startNote();
  const std::vector<Face> before = fitter.state().faces;
  run(fitter, 12);
  EXPECT_EQ(fitter.state().faces, before);
}

TEST(GradientRemesh, sigmaFollowsTheOutlinesDownToHalfAPixel) {
  Problem p;
  p.options.sigma = 1e-2;  // 3.2 px
  p.options.sigmaEnd = 1e-7;
  Fitter fitter(p.views, p.options, p.pool);
  double last = p.options.sigma, outline = 1e9;
  for (int i = 0; i < 150; ++i) {
    const Metrics m = fitter.iterate();
    EXPECT_LE(m.sigma, last);
    EXPECT_GE(m.sigma, 0.79 * last) << "no leaps";
    EXPECT_GE(std::sqrt(m.sigma) * 32, kLeastBand * 0.999);
    last = m.sigma;
    outline = m.outlinePx;
  }
  EXPECT_LT(last, 0.2 * p.options.sigma);
  EXPECT_LT(outline, 1.0);
  FitOptions softer = p.options;
  softer.sigma = 2e-2;
  fitter.setOptions(softer);
  EXPECT_EQ(fitter.iterate().sigma, 2e-2) << "a new choice acts at once";
  p.options.coarseToFine = false;
  fitter.setOptions(p.options);
  EXPECT_EQ(fitter.iterate().sigma, sigmaAt(p.options, 151)) << "and by count when it is not to follow";
}

TEST(GradientRemesh, oneSettingServesEverySizeOfImage) {
  std::vector<double> iou;
  for (const int size : {48, 96, 160}) {
    FitOptions options = smallOptions();
    options.size = size;
    Problem p(options);
    Fitter fitter(p.views, p.options, p.pool);
    run(fitter, 100);
    iou.push_back(fitter.measureHeldOut().iou);
  }
  for (const double value : iou) EXPECT_GT(value, 0.93);
}

TEST(GradientRemesh, everyUnitOfTheRateMovesTheFirstStepByThatMuch) {
  Problem p;
  p.options.parameters = Parameters::Positions;
  p.options.laplacian = 0;
  p.options.remesh = Remeshing::Off;
  Fitter start(p.views, p.options, p.pool);
  const FitState before = start.state();
  const auto longest = [&](RateUnit unit, double rate) {
    p.options.rateUnit = unit, p.options.learningRate = rate;
    Fitter fitter(p.views, p.options, p.pool);
    fitter.iterate();
    float far = 0;
    for (std::size_t i = 0; i < before.positions.size(); ++i) {
      const glm::vec3 d = glm::abs(fitter.state().positions[i] - before.positions[i]);
      far = std::max({far, d.x, d.y, d.z});
    }
    return double(far);
  };
  double edges = 0, pixel = 0;
  const Topology topology = buildTopology(int(before.positions.size()), before.faces);
  for (const glm::ivec2& e : topology.edges)
    edges += double(glm::distance(before.positions[std::size_t(e.x)], before.positions[std::size_t(e.y)])) /
             topology.edgeCount();
  for (const View& view : p.views->train)
    pixel += view.camera.toCamera(glm::dvec3(0)).z / view.camera.fx / double(p.views->train.size());
  // The first step of AdamUniform is as long as the rate where the gradient's largest component is.
  EXPECT_NEAR(longest(RateUnit::Object, 0.01), 0.01, 1e-5);
  EXPECT_NEAR(longest(RateUnit::Edges, 0.1), 0.1 * edges, 1e-5);
  EXPECT_NEAR(longest(RateUnit::Pixels, 0.3), 0.3 * pixel, 1e-5);
}

TEST(GradientRemesh, allMethodsWorkWithIt) {
  Problem p;
  for (const Optimizer method : {Optimizer::Adam, Optimizer::AdamUniform, Optimizer::VectorAdam, Optimizer::SteadyAdam})
    for (const Parameters parameters : {Parameters::Positions, Parameters::Differential}) {
      FitOptions o = p.options;
      o.optimizer = method, o.parameters = parameters;
      o.learningRate = method == Optimizer::SteadyAdam ? 0.5 : method == Optimizer::AdamUniform ? 0.05 : 0.01;
      o.motionSmoothing = method == Optimizer::SteadyAdam ? 0.2 : 0;
      Fitter fitter(p.views, o, p.pool);
      const double first = fitter.iterate().trainIoU;
      run(fitter, 59);
      EXPECT_GT(fitter.iterate().trainIoU, first + 0.3 * (1 - first)) << int(method) << int(parameters);
    }
}

}  // namespace
}  // namespace penumbra
