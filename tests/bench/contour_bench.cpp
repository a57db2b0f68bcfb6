// Speed of the Contour model: forward and backward of all views, by views, resolution and faces.
// Prints the median of several runs; compare figures of one run only.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "renderer/coverage.h"
#include "renderer/cpu/isa.h"
#include "renderer/mesh.h"

namespace {
using namespace penumbra;

Mesh icosphere(int level) {
  const float g = 0.5f * (1 + std::sqrt(5.0f));
  Mesh mesh;
  mesh.positions = {{-1, g, 0}, {1, g, 0}, {-1, -g, 0}, {1, -g, 0}, {0, -1, g}, {0, 1, g},
                    {0, -1, -g}, {0, 1, -g}, {g, 0, -1}, {g, 0, 1}, {-g, 0, -1}, {-g, 0, 1}};
  mesh.faces = {{0, 11, 5}, {0, 5, 1}, {0, 1, 7}, {0, 7, 10}, {0, 10, 11}, {1, 5, 9}, {5, 11, 4},
                {11, 10, 2}, {10, 7, 6}, {7, 1, 8}, {3, 9, 4}, {3, 4, 2}, {3, 2, 6}, {3, 6, 8},
                {3, 8, 9}, {4, 9, 5}, {2, 4, 11}, {6, 2, 10}, {8, 6, 7}, {9, 8, 1}};
  for (int l = 0; l < level; ++l) {
    std::map<std::pair<int, int>, int> middle;
    auto mid = [&](int a, int b) {
      const auto [it, isNew] = middle.try_emplace(std::minmax(a, b), int(mesh.positions.size()));
      if (isNew) mesh.positions.push_back(0.5f * (mesh.positions[a] + mesh.positions[b]));
      return it->second;
    };
    std::vector<Face> faces;
    for (const Face& f : mesh.faces) {
      const int ab = mid(f.x, f.y), bc = mid(f.y, f.z), ca = mid(f.z, f.x);
      faces.insert(faces.end(), {{f.x, ab, ca}, {f.y, bc, ab}, {f.z, ca, bc}, {ab, bc, ca}});
    }
    mesh.faces = faces;
  }
  // Not a perfect sphere: a bumpy one, whose contours are not planar curves.
  for (auto& p : mesh.positions) {
    p = glm::normalize(p);
    p *= 0.8f + 0.12f * std::sin(5 * p.x) * std::cos(4 * p.y + 3 * p.z);
  }
  return mesh;
}

double median(std::vector<double> times) {
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

template <class Work> double milliseconds(int runs, Work&& work) {
  std::vector<double> times;
  work();
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  return median(times);
}

void row(ThreadPool& pool, int views, int size, int level, CoverageModel model, double sigma) {
  const Mesh mesh = icosphere(level);
  const Topology topology = buildTopology(int(mesh.positions.size()), mesh.faces);
  const MeshRef<float> ref{mesh.positions, &topology};
  std::vector<ViewRef<float>> refs;
  std::vector<std::vector<float>> images(views, std::vector<float>(std::size_t(size) * size));
  std::vector<std::span<float>> alpha(images.begin(), images.end());
  for (int v = 0; v < views; ++v) {
    const double z = 1 - (2 * v + 1.0) / views, a = 2.399963 * v, r = std::sqrt(1 - z * z);
    refs.push_back({0, CameraT<float>(lookAt(3.0 * glm::dvec3(r * std::cos(a), z, r * std::sin(a)), glm::dvec3(0),
                                             {0, 1, 0}, 40, size, size))});
  }
  CoverageRenderer<float> renderer(pool);
  CoverageOptions options;
  options.model = model;
  options.sigma = sigma;
  CoverageGradients<float> gradients;
  const PixelLoss<float> loss = [](int, std::span<const float> a, std::span<float> g) {
    for (std::size_t i = 0; i < a.size(); ++i) g[i] = a[i] - 0.25f;
  };
  const int runs = level >= 6 ? 9 : 25;
  const std::span<const MeshRef<float>> meshes(&ref, 1);
  const double forward = milliseconds(runs, [&] { renderer.forward(meshes, refs, options, alpha); });
  const double both =
      milliseconds(runs, [&] { renderer.forwardBackward(meshes, refs, options, alpha, loss, gradients); });
  std::printf("%5d %6d %8zu %9.0e %10.3f %10.3f %10.3f\n", views, size, mesh.faces.size(), sigma, forward,
              both - forward, both);
}

}  // namespace

int main(int argc, char** argv) {
  penumbra::ThreadPool pool(argc > 1 ? std::atoi(argv[1]) : 0);
  std::printf("Contour, CPU, %d threads, %s\n", pool.threads(), toString(penumbra::currentIsa()));
  std::printf("views   size    faces     sigma forward ms backward ms  both ms\n");
  using penumbra::CoverageModel;
  for (int level : {3, 4, 5, 6, 7}) row(pool, 24, 256, level, CoverageModel::Contour, 1e-4);
  for (int size : {64, 128, 512, 1024}) row(pool, 24, size, 4, CoverageModel::Contour, 1e-4);
  for (int views : {1, 8, 100}) row(pool, views, 256, 4, CoverageModel::Contour, 1e-4);
  for (double sigma : {1e-3, 1e-5}) row(pool, 24, 256, 4, CoverageModel::Contour, sigma);
}
