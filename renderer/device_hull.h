// The first stages of the visual hull on a graphics card: distances to the outlines of masks, and the samples of the
// hull's field on a grid. No CUDA header is needed to use it.
//
// Formulas: renderer/core/mask_outline.h, renderer/core/hull_view.h. Which blocks and points are looked at, and in
// what order a value is made, is that of optim/hull/hull_grid.cpp: samples are the same bits as the processor's. Distances are
// those to the nearest of all segments of an outline; the processor's two sweeps settle now and then for another, up to
// 0.1 px farther, but not within two pixels of the outline.
// All functions throw Error when the card fails or has too little memory.
#pragma once
#include <memory>
#include <span>
#include <vector>

#include "renderer/core/hull_view.h"
#include "renderer/device_iteration.h"

namespace penumbra {

// H*W values, borrowed during a call.
struct DeviceImage {
  int width = 0, height = 0;
  std::span<const float> values;
};

// The maximum over the views, and over |x| - radius. `distances`: outside positive, one for each view.
struct DeviceHullField {
  std::span<const HullView> views;
  std::span<const DeviceImage> distances;
  float radius = 1;
  float unseen = -kHullFar;  // what a view says outside its frame, pixels
};

// Points origin + step * (x, y, z); their number along each axis is a multiple of kBlock.
struct DeviceGridShape {
  static constexpr int kBlock = 8, kPart = 4, kBlockPoints = kBlock * kBlock * kBlock;
  Vec3<float> origin{0};
  float step = 0;
  glm::ivec3 points{0};
};

// Blocks of 8^3 points, x fastest; those that are Mixed have a slot each, in the order of the blocks, and eight parts of
// 4^3 points (bit 0: the half in x, 1: y, 2: z).
struct DeviceGrid {
  std::vector<BallSide> blocks;          // one a block
  std::vector<int> active;               // block of each slot
  std::vector<BallSide> parts;           // eight a slot
  std::vector<std::uint32_t> partViews;  // `words` a part, one bit a view: those that may have both signs in a Mixed part
  int words = 0;
  std::vector<float> values;             // kBlockPoints a slot, x fastest; +-4 steps in parts that are not Mixed
  // Likewise. 0, or where the thin part of a point is, see HullGrid::thin: 1 + i, i counting the 3^3 thirds of the
  // point's cell, x fastest.
  std::vector<std::uint8_t> thin;
};

class DeviceHull {
 public:
  virtual ~DeviceHull() = default;

  // Pixels, inside positive, one image for each mask; a mask without outline is at +-diagonal everywhere.
  virtual std::vector<std::vector<float>> signedDistances(std::span<const DeviceImage> masks) = 0;

  // What is sampled from now on.
  virtual void setField(const DeviceHullField& field) = 0;
  // Which of the cells^3 cells of the cube around the field's ball may hold some of the hull, x fastest: 0 or 1.
  virtual std::vector<std::uint8_t> coarseCells(int cells) = 0;
  virtual DeviceGrid sample(const DeviceGridShape& shape) = 0;

  // What the last calls worked on: `slots` views or masks, `pixels` with the room of the largest each, `pieces` of
  // outlines; see renderer/cuda/kernel_bounds.h.
  virtual DeviceWork work() const = 0;
};

// Throws Error when probeCuda() says no.
std::unique_ptr<DeviceHull> makeCudaHull();

}  // namespace penumbra
