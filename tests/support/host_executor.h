// Runs kernels on the processor, one index after the other: how every kernel and every schedule is tested without a
// graphics card. With `LaunchOrder::Reversed` or `Shuffled` indices come in another order, with `Together` threads run
// at the same time; results must be the same bits, which shows that no thread relies on another of its launch, and
// ThreadSanitizer must find nothing that they share by other means than atomic.h.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <numeric>
#include <random>
#include <thread>
#include <vector>

#include "renderer/cuda/atomic.h"
#include "tests/support/host_iteration.h"
#include "renderer/cuda/memory.h"
#include "renderer/error.h"

namespace penumbra::device {

class HostExecutor : public Memory {
 public:
  explicit HostExecutor(LaunchOrder order = LaunchOrder::Ascending) : order_(order) {}

  void* allocate(std::size_t bytes) override {
    void* pointer = ::operator new(bytes, std::nothrow);
    if (!pointer) throw Error(ExitCode::Memory, "Out of memory: " + std::to_string(bytes) + " bytes were asked for.");
    std::memset(pointer, 0xcd, bytes);  // nothing may rely on fresh memory
    return pointer;
  }
  void release(void* pointer) noexcept override { ::operator delete(pointer); }
  void upload(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void download(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void copy(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void fill(void* to, std::uint8_t byte, std::size_t bytes) override { std::memset(to, byte, bytes); }

  std::size_t available() const override { return std::size_t(1) << 40; }

  // Launches made by `launches` may be kept and made again by one call; here there is nothing to gain by it.
  struct Recording {
    void forget() {}
  };
  template <class Launches>
  void play(Recording&, const Launches& launches) {
    launches();
  }

  template <class Kernel>
  void launch(const char*, const Kernel& kernel, Index count) {
    static_assert(std::is_trivially_copyable_v<Kernel>, "a kernel is a block of plain parameters");
    ++launches_;
    if (order_ == LaunchOrder::Together) return runTogether(kernel, count);
    if (order_ == LaunchOrder::Ascending)
      for (Index i = 0; i < count; ++i) kernel(i);
    else
      for (const Index i : permutation(count)) kernel(i);
  }
  void* stream() const { return nullptr; }
  long launches() const { return launches_; }

 private:
  // Interleaved: neighbours, which share the most, run at the same time.
  template <class Kernel>
  static void runTogether(const Kernel& kernel, Index count) {
    constexpr Index kTogether = 4;
    std::vector<std::thread> threads;
    for (Index first = 0; first < std::min(kTogether, count); ++first)
      threads.emplace_back([&kernel, first, count] {
        for (Index i = first; i < count; i += kTogether) kernel(i);
      });
    for (std::thread& thread : threads) thread.join();
  }
  std::vector<Index> permutation(Index count) {
    std::vector<Index> order(static_cast<std::size_t>(count));
    std::iota(order.begin(), order.end(), Index(0));
    if (order_ == LaunchOrder::Reversed) std::reverse(order.begin(), order.end());
    else std::shuffle(order.begin(), order.end(), random_);
    return order;
  }

  LaunchOrder order_;
  std::mt19937_64 random_{1};
  long launches_ = 0;
};

}  // namespace penumbra::device
