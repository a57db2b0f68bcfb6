#include "optim/hull/hull_surface.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace penumbra {
namespace {

struct MixedCell {
  int x, y;
  std::uint8_t pattern;  // inside corners, bits as in hull_cleaning.cpp: 1 x, 2 y, 4 z
};

class SurfaceNets {
 public:
  SurfaceNets(const HullGrid& grid, const SolidField& field, ThreadPool& pool)
      : grid_(grid), field_(field), pool_(pool), slices_(std::size_t(grid.points.z - 1)) {}

  Mesh run() {
    const int count = int(slices_.size());
    pool_.parallelFor(count, [&](int z, int) { findCells(z); });
    std::vector<int> start(slices_.size() + 1, 0);
    for (std::size_t z = 0; z < slices_.size(); ++z) start[z + 1] = start[z] + int(slices_[z].size());
    mesh_.positions.resize(std::size_t(start.back()));
    pool_.parallelFor(count, [&](int z, int) { placeVertices(z, start[std::size_t(z)]); });
    addFaces(start);
    return std::move(mesh_);
  }

 private:
  // Whether the eight points from x on are all inside or all outside in the four rows of a line of cells.
  static bool uniform(const std::uint8_t* const rows[4], int x) {
    std::uint64_t all = ~0ull, any = 0;
    for (int k = 0; k < 4; ++k) {
      std::uint64_t word;
      std::memcpy(&word, rows[k] + x, 8);
      all &= word, any |= word;
    }
    return any == 0 || all == 0x0101010101010101ull;
  }

  void findCells(int z) {
    for (int y = 0; y + 1 < grid_.points.y; ++y) {
      const std::uint8_t* rows[4] = {row(y, z), row(y + 1, z), row(y, z + 1), row(y + 1, z + 1)};
      for (int x = 0; x + 1 < grid_.points.x; ++x) {
        if (x + 8 <= grid_.points.x && uniform(rows, x)) {
          x += 6;  // seven cells between eight points
          continue;
        }
        unsigned pattern = 0;
        for (unsigned k = 0; k < 4; ++k) pattern |= unsigned(rows[k][x] | rows[k][x + 1] << 1) << 2 * k;
        if (pattern != 0 && pattern != 255) slices_[std::size_t(z)].push_back({x, y, std::uint8_t(pattern)});
      }
    }
  }
  const std::uint8_t* row(int y, int z) const { return grid_.inside.data() + grid_.index(0, y, z); }

  // Where a corner of a cell counts, and the field there with the sign of its kind.
  ThinPoint cornerOf(const glm::ivec3& p, bool in) const {
    if (in && !grid_.thin.empty())
      if (const auto found = grid_.thin.find(grid_.index(p.x, p.y, p.z)); found != grid_.thin.end()) return found->second;
    const float value = grid_.value(p.x, p.y, p.z), least = 0.05f * grid_.step;
    return {grid_.at(p.x, p.y, p.z), in ? std::min(value, -least) : std::max(value, least)};
  }

  void placeVertices(int z, int first) {
    for (const MixedCell& cell : slices_[std::size_t(z)]) {
      const glm::ivec3 base(cell.x, cell.y, z);
      ThinPoint corners[8];
      for (int c = 0; c < 8; ++c) corners[c] = cornerOf(base + glm::ivec3(c & 1, c >> 1 & 1, c >> 2), cell.pattern >> c & 1);
      glm::vec3 sum(0);
      float count = 0;
      for (int c = 0; c < 8; ++c)
        for (const int bit : {1, 2, 4}) {
          const int d = c | bit;
          if (d == c || ((cell.pattern >> c ^ cell.pattern >> d) & 1) == 0) continue;
          sum += glm::mix(corners[c].position, corners[d].position, corners[c].value / (corners[c].value - corners[d].value));
          count += 1;
        }
      const glm::vec3 lower = grid_.at(base.x, base.y, base.z) - 0.25f * grid_.step;
      const glm::vec3 p = projectToHull(sum / count, grid_, field_, 0.5f * grid_.step, 3);
      mesh_.positions[std::size_t(first++)] = glm::clamp(p, lower, lower + 1.5f * grid_.step);
    }
  }

  void addFaces(const std::vector<int>& start) {
    std::vector<int> here(std::size_t(grid_.points.x) * std::size_t(grid_.points.y)), below(here.size());
    const auto at = [&](int x, int y) { return std::size_t(y) * std::size_t(grid_.points.x) + std::size_t(x); };
    for (std::size_t z = 0; z < slices_.size(); ++z) {
      std::swap(here, below);
      int vertex = start[z];
      for (const MixedCell& c : slices_[z]) {
        here[at(c.x, c.y)] = vertex++;
        const int self = here[at(c.x, c.y)];
        const auto differs = [&](int bit) { return ((c.pattern ^ c.pattern >> bit) & 1) != 0; };
        const bool in = c.pattern & 1;
        if (differs(1)) addQuad({self, below[at(c.x, c.y)], below[at(c.x, c.y - 1)], here[at(c.x, c.y - 1)]}, in);
        if (differs(2)) addQuad({self, here[at(c.x - 1, c.y)], below[at(c.x - 1, c.y)], below[at(c.x, c.y)]}, in);
        if (differs(4)) addQuad({self, here[at(c.x, c.y - 1)], here[at(c.x - 1, c.y - 1)], here[at(c.x - 1, c.y)]}, in);
      }
    }
  }

  // Given clockwise around an edge, seen against its axis; split along the shorter diagonal.
  void addQuad(std::array<int, 4> q, bool backwards) {
    if (backwards) std::swap(q[1], q[3]);
    const auto p = [&](int i) { return mesh_.positions[std::size_t(q[std::size_t(i)])]; };
    const bool first = glm::distance(p(0), p(2)) <= glm::distance(p(1), p(3));
    mesh_.faces.push_back(first ? Face(q[0], q[1], q[2]) : Face(q[0], q[1], q[3]));
    mesh_.faces.push_back(first ? Face(q[0], q[2], q[3]) : Face(q[1], q[2], q[3]));
  }

  const HullGrid& grid_;
  const SolidField& field_;
  ThreadPool& pool_;
  std::vector<std::vector<MixedCell>> slices_;
  Mesh mesh_;
};

}  // namespace

glm::vec3 projectToHull(const glm::vec3& start, const HullGrid& grid, const SolidField& field, float reach, int steps) {
  const glm::ivec3 c = glm::clamp(glm::ivec3((start - grid.origin) / grid.step + 0.5f), glm::ivec3(0), grid.points - 1);
  const auto views = grid.views(c.x, c.y, c.z);
  if (views.empty()) return start;
  glm::vec3 p = start;
  for (int i = 0; i < steps; ++i) {
    const HullSample s = field.sample(p, views);
    if (std::abs(s.value) < 0.03f * grid.step) break;
    const float slope2 = glm::dot(s.gradient, s.gradient);
    if (slope2 < 0.04f) break;
    p -= s.value / slope2 * s.gradient;
    const glm::vec3 moved = p - start;
    const float length = glm::length(moved);
    if (length > reach) return start + moved * (reach / length);
  }
  return p;
}

Mesh extractSurface(const HullGrid& grid, const SolidField& field, ThreadPool& pool) {
  return SurfaceNets(grid, field, pool).run();
}

}  // namespace penumbra
