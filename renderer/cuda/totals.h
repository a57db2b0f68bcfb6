// Sums of many numbers in one fixed order: by chunks, sums of sums, and so on; the last few by one thread.
#pragma once
#include "renderer/cuda/scan.h"

namespace penumbra::device {

// Room for sums of up to `most` numbers.
class Totals {
 public:
  void allocate(Memory& memory, Index most) {
    values_.allocate(memory, most);
    levels_.clear();
    for (Index size = most; size > kScanTop;) {
      size = (size + kScanChunk - 1) / kScanChunk;
      levels_.emplace_back().allocate(memory, size);
    }
  }
  // Where the numbers are to be written before `add`.
  double* values() const { return values_.data(); }
  template <class Executor>
  void add(Executor& executor, Index n, double* total) {
    const double* from = values_.data();
    for (std::size_t k = 0; n > kScanTop; ++k) {
      const Index chunks = (n + kScanChunk - 1) / kScanChunk;
      executor.launch("addChunks", SumChunk<double, double>{from, n, levels_[k].data()}, chunks);
      from = levels_[k].data();
      n = chunks;
    }
    executor.launch("addAll", SumTop<double>{from, n, total}, 1);
  }
  std::size_t bytes() const {
    std::size_t sum = values_.bytes();
    for (const auto& level : levels_) sum += level.bytes();
    return sum;
  }

 private:
  Buffer<double> values_;
  std::vector<Buffer<double>> levels_;
};

}  // namespace penumbra::device
