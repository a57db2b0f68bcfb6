#include "assets/make/chance.h"

namespace penumbra::assets {

namespace {

std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

double unit(std::uint64_t bits) { return double(bits >> 11) * 0x1p-53; }

// The gradient at a lattice point: a hashed vector in [-1, 1]^3.
Point latticeGradient(std::int64_t x, std::int64_t y, std::int64_t z, std::uint64_t seed) {
  std::uint64_t h = mix(seed + 0x9e3779b97f4a7c15ull);
  for (const std::int64_t c : {x, y, z}) h = mix(h ^ (std::uint64_t(c) * 0x9e3779b97f4a7c15ull));
  const std::uint64_t h2 = mix(h + 1), h3 = mix(h + 2);
  return 2.0 * Point(unit(h), unit(h2), unit(h3)) - 1.0;
}

double fade(double t) { return t * t * t * (t * (t * 6.0 - 15.0) + 10.0); }
double blend(double a, double b, double t) { return a + t * (b - a); }

}  // namespace

double Random::uniform(double lower, double upper) {
  state_ += 0x9e3779b97f4a7c15ull;
  return lower + (upper - lower) * unit(mix(state_));
}

Point Random::inUnitBall() {
  while (true) {
    const double x = uniform(-1, 1), y = uniform(-1, 1), z = uniform(-1, 1);
    if (x * x + y * y + z * z <= 1.0) return {x, y, z};
  }
}

double noise(const Point& p, std::uint64_t seed) {
  const Point cell = glm::floor(p), f = p - cell;
  const auto x = std::int64_t(cell.x), y = std::int64_t(cell.y), z = std::int64_t(cell.z);
  double value[2][2][2];
  for (int i = 0; i < 2; ++i)
    for (int j = 0; j < 2; ++j)
      for (int k = 0; k < 2; ++k)
        value[i][j][k] = glm::dot(latticeGradient(x + i, y + j, z + k, seed), f - Point(i, j, k));
  const double u = fade(f.x), v = fade(f.y), w = fade(f.z);
  double plane[2];
  for (int k = 0; k < 2; ++k)
    plane[k] = blend(blend(value[0][0][k], value[1][0][k], u), blend(value[0][1][k], value[1][1][k], u), v);
  return blend(plane[0], plane[1], w);
}

}  // namespace penumbra::assets
