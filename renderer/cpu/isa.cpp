#include "renderer/cpu/isa.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <string_view>

namespace penumbra {
namespace {

Isa processorIsa() {
#ifdef PENUMBRA_X86
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    return Isa::Avx512;
  if (__builtin_cpu_supports("avx2")) return Isa::Avx2;
#endif
  return Isa::Baseline;
}

Isa wantedIsa() {
  const char* wish = std::getenv("PENUMBRA_ISA");
  const std::string_view text = wish ? wish : "";
  if (text == "baseline") return Isa::Baseline;
  if (text == "avx2") return std::min(Isa::Avx2, processorIsa());
  return processorIsa();
}

std::atomic<int>& forced() {
  static std::atomic<int> value{-1};
  return value;
}

}  // namespace

Isa bestIsa() {
  static const Isa best = wantedIsa();
  return best;
}

Isa currentIsa() {
  const int value = forced().load();
  return value < 0 ? bestIsa() : Isa(value);
}

void forceIsa(Isa isa) { forced().store(int(std::min(isa, processorIsa()))); }

const char* toString(Isa isa) {
  return isa == Isa::Avx512 ? "AVX-512" : isa == Isa::Avx2 ? "AVX2" : "baseline";
}

}  // namespace penumbra
