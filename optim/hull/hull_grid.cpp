#include "optim/hull/hull_grid.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "renderer/error.h"
#include "renderer/mesh.h"

namespace penumbra {
namespace {

constexpr int kBlock = HullGrid::kBlock, kHalf = SolidField::kCube, kBlockPoints = kBlock * kBlock * kBlock;
constexpr float kRoot3 = 1.7320508f;

Error nothingInside() {
  return {ExitCode::Input, "The masks have no common visual hull: no point lies inside all of them.",
          "Check masks and cameras, or start from the sphere."};
}

HullViews allViews(const SolidField& field) {
  HullViews views(std::size_t(field.pieceCount()));
  std::iota(views.begin(), views.end(), std::uint16_t(0));
  return views;
}

// Which cells of the coarse grid may hold some of the hull.
std::vector<std::uint8_t> coarseCells(const SolidField& field, ThreadPool& pool) {
  const double side = 2 * field.radius() / kCoarseCells;
  const HullViews views = allViews(field);
  std::vector<std::uint8_t> may(std::size_t(kCoarseCells) * kCoarseCells * kCoarseCells);
  pool.parallelFor(kCoarseCells * kCoarseCells, [&](int row, int) {
    HullViews undecided;
    for (int x = 0; x < kCoarseCells; ++x) {
      const glm::dvec3 lower = glm::dvec3(x, row % kCoarseCells, row / kCoarseCells) * side - field.radius();
      const float r = float(0.5 * std::sqrt(3.0) * side);
      const auto verdict = field.classify(glm::vec3(lower + 0.5 * side), r, views, undecided);
      may[std::size_t(row * kCoarseCells + x)] = verdict != SolidField::Side::Out;
    }
  });
  return may;
}

class Sampler {
 public:
  Sampler(const SolidField& field, HullGrid& grid, ThreadPool& pool) : field_(field), grid_(grid), pool_(pool) {}

  void run() {
    findBlocks();
    pool_.parallelFor(int(active_.size()), [&](int slot, int) { sampleBlock(slot); });
    clearBorder(grid_);
    findThinParts();
  }

 private:
  glm::vec3 middle(const glm::ivec3& first, int count) const {
    return grid_.origin + grid_.step * (glm::vec3(first) + 0.5f * float(count - 1));
  }
  // Radius of the ball around `count` points a side, and all cells that touch one of them.
  float reach(int count) const { return grid_.step * kRoot3 * (0.5f * float(count - 1) + 1); }

  void fill(const glm::ivec3& first, int count) {
    for (int z = 0; z < count; ++z)
      for (int y = 0; y < count; ++y)
        std::fill_n(grid_.inside.data() + grid_.index(first.x, first.y + y, first.z + z), count, std::uint8_t(1));
  }

  void findBlocks() {
    const glm::ivec3 blocks = grid_.blocks();
    const HullViews views = allViews(field_);
    grid_.slots.assign(std::size_t(blocks.x * blocks.y * blocks.z), -1);
    std::vector<HullViews> lists(grid_.slots.size());
    pool_.parallelFor(blocks.y * blocks.z, [&](int row, int) {
      HullViews undecided;
      for (int x = 0; x < blocks.x; ++x) {
        const std::size_t b = std::size_t(row * blocks.x + x);
        const glm::ivec3 first = kBlock * glm::ivec3(x, row % blocks.y, row / blocks.y);
        const auto side = field_.classify(middle(first, kBlock), reach(kBlock), views, undecided);
        if (side == SolidField::Side::In) fill(first, kBlock);
        if (side != SolidField::Side::Mixed) continue;
        lists[b] = undecided;
        grid_.slots[b] = 0;
      }
    });
    for (std::size_t b = 0; b < lists.size(); ++b) {
      if (grid_.slots[b] < 0) continue;
      grid_.slots[b] = int(active_.size());
      active_.push_back(kBlock * glm::ivec3(int(b) % blocks.x, int(b) / blocks.x % blocks.y, int(b) / (blocks.x * blocks.y)));
      blockViews_.push_back(std::move(lists[b]));
    }
    grid_.values.resize(active_.size() * kBlockPoints);
    grid_.partViews.resize(active_.size() * 8);
  }

  void sampleBlock(int slot) {
    const glm::ivec3 block = active_[std::size_t(slot)];
    float* values = grid_.values.data() + std::size_t(slot) * kBlockPoints;
    std::array<float, kHalf * kHalf * kHalf> sampled;
    HullViews undecided;
    for (int part = 0; part < 8; ++part) {
      const glm::ivec3 shift = kHalf * glm::ivec3(part & 1, part >> 1 & 1, part >> 2), first = block + shift;
      const auto side = field_.classify(middle(first, kHalf), reach(kHalf), blockViews_[std::size_t(slot)], undecided);
      if (side == SolidField::Side::Mixed) {
        field_.values(grid_.at(first.x, first.y, first.z), grid_.step, undecided, sampled);
        grid_.partViews[std::size_t(slot * 8 + part)] = undecided;
      } else {
        sampled.fill((side == SolidField::Side::In ? -4 : 4) * grid_.step);
      }
      const float* from = sampled.data();
      for (int z = 0; z < kHalf; ++z)
        for (int y = 0; y < kHalf; ++y, from += kHalf) {
          std::copy_n(from, kHalf, values + ((shift.z + z) * kBlock + shift.y + y) * kBlock + shift.x);
          std::uint8_t* inside = grid_.inside.data() + grid_.index(first.x, first.y + y, first.z + z);
          for (int x = 0; x < kHalf; ++x) inside[x] = from[x] < 0;
        }
    }
  }

