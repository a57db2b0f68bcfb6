#include "tests/bench/quality_protocol.h"

#include <algorithm>
#include <cmath>

#include <glm/gtc/matrix_transform.hpp>

#include "optim/eval/exam_views.h"
#include "optim/eval/surface_samples.h"
#include "optim/io/mesh_io.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace penumbra::quality {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kTrainOffset = 0.3, kSeedTurn = 0.77;

// The largest (or smallest) value among a pixel and its eight neighbours.
Mask grown(const Mask& mask, bool larger) {
  Mask result = mask;
  for (int y = 0; y < mask.height; ++y)
    for (int x = 0; x < mask.width; ++x)
      for (int j = std::max(0, y - 1); j <= std::min(mask.height - 1, y + 1); ++j)
        for (int i = std::max(0, x - 1); i <= std::min(mask.width - 1, x + 1); ++i)
          result.at(x, y) = larger ? std::max(result.at(x, y), mask.at(i, j)) : std::min(result.at(x, y), mask.at(i, j));
  return result;
}

// Everything to the right of the middle of the object goes.
void eraseHalf(Mask& mask) {
  double sum = 0, moment = 0;
  for (int y = 0; y < mask.height; ++y)
    for (int x = 0; x < mask.width; ++x) sum += double(mask.at(x, y)), moment += (x + 0.5) * double(mask.at(x, y));
  for (int y = 0; y < mask.height; ++y)
    for (int x = int(moment / std::max(sum, 1e-9)); x < mask.width; ++x) mask.at(x, y) = 0;
}

// A random direction from three numbers of the sequence.
glm::dvec3 randomDirection(std::uint64_t seed, std::uint64_t index) {
  return examDirection(2 * hashedUnit(seed, 2 * index) - 1, 2 * kPi * hashedUnit(seed, 2 * index + 1));
}

void jitter(Camera& camera, std::uint64_t seed, std::uint64_t index) {
  const glm::dmat3 turn(glm::rotate(glm::dmat4(1), 0.2 * kPi / 180, randomDirection(seed, 2 * index)));
  const double distance = glm::length(camera.translation);
  camera.rotation = turn * camera.rotation;
  camera.translation = turn * camera.translation + 0.003 * distance * randomDirection(seed, 2 * index + 1);
}

void dropViews(std::vector<View>& views, std::uint64_t seed) {
  const std::size_t drop = std::max<std::size_t>(1, (views.size() + 5) / 10);
  for (std::size_t k = 0; k < drop && views.size() > 1; ++k)
    views.erase(views.begin() + std::ptrdiff_t(hashedUnit(seed, k) * double(views.size())));
}

struct CataloguedShape {
  const char *name, *file, *group;
};

// Groups: "table" are the shapes that goals are set for, "thin" those with thin or pierced parts, "dev" those the baselines
// are tuned on.
constexpr CataloguedShape kShapes[] = {
    {"spot", "spot.obj", "table"}, {"bob", "bob_tri.obj", "table"}, {"bunny", "bunny.obj", "table"},
    {"armadillo", "armadillo.obj", "table"}, {"nefertiti", "nefertiti-lowres.obj", "table"},
    {"plane", "plane.obj", "thin"}, {"scorpion", "scorpion_low_resolution.obj", "thin"}, {"hammer", "hammer.obj", "thin"},
    {"armchair", "armchair.obj", "thin"}, {"boot", "boot.obj", "thin"}, {"wingnut", "wingnut.obj", "thin"},
    {"plate_holes", "plate_holes.STL", "thin"}, {"kettle", "kettle.glb", "thin"}, {"tree", "tree.glb", "thin"},
    {"fox", "fox.ply", "dev"}, {"fish", "fish.obj", "more"}, {"goathead", "goathead.obj", "more"}, {"hand", "hand_closed.obj", "more"},
    {"koala", "koala_low_resolution.obj", "more"}, {"penguin", "penguin.obj", "more"}, {"skull", "skull_low_resolution.obj", "more"},
    {"cat", "cat-low-resolution.obj", "dev"}, {"fuze", "fuze.obj", "dev"}, {"quadknot", "quadknot.obj", "more"},
    {"torus", "torus.obj", "more"}, {"avocado", "avocado.glb", "more"}};

}  // namespace

