// An avocado, 12 cm: a pear-shaped body whose neck leans to one side, skin with gentle waves and fine grain, and a
// short stem in a dimple.
#include "assets/make/chance.h"
#include "assets/make/models.h"

namespace penumbra::assets {

namespace {

constexpr std::uint64_t kSeed = 7;

// The neck leans: the further up, the further along x.
Point straighten(Point p) {
  const double up = std::max(p.y - 0.035, 0.0);
  p.x -= 1.5 * up * up;
  p.z += 0.5 * up * up;
  return p;
}

double skin(const Point& p) {
  const double waves = noise(p / 0.034, kSeed), grain = noise(p / 0.0065, kSeed + 1);
  return 0.0020 * waves + 0.00085 * grain;
}

double body(const Point& p) {
  const Point q = straighten(p);
  const double belly = ellipsoid(q, {0, 0.0425, 0}, {0.0395, 0.0425, 0.0380});
  const double neck = ellipsoid(q, {0, 0.0780, 0}, {0.0275, 0.0380, 0.0265});
  return smoothUnion(belly, neck, 0.040) - skin(p);
}

}  // namespace

Model avocado() {
  const Point top(0.0105, 0.1155, -0.0030);  // where the stem leaves the skin
  const Tube stem({{top + Point(-0.0010, -0.008, 0), 0.0054},
                   {top + Point(0, -0.002, 0), 0.0046},
                   {top + Point(0.0008, 0.0015, -0.0003), 0.0044},
                   {top + Point(0.0022, 0.0050, -0.0006), 0.0051},
                   {top + Point(0.0038, 0.0090, -0.0010), 0.0056}}, 8);
  // The stem was cut through at its tip.
  const Point tip = top + Point(0.0025, 0.0055, 0), along = glm::normalize(Point(0.30, 1.0, -0.1));
  const Solid solid = [=](const Point& p) {
    const double dimpled = smoothDifference(body(p), sphere(p, top + Point(0.0005, 0.0062, 0), 0.0085), 0.014);
    const double cutStem = smoothDifference(stem(p), -glm::dot(p - tip, along), 0.002);
    return smoothUnion(dimpled, cutStem, 0.004);
  };
  Bounds box;
  box.add({-0.05, -0.01, -0.05});
  box.add({0.06, 0.14, 0.05});
  return {solid, box, 0.0022, {.faces = 10000, .shortest = 0.0009, .longest = 0.0032, .fineness = 0.24}};
}

}  // namespace penumbra::assets
