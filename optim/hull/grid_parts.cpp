#include "optim/hull/grid_parts.h"

#include <algorithm>

namespace penumbra {
namespace {

class Runs {
 public:
  Runs(const HullGrid& grid, std::uint8_t value) : grid_(grid), value_(value) {
    const glm::ivec3 n = grid.points;
    rowStart_.reserve(std::size_t(n.y) * std::size_t(n.z) + 1);
    for (int z = 0; z < n.z; ++z)
      for (int y = 0; y < n.y; ++y) {
        rowStart_.push_back(int(runs_.size()));
        findRuns(y, z);
        if (y > 0) join(row(y - 1, z), row(y, z));
        if (z > 0) join(row(y, z - 1), row(y, z));
      }
  }

  std::vector<GridPart> parts() {
    std::vector<GridPart> parts;
    std::vector<int> partOf(runs_.size(), -1);
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      int& part = partOf[std::size_t(root(int(i)))];
      if (part < 0) part = int(parts.size()), parts.emplace_back();
      GridPart& p = parts[std::size_t(part)];
      p.points += std::size_t(runs_[i].x1 - runs_[i].x0);
      p.runs.push_back(runs_[i]);
    }
    return parts;
  }

 private:
  int row(int y, int z) const { return z * grid_.points.y + y; }

  void findRuns(int y, int z) {
    const std::uint8_t* in = grid_.inside.data() + grid_.index(0, y, z);
    const std::uint8_t *end = in + grid_.points.x, *at = in;
    while ((at = std::find(at, end, value_)) != end) {
      const std::uint8_t* stop = std::find(at, end, std::uint8_t(1 - value_));
      runs_.push_back({int(at - in), int(stop - in), y, z});
      parent_.push_back(int(parent_.size()));
      at = stop;
    }
  }

  void join(int earlier, int later) {
    int a = rowStart_[std::size_t(earlier)];
    const int aEnd = rowStart_[std::size_t(earlier) + 1];
    for (int b = rowStart_[std::size_t(later)]; b < int(runs_.size()); ++b) {
      while (a < aEnd && runs_[std::size_t(a)].x1 <= runs_[std::size_t(b)].x0) ++a;
      for (int i = a; i < aEnd && runs_[std::size_t(i)].x0 < runs_[std::size_t(b)].x1; ++i) unite(i, b);
    }
  }

  int root(int i) {
    while (parent_[std::size_t(i)] != i) i = parent_[std::size_t(i)] = parent_[std::size_t(parent_[std::size_t(i)])];
    return i;
  }
  void unite(int a, int b) {
    a = root(a), b = root(b);
    parent_[std::size_t(std::max(a, b))] = std::min(a, b);
  }

  const HullGrid& grid_;
  std::uint8_t value_;
  std::vector<GridRun> runs_;
  std::vector<int> rowStart_, parent_;
};

}  // namespace

std::vector<GridPart> connectedParts(const HullGrid& grid, bool value) {
  return Runs(grid, std::uint8_t(value)).parts();
}

}  // namespace penumbra
