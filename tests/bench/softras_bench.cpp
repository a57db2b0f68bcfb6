// Speed and memory of the SoftRas model by views, resolution and faces, and against every face at every pixel.
// usage: softras_bench [threads] [--no-slow]
// Median of several runs. "peak" is the heap the renderer takes in forward + backward (images and mesh not counted);
// "B/px" adds the coverage images and divides by views and pixels. Compare figures of one run only.
#include <cstdlib>
#include <cstring>

#include "renderer/cpu/isa.h"
#include "tests/bench/coverage_batch.h"
#include "tests/support/softras_reference.h"

namespace penumbra {
namespace {

constexpr int kSlowViews = 2;  // measured; the time of all is so many times more

void compareWithSlow(ThreadPool& pool) {
  Batch batch(CoverageModel::SoftRas, 1e-4, 24, 128, 4);
  const Times quick = timeBatch(pool, batch, 9);
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
  std::printf("SoftRas, CPU, %d threads, %s\n%s", pool.threads(), toString(currentIsa()), kTableHead);
  const auto row = [&](int views, int size, int level) {
    tableRow(pool, CoverageModel::SoftRas, 1e-4, views, size, level);
  };
  row(24, 128, 4);
  for (int level : {3, 4, 5, 6, 7}) row(24, 256, level);
  for (int size : {64, 512, 1024}) row(24, size, 4);
  for (int views : {1, 8, 100}) row(views, 128, 4);
  if (slow) compareWithSlow(pool);
}
