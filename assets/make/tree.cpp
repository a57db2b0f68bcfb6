// A broad tree, about 4 m: a bent trunk with root flare, boughs grown by space colonisation, and a bumpy mass of
// leaves at the end of each bough with gaps of sky between.
//
// Space colonisation (Runions, Lane, Prusinkiewicz 2007): the masses' centres attract; in each round every centre pulls
// the branch node nearest to it, and a node that is pulled grows a child one step along the mean pull, until a node is
// within reach of the centre. The branches form a tree in the sense of graphs, so boughs close no loop. Radii follow
// Leonardo's rule r^e = sum of r_child^e, from the twigs down.
#include "assets/make/chance.h"
#include "assets/make/models.h"

namespace penumbra::assets {

namespace {

constexpr std::uint64_t kSeed = 1;
constexpr double kStep = 0.12;         // m a growth round
constexpr double kTwigRadius = 0.036;  // m
constexpr double kExponent = 2.15;
constexpr int kAttempts = 20000;
constexpr double kGap = 0.08;          // m of sky between masses, at least

struct Mass {
  Point centre;
  double radius;
  std::vector<glm::dvec4> lumps;  // centre and radius of the balls it is made of
};

struct Node {
  Point at;
  int parent;
  double radius = 0;
};

// A core and lumps around it, broader than high.
void fillMass(Mass& mass, Random& random) {
  mass.lumps.emplace_back(mass.centre, 0.62 * mass.radius);
  for (int i = 0; i < 16; ++i) {
    Point offset = glm::normalize(random.inUnitBall()) * 0.66 * mass.radius;
    offset.y *= 0.70;
    mass.lumps.emplace_back(mass.centre + offset, mass.radius * random.uniform(0.24, 0.40));
  }
}

// Centres in a broad shell, large masses first, none nearer to another than the two radii and a gap.
std::vector<Mass> placeMasses(Random& random) {
  const Point crown(0.05, 2.60, 0), radii(1.70, 1.20, 1.60);
  std::vector<Mass> masses;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const Point direction = random.inUnitBall();
    const double radius = 0.58 - 0.33 * double(attempt) / kAttempts, distance = glm::length(direction);
    if (distance < 0.5 || direction.y < -0.35) continue;
    const Point centre = crown + radii * direction / distance * random.uniform(0.65, 1.0);
    const bool free = std::all_of(masses.begin(), masses.end(), [&](const Mass& m) {
      return glm::distance(centre, m.centre) > m.radius + radius + kGap;
    });
    if (free) masses.push_back({centre, radius, {}});
  }
  for (Mass& mass : masses) fillMass(mass, random);
  return masses;
}

int nearestNode(const std::vector<Node>& nodes, const Point& p) {
  int nearest = 0;
  for (int i = 1; i < int(nodes.size()); ++i)
    if (glm::distance(nodes[std::size_t(i)].at, p) < glm::distance(nodes[std::size_t(nearest)].at, p)) nearest = i;
  return nearest;
}

// One round; true while some centre is still out of reach.
bool growRound(std::vector<Node>& nodes, const std::vector<Mass>& masses, Random& random) {
  std::vector<Point> pull(nodes.size(), Point(0));
  std::vector<int> pulls(nodes.size(), 0);
  bool growing = false;
  for (const Mass& mass : masses) {
    const auto n = std::size_t(nearestNode(nodes, mass.centre));
    if (glm::distance(nodes[n].at, mass.centre) < kStep) continue;
    pull[n] += glm::normalize(mass.centre - nodes[n].at);
    pulls[n] += 1;
    growing = true;
  }
  for (std::size_t n = 0; n < pulls.size(); ++n)
    if (pulls[n] > 0) {
      const Point wander = 0.25 * random.inUnitBall();
      nodes.push_back({nodes[n].at + kStep * glm::normalize(pull[n] / double(pulls[n]) + wander), int(n)});
    }
  return growing;
}

// Draws each node towards its parent and child where the branch does not fork.
void smoothBranches(std::vector<Node>& nodes) {
  std::vector<int> children(nodes.size(), 0), child(nodes.size(), 0);
  for (std::size_t i = 1; i < nodes.size(); ++i) {
    const auto parent = std::size_t(nodes[i].parent);
    children[parent] += 1;
    child[parent] = int(i);
  }
  for (int pass = 0; pass < 3; ++pass)
    for (std::size_t i = 1; i < nodes.size(); ++i)
      if (children[i] == 1) {
        const Point& before = nodes[std::size_t(nodes[i].parent)].at;
        nodes[i].at = 0.5 * nodes[i].at + 0.25 * (before + nodes[std::size_t(child[i])].at);
      }
}

std::vector<Node> growBranches(const std::vector<Mass>& masses, Random& random) {
  std::vector<Node> nodes{{{0, -0.05, 0}, -1}};
  for (int i = 1; i <= 10; ++i) {
    const double y = 0.12 * i - 0.05;
    nodes.push_back({{0.28 * y * y - 0.25 * y, y, 0.10 * y - 0.12 * y * y}, i - 1});
  }
  for (int round = 0; round < 60 && growRound(nodes, masses, random); ++round) {}
  smoothBranches(nodes);
  std::vector<double> power(nodes.size(), 0.0);
  for (std::size_t i = nodes.size(); i-- > 0;) {
    if (power[i] == 0.0) power[i] = std::pow(kTwigRadius, kExponent);
    nodes[i].radius = std::pow(power[i], 1 / kExponent);
    if (nodes[i].parent >= 0) power[std::size_t(nodes[i].parent)] += power[i];
  }
  return nodes;
}

std::vector<Bar> barsOf(const std::vector<Node>& nodes) {
  std::vector<Bar> bars;
  for (const Node& n : nodes)
    if (n.parent >= 0) {
      const Node& parent = nodes[std::size_t(n.parent)];
      bars.push_back({parent.at, n.at, std::min(parent.radius, 1.35 * n.radius), n.radius});
    }
  return bars;
}

// Roots that leave the foot of the trunk, bend outward and dive into the ground.
std::vector<Bar> growRoots(Random& random) {
  constexpr int kRoots = 7;
  std::vector<Bar> roots;
  for (int i = 0; i < kRoots; ++i) {
    const double angle = 6.283185307179586 * (i + random.uniform(-0.25, 0.25)) / kRoots;
    const Point out(std::cos(angle), 0, std::sin(angle));
    const Point knee = Point(0, 0.13, 0) + random.uniform(0.13, 0.17) * out;
    roots.push_back({Point(0, 0.80, 0) + 0.06 * out, knee, 0.04, 0.075});
    roots.push_back({knee, Point(0, -0.07, 0) + random.uniform(0.36, 0.52) * out, 0.075, 0.055});
  }
  return roots;
}

double leaves(const Point& p, const Mass& mass) {
  const double far = glm::distance(p, mass.centre) - 1.6 * mass.radius;
  if (far > 0.1) return far;
  double d = 1e30;
  for (const auto& lump : mass.lumps) d = smoothUnion(d, sphere(p, Point(lump), lump.w), 0.08);
  return d - 0.034 * noise(p / 0.12, kSeed);
}

}  // namespace

Model tree() {
  Random random(kSeed);
  const auto masses = placeMasses(random);
  const auto branches = barsOf(growBranches(masses, random)), roots = growRoots(random);
  const Solid solid = [=](const Point& p) {
    double wood = 1e30;
    for (const Bar& b : branches) wood = smoothUnion(wood, bar(p, b), 0.07);
    for (const Bar& b : roots) wood = smoothUnion(wood, bar(p, b), 0.12);
    double foliage = 1e30;
    for (const Mass& mass : masses) foliage = std::min(foliage, leaves(p, mass));
    const double standing = smoothDifference(wood, p.y, 0.02);  // flat at the ground
    return smoothUnion(standing, foliage, 0.05);
  };
  Bounds box;
  box.add({-2.4, -0.2, -2.4});
  box.add({2.5, 4.6, 2.4});
  return {solid, box, 0.035, {.faces = 32000, .shortest = 0.018, .longest = 0.10, .fineness = 0.42}};
}

}  // namespace penumbra::assets
