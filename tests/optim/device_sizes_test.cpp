// Every kernel of the graphics card at odd sizes: 0, 1, and around a warp's 32, of faces, vertices, edges, rows and views,
// against the processor. On the host all launches are noted: a kernel without a line in kThreads, or one that did not run
// at the sizes its line asks for, fails the test.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "optim/fit/device_solver.h"
#include "optim/fit/schedule.h"
#include "optim/hull/device_grid.h"
#include "optim/targets/distance_field.h"
#include "optim/newton/device_newton_solver.h"
#include "renderer/core/reduce.h"
#include "renderer/cuda/kernel_bounds.h"
#include "tests/support/device_access.h"
#include "tests/support/fit_problem.h"

namespace penumbra {
namespace {

using device::Index;

constexpr int kSteps = 5;

// A bent strip: n faces, n + 2 vertices, 2 n + 1 edges.
Mesh strip(int faces) {
  Mesh mesh;
  for (int i = 0; i < faces + 2; ++i) {
    const float t = 2.4f * float(i) / float(faces + 1) - 1.2f;
    mesh.positions.push_back({0.7f * t, (i % 2 ? 0.4f : -0.3f) + 0.2f * std::sin(3 * t), 0.4f * std::cos(2 * t)});
  }
  for (int i = 0; i < faces; ++i) mesh.faces.push_back(i % 2 ? Face(i, i + 2, i + 1) : Face(i, i + 1, i + 2));
  return mesh;
}

struct Sizes {
  int faces, width, height, views;
};
constexpr Sizes kSizes[] = {{1, 31, 1, 1},    {15, 31, 33, 31}, {16, 33, 31, 33}, {29, 16, 31, 1},
                            {31, 32, 33, 1}, {33, 64, 32, 31}, {2, 1, 1, 33}};

// What the threads of a kernel's launches are; Parts: as many as there is room for, which grows.
enum class Threads { Slots, Vertices, VertexWarps, Faces, Edges, Blocks, Pixels, Few, Parts, LargeOnly };
const std::map<std::string, Threads> kThreads = {
    {"beginIteration", Threads::Slots},       {"clearViewSums", Threads::Slots},
    {"collectPulls", Threads::Vertices},      {"uniformDifferences", Threads::Vertices},
    {"cotangentDifferences", Threads::Vertices}, {"laplacianGradient", Threads::Vertices},
    {"gatherFaces", Threads::Vertices},       {"edgeLengthGradient", Threads::Vertices},
    {"vertexNormals", Threads::Vertices},     {"squareGradient", Threads::Vertices},
    {"chebyshevStart", Threads::Vertices},    {"chebyshevStep", Threads::Vertices},
    {"denseProduct", Threads::Vertices},      {"denseSum", Threads::Vertices},
    {"adamMoments", Threads::VertexWarps},    {"adamStep", Threads::Vertices},
    {"moveVertices", Threads::Vertices},      {"commitPositions", Threads::Vertices},
    {"keepState", Threads::Vertices},         {"faceNormals", Threads::Faces},
    {"laplacianArea", Threads::Faces},        {"normalConsistency", Threads::Faces},
    {"edgeLengths", Threads::Edges},          {"coverBlocks", Threads::Blocks},
    {"contourPixels", Threads::Pixels},       {"softRasCover", Threads::Pixels},
    {"softRasLoss", Threads::Pixels},         {"countTiles", Threads::Faces},
    {"fillTiles", Threads::Faces},            {"countPieces", Threads::Edges},
    {"makePieces", Threads::Edges},           {"facingWords", Threads::Parts},
    {"contourMasks", Threads::Parts},         {"makeSegments", Threads::Parts},
    {"crossSegments", Threads::Parts},        {"spreadDistances", Threads::Parts},
    {"measurePulls", Threads::Parts},         {"pullVertices", Threads::Parts},
    {"clearContour", Threads::Parts},         {"clearTiles", Threads::Parts},
    {"rankEntries", Threads::Parts},          {"softRasPullEntries", Threads::Parts},
    {"softRasMeasurePulls", Threads::Parts},  {"softRasPullVertices", Threads::Parts},
    {"reducePictures", Threads::Parts},       {"sumCounts", Threads::Parts},
    {"scanTop", Threads::Parts},              {"addAll", Threads::Parts},
    {"beginOutlines", Threads::Slots},        {"clearCovered", Threads::Slots},
    {"compareMasks", Threads::Blocks},        {"faceAreas", Threads::Faces},
    {"markTurned", Threads::Faces},           {"bendVertices", Threads::Vertices},
    {"bendMoved", Threads::Vertices},         {"sortTerms", Threads::Vertices},
    {"gatherTerms", Threads::Vertices},       {"startSolve", Threads::Vertices},
    {"applyMatrix", Threads::Vertices},       {"advanceSolve", Threads::Vertices},
    {"turnSolve", Threads::Vertices},         {"capMoves", Threads::Vertices},
    {"shortenMoves", Threads::Vertices},      {"applyMoves", Threads::Vertices},
    {"takeStep", Threads::Vertices},          {"clearCells", Threads::Parts},
    {"makeTerms", Threads::Parts},            {"measureMisfit", Threads::Parts},
    {"sumMisfits", Threads::Parts},           {"addMisfits", Threads::Parts},
    {"placeTerms", Threads::Parts},           {"coupleTerms", Threads::Parts},
    {"sumDots", Threads::Parts},              {"steerSolve", Threads::Parts},
    {"weighPrior", Threads::Parts},
    // Of the hull.
    {"countOutline", Threads::Few},           {"writeOutline", Threads::Few},
    {"outlineDistances", Threads::Few},       {"blockSides", Threads::Few},
    {"coarseCells", Threads::Parts},          {"partSides", Threads::Parts},
    {"sampleBlocks", Threads::Parts},         {"findThin", Threads::Parts},
    // Of more than 256 numbers: CudaKernels.PrefixSumsOfAnySize, TotalsOfAnySize.
    {"addChunks", Threads::LargeOnly},        {"sumSums", Threads::LargeOnly},
    {"spreadStarts", Threads::LargeOnly}};

std::set<Index> wanted(Threads threads) {
  switch (threads) {
    case Threads::Slots:
    case Threads::Faces:
    case Threads::Few:
    case Threads::Blocks: return {1, 31, 33};
    case Threads::Vertices: return {3, 31, 33};
    case Threads::Edges: return {3, 31, 33};
    case Threads::VertexWarps: return {32, 64};
    case Threads::Pixels: return {1 * 32, 31 * 32, 33 * 32};
    default: return {};
  }
}

struct Case {
  Sizes sizes;
  CoverageModel coverage;
  ImageLoss loss;
  bool dense, cotangent;
};

// A fit of a strip to an egg, at the start.
struct Problem {
  FitOptions options = smallFixedOptions(1, 0, 32, 300);
  ThreadPool pool{1};
  std::shared_ptr<ViewSet> views = std::make_shared<ViewSet>();
  FitState state;

