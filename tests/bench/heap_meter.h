// Counts heap bytes in use by replacing global new and delete. Include in one file of a bench program only.
#pragma once
#include <malloc.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace penumbra {

struct HeapMeter {
  static inline std::atomic<long> inUse{0}, peak{0};
  static void add(long bytes) {
    const long now = inUse += bytes;
    long high = peak;
    while (now > high && !peak.compare_exchange_weak(high, now)) {
    }
  }
  // Bytes at the highest point since the last call of start() beyond what was in use then.
  static long start() { return begin_ = inUse.load(), peak = begin_, begin_; }
  static long sinceStart() { return peak - begin_; }

 private:
  static inline long begin_ = 0;
};

}  // namespace penumbra

// Not inlined: compilers take a visible malloc or free beside new or delete for a mistake.
__attribute__((noinline)) void* operator new(std::size_t size) {
  void* memory = std::malloc(size ? size : 1);
  if (!memory) throw std::bad_alloc();
  penumbra::HeapMeter::add(long(malloc_usable_size(memory)));
  return memory;
}
__attribute__((noinline)) void operator delete(void* memory) noexcept {
  if (memory) penumbra::HeapMeter::add(-long(malloc_usable_size(memory)));
  std::free(memory);
}
__attribute__((noinline)) void operator delete(void* memory, std::size_t) noexcept { operator delete(memory); }
