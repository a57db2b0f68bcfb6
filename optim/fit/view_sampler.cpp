#include "optim/fit/view_sampler.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace penumbra {
namespace {

// splitmix64: one well mixed number after another from any seed.
struct Mixer {
  std::uint64_t state;
  std::uint64_t next() {
    std::uint64_t z = state += 0x9e3779b97f4a7c15ull;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
    return z ^ (z >> 31);
  }
};

}  // namespace

std::vector<int> sampleViews(int count, int perStep, int seed, int step) {
  std::vector<int> order(std::size_t(std::max(0, count)));
  std::iota(order.begin(), order.end(), 0);
  if (perStep <= 0 || perStep >= count) return order;
  const int stepsPerRound = (count + perStep - 1) / perStep, round = step / stepsPerRound;
  Mixer mixer{(std::uint64_t(std::uint32_t(seed)) << 32) + std::uint32_t(round)};
  mixer.next();
  for (std::size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[std::size_t(mixer.next() % i)]);
  const int first = (step % stepsPerRound) * perStep, last = std::min(count, first + perStep);
  return {order.begin() + first, order.begin() + last};
}

}  // namespace penumbra
