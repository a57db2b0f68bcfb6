// Speed and memory of the Contour model by faces, resolution, views and sigma.
// usage: contour_bench [threads [first]]
// With "first" only the first row, ten times: for comparing two builds, one after the other, several times.
// Median of several runs. "peak" is the heap the renderer takes in forward + backward (images and mesh not counted);
// "B/px" adds the coverage images and divides by views and pixels. Compare figures of one run only.
#include <cstdlib>
#include <cstring>

#include "renderer/cpu/isa.h"
#include "tests/bench/coverage_batch.h"

int main(int argc, char** argv) {
  using namespace penumbra;
  ThreadPool pool(argc > 1 ? std::atoi(argv[1]) : 0);
  std::printf("Contour, CPU, %d threads, %s\n%s", pool.threads(), toString(currentIsa()), kTableHead);
  const auto row = [&](int views, int size, int level, double sigma = 1e-4) {
    tableRow(pool, CoverageModel::Contour, sigma, views, size, level);
  };
  if (argc > 2 && !std::strcmp(argv[2], "first")) {
    for (int i = 0; i < 10; ++i) tableRow(pool, CoverageModel::Contour, 1e-4, 24, 256, 4, 0);
    return 0;
  }
  std::printf("plain icosphere\n");
  tableRow(pool, CoverageModel::Contour, 1e-4, 24, 256, 4, 0);
  std::printf("bumpy sphere\n");
  for (int level : {3, 4, 5, 6, 7}) row(24, 256, level);
  for (int size : {64, 128, 512, 1024}) row(24, size, 4);
  for (int views : {1, 8, 100}) row(views, 256, 4);
  for (double sigma : {1e-3, 1e-5}) row(24, 256, 4, sigma);
}
