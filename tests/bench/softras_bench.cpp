// Speed and memory of the SoftRas model by views, resolution and faces, and against every face at every pixel.
// usage: softras_bench [threads] [--no-slow]
// Median of several runs. "peak" is the heap the renderer takes in forward + backward (images and mesh not counted);
// "B/px" adds the coverage images and divides by views and pixels. Compare figures of one run only.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "renderer/cpu/isa.h"
#include "tests/bench/heap_meter.h"
#include "tests/support/scenes.h"
#include "tests/support/softras_reference.h"

namespace penumbra {
namespace {

struct Batch {
  std::vector<Vec3<float>> positions;
  Topology topology;
  MeshRef<float> mesh;
  std::vector<ViewRef<float>> views;
  std::vector<std::vector<float>> images;
  std::vector<std::span<float>> alpha;
  CoverageOptions options{CoverageModel::SoftRas, 1e-4};

  // A bumpy sphere of 20 * 4^level faces, seen from points spread evenly over a sphere.
  Batch(int count, int size, int level) {
    MeshT<double> sphere = unitIcosphere(level);
    for (auto& p : sphere.positions) {
      p *= 0.8 + 0.12 * std::sin(5 * p.x) * std::cos(4 * p.y + 3 * p.z);
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

struct Times {
  double forward, both;
};

Times fast(ThreadPool& pool, Batch& batch, int runs, long& peak) {
  CoverageRenderer<float> renderer(pool);
  CoverageGradients<float> gradients;
  const std::span<const MeshRef<float>> meshes(&batch.mesh, 1);
  const auto both = [&] {
    renderer.forwardBackward(meshes, batch.views, batch.options, batch.alpha, pullBack, gradients);
  };
  HeapMeter::start();
  both();
  peak = HeapMeter::sinceStart();
  return {milliseconds(runs, [&] { renderer.forward(meshes, batch.views, batch.options, batch.alpha); }),
          milliseconds(runs, both)};
}

void row(ThreadPool& pool, int views, int size, int level) {
  Batch batch(views, size, level);
  long peak = 0;
  const Times t = fast(pool, batch, level >= 6 ? 5 : 9, peak);
  std::printf("%5d %6d %8d %11.2f %11.2f %11.2f %10.2f %7.1f\n", views, size, batch.topology.faceCount(), t.forward,
              t.both - t.forward, t.both, double(peak) / (1 << 20), double(peak) / batch.pixels() + 4);
  std::fflush(stdout);
}

constexpr int kSlowViews = 2;  // measured; the time of all is so many times more

void compareWithSlow(ThreadPool& pool) {
  Batch batch(24, 128, 4);
  long peak = 0;
  const Times quick = fast(pool, batch, 9, peak);
  std::vector<std::vector<float>> weights = batch.images;
  const auto view = [&](auto&& work) {
    const double some = milliseconds(1, [&] { pool.parallelFor(kSlowViews, [&](int v, int) { work(v); }); });
    return some * double(batch.views.size()) / kSlowViews;
  };
  const double forward = view(
      [&](int v) { softRasReference<float>(batch.mesh, batch.views[v].camera, batch.options, batch.alpha[v]); });
  const double backward = view([&](int v) {
    std::vector<Vec3<float>> dL_dpositions(batch.positions.size(), Vec3<float>(0));
    CameraGradient<float> dL_dcamera;
    pullBack(v, batch.alpha[v], weights[v]);
    softRasReferenceBackward<float>(batch.mesh, batch.views[v].camera, batch.options, weights[v], dL_dpositions,
                                    dL_dcamera);
  });
  std::printf("\nEvery face at every pixel, 24 views x 128^2, 5120 faces, same threads (%d views measured):\n"
              "  forward %.0f ms, backward %.0f ms, both %.0f ms = %.0f times the %.1f ms above\n",
              kSlowViews, forward, backward, forward + backward, (forward + backward) / quick.both, quick.both);
}

}  // namespace
}  // namespace penumbra

int main(int argc, char** argv) {
  using namespace penumbra;
  const bool slow = argc < 2 || std::strcmp(argv[argc - 1], "--no-slow") != 0;
  ThreadPool pool(argc > 1 ? std::atoi(argv[1]) : 0);
  std::printf("SoftRas, CPU, %d threads, %s, sigma 1e-4\n", pool.threads(), toString(currentIsa()));
  std::printf("views   size    faces  forward ms backward ms     both ms   peak MiB    B/px\n");
  row(pool, 24, 128, 4);
  for (int level : {3, 4, 5, 6, 7}) row(pool, 24, 256, level);
  for (int size : {64, 512, 1024}) row(pool, 24, size, 4);
  for (int views : {1, 8, 100}) row(pool, views, 128, 4);
  if (slow) compareWithSlow(pool);
}
