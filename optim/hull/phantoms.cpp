#include "optim/hull/phantoms.h"

#include <algorithm>
#include <cmath>

#include "optim/hull/bit_grid.h"
#include "optim/hull/grid_parts.h"
#include "optim/hull/hull_cleaning.h"

namespace penumbra {
namespace {

struct Box { glm::ivec3 lower, upper; };  // upper is past the end

// Points - edges + squares - cubes with their first point in the box.
int eulerIn(const HullGrid& grid, const Box& box) {
  const std::size_t row = std::size_t(grid.points.x), slice = row * std::size_t(grid.points.y);
  const std::size_t steps[3] = {1, row, slice};
  int sum = 0;
  for (int z = box.lower.z; z < box.upper.z; ++z)
    for (int y = box.lower.y; y < box.upper.y; ++y) {
      const std::uint8_t* in = grid.inside.data() + grid.index(0, y, z);
      for (int x = box.lower.x; x < box.upper.x; ++x) {
        if (!in[x]) continue;
        const std::uint8_t* p = in + x;
        const int ax = p[steps[0]], ay = p[steps[1]], az = p[steps[2]];
        const int xy = ax & ay & p[steps[0] + steps[1]], yz = ay & az & p[steps[1] + steps[2]];
        const int zx = az & ax & p[steps[2] + steps[0]];
        sum += 1 - ax - ay - az + xy + yz + zx - (xy & yz & zx & p[steps[0] + steps[1] + steps[2]]);
      }
    }
  return sum;
}

Box boxOf(const GridPart& part, const glm::ivec3& points) {
  Box box{points, glm::ivec3(0)};
  for (const GridRun& r : part.runs) {
    box.lower = glm::min(box.lower, glm::ivec3(r.x0, r.y, r.z));
    box.upper = glm::max(box.upper, glm::ivec3(r.x1, r.y + 1, r.z + 1));
  }
  return box;
}

class Phantoms {
 public:
  Phantoms(HullGrid& grid, const HullField& field) : grid_(grid), field_(field) {
    probe_.points = grid.points;
    countParts();
  }

  PhantomReport run(int reach) {
    for (const GridPart& part : candidates(reach, 1))
      if (change(part, 1)) ++report_.tunnelsFilled;
    for (const GridPart& part : candidates(reach, 0))
      if (mayHideBridge(part) && change(part, 0)) ++report_.bridgesCut;
    return report_;
  }

 private:
  void countParts() {
    solids_ = connectedParts(grid_, true).size();
    outsides_ = connectedParts(grid_, false).size();
  }

  // Sets a closing adds (value 1) or an opening removes (0).
  std::vector<GridPart> candidates(int reach, std::uint8_t value) {
    const BitGrid before(grid_);
    BitGrid after = before;
    if (value) {
      after.dilate(reach), after.erode(reach);
      probe_.inside = after.without(before);
      keepShallow();
    } else {
      after.erode(reach), after.dilate(reach);
      probe_.inside = before.without(after);
    }
    return connectedParts(probe_, true);
  }

  // Of the probe's points those a fraction of a pixel outside the hull.
  void keepShallow() {
    std::size_t i = 0;
    for (int z = 0; z < probe_.points.z; ++z)
      for (int y = 0; y < probe_.points.y; ++y)
        for (int x = 0; x < probe_.points.x; ++x, ++i)
          if (probe_.inside[i])
            probe_.inside[i] = double(grid_.value(x, y, z)) < double(kTunnelPixels) * field_.pixelAt(grid_.at(x, y, z));
  }

  void set(const GridPart& part, std::uint8_t value) {
    for (const GridRun& r : part.runs) std::fill_n(grid_.inside.data() + grid_.index(r.x0, r.y, r.z), r.x1 - r.x0, value);
  }

  // How the Euler characteristic would change.
  int eulerGain(const GridPart& part, std::uint8_t value) {
    Box box = boxOf(part, grid_.points);
    box.lower -= 1;
    const int before = eulerIn(grid_, box);
    set(part, value);
    const int after = eulerIn(grid_, box);
    set(part, 1 - value);
    return after - before;
  }