  explicit Problem(const Case& c) {
    options.coverage = c.coverage;
    options.loss = c.loss;
    options.views = c.sizes.views;
    options.laplacian = options.normalConsistency = options.edgeLength = 0.01;
    options.laplacianWeights = c.cotangent ? LaplacianWeights::Cotangent : LaplacianWeights::Uniform;
    options.optimizer = c.dense ? Optimizer::AdamUniform : Optimizer::Adam;
    options.learningRate = c.dense ? 0.02 : 2e-3;
    options.backend = Backend::Cpu;
    std::vector<Camera> cameras;
    for (const Camera& camera : placeCameras(options)) cameras.push_back(resized(camera, c.sizes.width, c.sizes.height));
    std::vector<Mask> masks = renderHardMasks(eggMesh(2), cameras, pool);
    for (std::size_t v = 0; v < cameras.size(); ++v) views->train.push_back({"view", cameras[v], std::move(masks[v])});
    Mesh mesh = strip(c.sizes.faces);
    state.positions = std::move(mesh.positions);
    state.faces = std::move(mesh.faces);
  }
  void load(DeviceIteration& iteration, bool dense) {
    DeviceOptions d = deviceOptions(options, 10);
    d.denseVertices = dense ? 4096 : 0;
    iteration.setOptions(d);
    uploadViews(iteration, views->train, options.softTarget, pool);
    iteration.setMesh(buildTopology(int(state.positions.size()), state.faces), {state.positions, {}, {}});
  }
  DeviceStep step(int number) const {
    return {sigmaAt(options, number - 1), learningRateAt(options, number - 1, options.iterations), number, {}, number == kSteps};
  }
};

// Iterations on the card, or through a fake one that notes the launches.
struct Card {
  FakeCuda fake;
  std::unique_ptr<DeviceIteration> iteration;
  std::unique_ptr<DeviceNewton> newton;
  std::unique_ptr<DeviceHull> hull;
  std::map<std::string, std::set<Index>> launched;

