// Exclusive prefix sums of counts, so that items written by many threads get places in a fixed order.
//
//   place(i) = counts[0] + ... + counts[i - 1]
// Counts are summed in chunks of kScanChunk, the sums again, until at most kScanTop are left, which one thread adds up;
// then chunk starts are handed down. The last level is left to the reader (`PrefixView::place` adds up to 63 counts
// that share a cache line or two), so that n <= 64 * 256 costs two launches. Bound: 4 bytes read a count.
#pragma once
#include <vector>

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

// Calls use(i, values[i]) for i in [begin, end), in order. So many values are asked for together: one thread alone
// waits some hundred cycles for each.
template <class Value, class Use>
PENUMBRA_HD inline void inOrder(const Value* values, Index begin, Index end, Use use) {
  constexpr int kTogether = 16;
  for (Index i = begin; i < end; i += kTogether) {
    Value batch[kTogether];
    for (int k = 0; k < kTogether; ++k) batch[k] = i + k < end ? values[i + k] : Value(0);
    for (int k = 0; k < kTogether; ++k)
      if (i + k < end) use(i + k, batch[k]);
  }
}

PENUMBRA_HD inline Index chunkEnd(Index chunk, Index n) {
  return (chunk + 1) * kScanChunk < n ? (chunk + 1) * kScanChunk : n;
}

// Sum of one chunk of counts.
template <class Count, class Sum>
struct SumChunk {
  const Count* counts;  // n
  Index n;
  Sum* sums;  // one a chunk
  PENUMBRA_HD void operator()(Index chunk) const {
    Sum sum = 0;
    inOrder(counts, chunk * kScanChunk, chunkEnd(chunk, n), [&](Index, Count value) { sum += value; });
    sums[chunk] = sum;
  }
};

// Sum of all counts of the top level. One thread.
template <class Count>
struct SumTop {
  const Count* counts;  // n
  Index n;
  Count* total;
  PENUMBRA_HD void operator()(Index) const {
    Count sum = 0;
    inOrder(counts, 0, n, [&](Index, Count value) { sum += value; });
    *total = sum;
  }
};

// Turns the n sums of the top level into starts, and notes the total. One thread.
struct ScanTop {
  std::int64_t* sums;  // n, replaced
  Index n;
  std::int64_t* total;
  PENUMBRA_HD void operator()(Index) const {
    std::int64_t sum = 0;
    inOrder(sums, 0, n, [&](Index i, std::int64_t value) {
      sums[i] = sum;
      sum += value;
    });
    *total = sum;
  }
};

// Turns the sums of one chunk into starts, given the chunk's own start.
struct SpreadChunk {
  std::int64_t* sums;  // n, replaced
  Index n;
  const std::int64_t* starts;  // one a chunk
  PENUMBRA_HD void operator()(Index chunk) const {
    std::int64_t sum = starts[chunk];
    inOrder(sums, chunk * kScanChunk, chunkEnd(chunk, n), [&](Index i, std::int64_t value) {
      sums[i] = sum;
      sum += value;
    });
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
    executor.launch("sumCounts", SumChunk<int, std::int64_t>{counts, n_, levels_[0].data()}, levels_[0].size());
    for (std::size_t k = 1; k < levels_.size(); ++k)
      executor.launch(
          "sumSums",
          SumChunk<std::int64_t, std::int64_t>{levels_[k - 1].data(), levels_[k - 1].size(), levels_[k].data()},
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
