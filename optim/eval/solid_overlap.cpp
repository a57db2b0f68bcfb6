#include "optim/eval/solid_overlap.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "optim/eval/column_crossing.h"

namespace penumbra {
namespace {

struct Grid {
  glm::dvec3 lower;
  double stepX, stepY;
  int columns;
  double x(int i) const { return lower.x + (i + 0.5) * stepX; }
  double y(int j) const { return lower.y + (j + 0.5) * stepY; }
  // First column or row at or after a coordinate.
  int firstFrom(double v, double low, double step) const {
    return int(std::clamp(std::ceil((v - low) / step - 0.5), 0.0, double(columns)));
  }
};

Grid gridOver(const Mesh& a, const Mesh& b, int columns) {
  Bounds bounds = boundsOf(a);
  for (const glm::vec3& p : b.positions) bounds.add(glm::dvec3(p));
  const glm::dvec3 extent = bounds.upper - bounds.lower;
  return {bounds.lower, extent.x / columns, extent.y / columns, columns};
}

using Corners = std::array<glm::dvec3, 3>;

Corners cornersOf(const Mesh& mesh, int face) {
  const Face& f = mesh.faces[std::size_t(face)];
  const auto at = [&](int k) { return glm::dvec3(mesh.positions[std::size_t(f[k])]); };
  return {at(0), at(1), at(2)};
}

// The faces over every row of the grid, as a list of lists.
struct RowFaces {
  std::vector<int> start, faces;
};

RowFaces facesByRow(const Mesh& mesh, const Grid& grid) {
  std::vector<glm::ivec2> rows(mesh.faces.size());
  RowFaces lists;
  lists.start.assign(std::size_t(grid.columns) + 1, 0);
  for (std::size_t f = 0; f < rows.size(); ++f) {
    const Corners t = cornersOf(mesh, int(f));
    // One row more on either side: rounding must not lose a crossing, a span without one is empty
    const int first = grid.firstFrom(std::min({t[0].y, t[1].y, t[2].y}), grid.lower.y, grid.stepY) - 1;
    const int last = grid.firstFrom(std::max({t[0].y, t[1].y, t[2].y}), grid.lower.y, grid.stepY) + 1;
    rows[f] = {std::max(first, 0), std::min(last, grid.columns)};
    for (int j = rows[f].x; j < rows[f].y; ++j) ++lists.start[std::size_t(j) + 1];
  }
  for (std::size_t j = 1; j < lists.start.size(); ++j) lists.start[j] += lists.start[j - 1];
  lists.faces.resize(std::size_t(lists.start.back()));
  std::vector<int> next(lists.start.begin(), lists.start.end() - 1);
  for (std::size_t f = 0; f < rows.size(); ++f)
    for (int j = rows[f].x; j < rows[f].y; ++j) lists.faces[std::size_t(next[std::size_t(j)]++)] = int(f);
  return lists;
}

struct Crossing {
  int column;
  double z;
  int solid, sign;
};

void addCrossings(const Mesh& mesh, const RowFaces& lists, const Grid& grid, int row, int solid,
                  std::vector<Crossing>& crossings) {
  const double y = grid.y(row);
  for (int k = lists.start[std::size_t(row)]; k < lists.start[std::size_t(row) + 1]; ++k) {
    const Corners t = cornersOf(mesh, lists.faces[std::size_t(k)]);
    const ColumnSpan span = columnSpan(t[0], t[1], t[2], y);
    if (span.sign == 0) continue;
    for (int i = std::max(0, grid.firstFrom(span.first, grid.lower.x, grid.stepX) - 1); i < grid.columns; ++i) {
      const double x = grid.x(i);
      if (x >= span.last) break;
      if (x >= span.first) crossings.push_back({i, planeZAt(t[0], t[1], t[2], x, y), solid, span.sign});
    }
  }
}

// Lengths along all columns of one row.
SolidOverlap sweep(std::vector<Crossing>& crossings) {
  std::sort(crossings.begin(), crossings.end(), [](const Crossing& a, const Crossing& b) {
    if (a.column != b.column) return a.column < b.column;
    if (a.z != b.z) return a.z < b.z;
    return a.solid != b.solid ? a.solid < b.solid : a.sign < b.sign;
  });
  SolidOverlap sum;
  int winding[2] = {0, 0};
  for (std::size_t k = 0; k < crossings.size(); ++k) {
    winding[crossings[k].solid] += crossings[k].sign;
    if (k + 1 == crossings.size() || crossings[k + 1].column != crossings[k].column) {
      winding[0] = winding[1] = 0;
      continue;
    }
    const double length = crossings[k + 1].z - crossings[k].z;
    const bool a = winding[0] != 0, b = winding[1] != 0;
    sum.volumeA += a ? length : 0;
    sum.volumeB += b ? length : 0;
    sum.both += a && b ? length : 0;
    sum.either += a || b ? length : 0;
  }
  return sum;
}

}  // namespace

Mesh inGenericPose(const Mesh& mesh) {
  // Three turns by angles that are no simple fraction of a right angle
  const auto turn = [](double angle, int axis) {
    const int x = (axis + 1) % 3, y = (axis + 2) % 3;
    glm::dmat3 m(1);
    m[x][x] = m[y][y] = std::cos(angle);
    m[x][y] = std::sin(angle);
    m[y][x] = -std::sin(angle);
    return m;
  };
  const glm::dmat3 pose = turn(0.71, 0) * turn(1.13, 1) * turn(0.37, 2);
  Mesh turned = mesh;
  for (glm::vec3& p : turned.positions) p = glm::vec3(pose * glm::dvec3(p));
  return turned;
}

SolidOverlap overlapOfSolids(const Mesh& a, const Mesh& b, int columns, ThreadPool& pool) {
  const Mesh solids[2] = {inGenericPose(a), inGenericPose(b)};
  const Grid grid = gridOver(solids[0], solids[1], columns);
  if (!(grid.stepX > 0) || !(grid.stepY > 0)) return {};
  const RowFaces lists[2] = {facesByRow(solids[0], grid), facesByRow(solids[1], grid)};
  std::vector<SolidOverlap> rows(lists[0].start.size() - 1);
  std::vector<std::vector<Crossing>> scratch(std::size_t(pool.threads()));
  pool.parallelFor(columns, [&](int row, int worker) {
    std::vector<Crossing>& crossings = scratch[std::size_t(worker)];
    crossings.clear();
    for (int s = 0; s < 2; ++s) addCrossings(solids[s], lists[s], grid, row, s, crossings);
    rows[std::size_t(row)] = sweep(crossings);
  });
  SolidOverlap total;
  const double area = grid.stepX * grid.stepY;
  for (const SolidOverlap& row : rows) {
    total.volumeA += area * row.volumeA;
    total.volumeB += area * row.volumeB;
    total.both += area * row.both;
    total.either += area * row.either;
  }
  return total;
}

}  // namespace penumbra
