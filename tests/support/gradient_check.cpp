#include "tests/support/gradient_check.h"

#include <algorithm>
#include <cmath>
#include <random>

#include "renderer/camera_parameters.h"

namespace penumbra {
namespace {

constexpr double kStep = 1e-6, kCameraStep = 2e-8;

struct Entry {
  double analytic, numeric;
  double finer;  // the same with half the step
  double bend;   // half the difference of the slopes to the right and to the left
};

using Images = std::vector<std::vector<double>>;

// A scene whose numbers can be nudged, and its loss.
class Probe {
 public:
  Probe(ThreadPool& pool, const TestScene& scene, CoverageModel model, std::uint32_t seed)
      : renderer_(pool), scene_(scene), options_{model, scene.sigma, scene.nearPlane} {
    std::mt19937 random(seed);
    std::normal_distribution<double> normal;
    for (const auto& mesh : scene_.meshes) topologies_.push_back(buildTopology(int(mesh.positions.size()), mesh.faces));
    for (const auto& view : scene_.views) {
      alpha_.emplace_back(std::size_t(view.camera.width) * view.camera.height);
      weights_.push_back(alpha_.back());
      for (double& w : weights_.back()) w = normal(random);
    }
    for (auto& image : alpha_) alphaSpans_.emplace_back(image);
  }

  TestScene& scene() { return scene_; }

  double loss() {
    renderer_.forward(meshes(), scene_.views, options_, alphaSpans_);
    double sum = 0;
    for (std::size_t v = 0; v < alpha_.size(); ++v)
      for (std::size_t i = 0; i < alpha_[v].size(); ++i) sum += weights_[v][i] * alpha_[v][i];
    return sum;
  }

  CoverageGradients<double> gradients() {
    CoverageGradients<double> result;
    renderer_.forwardBackward(meshes(), scene_.views, options_, alphaSpans_,
                              [&](int view, std::span<const double>, std::span<double> dL_dalpha) {
                                std::copy(weights_[view].begin(), weights_[view].end(), dL_dalpha.begin());
                              },
                              result);
    return result;
  }

  // nudge(h) must set the scene to its state moved by h.
  template <class Nudge> Entry compare(double analytic, Nudge&& nudge, double h) {
    const auto at = [&](double by) {
      nudge(by);
      return loss();
    };
    const double middle = at(0), up = at(h), down = at(-h), halfUp = at(h / 2), halfDown = at(-h / 2);
    nudge(0.0);
    return {analytic, (up - down) / (2 * h), (halfUp - halfDown) / h, (up - 2 * middle + down) / (2 * h)};
  }

 private:
  std::span<const MeshRef<double>> meshes() {
    refs_.clear();
    for (std::size_t m = 0; m < scene_.meshes.size(); ++m) refs_.push_back({scene_.meshes[m].positions, &topologies_[m]});
    return refs_;
  }

  CoverageRenderer<double> renderer_;
  TestScene scene_;
  CoverageOptions options_;
  std::vector<Topology> topologies_;
  std::vector<MeshRef<double>> refs_;
  Images alpha_, weights_;
  std::vector<std::span<double>> alphaSpans_;
};

GradientReport judge(const std::vector<Entry>& entries) {
  GradientReport report;
  report.entries = int(entries.size());
  for (const Entry& e : entries) report.largest = std::max(report.largest, std::abs(e.numeric));
  double dot = 0, analytic2 = 0, numeric2 = 0;
  std::vector<double> errors;
  for (const Entry& e : entries) {
    report.finite &= std::isfinite(e.analytic);
    const double size = std::max(std::abs(e.analytic), std::abs(e.numeric));
    if (size > 1e-4 * report.largest) errors.push_back(std::abs(e.analytic - e.numeric) / size);
    const double trusted = 1e-3 * std::abs(e.finer) + 1e-4 * report.largest;
    if (std::abs(e.numeric - e.finer) > trusted || std::abs(e.bend) > trusted) {
      ++report.excluded;
      continue;
    }
    dot += e.analytic * e.numeric;
    analytic2 += e.analytic * e.analytic;
    numeric2 += e.numeric * e.numeric;
  }
  if (analytic2 + numeric2 > 0) report.cosine = dot / std::sqrt(analytic2 * numeric2);
  if (!errors.empty()) {
    std::nth_element(errors.begin(), errors.begin() + std::ptrdiff_t(errors.size() / 2), errors.end());
    report.medianRelativeError = errors[errors.size() / 2];
  }
  return report;
}

bool allFinite(const CoverageGradients<double>& gradients) {
  bool finite = true;
  for (const auto& mesh : gradients.positions)
    for (const auto& g : mesh) finite &= std::isfinite(g.x) && std::isfinite(g.y) && std::isfinite(g.z);
  return finite;
}

}  // namespace

SceneGradientReport checkSceneGradients(ThreadPool& pool, const TestScene& scene, CoverageModel model, int samples,
                                        std::uint32_t seed) {
  Probe probe(pool, scene, model, seed);
  const auto gradients = probe.gradients();
  // Positions.
  std::vector<std::pair<int, int>> coordinates;  // mesh, 3 * vertex + axis
  for (std::size_t m = 0; m < scene.meshes.size(); ++m)
    for (std::size_t i = 0; i < 3 * scene.meshes[m].positions.size(); ++i) coordinates.emplace_back(int(m), int(i));
  std::shuffle(coordinates.begin(), coordinates.end(), std::mt19937(seed));
  coordinates.resize(std::min(coordinates.size(), std::size_t(samples)));
  std::vector<Entry> entries;
  for (const auto& [m, i] : coordinates) {
    double& x = probe.scene().meshes[m].positions[i / 3][i % 3];
    const double start = x;
    const auto nudge = [&](double h) { x = start + h; };
    entries.push_back(probe.compare(gradients.positions[m][i / 3][i % 3], nudge, kStep));
  }
  SceneGradientReport report;
  report.positions = judge(entries);
  report.positions.finite = allFinite(gradients);
  // Cameras: everything moves at once, so the step is smaller.
  entries.clear();
  for (std::size_t v = 0; v < scene.views.size(); ++v)
    for (int e = 0; e < kCameraParameters; ++e) {
      const Camera start = scene.views[v].camera;
      const auto nudge = [&](double h) { probe.scene().views[v].camera = movedCamera(start, e, h); };
      entries.push_back(probe.compare(cameraDerivative(gradients.cameras[v], start, e), nudge, kCameraStep));
    }
  report.cameras = judge(entries);
  return report;
}

}  // namespace penumbra
