// The few operations that threads of a kernel share memory through. All are whole-number operations whose result does
// not depend on the order of the threads (sums, least, most, union), or hand out places whose order nothing may depend
// on (`take`, `exchange`). On the host they are atomic too: ThreadSanitizer then finds what kernels share otherwise.
#pragma once
#include <cstdint>

#include "renderer/core/types.h"

namespace penumbra::device {

using Index = std::int64_t;

// Returns what was there before.
PENUMBRA_HD inline std::int64_t take(std::int64_t* counter, int amount) {
#ifdef __CUDA_ARCH__
  return std::int64_t(
      atomicAdd(reinterpret_cast<unsigned long long*>(counter), static_cast<unsigned long long>(amount)));
#else
  return __atomic_fetch_add(counter, amount, __ATOMIC_RELAXED);
#endif
}

PENUMBRA_HD inline int exchange(int* place, int value) {
#ifdef __CUDA_ARCH__
  return atomicExch(place, value);
#else
  return __atomic_exchange_n(place, value, __ATOMIC_RELAXED);
#endif
}

PENUMBRA_HD inline void add(int* sum, int value) {
#ifdef __CUDA_ARCH__
  atomicAdd(sum, value);
#else
  __atomic_fetch_add(sum, value, __ATOMIC_RELAXED);
#endif
}

PENUMBRA_HD inline void add(std::int64_t* sum, std::int64_t value) {
#ifdef __CUDA_ARCH__
  atomicAdd(reinterpret_cast<unsigned long long*>(sum), static_cast<unsigned long long>(value));
#else
  __atomic_fetch_add(sum, value, __ATOMIC_RELAXED);
#endif
}

PENUMBRA_HD inline void least(std::uint64_t* place, std::uint64_t value) {
#ifdef __CUDA_ARCH__
  atomicMin(reinterpret_cast<unsigned long long*>(place), static_cast<unsigned long long>(value));
#else
  std::uint64_t now = __atomic_load_n(place, __ATOMIC_RELAXED);
  while (value < now && !__atomic_compare_exchange_n(place, &now, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
#endif
}

PENUMBRA_HD inline void most(std::uint32_t* place, std::uint32_t value) {
#ifdef __CUDA_ARCH__
  atomicMax(place, value);
#else
  std::uint32_t now = __atomic_load_n(place, __ATOMIC_RELAXED);
  while (value > now && !__atomic_compare_exchange_n(place, &now, value, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
  }
#endif
}

PENUMBRA_HD inline void unite(std::uint32_t* bits, std::uint32_t value) {
#ifdef __CUDA_ARCH__
  atomicOr(bits, value);
#else
  __atomic_fetch_or(bits, value, __ATOMIC_RELAXED);
#endif
}

PENUMBRA_HD inline void differ(std::uint32_t* bits, std::uint32_t value) {
#ifdef __CUDA_ARCH__
  atomicXor(bits, value);
#else
  __atomic_fetch_xor(bits, value, __ATOMIC_RELAXED);
#endif
}

// Writes `value` where `expected` stands; returns what was there before.
PENUMBRA_HD inline std::uint64_t replaceIf(std::uint64_t* place, std::uint64_t expected, std::uint64_t value) {
#ifdef __CUDA_ARCH__
  return atomicCAS(reinterpret_cast<unsigned long long*>(place), static_cast<unsigned long long>(expected),
                   static_cast<unsigned long long>(value));
#else
  __atomic_compare_exchange_n(place, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  return expected;  // holds what was there
#endif
}

// Reads what another thread of the launch may be changing.
PENUMBRA_HD inline std::uint32_t peek(const std::uint32_t* bits) {
#ifdef __CUDA_ARCH__
  return *static_cast<const volatile std::uint32_t*>(bits);
#else
  return __atomic_load_n(bits, __ATOMIC_RELAXED);
#endif
}

// Several threads may write here, all the same.
PENUMBRA_HD inline void mark(std::uint8_t* place) {
#ifdef __CUDA_ARCH__
  *place = 1;
#else
  __atomic_store_n(place, std::uint8_t(1), __ATOMIC_RELAXED);
#endif
}

// The same as add and most, for a place that all 32 threads of a warp share: they are put together first. Threads that
// arrive alone do the plain operation.
PENUMBRA_HD inline void addTogether(std::int64_t* sum, std::int64_t value) {
#ifdef __CUDA_ARCH__
  if (__activemask() != 0xffffffffu) return add(sum, value);
  long long total = value;
  for (int step = 16; step > 0; step /= 2) total += __shfl_xor_sync(0xffffffffu, total, step);
  if ((threadIdx.x & 31) == 0 && total != 0) add(sum, std::int64_t(total));
#else
  __atomic_fetch_add(sum, value, __ATOMIC_RELAXED);
#endif
}

PENUMBRA_HD inline void mostTogether(std::uint32_t* place, std::uint32_t value) {
#ifdef __CUDA_ARCH__
  if (__activemask() != 0xffffffffu) return most(place, value);
  unsigned largest = value;
  for (int step = 16; step > 0; step /= 2) {
    const unsigned other = __shfl_xor_sync(0xffffffffu, largest, step);
    largest = other > largest ? other : largest;
  }
  if ((threadIdx.x & 31) == 0 && largest != 0) most(place, largest);
#else
  most(place, value);
#endif
}

// Bits of a number >= 0: they are ordered as the numbers are.
PENUMBRA_HD inline std::uint32_t bitsOf(float value) { return __builtin_bit_cast(std::uint32_t, value); }
PENUMBRA_HD inline float floatOf(std::uint32_t bits) { return __builtin_bit_cast(float, bits); }

PENUMBRA_HD inline int countBits(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __popc(bits);
#else
  return __builtin_popcount(bits);
#endif
}
// Place of the lowest bit that is set; bits is not 0.
PENUMBRA_HD inline int lowestBit(std::uint32_t bits) {
#ifdef __CUDA_ARCH__
  return __ffs(int(bits)) - 1;
#else
  return __builtin_ctz(bits);
#endif
}

}  // namespace penumbra::device