  // Sets the part when that takes handles away and does nothing else.
  bool change(const GridPart& part, std::uint8_t value) {
    if (eulerGain(part, value) <= 0) return false;
    set(part, value);
    const std::size_t solids = connectedParts(grid_, true).size(), outsides = connectedParts(grid_, false).size();
    if (solids == solids_ && outsides == outsides_) return true;
    set(part, 1 - value);
    return false;
  }

  // Cheap tests first: it takes a handle away and no mask needs it.
  bool mayHideBridge(const GridPart& part) {
    if (eulerGain(part, 0) <= 0) return false;
    set(part, 0);
    bool needed = false;
    for (int view = 0; view < field_.viewCount() && !needed; ++view) needed = needs(view, part);
    set(part, 1);
    return !needed;
  }

  bool needs(int view, const GridPart& part) const {
    const Mask& distance = field_.distance(view);
    std::vector<int> pixels;
    for (const GridRun& run : part.runs)
      for (int x = run.x0; x < run.x1; ++x) {
        const auto f = field_.project(view, grid_.at(x, run.y, run.z));
        if (!f.seen) continue;
        const float r = 0.5f * grid_.step / f.pixelSize + 0.5f;
        const int x0 = std::max(0, int(f.pixel.x - r)), x1 = std::min(distance.width - 1, int(f.pixel.x + r));
        const int y0 = std::max(0, int(f.pixel.y - r)), y1 = std::min(distance.height - 1, int(f.pixel.y + r));
        for (int v = y0; v <= y1; ++v)
          for (int u = x0; u <= x1; ++u)
            if (distance.at(u, v) <= -0.25f) pixels.push_back(v * distance.width + u);
      }
    std::sort(pixels.begin(), pixels.end());
    pixels.erase(std::unique(pixels.begin(), pixels.end()), pixels.end());
    int alone = 0;
    for (const int pixel : pixels) {
      const glm::vec2 at(float(pixel % distance.width) + 0.5f, float(pixel / distance.width) + 0.5f);
      alone += !hits(field_.ray(view, at));
      if (alone >= kNeededPixels) return true;
    }
    return false;
  }

  // Whether the ray comes within a step of an inside point.
  bool hits(const HullField::Ray& ray) const {
    const glm::vec3 start = (ray.eye - grid_.origin) / grid_.step, direction = glm::normalize(ray.direction);
    const glm::vec3 last = glm::vec3(grid_.points - 2);
    float near = 0, far = 1e9f;
    for (int k = 0; k < 3; ++k) {
      const float a = -start[k] / direction[k], b = (last[k] - start[k]) / direction[k];
      if (direction[k] != 0) near = std::max(near, std::min(a, b)), far = std::min(far, std::max(a, b));
    }
    for (float t = near; t < far; t += 0.7f) {
      const glm::ivec3 c = glm::clamp(glm::ivec3(glm::floor(start + t * direction)), glm::ivec3(0), grid_.points - 2);
      for (int i = 0; i < 8; ++i)
        if (grid_.inside[grid_.index(c.x + (i & 1), c.y + (i >> 1 & 1), c.z + (i >> 2))]) return true;
    }
    return false;
  }

  HullGrid& grid_;
  const HullField& field_;
  HullGrid probe_;
  std::size_t solids_ = 0, outsides_ = 0;
  PhantomReport report_;
};

}  // namespace

int solidGenus(const HullGrid& grid) {
  const int parts = int(connectedParts(grid, true).size()), outsides = int(connectedParts(grid, false).size());
  return parts + outsides - 1 - eulerIn(grid, {glm::ivec3(0), grid.points - 1});
}

double genusConfidence(const HullGrid& grid) {
  const int genus = solidGenus(grid);
  HullGrid smooth;
  smooth.points = grid.points;
  int agreeing = 0;
  for (int reach = 1; reach <= kPhantomReach; ++reach) {
    BitGrid bits(grid);
    bits.dilate(reach), bits.erode(2 * reach), bits.dilate(reach);
    smooth.inside = bits.bytes();
    agreeing += solidGenus(smooth) == genus;
  }
  return double(agreeing) / kPhantomReach;
}

PhantomReport removePhantoms(HullGrid& grid, const HullField& field, int reach) {
  return Phantoms(grid, field).run(reach);
}

}  // namespace penumbra
