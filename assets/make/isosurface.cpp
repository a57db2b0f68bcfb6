#include "assets/make/isosurface.h"

#include <array>
#include <unordered_map>

#include "renderer/error.h"

namespace penumbra::assets {

namespace {

constexpr int kBlock = 8;  // points a side of a block that is skipped as a whole when far from the surface

struct Grid {
  Point origin;
  double step;
  glm::ivec3 points;
  std::vector<double> values;

  std::size_t index(const glm::ivec3& c) const {
    return (std::size_t(c.z) * std::size_t(points.y) + std::size_t(c.y)) * std::size_t(points.x) + std::size_t(c.x);
  }
  Point at(const glm::ivec3& c) const { return origin + step * Point(c); }
  double value(const glm::ivec3& c) const { return values[index(c)]; }
};

template <class Body> void forEachPoint(const glm::ivec3& from, const glm::ivec3& to, Body body) {
  for (int z = from.z; z < to.z; ++z)
    for (int y = from.y; y < to.y; ++y)
      for (int x = from.x; x < to.x; ++x) body(glm::ivec3(x, y, z));
}

void fillBlock(Grid& grid, const Solid& solid, const glm::ivec3& first) {
  const glm::ivec3 last = glm::min(first + kBlock, grid.points);
  const double middle = solid(grid.at(first) + 0.5 * grid.step * double(kBlock));
  const double reach = 2.0 * grid.step * (0.5 * kBlock + 1.0) * std::sqrt(3.0);
  forEachPoint(first, last, [&](const glm::ivec3& c) {
    grid.values[grid.index(c)] = std::abs(middle) > reach ? middle : solid(grid.at(c));
  });
}

Grid sampleGrid(const Solid& solid, const Bounds& box, double step) {
  Grid grid{box.lower, step, glm::ivec3(glm::ceil((box.upper - box.lower) / step)) + 1, {}};
  grid.values.resize(std::size_t(grid.points.x) * std::size_t(grid.points.y) * std::size_t(grid.points.z));
  forEachPoint({}, (grid.points + kBlock - 1) / kBlock, [&](const glm::ivec3& b) { fillBlock(grid, solid, b * kBlock); });
  forEachPoint({}, grid.points, [&](const glm::ivec3& c) {
    const bool border = glm::any(glm::equal(c, glm::ivec3(0))) || glm::any(glm::equal(c, grid.points - 1));
    if (border && grid.value(c) < 0) throw Error(ExitCode::Internal, "The solid reaches the border of its box.");
  });
  return grid;
}

// Cuts one grid after another tetrahedron and shares vertices through the grid edge they sit on.
class Marcher {
 public:
  explicit Marcher(const Grid& grid) : grid_(grid) {}

  void marchCell(const glm::ivec3& c) {
    constexpr int kOrders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    for (const auto& order : kOrders) {
      std::array<glm::ivec3, 4> corners{c, c, c, c};
      for (int i = 0; i < 3; ++i)
        for (int j = i + 1; j < 4; ++j) corners[std::size_t(j)][order[i]] += 1;
      marchTetrahedron(corners);
    }
  }
  MeshT<double> take() { return std::move(mesh_); }

 private:
  void marchTetrahedron(const std::array<glm::ivec3, 4>& corners) {
    std::array<glm::ivec3, 4> in, out;
    std::size_t ins = 0, outs = 0;
    for (const auto& c : corners) (grid_.value(c) < 0 ? in[ins++] : out[outs++]) = c;
    if (ins == 0 || outs == 0) return;
    const Point outward = centre(out, outs) - centre(in, ins);
    if (ins == 1)
      addFace(crossing(in[0], out[0]), crossing(in[0], out[1]), crossing(in[0], out[2]), outward);
    else if (outs == 1)
      addFace(crossing(in[0], out[0]), crossing(in[1], out[0]), crossing(in[2], out[0]), outward);
    else {
      const int a = crossing(in[0], out[0]), b = crossing(in[0], out[1]), c = crossing(in[1], out[1]),
                d = crossing(in[1], out[0]);
      addFace(a, b, c, outward);
      addFace(a, c, d, outward);
    }
  }

  static Point centre(const std::array<glm::ivec3, 4>& points, std::size_t count) {
    Point sum(0);
    for (std::size_t i = 0; i < count; ++i) sum += Point(points[i]);
    return sum / double(count);
  }

  // The crossing is kept away from the grid points so that no triangle collapses and winding stays measurable.
  int crossing(const glm::ivec3& in, const glm::ivec3& out) {
    const std::size_t i = grid_.index(in), o = grid_.index(out);
    const auto key = std::uint64_t(std::min(i, o)) << 32 | std::uint64_t(std::max(i, o));
    const auto [entry, isNew] = vertices_.try_emplace(key, int(mesh_.positions.size()));
    if (isNew) {
      const double fi = grid_.values[i], fo = grid_.values[o];
      const double t = std::clamp(fi / (fi - fo), 0.05, 0.95);
      mesh_.positions.push_back(glm::mix(grid_.at(in), grid_.at(out), t));
    }
    return entry->second;
  }

  void addFace(int a, int b, int c, const Point& outward) {
    const auto& p = mesh_.positions;
    const auto at = [&](int v) { return p[std::size_t(v)]; };
    const bool right = glm::dot(glm::cross(at(b) - at(a), at(c) - at(a)), outward) > 0;
    mesh_.faces.push_back(right ? Face(a, b, c) : Face(a, c, b));
  }

  const Grid& grid_;
  MeshT<double> mesh_;
  std::unordered_map<std::uint64_t, int> vertices_;
};

}  // namespace

MeshT<double> isosurface(const Solid& solid, const Bounds& box, double cellSize) {
  const Grid grid = sampleGrid(solid, box, cellSize);
  Marcher marcher(grid);
  forEachPoint({}, grid.points - 1, [&](const glm::ivec3& c) { marcher.marchCell(c); });
  return marcher.take();
}

}  // namespace penumbra::assets
