#include "optim/hull/hull_cleaning.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "optim/hull/grid_parts.h"
#include "optim/hull/phantoms.h"
#include "optim/hull/thin_points.h"

namespace penumbra {
namespace {

// Corners of a cell are numbered by bits: 1 x, 2 y, 4 z. Which of them may be added to mend the pattern, as a bit set;
// 0 when it is well-composed.
std::uint8_t mendingCorners(unsigned pattern) {
  const auto in = [&](int corner) { return (pattern >> corner & 1) != 0; };
  for (int axis = 0; axis < 3; ++axis)
    for (int side = 0; side < 2; ++side) {
      const int base = side << axis, u = 1 << (axis + 1) % 3, v = 1 << (axis + 2) % 3;
      const int a = base, b = base + u, c = base + u + v, d = base + v;  // around the face
      if (in(a) && in(c) && !in(b) && !in(d)) return std::uint8_t(1 << b | 1 << d);
      if (in(b) && in(d) && !in(a) && !in(c)) return std::uint8_t(1 << a | 1 << c);
    }
  for (int corner = 0; corner < 4; ++corner) {
    const unsigned pair = 1u << corner | 1u << (7 - corner);
    if (pattern == pair) return std::uint8_t(~pair & 255);
    if (pattern == (~pair & 255u)) return std::uint8_t(pair);
  }
  return 0;
}

class Mender {
 public:
  explicit Mender(HullGrid& grid) : grid_(grid) {
    for (unsigned p = 0; p < 256; ++p) table_[p] = mendingCorners(p);
  }

  int run() {
    const glm::ivec3 n = grid_.points - 1;
    for (int z = 0; z < n.z; ++z)
      for (int y = 0; y < n.y; ++y)
        for (int x = 0; x < n.x; ++x) {
          if (x % HullGrid::kBlock == 0 && farRow(x, y, z)) {
            x += HullGrid::kBlock - 2;  // the block's last cell reaches into the next block
            continue;
          }
          mend({x, y, z});
        }
    for (std::size_t i = 0; i < again_.size(); ++i) mend(again_[i]);
    return added_;
  }

 private:
  bool farRow(int x, int y, int z) const {
    return !grid_.nearSurface(x, y, z) && !grid_.nearSurface(x, y + 1, z) && !grid_.nearSurface(x, y, z + 1) &&
           !grid_.nearSurface(x, y + 1, z + 1);
  }

  static glm::ivec3 corner(const glm::ivec3& cell, int c) { return cell + glm::ivec3(c & 1, c >> 1 & 1, c >> 2); }

  // By value: `add` may move the list the cell came from.
  void mend(glm::ivec3 cell) {
    for (;;) {
      unsigned pattern = 0;
      for (int c = 0; c < 8; ++c) {
        const glm::ivec3 p = corner(cell, c);
        pattern |= unsigned(grid_.inside[grid_.index(p.x, p.y, p.z)]) << c;
      }
      const std::uint8_t choices = table_[pattern];
      if (choices == 0) return;
      add(nearest(cell, choices));
    }
  }

  glm::ivec3 nearest(const glm::ivec3& cell, std::uint8_t choices) const {
    glm::ivec3 best(0);
    float least = 1e30f;
    for (int c = 0; c < 8; ++c) {
      if (!(choices >> c & 1)) continue;
      const glm::ivec3 p = corner(cell, c);
      // Border points stay outside unless nothing else is left
      const bool border = glm::any(glm::equal(p, glm::ivec3(0))) || glm::any(glm::equal(p, grid_.points - 1));
      const float value = border ? 1e29f : grid_.value(p.x, p.y, p.z);
      if (value < least) least = value, best = p;
    }
    return best;
  }

  void add(const glm::ivec3& p) {
    grid_.inside[grid_.index(p.x, p.y, p.z)] = 1;
    ++added_;
    for (int c = 0; c < 8; ++c) {
      const glm::ivec3 cell = p - glm::ivec3(c & 1, c >> 1 & 1, c >> 2);
      if (glm::all(glm::greaterThanEqual(cell, glm::ivec3(0))) && glm::all(glm::lessThan(cell, grid_.points - 1)))
        again_.push_back(cell);
    }
  }

  HullGrid& grid_;
  std::array<std::uint8_t, 256> table_;
  std::vector<glm::ivec3> again_;
  int added_ = 0;
};

void setPart(HullGrid& grid, const GridPart& part, std::uint8_t value) {
  for (const GridRun& r : part.runs) std::fill_n(grid.inside.data() + grid.index(r.x0, r.y, r.z), r.x1 - r.x0, value);
}

int fillCavities(HullGrid& grid) {
  const std::vector<GridPart> outside = connectedParts(grid, false);
  for (std::size_t i = 1; i < outside.size(); ++i) setPart(grid, outside[i], 1);  // the first holds the border
  return int(outside.size()) - 1;
}

// Which pixels each part covers in each view, and which parts are needed.
class Parts {
 public:
  Parts(HullGrid& grid, const HullField& field, std::vector<GridPart> parts) : grid_(grid), field_(field), parts_(std::move(parts)) {}

