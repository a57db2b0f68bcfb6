// Connected parts of the points of a grid that carry one value: six neighbours, by runs along x and union-find.
#pragma once
#include <vector>

#include "optim/hull/hull_grid.h"

namespace penumbra {

struct GridRun {
  int x0 = 0, x1 = 0, y = 0, z = 0;  // points x0 <= x < x1
};
struct GridPart {
  std::size_t points = 0;
  std::vector<GridRun> runs;
};

// Parts of the points with inside == value, in the order of their first points.
std::vector<GridPart> connectedParts(const HullGrid& grid, bool value);

}  // namespace penumbra
