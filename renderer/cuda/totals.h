// Sums of many numbers in one fixed order: by chunks of 64, sums of sums, and so on; the last 256 by one thread.
#pragma once
#include <vector>

#include "renderer/cuda/atomic.h"
#include "renderer/cuda/memory.h"

namespace penumbra::device {

struct AddChunk {
  static constexpr int kChunk = 64;
  const double* values;  // n
  Index n;
  double* sums;  // one a chunk
  PENUMBRA_HD void operator()(Index chunk) const {
    const Index end = (chunk + 1) * kChunk < n ? (chunk + 1) * kChunk : n;
    double sum = 0;
    for (Index i = chunk * kChunk; i < end; ++i) sum += values[i];
    sums[chunk] = sum;
  }
};

struct AddAll {
  const double* values;
  Index n;
  double* total;
  PENUMBRA_HD void operator()(Index) const {
    double sum = 0;
    for (Index i = 0; i < n; ++i) sum += values[i];
    *total = sum;
  }
};

// Room for sums of up to `most` numbers.
class Totals {
 public:
  void allocate(Memory& memory, Index most) {
    values_.allocate(memory, most);
    levels_.clear();
    for (Index size = most; size > kTop;) {
      size = (size + AddChunk::kChunk - 1) / AddChunk::kChunk;
      levels_.emplace_back().allocate(memory, size);
    }
  }
  // Where the numbers are to be written before `add`.
  double* values() const { return values_.data(); }
  template <class Executor>
  void add(Executor& executor, Index n, double* total) {
    const double* from = values_.data();
    for (std::size_t k = 0; n > kTop; ++k) {
      const Index chunks = (n + AddChunk::kChunk - 1) / AddChunk::kChunk;
      executor.launch("addChunks", AddChunk{from, n, levels_[k].data()}, chunks);
      from = levels_[k].data();
      n = chunks;
    }
    executor.launch("addAll", AddAll{from, n, total}, 1);
  }
  std::size_t bytes() const {
    std::size_t sum = values_.bytes();
    for (const auto& level : levels_) sum += level.bytes();
    return sum;
  }

 private:
  static constexpr Index kTop = 256;
  Buffer<double> values_;
  std::vector<Buffer<double>> levels_;
};

}  // namespace penumbra::device
