#include "optim/hull/thin_points.h"

#include <algorithm>
#include <array>

#include "optim/hull/grid_parts.h"

namespace penumbra {
namespace {

class Growth {
 public:
  explicit Growth(HullGrid& grid) : grid_(grid) {
    const std::vector<GridPart> parts = connectedParts(grid, true);
    for (std::size_t part = 0; part < parts.size(); ++part) {
      parent_.push_back(int(part));
      for (const GridRun& r : parts[part].runs) runs_.push_back({grid.index(r.x0, r.y, r.z), int(part)});
    }
    std::sort(runs_.begin(), runs_.end(), [](const Start& a, const Start& b) { return a.index < b.index; });
  }

  void run() {
    std::vector<std::size_t> waiting;
    for (const auto& [index, point] : grid_.thin) waiting.push_back(index);
    std::sort(waiting.begin(), waiting.end(), [&](std::size_t a, std::size_t b) {
      const float va = grid_.thin.at(a).value, vb = grid_.thin.at(b).value;
      return va != vb ? va < vb : a < b;
    });
    for (bool changed = true; changed;) {
      const std::size_t before = waiting.size();
      std::erase_if(waiting, [&](std::size_t index) { return tryToAdd(index); });
      changed = waiting.size() != before && !waiting.empty();
    }
    for (const std::size_t index : waiting) grid_.thin.erase(index);
  }

 private:
  struct Start { std::size_t index; int part; };  // where a run of inside points starts

  int root(int i) {
    while (parent_[std::size_t(i)] != i) i = parent_[std::size_t(i)] = parent_[std::size_t(parent_[std::size_t(i)])];
    return i;
  }

  int partOf(std::size_t index) {
    if (const auto added = addedPart_.find(index); added != addedPart_.end()) return root(added->second);
    const auto after = std::upper_bound(runs_.begin(), runs_.end(), index, [](std::size_t i, const Start& s) { return i < s.index; });
    return root((after - 1)->part);
  }

  bool tryToAdd(std::size_t index) {
    if (grid_.inside[index]) return true;  // mending took it already
    const std::size_t row = std::size_t(grid_.points.x), slice = row * std::size_t(grid_.points.y);
    std::array<bool, 27> in{};
    const auto neighbour = [&](int n) {
      return index + std::size_t(n % 3) + std::size_t(n / 3 % 3) * row + std::size_t(n / 9) * slice - 1 - row - slice;
    };
    for (int n = 0; n < 27; ++n) in[std::size_t(n)] = n != 13 && grid_.inside[neighbour(n)];
    std::vector<int> touched;
    for (int n = 0; n < 27; ++n) {
      if (!in[std::size_t(n)]) continue;
      const int part = partOf(neighbour(n));
      if (std::find(touched.begin(), touched.end(), part) != touched.end()) return false;
      touched.push_back(part);
      erasePatch(in, n);
    }
    if (touched.empty()) {
      touched.push_back(int(parent_.size()));
      parent_.push_back(touched[0]);
    }
    for (const int part : touched) parent_[std::size_t(part)] = touched[0];
    addedPart_[index] = touched[0];
    grid_.inside[index] = 1;
    return true;
  }

  // Clears the 26-connected patch of neighbours that n belongs to.
  static void erasePatch(std::array<bool, 27>& in, int n) {
    in[std::size_t(n)] = false;
    const glm::ivec3 c(n % 3, n / 3 % 3, n / 9);
    for (int m = 0; m < 27; ++m) {
      const glm::ivec3 apart = glm::abs(glm::ivec3(m % 3, m / 3 % 3, m / 9) - c);
      if (in[std::size_t(m)] && std::max({apart.x, apart.y, apart.z}) == 1) erasePatch(in, m);
    }
  }

  HullGrid& grid_;
  std::vector<Start> runs_;
  std::vector<int> parent_;
  std::unordered_map<std::size_t, int> addedPart_;
};

}  // namespace

void addThinPoints(HullGrid& grid) {
  if (!grid.thin.empty()) Growth(grid).run();
}

}  // namespace penumbra
