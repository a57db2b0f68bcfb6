// Time of a Gauss-Newton fit by level of density, best of some runs.
// usage: newton_bench [model file] [views] [size] [runs] [cpu | cuda]
//
// On the graphics card a step is timed with the copy of the mesh to the host behind it, as for a snapshot. With cuda, says
// so and exits with 77 where there is no usable card, and with 1 when the card fails on the way.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "optim/fit/fitter.h"
#include "optim/io/mesh_io.h"
#include "optim/targets/targets.h"
#include "tests/support/small_meshes.h"

using namespace penumbra;

namespace {

double lap(std::chrono::steady_clock::time_point& last) {
  const auto now = std::chrono::steady_clock::now();
  const double ms = std::chrono::duration<double, std::milli>(now - last).count();
  last = now;
  return ms;
}

struct Level {
  std::size_t vertices = 0;
  int steps = 0;
  double refine = 1e300, fastest = 1e300, all = 0;  // ms: its first step, which also makes the mesh; the others; their sum
};

struct Run {
  double start = 0, whole = 0;  // ms
  std::vector<Level> levels;
  HeldOutMetrics heldOut;
  std::string card;
};

Run fit(const std::shared_ptr<const ViewSet>& views, const FitOptions& options, ThreadPool& pool) {
  Run run;
  auto clock = std::chrono::steady_clock::now();
  Fitter fitter(views, options, pool);
  run.whole = run.start = lap(clock);
  std::uint64_t faces = 0;
  while (!fitter.converged() && fitter.state().iteration < options.iterations) {
    fitter.iterate();
    const double ms = lap(clock);
    run.whole += ms;
    const bool isNew = fitter.facesVersion() != faces;
    if (isNew) run.levels.emplace_back();
    faces = fitter.facesVersion();
    Level& level = run.levels.back();
    level.vertices = fitter.state().positions.size();
    ++level.steps;
    level.all += ms;
    double& best = isNew ? level.refine : level.fastest;
    best = std::min(best, ms);
  }
  run.heldOut = fitter.measureHeldOut();
  run.card = fitter.card();
  return run;
}

}  // namespace

int main(int count, char** arguments) {
  FitOptions options;
  options.views = count > 2 ? std::atoi(arguments[2]) : 16;
  options.size = count > 3 ? std::atoi(arguments[3]) : 512;
  const int runs = count > 4 ? std::max(1, std::atoi(arguments[4])) : 3;
  const bool onCard = count > 5 && std::strcmp(arguments[5], "cuda") == 0;
  options.backend = onCard ? Backend::Cuda : Backend::Cpu;
  if (const CudaStatus status = probeCuda(); onCard && !status.available) {
    std::printf("No graphics card to measure: %s\n", status.reason.c_str());
    return 77;
  }
  ThreadPool pool;
  const Mesh model = count > 1 ? readMesh(arguments[1]) : torusMesh(96, 48);
  const auto views = std::make_shared<const ViewSet>(makeViewSet(model, "model", options, pool));
  Run best = fit(views, options, pool);
  for (int i = 1; i < runs; ++i) {
    const Run run = fit(views, options, pool);  // the same steps each time: the same bits
    best.start = std::min(best.start, run.start);
    best.whole = std::min(best.whole, run.whole);
    for (std::size_t l = 0; l < best.levels.size(); ++l) {
      best.levels[l].refine = std::min(best.levels[l].refine, run.levels[l].refine);
      best.levels[l].fastest = std::min(best.levels[l].fastest, run.levels[l].fastest);
      best.levels[l].all = std::min(best.levels[l].all, run.levels[l].all);
    }
  }
  if (onCard && best.card.empty()) {
    std::printf("The graphics card failed.\n");
    return 1;
  }
  std::printf("Gauss-Newton from the hull, %d views x %d^2, %d threads%s%s, best of %d\n", options.views, options.size,
              pool.threads(), onCard ? ", steps on " : "", best.card.c_str(), runs);
  std::printf("start %.0f ms, whole fit %.0f ms, held-out IoU %.4f\n", best.start, best.whole, best.heldOut.iou);
  std::printf("%9s %6s %11s %11s %8s %9s\n", "vertices", "steps", "refine ms", "step ms", "steps/s", "level ms");
  for (const Level& level : best.levels)
    std::printf("%9zu %6d %11.1f %11.1f %8.1f %9.1f\n", level.vertices, level.steps, level.refine, level.fastest,
                1000 / level.fastest, level.all);
}
