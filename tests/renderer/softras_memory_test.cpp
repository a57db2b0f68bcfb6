// What SoftRas takes beside the mesh: at most 16 bytes a pixel and view, images included.
#include <gtest/gtest.h>

#include "tests/bench/coverage_batch.h"

namespace penumbra {
namespace {

TEST(SoftRasMemory, StaysBelowSixteenBytesAPixelPlusTheMesh) {
  struct Row {
    int views, size, level;
  };
  for (const Row row : {Row{1, 128, 4}, {8, 128, 4}, {24, 64, 4}, {24, 64, 3}, {3, 256, 5}})
    for (const int threads : {1, 2, 16}) {
      ThreadPool pool(threads);
      Batch batch(CoverageModel::SoftRas, 1e-4, row.views, row.size, row.level);
      const double scratch = std::max(0.0, double(peakOf(pool, batch)) - batch.meshBytes());
      EXPECT_LE(scratch / batch.pixels() + sizeof(float), 16) << row.views << " views, " << threads << " threads";
    }
}

}  // namespace
}  // namespace penumbra
