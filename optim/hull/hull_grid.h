// Which points of a regular grid lie inside the visual hull, with the field's value at all points near its surface.
//
// Two levels of blocks (8^3 and 4^3 points) are tested as balls first (SolidField::classify); only those that the surface
// may cross are sampled, and only against the views that may have both signs there.
// Thin parts: `thin` lists grid points that are outside but whose cell (the cube of side `step` around it) meets the hull
// where the hull is thinner than about half a step, and tells where in the cell it is inside. Taking them as inside
// (thin_points.h) keeps rods and sheets narrower than the grid's step, and closes none of the gaps between thick parts.
#pragma once
#include <cstdint>
#include <span>
#include <unordered_map>
#include <vector>

#include "optim/hull/solid_field.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

struct ThinPoint {
  glm::vec3 position{0};
  float value = 0;  // negative
};

struct HullGrid {
  static constexpr int kBlock = 8;

  glm::vec3 origin{0};
  float step = 0;
  glm::ivec3 points{0};               // multiples of kBlock; points on the border are outside
  std::vector<std::uint8_t> inside;   // 0 or 1, x fastest
  std::unordered_map<std::size_t, ThinPoint> thin;

  glm::ivec3 blocks() const { return points / kBlock; }
  std::size_t index(int x, int y, int z) const {
    return (std::size_t(z) * std::size_t(points.y) + std::size_t(y)) * std::size_t(points.x) + std::size_t(x);
  }
  glm::vec3 at(int x, int y, int z) const { return origin + step * glm::vec3(x, y, z); }
  // Views that matter near a grid point: none far from the surface.
  std::span<const std::uint16_t> views(int x, int y, int z) const {
    const int slot = slotOf(x, y, z), part = (x >> 2 & 1) | (y >> 2 & 1) << 1 | (z >> 2 & 1) << 2;
    return slot < 0 ? std::span<const std::uint16_t>() : std::span<const std::uint16_t>(partViews[std::size_t(slot * 8 + part)]);
  }
  bool nearSurface(int x, int y, int z) const { return slotOf(x, y, z) >= 0; }
  // The field, exact near the surface, else +-4 steps.
  float value(int x, int y, int z) const {
    const int slot = slotOf(x, y, z);
    if (slot < 0) return inside[index(x, y, z)] ? -4 * step : 4 * step;
    return values[std::size_t(slot) * kBlock * kBlock * kBlock + std::size_t(((z & 7) * 8 + (y & 7)) * 8 + (x & 7))];
  }
  int slotOf(int x, int y, int z) const {
    const glm::ivec3 b = blocks();
    return slots[std::size_t(((z >> 3) * b.y + (y >> 3)) * b.x + (x >> 3))];
  }

  std::vector<int> slots;             // per block, -1 when the surface is not near
  std::vector<HullViews> partViews;   // eight a slot, for its blocks of 4^3 points; empty where the surface is not near
  std::vector<float> values;          // kBlock^3 a slot
};

// `resolution`: steps along the longest side of the hull's bounding box. Throws Error(Input) when nothing is inside.
HullGrid sampleHull(const SolidField& field, int resolution, ThreadPool& pool);

// Parts of the above, for device_grid.h.
inline constexpr int kCoarseCells = 40;  // along each side of the cube around the field's ball
// Bounds of those of its cells (x fastest) that may hold some of the hull.
Bounds coarseBounds(const SolidField& field, std::span<const std::uint8_t> may);
// A grid for a hull within these bounds, all outside. Throws Error(Input) when they are empty.
HullGrid gridWithin(const Bounds& box, int resolution);
void clearBorder(HullGrid& grid);
// Throws Error(Input) unless something is inside.
void checkNotEmpty(const HullGrid& grid);

}  // namespace penumbra