std::vector<Camera> trainCameras(const Setup& setup) {
  const double offset = kTrainOffset + kSeedTurn * setup.seed;
  std::vector<Camera> cameras;
  switch (setup.cameras) {
    case CameraSet::Fibonacci: return fibonacciExamCameras(setup.views, offset, setup.size);
    case CameraSet::Ring:
      for (int i = 0; i < setup.views; ++i)
        cameras.push_back(examCamera(examDirection(std::sin(20 * kPi / 180), offset + 2 * kPi * i / setup.views), 4,
                                     examFieldOfView(), setup.size));
      break;
    case CameraSet::Star:
      for (int i = 0; i < 64; ++i)
        cameras.push_back(examCamera(examDirection(-1 + 2 * (i / 8 + 0.5) / 8, offset + 2 * kPi * (i % 8) / 8), 2, 53.13,
                                     setup.size));
      break;
  }
  return cameras;
}

ViewSet makeExam(const Mesh& shape, const std::string& name, const Setup& setup, ThreadPool& pool) {
  ViewSet views;
  views.name = name;
  views.train = examViews(shape, trainCameras(setup), "train", pool);
  views.heldOut = examViews(shape, heldOutCameras(), "held_out", pool);
  return views;
}

const char* toString(Noise noise) {
  constexpr const char* kNames[] = {"clean", "binary", "dilate/erode", "jitter", "dropped", "corrupt"};
  return kNames[int(noise)];
}

void disturb(ViewSet& views, Noise noise, int seed) {
  const auto base = std::uint64_t(seed) * 64 + std::uint64_t(noise);
  std::vector<View>& train = views.train;
  if (noise == Noise::Dropped) dropViews(train, base);
  if (noise == Noise::Corrupt) eraseHalf(train[std::size_t(hashedUnit(base, 0) * double(train.size()))].mask);
  for (std::size_t i = 0; i < train.size(); ++i) {
    if (noise == Noise::Binary)
      for (float& v : train[i].mask.pixels) v = v >= 0.5f;
    if (noise == Noise::DilateErode) train[i].mask = grown(train[i].mask, hashedUnit(base, i) < 0.5);
    if (noise == Noise::Jitter) jitter(train[i].camera, base, i);
  }
}

std::vector<Shape> shapesNamed(const std::string& list) {
  std::vector<Shape> shapes;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string name = list.substr(begin, end - begin);
    const std::size_t before = shapes.size();
    for (const CataloguedShape& s : kShapes)
      if (name == s.name || name == "all" || name == s.group || (name == "exam" && s.group != std::string("dev"))) shapes.push_back({s.name, s.file});
    if (shapes.size() == before) throw Error(ExitCode::Usage, "There is no shape '" + name + "' in the catalogue.");
    begin = end + 1;
  }
  return shapes;
}

const char* toString(CameraSet cameras) {
  constexpr const char* kNames[] = {"fibonacci", "ring", "star"};
  return kNames[int(cameras)];
}

std::optional<std::filesystem::path> findShape(const Shape& shape, const std::vector<std::filesystem::path>& folders) {
  std::error_code ignored;
  for (const auto& folder : folders)
    for (std::filesystem::recursive_directory_iterator i(folder, ignored), end; i != end; i.increment(ignored))
      if (i->path().filename() == shape.file) return i->path();
  return std::nullopt;
}

Mesh readShape(const std::filesystem::path& file) {
  Mesh mesh = readMesh(file);
  const TopologySummary topology = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  if (!topology.closed() || topology.inconsistentEdges > 0)
    throw Error(ExitCode::Input, file.filename().string() + " is not closed: " + std::to_string(topology.boundaryEdges) +
                                     " boundary, " + std::to_string(topology.nonManifoldEdges) + " non-manifold and " +
                                     std::to_string(topology.inconsistentEdges) + " inconsistently wound edges.");
  const Similarity similarity = normalisationOf(mesh);
  for (glm::vec3& p : mesh.positions) p = glm::vec3(similarity.apply(glm::dvec3(p)));
  return mesh;
}

}  // namespace penumbra::quality