  void findThinParts() {
    std::vector<std::vector<std::pair<std::size_t, ThinPoint>>> found(active_.size());
    pool_.parallelFor(int(active_.size()), [&](int slot, int) {
      const glm::ivec3 block = active_[std::size_t(slot)];
      const glm::ivec3 first = glm::max(block, 1), last = glm::min(block + kBlock, grid_.points - 1);
      for (int z = first.z; z < last.z; ++z)
        for (int y = first.y; y < last.y; ++y)
          for (int x = first.x; x < last.x; ++x) {
            const float value = grid_.value(x, y, z);
            if (value < 0 || value > kRoot3 / 2 * grid_.step || besideThickPart(x, y, z)) continue;
            const ThinPoint p = thinPoint(grid_.at(x, y, z), grid_.views(x, y, z));
            if (p.value < 0) found[std::size_t(slot)].emplace_back(grid_.index(x, y, z), p);
          }
    });
    for (const auto& list : found)
      for (const auto& [index, point] : list) grid_.thin.emplace(index, point);
  }

  bool besideThickPart(int x, int y, int z) const {
    const float deep = -0.3f * grid_.step;
    return grid_.value(x - 1, y, z) < deep || grid_.value(x + 1, y, z) < deep || grid_.value(x, y - 1, z) < deep ||
           grid_.value(x, y + 1, z) < deep || grid_.value(x, y, z - 1) < deep || grid_.value(x, y, z + 1) < deep;
  }

  // The deepest point of the cell around `centre`, with a value of 0 when it has none inside or the hull is thick.
  ThinPoint thinPoint(const glm::vec3& centre, std::span<const std::uint16_t> views) const {
    const float h = grid_.step;
    const HullSample s = field_.sample(centre, views);
    const float slope = glm::length(s.gradient);
    if (slope < 0.1f) return {};
    const glm::vec3 inward = centre - s.gradient / slope * (s.value + 0.5f * h);
    if (field_.value(inward, views) < -0.3f * h) return {};
    ThinPoint deepest;
    for (int i = 0; i < 27; ++i) {
      const glm::vec3 p = centre + h / 3 * (glm::vec3(i % 3, i / 3 % 3, i / 9) - 1.0f);
      const float value = field_.value(p, views);
      if (value < deepest.value) deepest = {p, value};
    }
    return deepest;
  }

  const SolidField& field_;
  HullGrid& grid_;
  ThreadPool& pool_;
  std::vector<glm::ivec3> active_;     // first point of each slot's block
  std::vector<HullViews> blockViews_;  // views that matter in each slot's block
};

}  // namespace

Bounds coarseBounds(const SolidField& field, std::span<const std::uint8_t> may) {
  const double side = 2 * field.radius() / kCoarseCells;
  Bounds box;
  for (std::size_t i = 0; i < may.size(); ++i) {
    if (!may[i]) continue;
    const int cell = int(i), x = cell % kCoarseCells, y = cell / kCoarseCells % kCoarseCells;
    const glm::dvec3 lower = glm::dvec3(x, y, cell / (kCoarseCells * kCoarseCells)) * side - field.radius();
    box.add(lower);
    box.add(lower + side);
  }
  return box;
}

HullGrid gridWithin(const Bounds& box, int resolution) {
  if (box.empty()) throw nothingInside();
  const glm::dvec3 extent = box.upper - box.lower;
  HullGrid grid;
  grid.step = float(std::max({extent.x, extent.y, extent.z}) / resolution);
  const glm::ivec3 needed = glm::ivec3(glm::ceil(extent / double(grid.step))) + 5;
  grid.points = (needed + kBlock - 1) / kBlock * kBlock;
  grid.origin = glm::vec3(box.centre() - 0.5 * double(grid.step) * glm::dvec3(grid.points - 1));
  grid.inside.assign(grid.index(0, 0, grid.points.z), 0);
  return grid;
}

void clearBorder(HullGrid& grid) {
  const glm::ivec3 last = grid.points - 1;
  for (int z = 0; z <= last.z; ++z)
    for (int y = 0; y <= last.y; ++y) {
      std::uint8_t* row = grid.inside.data() + grid.index(0, y, z);
      if (z == 0 || z == last.z || y == 0 || y == last.y) std::fill_n(row, grid.points.x, std::uint8_t(0));
      row[0] = row[last.x] = 0;
    }
}

void checkNotEmpty(const HullGrid& grid) {
  if (grid.thin.empty() && std::find(grid.inside.begin(), grid.inside.end(), 1) == grid.inside.end()) throw nothingInside();
}

HullGrid sampleHull(const SolidField& field, int resolution, ThreadPool& pool) {
  HullGrid grid = gridWithin(coarseBounds(field, coarseCells(field, pool)), resolution);
  Sampler(field, grid, pool).run();
  checkNotEmpty(grid);
  return grid;
}

}  // namespace penumbra