  int dropUnneeded(ThreadPool& pool) {
    order_.resize(parts_.size());
    std::iota(order_.begin(), order_.end(), std::size_t(0));
    std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) { return parts_[a].points < parts_[b].points; });
    covered_.resize(std::size_t(field_.viewCount()));
    pool.parallelFor(field_.viewCount(), [&](int view, int) { cover(view); });
    int dropped = 0;
    for (std::size_t i = 0; i + 1 < order_.size(); ++i) {  // the largest stays
      const std::size_t part = order_[i];
      if (needed(part)) continue;
      setPart(grid_, parts_[part], 0);
      for (View& view : covered_)
        for (const int pixel : view.pixelsOf[part]) --view.count[std::size_t(pixel)];
      ++dropped;
    }
    return dropped;
  }

 private:
  struct View {
    std::vector<int> count;                  // parts that cover each pixel
    std::vector<std::vector<int>> pixelsOf;  // pixels each part covers, each once
  };

  bool onSurface(int x, int y, int z) const {
    const auto out = [&](int a, int b, int c) { return grid_.inside[grid_.index(a, b, c)] == 0; };
    return out(x - 1, y, z) || out(x + 1, y, z) || out(x, y - 1, z) || out(x, y + 1, z) || out(x, y, z - 1) || out(x, y, z + 1);
  }

  void cover(int index) {
    View& view = covered_[std::size_t(index)];
    const Mask& distance = field_.distance(index);
    view.count.assign(distance.pixels.size(), 0);
    view.pixelsOf.resize(parts_.size());
    std::vector<int> last(distance.pixels.size(), -1);
    for (std::size_t part = 0; part < parts_.size(); ++part)
      for (const GridRun& run : parts_[part].runs)
        for (int x = run.x0; x < run.x1; ++x) {
          if (!onSurface(x, run.y, run.z)) continue;
          const auto f = field_.project(index, grid_.at(x, run.y, run.z));
          if (f.seen) splat(view, distance, last, int(part), f);
        }
  }

  void splat(View& view, const Mask& distance, std::vector<int>& last, int part, const HullField::Footprint& f) const {
    const float r = 0.87f * grid_.step / f.pixelSize + 0.5f;
    const int x0 = std::max(0, int(f.pixel.x - r)), x1 = std::min(distance.width - 1, int(f.pixel.x + r));
    const int y0 = std::max(0, int(f.pixel.y - r)), y1 = std::min(distance.height - 1, int(f.pixel.y + r));
    for (int y = y0; y <= y1; ++y)
      for (int x = x0; x <= x1; ++x) {
        const std::size_t pixel = std::size_t(y) * std::size_t(distance.width) + std::size_t(x);
        if (last[pixel] == part || distance.pixels[pixel] > -0.25f) continue;
        last[pixel] = part;
        ++view.count[pixel];
        view.pixelsOf[std::size_t(part)].push_back(int(pixel));
      }
  }

  bool needed(std::size_t part) const {
    for (const View& view : covered_) {
      int alone = 0;
      for (const int pixel : view.pixelsOf[part]) alone += view.count[std::size_t(pixel)] == 1;
      if (alone >= kNeededPixels) return true;
    }
    return false;
  }

  HullGrid& grid_;
  const HullField& field_;
  std::vector<GridPart> parts_;
  std::vector<std::size_t> order_;
  std::vector<View> covered_;
};

// Mending adds points and may join again what was cut: then a cut of wider reach is tried.
void cutPhantoms(HullGrid& grid, const HullField& field, CleaningReport& report) {
  int before = solidGenus(grid);
  for (int reach = 1; reach <= kPhantomReach && before > 0; ++reach) {
    const std::vector<std::uint8_t> saved = grid.inside;
    const PhantomReport phantoms = removePhantoms(grid, field, reach);
    if (phantoms.tunnelsFilled + phantoms.bridgesCut == 0) continue;
    const int added = Mender(grid).run(), filled = fillCavities(grid);
    const int after = solidGenus(grid);
    if (after >= before) {
      grid.inside = saved;
      continue;
    }
    before = after;
    report.pointsAdded += added;
    report.cavitiesFilled += filled;
    report.tunnelsFilled += phantoms.tunnelsFilled;
    report.bridgesCut += phantoms.bridgesCut;
  }
}

}  // namespace

CleaningReport cleanHull(HullGrid& grid, const HullField& field, ThreadPool& pool, bool phantomsGo) {
  CleaningReport report;
  report.pointsAdded = Mender(grid).run();
  if (!grid.thin.empty()) {
    addThinPoints(grid);
    report.pointsAdded += Mender(grid).run();
  }
  report.cavitiesFilled = fillCavities(grid);
  if (phantomsGo) cutPhantoms(grid, field, report);
  std::vector<GridPart> parts = connectedParts(grid, true);
  if (parts.size() > 1) report.partsDropped = Parts(grid, field, std::move(parts)).dropUnneeded(pool);
  return report;
}

}  // namespace penumbra
