#include "renderer/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "renderer/camera_parameters.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

// Fixed weight of a pixel (splitmix64 of its number, mapped to [-1, 1]).
double pixelWeight(std::uint64_t seed, int view, std::size_t pixel) {
  std::uint64_t x = seed + (std::uint64_t(view) << 40) + pixel + 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  x ^= x >> 31;
  return double(x >> 11) * 0x1p-52 - 1.0;
}

// The loss of the header comment, and its gradient.
class Problem {
 public:
  Problem(ThreadPool& pool, const MeshT<double>& mesh, std::span<const Camera> cameras, const CoverageOptions& coverage,
          std::uint64_t seed)
      : renderer_(pool), positions_(mesh.positions), topology_(buildTopology(int(mesh.positions.size()), mesh.faces)),
        coverage_(coverage), seed_(seed) {
    for (const Camera& camera : cameras) {
      views_.push_back({0, camera});
      images_.emplace_back(std::size_t(camera.width) * camera.height);
    }
    for (auto& image : images_) alpha_.push_back(image);
  }

  double loss() {
    const MeshRef<double> mesh{positions_, &topology_};
    renderer_.forward({&mesh, 1}, views_, coverage_, alpha_);
    double sum = 0;
    for (std::size_t v = 0; v < images_.size(); ++v)
      for (std::size_t p = 0; p < images_[v].size(); ++p) sum += pixelWeight(seed_, int(v), p) * images_[v][p];
    return sum;
  }

  CoverageGradients<double> gradients() {
    const MeshRef<double> mesh{positions_, &topology_};
    const PixelLoss<double> weights = [this](int view, std::span<const double>, std::span<double> dL_dalpha) {
      for (std::size_t p = 0; p < dL_dalpha.size(); ++p) dL_dalpha[p] = pixelWeight(seed_, view, p);
    };
    CoverageGradients<double> result;
    renderer_.forwardBackward({&mesh, 1}, views_, coverage_, alpha_, weights, result);
    return result;
  }

  double numericPosition(int vertex, int axis, double h) {
    double& value = positions_[std::size_t(vertex)][axis];
    const double kept = value;
    value = kept + h;
    const double above = loss();
    value = kept - h;
    const double below = loss();
    value = kept;
    return (above - below) / (2 * h);
  }

  double numericCamera(std::size_t view, int parameter, double h) {
    Camera& camera = views_[view].camera;
    const Camera kept = camera;
    camera = movedCamera(kept, parameter, h);
    const double above = loss();
    camera = movedCamera(kept, parameter, -h);
    const double below = loss();
    camera = kept;
    return (above - below) / (2 * h);
  }

 private:
  CoverageRenderer<double> renderer_;
  std::vector<glm::dvec3> positions_;
  Topology topology_;
  CoverageOptions coverage_;
  std::uint64_t seed_;
  std::vector<ViewRef<double>> views_;
  std::vector<std::vector<double>> images_;
  std::vector<std::span<double>> alpha_;
};

// Coordinates 3 * vertex + axis without repeats: half of them where the gradient is not zero.
std::vector<int> chooseCoordinates(const std::vector<glm::dvec3>& gradient, const GradientCheckOptions& options) {
  std::vector<int> chosen, others;
  for (int i = 0; i < int(gradient.size()) * 3; ++i)
    (gradient[std::size_t(i / 3)][i % 3] != 0 ? chosen : others).push_back(i);
  std::mt19937_64 random(options.seed);
  const auto take = [&](std::vector<int>& from, int count) {
    for (std::size_t i = from.size(); i > 1; --i) std::swap(from[i - 1], from[random() % i]);
    from.resize(std::min(from.size(), std::size_t(std::max(count, 0))));
  };
  take(others, options.samples / 2);
  take(chosen, options.samples - int(others.size()));
  chosen.insert(chosen.end(), others.begin(), others.end());
  return chosen;
}

GradientAgreement compare(const std::vector<double>& analytic, const std::vector<double>& numeric) {
  double dot = 0, squareA = 0, squareN = 0, largest = 0;
  for (std::size_t i = 0; i < analytic.size(); ++i) {
    dot += analytic[i] * numeric[i];
    squareA += analytic[i] * analytic[i];
    squareN += numeric[i] * numeric[i];
    largest = std::max({largest, std::abs(analytic[i]), std::abs(numeric[i])});
  }
  std::vector<double> errors;
  for (std::size_t i = 0; i < analytic.size(); ++i) {
    const double size = std::max(std::abs(analytic[i]), std::abs(numeric[i]));
    if (size > 1e-6 * largest) errors.push_back(std::abs(analytic[i] - numeric[i]) / size);
  }
  GradientAgreement result;
  result.count = int(errors.size());
  if (errors.empty()) return result;
  result.cosine = squareA > 0 && squareN > 0 ? dot / std::sqrt(squareA * squareN) : 0;
  std::nth_element(errors.begin(), errors.begin() + std::ptrdiff_t(errors.size() / 2), errors.end());
  result.medianRelativeError = errors[errors.size() / 2];
  return result;
}

}  // namespace

GradientCheck checkGradients(ThreadPool& pool, const MeshT<double>& mesh, std::span<const Camera> cameras,
                             const CoverageOptions& coverage, const GradientCheckOptions& options) {
  if (mesh.faces.empty()) throw Error(ExitCode::Input, "Gradients cannot be checked on a mesh without faces.");
  if (cameras.empty()) throw Error(ExitCode::Input, "Gradients cannot be checked without a camera.");
  Problem problem(pool, mesh, cameras, coverage, options.seed);
  const CoverageGradients<double> gradients = problem.gradients();

  GradientCheck result;
  std::vector<double> analytic, numeric;
  for (int coordinate : chooseCoordinates(gradients.positions[0], options)) {
    const int vertex = coordinate / 3, axis = coordinate % 3;
    analytic.push_back(gradients.positions[0][std::size_t(vertex)][axis]);
    numeric.push_back(problem.numericPosition(vertex, axis, options.step));
  }
  result.positions = compare(analytic, numeric);

  analytic.clear();
  numeric.clear();
  for (std::size_t view = 0; view < cameras.size(); ++view)
    for (int parameter = 0; parameter < kCameraParameters; ++parameter) {
      analytic.push_back(cameraDerivative(gradients.cameras[view], cameras[view], parameter));
      numeric.push_back(problem.numericCamera(view, parameter, options.step));
    }
  result.cameras = compare(analytic, numeric);
  return result;
}

}  // namespace penumbra
