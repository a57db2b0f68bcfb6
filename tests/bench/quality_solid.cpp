#include "tests/bench/quality_solid.h"

#include <algorithm>
#include <cmath>

#include "optim/eval/column_crossing.h"
#include "optim/eval/solid_overlap.h"
#include "optim/hull/bit_grid.h"
#include "optim/hull/grid_parts.h"
#include "optim/hull/phantoms.h"

namespace penumbra::quality {
namespace {

HullGrid gridAround(const Mesh& mesh) {
  const Bounds box = boundsOf(mesh);
  const glm::dvec3 extent = box.upper - box.lower;
  HullGrid grid;
  grid.step = float(std::max({extent.x, extent.y, extent.z}) / kSolidSteps);
  grid.points = (glm::ivec3(glm::ceil(extent / double(grid.step))) + 6 + HullGrid::kBlock) / HullGrid::kBlock * HullGrid::kBlock;
  grid.origin = glm::vec3(box.centre() - 0.5 * double(grid.step) * glm::dvec3(grid.points - 1));
  return grid;
}

// Adds to each point how often the face is pierced below it: summed over the faces, the winding number.
void addFace(const Mesh& mesh, const Face& face, const HullGrid& grid, std::vector<std::int16_t>& winding) {
  glm::dvec3 p[3];
  for (int k = 0; k < 3; ++k)
    p[k] = (glm::dvec3(mesh.positions[std::size_t(face[k])]) - glm::dvec3(grid.origin)) / double(grid.step);
  const int last = int(std::ceil(std::max({p[0].y, p[1].y, p[2].y})));
  for (int y = int(std::floor(std::min({p[0].y, p[1].y, p[2].y}))); y <= last; ++y) {
    const ColumnSpan span = columnSpan(p[0], p[1], p[2], y);
    if (span.sign == 0) continue;
    for (int x = int(std::ceil(span.first)); x < span.last; ++x)
      for (int z = int(std::ceil(planeZAt(p[0], p[1], p[2], x, y))); z < grid.points.z; ++z)
        winding[grid.index(x, y, z)] = std::int16_t(winding[grid.index(x, y, z)] - span.sign);
  }
}

}  // namespace

SolidTopology topologyOfSolid(const Mesh& closed) {
  const Mesh turned = inGenericPose(closed);
  HullGrid grid = gridAround(turned);
  std::vector<std::int16_t> winding(grid.index(0, 0, grid.points.z), 0);
  for (const Face& face : turned.faces) addFace(turned, face, grid, winding);
  grid.inside.resize(winding.size());
  std::transform(winding.begin(), winding.end(), grid.inside.begin(), [](std::int16_t w) { return std::uint8_t(w != 0); });
  BitGrid bits(grid);
  bits.dilate(1), bits.erode(1);
  grid.inside = bits.bytes();
  return {int(connectedParts(grid, true).size()), solidGenus(grid)};
}

}  // namespace penumbra::quality
