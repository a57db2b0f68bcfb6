// Time and size of visual hulls: 64 views of 256^2 by default. Arguments: [model file] [views] [size].
// "all+remesh" is the hull on its own, "to fit" as the Gauss-Newton solver begins with it.
// With a graphics card also of the stages it does, transfers and all; cuda_bench times their kernels.
#include <chrono>
#include <cstdio>
#include <cstdlib>

#include "optim/hull/hull_card.h"
#include "optim/hull/hull_cleaning.h"
#include "optim/hull/hull_surface.h"
#include "optim/hull/preview_hull.h"
#include "optim/hull/view_trust.h"
#include "optim/hull/visual_hull.h"
#include "optim/io/mesh_io.h"
#include "optim/newton/newton_solver.h"
#include "optim/targets/targets.h"
#include "renderer/topology.h"
#include "tests/support/small_meshes.h"

using namespace penumbra;

namespace {

class Clock {
 public:
  double lap() {
    const auto now = std::chrono::steady_clock::now();
    const double ms = std::chrono::duration<double, std::milli>(now - last_).count();
    last_ = now;
    return ms;
  }

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Stages {
  double field = 1e300, judge = 1e300, grid = 1e300, clean = 1e300, surface = 1e300, whole = 1e300,
         start = 1e300, preview = 1e300;
};

void bench(const ViewSet& views, int resolution, ThreadPool& pool) {
  Stages best;
  std::size_t rough = 0;
  Hull hull;
  HullOptions options;
  options.resolution = resolution;
  HullOptions atStart = options;
  atStart.mostVertices = NewtonSolver::kLevels[1];
  for (int run = 0; run < 3; ++run) {
    Clock clock;
    const HullField field(views.train, options.radius, false, pool);
    best.field = std::min(best.field, clock.lap());
    judgeViews(field, pool);
    best.judge = std::min(best.judge, clock.lap());
    HullGrid grid = sampleHull(field, resolution, pool);
    best.grid = std::min(best.grid, clock.lap());
    cleanHull(grid, field, pool);
    best.clean = std::min(best.clean, clock.lap());
    rough = extractSurface(grid, field, pool).faces.size();
    best.surface = std::min(best.surface, clock.lap());
    hull = makeVisualHull(views.train, options, pool);
    best.whole = std::min(best.whole, clock.lap());
    makeVisualHull(views.train, atStart, pool);
    best.start = std::min(best.start, clock.lap());
    previewHull(views.train, pool);
    best.preview = std::min(best.preview, clock.lap());
  }
  const auto summary = summarise(buildTopology(int(hull.mesh.positions.size()), hull.mesh.faces));
  std::printf("%6d %8.1f %8.1f %8.1f %8.1f %8.1f %10.1f %8.1f %8.1f %9zu %9zu  %s%s\n", resolution, best.field, best.judge, best.grid, best.clean,
              best.surface, best.whole, best.start, best.preview, rough, hull.mesh.faces.size(), hull.summary().c_str(),
              summary.closed() ? "" : " NOT CLOSED");
}

void benchCard(const ViewSet& views, int resolution, ThreadPool& pool) {
  HullOptions options;
  options.resolution = resolution;
  const HullField field(views.train, options.radius, false, pool);
  Stages best;
  HullCard card(makeCudaHull);
  for (int run = 0; run < 4; ++run) {  // the first loads the kernels
    Clock clock;
    card.distances(views.train);
    best.field = std::min(best.field, clock.lap());
    card.sample(field, resolution, pool);
    best.grid = std::min(best.grid, clock.lap());
    makeVisualHull(views.train, options, pool, nullptr, &card);
    best.whole = std::min(best.whole, clock.lap());
  }
  if (card.failure()) std::printf("%6d  %s\n", resolution, card.failure()->what());
  else std::printf("%6d %8.1f %8s %8.1f %8s %8s %10.1f\n", resolution, best.field, "", best.grid, "", "", best.whole);
}

}  // namespace

int main(int count, char** arguments) {
  ThreadPool pool;
  FitOptions options;
  options.views = count > 2 ? std::atoi(arguments[2]) : 64;
  options.size = count > 3 ? std::atoi(arguments[3]) : 256;
  options.heldOutViews = 0;
  const Mesh model = count > 1 ? readMesh(arguments[1]) : torusMesh(96, 48);
  const ViewSet views = makeViewSet(model, "model", options, pool);
  std::printf("visual hull, %d views x %d^2, %d threads, ms (best of 3)\n", options.views, options.size, pool.threads());
  std::printf("%6s %8s %8s %8s %8s %8s %10s %8s %8s %9s %9s\n", "steps", "field", "judge", "grid", "clean", "surface",
              "all+remesh", "to fit", "preview", "raw", "faces");
  for (const int resolution : {64, 128, 256}) bench(views, resolution, pool);
  const CudaStatus status = probeCuda();
  std::printf("%s%s\n", status.available ? "field and grid on the graphics card: " : "no graphics card: ",
              (status.available ? status.name : status.reason).c_str());
  for (const int resolution : {64, 128, 256})
    if (status.available) benchCard(views, resolution, pool);
}
