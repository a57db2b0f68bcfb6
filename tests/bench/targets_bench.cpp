// Times of everything that makes targets and compares with them, as a table.
#include <chrono>
#include <cstdio>

#include "optim/targets/image_loss.h"
#include "optim/targets/metrics.h"
#include "optim/targets/targets.h"
#include "tests/support/flat_scene.h"

using namespace penumbra;

namespace {

// Best of several runs, milliseconds.
template <class Work> double best(int runs, const Work& work) {
  double least = 1e300;
  for (int i = 0; i < runs; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    least = std::min(least, std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count());
  }
  return least;
}

void benchMasks(ThreadPool& pool) {
  std::printf("hard masks, 24 views x 256^2, %d threads\n%10s %12s %12s\n", pool.threads(), "faces", "4x4 ms", "8x8 ms");
  FitOptions options;
  const auto cameras = placeCameras(options);
  for (const int level : {4, 5, 6}) {
    const Mesh mesh = testing::ballMesh(level);
    const double four = best(3, [&] { renderHardMasks(mesh, cameras, pool, 4); });
    const double eight = best(3, [&] { renderHardMasks(mesh, cameras, pool, 8); });
    std::printf("%10zu %12.1f %12.1f\n", mesh.faces.size(), four, eight);
  }
}

void benchImage(int size) {
  FitOptions options;
  options.size = size;
  const Camera camera = placeCameras(options)[0];
  const Mask mask = renderHardMask(testing::ballMesh(4), camera, 8);
  Mesh bumpy = testing::ballMesh(4);
  for (auto& p : bumpy.positions) p *= 0.8f + 0.15f * std::sin(9 * p.x) * std::cos(7 * p.y);
  const Mask shape = renderHardMask(bumpy, camera, 8);
  const MeasuredMask a = measure(mask), b = measure(shape);
  SoftTarget target = makeSoftTarget(shape);
  std::printf("\none view of %d^2, one thread\n", size);
  std::printf("  %-28s %8.3f ms\n", "signed distance", best(5, [&] { signedDistance(shape); }));
  std::printf("  %-28s %8.3f ms\n", "soften", best(5, [&] { soften(target, shape, 1e-4); }));
  std::printf("  %-28s %8.3f ms\n", "contour error, measured masks", best(5, [&] { contourErrorPx(mask, b); }));
  std::printf("  %-28s %8.3f ms\n", "IoU", best(5, [&] { maskIoU(mask, shape); }));
  std::vector<float> gradient(mask.pixels.size());
  for (const ImageLossRow& row : imageLossTable())
    for (const double sigma : {1e-5, 1e-4, 1e-3}) {
      soften(target, shape, sigma);
      const double ms = best(50, [&] { row.inFloat(target, mask.pixels, gradient); });
      std::printf("  loss %-9s sigma %-8g %14.1f us\n", row.name, sigma, 1e3 * ms);
    }
}

}  // namespace

int main() {
  ThreadPool pool;
  benchMasks(pool);
  benchImage(256);
  benchImage(512);
}
