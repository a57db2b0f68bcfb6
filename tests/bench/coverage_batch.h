// The scene and the stopwatch that the benchmarks of both coverage models share. Include in one file of a program only.
#pragma once
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <vector>

#include "tests/bench/heap_meter.h"
#include "tests/support/scenes.h"

namespace penumbra {
namespace {

struct Batch {
  std::vector<Vec3<float>> positions;
  Topology topology;
  MeshRef<float> mesh;
  std::vector<ViewRef<float>> views;
  std::vector<std::vector<float>> images;
  std::vector<std::span<float>> alpha;
  CoverageOptions options;

  // A sphere of 20 * 4^level faces, bumpy unless bump is 0, seen from points spread evenly over a sphere.
  Batch(CoverageModel model, double sigma, int count, int size, int level, double bump = 0.12)
      : options{model, sigma} {
    MeshT<double> sphere = unitIcosphere(level);
    for (auto& p : sphere.positions) {
      p *= 0.8 + bump * std::sin(5 * p.x) * std::cos(4 * p.y + 3 * p.z);
      positions.emplace_back(p);
    }
    topology = buildTopology(int(positions.size()), sphere.faces);
    mesh = {positions, &topology};
    for (int v = 0; v < count; ++v) {
      const double z = 1 - (2 * v + 1.0) / count, a = 2.399963 * v, r = std::sqrt(1 - z * z);
      const glm::dvec3 eye = 3.0 * glm::dvec3(r * std::cos(a), z, r * std::sin(a));
      views.push_back({0, CameraT<float>(lookAt(eye, glm::dvec3(0), {0, 1, 0}, 40, size, size))});
      images.emplace_back(std::size_t(size) * size);
    }
    alpha.assign(images.begin(), images.end());
  }
  double pixels() const { return double(views.size()) * double(images[0].size()); }
  double meshBytes() const {  // as handed to the renderer
    return double(positions.size() * sizeof positions[0] + topology.faces.size() * sizeof(Face) +
                  topology.edges.size() * sizeof(glm::ivec2) + topology.edgeFaceStart.size() * sizeof(int) +
                  topology.edgeFaces.size() * (sizeof(int) + 1));
  }
};

void pullBack(int, std::span<const float> alpha, std::span<float> dL_dalpha) {
  for (std::size_t i = 0; i < alpha.size(); ++i) dL_dalpha[i] = alpha[i] - 0.25f;
}

template <class Work> double milliseconds(int runs, Work&& work) {
  std::vector<double> times;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + runs / 2, times.end());
  return times[runs / 2];
}

// Heap bytes that forward + backward take at most.
long peakOf(ThreadPool& pool, Batch& batch) {
  CoverageRenderer<float> renderer(pool);
  CoverageGradients<float> gradients;
  HeapMeter::start();
  renderer.forwardBackward({&batch.mesh, 1}, batch.views, batch.options, batch.alpha, pullBack, gradients);
  return HeapMeter::sinceStart();
}

struct Times {
  double forward, both;
};

Times timeBatch(ThreadPool& pool, Batch& batch, int runs) {
  CoverageRenderer<float> renderer(pool);
  CoverageGradients<float> gradients;
  const std::span<const MeshRef<float>> meshes(&batch.mesh, 1);
  const auto both = [&] {
    renderer.forwardBackward(meshes, batch.views, batch.options, batch.alpha, pullBack, gradients);
  };
  both();  // makes room
  return {milliseconds(runs, [&] { renderer.forward(meshes, batch.views, batch.options, batch.alpha); }),
          milliseconds(runs, both)};
}

// One row of a table under kTableHead: median times and heap of forward + backward. "peak" is what the renderer takes
// beside images and mesh, "B/px" is that plus the coverage images, by views and pixels, and "- mesh" the same less one
// more copy of the mesh.
constexpr const char* kTableHead =
    "views   size    faces    sigma  forward ms backward ms     both ms   peak MiB    B/px  - mesh\n";

[[maybe_unused]] void tableRow(ThreadPool& pool, CoverageModel model, double sigma, int views, int size, int level,
                               double bump = 0.12) {
  Batch batch(model, sigma, views, size, level, bump);
  const long peak = peakOf(pool, batch);
  const Times t = timeBatch(pool, batch, level >= 6 ? 7 : 15);
  std::printf("%5d %6d %8d %8.0e %11.2f %11.2f %11.2f %10.2f %7.1f %7.1f\n", views, size, batch.topology.faceCount(), sigma,
              t.forward, t.both - t.forward, t.both, double(peak) / (1 << 20), double(peak) / batch.pixels() + 4,
              std::max(0.0, double(peak) - batch.meshBytes()) / batch.pixels() + 4);
  std::fflush(stdout);
}

}  // namespace
}  // namespace penumbra