  Card() {
    fake.around = [this](const char* kernel, Index count, const std::function<void()>& run) {
      launched[kernel].insert(count);
      run();
    };
    iteration = testsOnCard() ? makeCudaIteration() : fakeAccess(fake).make();
    newton = testsOnCard() ? makeCudaNewton() : fakeAccess(fake).makeNewton();
    hull = testsOnCard() ? makeCudaHull() : fakeHull(fake.api());
  }
  template <class Value> std::vector<Value> read(const void* from, std::size_t count, void* stream) const {
    std::vector<Value> values(count);
    const device::CudaApi& api = testsOnCard() ? *device::cudaRuntime() : fake.api();
    device::checkCuda(api, api.copy(values.data(), from, count * sizeof(Value), device::CudaCopy::DeviceToHost, stream), "copy");
    device::checkCuda(api, api.streamWait(stream), "wait");
    return values;
  }
};

void expectNormals(const Card& card, const Problem& problem) {
  const DeviceGeometry g = card.iteration->geometry();
  const auto positions = card.read<Vec3<float>>(g.positions, std::size_t(g.vertexCount), g.stream);
  const auto normals = card.read<Vec3<float>>(g.normals, std::size_t(g.vertexCount), g.stream);
  std::vector<glm::dvec3> expected(positions.size(), glm::dvec3(0));
  for (const Face& f : problem.state.faces) {
    const glm::dvec3 a(positions[std::size_t(f.x)]), b(positions[std::size_t(f.y)]), c(positions[std::size_t(f.z)]);
    for (int k = 0; k < 3; ++k) expected[std::size_t(f[k])] += glm::cross(b - a, c - a);
  }
  for (std::size_t v = 0; v < normals.size(); ++v)
    EXPECT_LE(glm::length(glm::dvec3(normals[v]) - glm::normalize(expected[v])), 1e-4) << v;
}

void expectPictures(const Card& card, const Problem& problem) {
  std::vector<PictureWish> wishes;
  for (int view = 0; view < problem.options.views; ++view)
    for (const int side : {1, 31, 100}) wishes.push_back({view, side});
  const DevicePictures pictures = card.iteration->pictures(wishes, problem.options.sigma);
  const auto values = card.read<float>(pictures.values, pictures.count, pictures.stream);
  for (const DevicePicture& p : pictures.list) {
    const Camera& camera = problem.views->train[std::size_t(p.wish.view)].camera;
    const std::vector<float> alpha = card.iteration->coverage(p.wish.view, problem.options.sigma);
    const auto at = [&](int x, int y) { return alpha[std::size_t(y * camera.width + x)]; };
    for (int y = 0; y < p.height; ++y)
      for (int x = 0; x < p.width; ++x)
        ASSERT_EQ(values[p.offset + std::size_t(y * p.width + x)],
                  reducedPixel(camera.width, camera.height, p.width, p.height, x, y, at));
  }
}

// Coverage, the objective and its gradient at the start, and the mesh after some steps.
void expectTheProcessors(Card& card, const Case& c) {
  Problem problem(c);
  Fitter fitter(problem.views, problem.options, problem.pool, problem.state);
  problem.load(*card.iteration, c.dense);
  for (const int view : {0, c.sizes.views - 1}) {
    const Mask expected = fitter.coverage(view);
    const std::vector<float> alpha = card.iteration->coverage(view, problem.options.sigma);
    ASSERT_EQ(alpha.size(), expected.pixels.size());
    for (std::size_t i = 0; i < alpha.size(); ++i) ASSERT_NEAR(alpha[i], expected.pixels[i], 1e-5) << i;
  }
  std::vector<glm::vec3> gradient;
  const DeviceMetrics now = card.iteration->gradient(problem.step(1), gradient);
  std::vector<DeviceStep> steps;
  for (int i = 1; i <= kSteps; ++i) steps.push_back(problem.step(i));
  const Metrics expected = fitter.iterate();
  const auto near = [](double a, double b) { return std::abs(a - b) <= 2e-5 * std::abs(b) + 1e-9; };
  EXPECT_PRED2(near, now.loss, expected.loss);
  EXPECT_PRED2(near, now.laplacian, expected.laplacian);
  EXPECT_PRED2(near, now.normalConsistency, expected.normalConsistency);
  EXPECT_PRED2(near, now.edgeLength, expected.edgeLength);
  EXPECT_PRED2(near, now.gradientNorm, expected.gradientNorm);
  EXPECT_PRED2(near, now.trainIoU, expected.trainIoU);
  run(fitter, kSteps - 1);
  card.iteration->run(steps);
  EXPECT_EQ(card.iteration->finish().done, kSteps);
  const std::vector<glm::vec3> positions = card.iteration->state().positions;
  EXPECT_LE(farthestVertex(positions, fitter.state().positions), 1e-5);
  EXPECT_NE(positions, problem.state.positions);
  EXPECT_EQ(card.iteration->keptState().positions, positions);
  expectNormals(card, problem);
  expectPictures(card, problem);
}

// One Gauss-Newton step.
void expectTheProcessorsStep(Card& card, const Case& c) {
  Problem problem(c);
  const auto masks = std::make_shared<const JudgedMasks>(problem.views->train, problem.pool);
  const Topology topology = buildTopology(int(problem.state.positions.size()), problem.state.faces);
  const ThinPlate plate(topology);
  NewtonStepper stepper(problem.views, problem.pool, masks);
  uploadViews(*card.newton, *problem.views, *masks);
  card.newton->setMesh(topology, problem.state.positions, plate.onDevice());
  NewtonSettings settings;
  double damping = 1;
  const DeviceNewtonReport report = card.newton->step(deviceSettings(settings, damping));
  std::vector<glm::vec3> positions = problem.state.positions;
  const NewtonReport expected = stepper.step(positions, topology, settings, damping);
  const auto near = [](double a, double b) { return std::abs(a - b) <= 1e-4 * std::abs(b) + 1e-9; };
  EXPECT_PRED2(near, report.here.energy(), expected.before);
  EXPECT_PRED2(near, report.gradientNorm, expected.gradientNorm);
  ASSERT_EQ(report.here.viewIoU.size(), problem.views->train.size());
  if (expected.attempts > 1) return;
  EXPECT_TRUE(report.accepted);
  EXPECT_LE(farthestVertex(card.newton->positions(), positions), 1e-2 * expected.largestMove + 1e-6);
  for (std::size_t v = 0; v < report.there.viewIoU.size(); ++v) EXPECT_NEAR(report.there.viewIoU[v], stepper.viewIoU()[v], 1e-2);
}

// Distances of so many masks of a size, and a grid of so many blocks beside each other in the hull's field.
void expectTheProcessorsHull(Card& card, int views, int width, int height, int blocks) {
  SCOPED_TRACE(std::to_string(views) + " masks of " + std::to_string(width) + " x " + std::to_string(height) + ", " + std::to_string(blocks) + " blocks");
  const Problem problem({{1, width, height, views}, CoverageModel::Contour, ImageLoss::L2, false, false});
  ThreadPool pool(1);
  std::vector<Mask> distances = signedDistances(problem.views->train, *card.hull);
  for (std::size_t v = 0; v < distances.size(); ++v) {
    const Mask expected = signedDistance(problem.views->train[v].mask);
    for (std::size_t i = 0; i < expected.pixels.size(); ++i) ASSERT_NEAR(distances[v].pixels[i], expected.pixels[i], 0.1) << i;
  }
  std::vector<HullView> sides;
  std::vector<DeviceImage> images;
  const HullField field(problem.views->train, 1.1, false, pool);
  for (int v = 0; v < field.viewCount(); ++v) {
    sides.push_back(field.view(v));
    images.push_back({width, height, field.distance(v).pixels});
  }
  card.hull->setField({sides, images, 1.1f, field.unseen()});
  EXPECT_EQ(card.hull->coarseCells(3).size(), 27u);
  HullGrid grid;
  grid.step = 0.02f;
  grid.points = glm::ivec3(8 * blocks, 8, 8);
  grid.origin = glm::vec3(-0.01f * float(grid.points.x), 0.3f, 0.2f);
  const DeviceGrid found = card.hull->sample({grid.origin, grid.step, grid.points});
  ASSERT_EQ(int(found.blocks.size()), blocks);
  HullViews all(std::size_t(field.viewCount())), undecided, within;
  std::iota(all.begin(), all.end(), std::uint16_t(0));
  std::size_t slot = 0;
  for (int b = 0; b < blocks; ++b) {
    const glm::vec3 corner(8 * b, 0, 0);
    const auto side = field.classify(grid.origin + grid.step * (corner + 3.5f), grid.step * 1.7320508f * 4.5f, all, undecided);
    ASSERT_EQ(int(found.blocks[std::size_t(b)]), side == SolidField::Side::Out ? 0 : side == SolidField::Side::In ? 1 : 2) << b;
    if (side != SolidField::Side::Mixed) continue;
    const auto part = field.classify(grid.origin + grid.step * (corner + 1.5f), grid.step * 1.7320508f * 2.5f, undecided, within);
    std::array<float, 64> values;
    if (part == SolidField::Side::Mixed) field.values(grid.at(8 * b, 0, 0), grid.step, within, values);
    else values.fill((part == SolidField::Side::In ? -4 : 4) * grid.step);
    for (int i = 0; i < 64; ++i)
      ASSERT_EQ(found.values[512 * slot + std::size_t(i % 4 + 8 * (i / 4 % 4) + 64 * (i / 16))], values[std::size_t(i)]) << b << ", " << i;
    ++slot;
  }
  EXPECT_EQ(found.active.size(), slot);
}

TEST(DeviceSizes, EveryKernelAroundTheWarp) {
  std::map<std::string, std::set<Index>> launched;
  int number = 0;
  for (const CoverageModel coverage : {CoverageModel::Contour, CoverageModel::SoftRas})
    for (const Sizes& sizes : kSizes)
      for (const bool dense : {false, true}) {
        const Case c{sizes, coverage, ImageLoss(number % 3), dense, number % 4 < 2};
        SCOPED_TRACE(std::to_string(sizes.faces) + " faces, " + std::to_string(sizes.width) + " x " + std::to_string(sizes.height) +
                     " px, " + std::to_string(sizes.views) + " views, case " + std::to_string(number++));
        Card card;
        expectTheProcessors(card, c);
        if (dense) expectTheProcessorsStep(card, c);
        for (const auto& [kernel, counts] : card.launched) launched[kernel].insert(counts.begin(), counts.end());
      }
  Card card;
  for (const auto& [views, width, height, blocks] : {std::array{1, 1, 1, 1}, {31, 1, 1, 31}, {33, 1, 1, 33}, {1, 31, 1, 2}, {3, 33, 31, 31},
                                                    {33, 31, 33, 33}, {31, 64, 32, 32}})
    expectTheProcessorsHull(card, views, width, height, blocks);
  for (const auto& [kernel, counts] : card.launched) launched[kernel].insert(counts.begin(), counts.end());
  if (testsOnCard()) return;
  for (const device::KernelBound& bound : device::kernelBounds()) {
    const auto line = kThreads.find(bound.kernel);
    ASSERT_NE(line, kThreads.end()) << bound.kernel << " has no line";
    if (line->second == Threads::LargeOnly) continue;
    EXPECT_FALSE(launched[bound.kernel].empty()) << bound.kernel << " was never launched";
    for (const Index count : wanted(line->second)) EXPECT_TRUE(launched[bound.kernel].count(count)) << bound.kernel << " of " << count;
  }
  EXPECT_EQ(kThreads.size(), device::kernelBounds().size());
}

// No face and no edge: nothing is covered, nothing moves, and no kernel of theirs is launched.
TEST(DeviceSizes, NoFaces) {
  for (const CoverageModel coverage : {CoverageModel::Contour, CoverageModel::SoftRas})
    for (const int vertices : {1, 31, 33})
      for (const bool dense : {false, true}) {
        Problem problem({{1, 31, 33, 3}, coverage, ImageLoss::L2, dense, dense});
        problem.state.faces.clear();
        problem.state.positions.assign(std::size_t(vertices), glm::vec3(0.1f, 0.2f, 0.3f));
        Card card;
        problem.load(*card.iteration, dense);
        for (const float a : card.iteration->coverage(2, problem.options.sigma)) ASSERT_EQ(a, 0);
        card.iteration->run(std::vector<DeviceStep>(3, problem.step(1)));
        const DeviceProgress progress = card.iteration->finish();
        EXPECT_EQ(progress.done, 3);
        ASSERT_TRUE(progress.last);
        EXPECT_EQ(progress.last->gradientNorm, 0);
        EXPECT_EQ(progress.last->loss, progress.last->silhouette);
        EXPECT_EQ(card.iteration->state().positions, problem.state.positions);
        const Topology topology = buildTopology(vertices, {});
        const ThinPlate plate(topology);
        uploadViews(*card.newton, *problem.views, JudgedMasks(problem.views->train, problem.pool));
        card.newton->setMesh(topology, problem.state.positions, plate.onDevice());
        const DeviceNewtonReport report = card.newton->step({});
        EXPECT_EQ(report.here.energy(), 0);
        EXPECT_EQ(report.largestMove, 0);
        EXPECT_EQ(card.newton->positions(), problem.state.positions);
        for (const char* kernel : {"faceNormals", "edgeLengths", "countTiles", "faceAreas", "markTurned"}) EXPECT_FALSE(card.launched.count(kernel)) << kernel;
      }
}

}  // namespace
}  // namespace penumbra
