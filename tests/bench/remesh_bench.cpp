// Time of remeshing: one pass of adaptiveRemesh beside one sweep of isotropicRemesh, 20k and 80k vertices.
// "settled" repeats on a mesh that already fits after all vertices were shaken, as between the steps of a fit.
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>

#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/isotropic_remesh.h"
#include "tests/support/flat_scene.h"
#include "tests/support/small_meshes.h"

using namespace penumbra;

namespace {

double milliseconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

double best(const std::function<double()>& run) {
  double least = 1e300;
  for (int i = 0; i < 5; ++i) least = std::min(least, run());
  return least;
}

// Moves every vertex by a smooth wave and a small jitter, both in units of the edge length.
Mesh shaken(Mesh mesh, float edge, int round) {
  std::uint32_t state = 12345u + std::uint32_t(round);
  const auto random = [&] { return float((state = state * 1664525u + 1013904223u) >> 8) / 8388608.0f - 1; };
  for (auto& p : mesh.positions) {
    const float wave = 0.3f * edge * std::sin(7 * p.x + float(round)) * std::cos(5 * p.y);
    p += wave * glm::normalize(p) + 0.1f * edge * glm::vec3(random(), random(), random());
  }
  return mesh;
}

void bench(const char* name, const Mesh& start, float edge, ThreadPool& pool) {
  std::vector<glm::vec3> moment1(start.positions.size(), glm::vec3(1)), moment2 = moment1;
  std::vector<float> velocity(start.positions.size(), 1);
  const auto run = [&](const Mesh& from, AdaptiveRemeshReport& report) {
    Mesh mesh = from;
    std::vector<float> wanted(mesh.positions.size(), edge);
    moment1.resize(wanted.size()), moment2.resize(wanted.size()), velocity.resize(wanted.size());
    return milliseconds([&] { report = adaptiveRemesh(mesh, wanted, {{&velocity}, {&moment1, &moment2}}, {}, pool); });
  };
  AdaptiveRemeshReport first, later;
  const double fresh = best([&] { return run(start, first); });
  Mesh settled = start;
  std::vector<float> wanted(settled.positions.size(), edge);
  for (int i = 0; i < 6; ++i) adaptiveRemesh(settled, wanted, {}, {}, pool);
  const Mesh moved = shaken(settled, edge, 1);
  const double steady = best([&] { return run(moved, later); });
  const double isotropic = best([&] { return milliseconds([&] { isotropicRemesh(moved, {edge, 1}, {}, pool); }); });
  std::printf("%-12s %8zu %9.1f %9.1f %11.1f   %d collapses, %d splits, %d flips of a shaken mesh\n", name,
              settled.positions.size(), fresh, steady, isotropic, later.collapses, later.splits, later.flips);
}

}  // namespace

int main() {
  ThreadPool pool;
  std::printf("ms, best of 5, %d threads\n%-12s %8s %9s %9s %11s\n", pool.threads(), "", "vertices", "fresh", "settled", "isotropic");
  for (const int quads : {200, 400}) {
    const Mesh torus = torusMesh(quads, quads / 2, glm::dvec3(0.7, 0, 0));
    bench("torus", torus, 0.0105f * 200 / float(quads), pool);
  }
  bench("sphere", testing::ballMesh(6), 0.0185f, pool);
  bench("sphere", testing::ballMesh(7), 0.0131f, pool);
}
