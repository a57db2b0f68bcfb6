// Test scenes in float, rendered by the processor's backend and by the kernels of the graphics card.
#pragma once
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "renderer/device_newton.h"
#include "tests/support/scenes.h"

namespace penumbra {

// One mesh with its views, and a smooth random mask for each.
struct DeviceScene {
  std::string name;
  std::vector<Vec3<float>> positions;
  Topology topology;
  std::vector<Camera> cameras;
  std::vector<std::vector<float>> masks;
  double sigma = 1e-3, nearPlane = 1e-2;

  std::vector<DeviceViewInput> inputs() const {
    std::vector<DeviceViewInput> result;
    for (std::size_t v = 0; v < cameras.size(); ++v)
      result.push_back({cameras[v], masks[v], masks[v], 100.0 + 10.0 * double(v)});
    return result;
  }
  DeviceOptions options() const {
    DeviceOptions result;
    result.nearPlane = nearPlane;
    result.largestSigma = sigma;
    return result;
  }
};

inline std::vector<float> waves(int width, int height, int seed) {
  std::vector<float> mask;
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      mask.push_back(0.5f + 0.5f * std::sin(0.31f * float(x + seed)) * std::cos(0.23f * float(y)));
  return mask;
}

inline DeviceScene deviceScene(const TestScene& from, std::size_t mesh) {
  DeviceScene scene;
  scene.name = from.name;
  scene.sigma = from.sigma;
  scene.nearPlane = from.nearPlane;
  for (const auto& p : from.meshes[mesh].positions) scene.positions.emplace_back(p);
  scene.topology = buildTopology(int(scene.positions.size()), from.meshes[mesh].faces);
  for (const auto& view : from.views)
    if (view.mesh == int(mesh)) {
      scene.cameras.emplace_back(view.camera);
      scene.masks.push_back(waves(view.camera.width, view.camera.height, int(scene.masks.size())));
    }
  return scene;
}

// The umbrella operator over all neighbours, as for meshes without a border.
struct Umbrella {
  std::vector<int> start{0}, neighbours;
  std::vector<float> inverseDegree, diagonal;

  explicit Umbrella(const Topology& topology) {
    std::vector<std::vector<int>> around(static_cast<std::size_t>(topology.vertexCount));
    for (const glm::ivec2& e : topology.edges) {
      around[std::size_t(e.x)].push_back(e.y);
      around[std::size_t(e.y)].push_back(e.x);
    }
    for (const auto& list : around) {
      neighbours.insert(neighbours.end(), list.begin(), list.end());
      start.push_back(int(neighbours.size()));
      inverseDegree.push_back(list.empty() ? 0.0f : 1.0f / float(list.size()));
      diagonal.push_back(list.empty() ? 0.0f : 1.2f);
    }
  }
  DevicePlate plate() const { return {start, neighbours, start, neighbours, inverseDegree, diagonal}; }
};

// The families of tests/support/scenes.h, one entry a mesh.
inline std::vector<DeviceScene> deviceScenes() {
  std::vector<DeviceScene> result;
  for (const TestScene& scene : testScenes())
    for (std::size_t m = 0; m < scene.meshes.size(); ++m) {
      result.push_back(deviceScene(scene, m));
      if (m > 0) result.back().name += std::to_string(m);
    }
  return result;
}

// Coverage and gradient of the mean L2 loss over the views, by the processor's backend.
struct SceneResult {
  std::vector<std::vector<float>> alpha;
  std::vector<Vec3<float>> gradient;
};
inline SceneResult onProcessor(const DeviceScene& scene, CoverageModel model, double sigma) {
  SceneResult result;
  std::vector<ViewRef<float>> views;
  std::vector<std::span<float>> spans;
  for (const Camera& camera : scene.cameras) {
    views.push_back({0, CameraT<float>(camera)});
    result.alpha.emplace_back(std::size_t(camera.width) * camera.height);
  }
  for (auto& alpha : result.alpha) spans.emplace_back(alpha);
  const std::vector<DeviceViewInput> inputs = scene.inputs();
  const PixelLoss<float> loss = [&](int v, std::span<const float> alpha, std::span<float> dL_dalpha) {
    const DeviceViewInput& in = inputs[std::size_t(v)];
    for (std::size_t i = 0; i < alpha.size(); ++i) dL_dalpha[i] = float(2 / in.normaliser) * (alpha[i] - in.mask[i]);
  };
  const MeshRef<float> mesh{scene.positions, &scene.topology};
  CoverageOptions options;
  options.model = model;
  options.sigma = sigma;
  options.nearPlane = scene.nearPlane;
  ThreadPool pool(1);
  CoverageRenderer<float> renderer(pool);
  CoverageGradients<float> gradients;
  renderer.forwardBackward({&mesh, 1}, views, options, spans, loss, gradients);
  for (const auto& g : gradients.positions[0]) result.gradient.push_back(g / float(views.size()));
  return result;
}

inline double relativeDifference(const std::vector<Vec3<float>>& a, const std::vector<Vec3<float>>& b) {
  double difference = 0, size = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const glm::dvec3 p(a[i]), q(b[i]);
    difference += glm::dot(p - q, p - q);
    size += glm::dot(q, q);
  }
  return size > 0 ? std::sqrt(difference / size) : std::sqrt(difference);
}

}  // namespace penumbra
