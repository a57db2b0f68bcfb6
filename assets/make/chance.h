// Seeded randomness that gives the same bits on every machine: integer hashing and polynomials only.
#pragma once
#include <cstdint>

#include "assets/make/shapes.h"

namespace penumbra::assets {

// SplitMix64 (Steele, Lea, Flood 2014): one addition and a mix a number.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  double uniform(double lower, double upper);
  Point inUnitBall();

 private:
  std::uint64_t state_;
};

// Gradient noise (Perlin 2002): smooth, about in [-1, 1], feature size 1, zero at lattice points.
double noise(const Point& p, std::uint64_t seed);

}  // namespace penumbra::assets
