// Exclusive prefix sums of counts, so that items written by many threads get places in a fixed order.
//
//   place(i) = counts[0] + ... + counts[i - 1]
// Counts are summed in chunks of kScanChunk, the sums again, until at most kScanTop are left, which one thread adds up;
// then chunk starts are handed down. The last level is left to the reader (`PrefixView::place` adds up to 63 counts
// that share a cache line or two), so that n <= 64 * 256 costs two launches. Bound: 4 bytes read a count.
#pragma once
#include "renderer/cuda/atomic.h"
#include "renderer/cuda/memory.h"

namespace penumbra::device {

inline constexpr int kScanChunk = 64, kScanTop = 256;

struct PrefixView {
  const int* counts;           // n
  const std::int64_t* starts;  // one a chunk of counts
  PENUMBRA_HD Index place(Index i) const {
    Index sum = starts[i / kScanChunk];
    for (Index k = i / kScanChunk * kScanChunk; k < i; ++k) sum += counts[k];
    return sum;
  }
};

// Sum of one chunk of counts.
template <class Count>
struct SumChunk {
  const Count* counts;  // n
  Index n;
  std::int64_t* sums;  // one a chunk
  PENUMBRA_HD void operator()(Index chunk) const {
    const Index end = (chunk + 1) * kScanChunk < n ? (chunk + 1) * kScanChunk : n;
    std::int64_t sum = 0;
    for (Index i = chunk * kScanChunk; i < end; ++i) sum += counts[i];
    sums[chunk] = sum;
  }
};

// Turns the n sums of the top level into starts, and notes the total. One thread.
struct ScanTop {
  std::int64_t* sums;  // n, replaced
  Index n;
  std::int64_t* total;
  PENUMBRA_HD void operator()(Index) const {
    std::int64_t sum = 0;
    for (Index i = 0; i < n; ++i) {
      const std::int64_t value = sums[i];
      sums[i] = sum;
      sum += value;
    }
    *total = sum;
  }
};

// Turns the sums of one chunk into starts, given the chunk's own start.
struct SpreadChunk {
  std::int64_t* sums;  // n, replaced
  Index n;
  const std::int64_t* starts;  // one a chunk
  PENUMBRA_HD void operator()(Index chunk) const {
    const Index end = (chunk + 1) * kScanChunk < n ? (chunk + 1) * kScanChunk : n;
    std::int64_t sum = starts[chunk];
    for (Index i = chunk * kScanChunk; i < end; ++i) {
      const std::int64_t value = sums[i];
      sums[i] = sum;
      sum += value;
    }
  }
};

// Room for the scan of a fixed number of counts.
class PrefixSums {
 public:
  void allocate(Memory& memory, Index n) {
    n_ = n;
    levels_.clear();
    for (Index size = chunks(n);; size = chunks(size)) {
      levels_.emplace_back().allocate(memory, size);
      if (size <= kScanTop) break;
    }
  }
  // `total` (device) receives the sum of all counts (device, n).
  template <class Executor>
  void run(Executor& executor, const int* counts, std::int64_t* total) {
    executor.launch("sumCounts", SumChunk<int>{counts, n_, levels_[0].data()}, levels_[0].size());
    for (std::size_t k = 1; k < levels_.size(); ++k)
      executor.launch("sumSums",
                      SumChunk<std::int64_t>{levels_[k - 1].data(), levels_[k - 1].size(), levels_[k].data()},
                      levels_[k].size());
    executor.launch("scanTop", ScanTop{levels_.back().data(), levels_.back().size(), total}, 1);
    for (std::size_t k = levels_.size() - 1; k > 0; --k)
      executor.launch("spreadStarts", SpreadChunk{levels_[k - 1].data(), levels_[k - 1].size(), levels_[k].data()},
                      levels_[k].size());
  }
  PrefixView view(const int* counts) const { return {counts, levels_[0].data()}; }
  std::size_t bytes() const {
    std::size_t sum = 0;
    for (const auto& level : levels_) sum += level.bytes();
    return sum;
  }

 private:
  static Index chunks(Index n) { return n > 0 ? (n + kScanChunk - 1) / kScanChunk : 1; }
  Index n_ = 0;
  std::vector<Buffer<std::int64_t>> levels_;
};

}  // namespace penumbra::device
