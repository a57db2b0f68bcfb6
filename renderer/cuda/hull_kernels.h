// Samples of the visual hull's field on a grid: the stages of optim/hull/hull_grid.cpp, one ball or point a thread.
//
// Which views may have both signs in a ball is one bit a view. Sums and products are made in the order of the
// processor's, so values have the same bits.
#pragma once
#include "renderer/cuda/atomic.h"
#include "renderer/device_hull.h"

namespace penumbra::device {

struct HullViewRecord {
  HullView view;
  int width, height;  // of its image
  Index first;        // of its image's values
};

// The field, see DeviceHullField.
struct FieldView {
  const HullViewRecord* views;
  const float* distances;
  int viewCount;
  float radius, unseen;

  PENUMBRA_HD int words() const { return (viewCount + 31) / 32; }
  PENUMBRA_HD std::uint32_t allOf(int word) const {
    const int rest = viewCount - 32 * word;
    return rest >= 32 ? ~0u : (1u << rest) - 1;
  }
  PENUMBRA_HD DistanceImage image(const HullViewRecord& r) const { return {distances + r.first, r.width, r.height}; }
  PENUMBRA_HD float outsideBall(const Vec3<float>& x) const { return sqrtf(glm::dot(x, x)) - radius; }

  // Calls use(view) for the views whose bits are set, in order.
  template <class Use>
  PENUMBRA_HD void each(const std::uint32_t* bits, const Use& use) const {
    for (int word = 0; word < words(); ++word)
      for (std::uint32_t left = bits[word]; left != 0; left &= left - 1) use(views[32 * word + lowestBit(left)]);
  }
  PENUMBRA_HD float value(const Vec3<float>& x, const std::uint32_t* bits) const {
    float most = outsideBall(x);
    each(bits, [&](const HullViewRecord& r) {
      const float d = scaledDistance(r.view, image(r), x, unseen);
      most = most < d ? d : most;
    });
    return most;
  }
  // Divides by the focal length as the processor's loop over a whole part does: by a product.
  PENUMBRA_HD float gridValue(const Vec3<float>& x, const std::uint32_t* bits) const {
    float most = outsideBall(x);
    each(bits, [&](const HullViewRecord& r) {
      const float z = depthOf(r.view, x);
      if (!(z > kHullNear)) return;
      const float d = distanceTimesDepth(r.view, image(r), x, z, unseen) * (1 / r.view.focal);
      most = most < d ? d : most;
    });
    return most;
  }
  // Value and gradient.
  PENUMBRA_HD Vec3<float> sample(const Vec3<float>& x, const std::uint32_t* bits, float& value) const {
    const float length = sqrtf(glm::dot(x, x));
    value = length - radius;
    const HullViewRecord* deciding = nullptr;
    each(bits, [&](const HullViewRecord& r) {
      const float d = scaledDistance(r.view, image(r), x, unseen);
      if (d > value) value = d, deciding = &r;
    });
    if (deciding) return scaledDistanceGradient(deciding->view, image(*deciding), x, value);
    return length > 0 ? x / length : Vec3<float>(0);
  }
  // Of a ball, as far as the views of `bits` (null: all) tell; `undecided` (words(), or null) gets those that may have
  // both signs in it, none unless it is Mixed.
  PENUMBRA_HD BallSide side(const Vec3<float>& c, float r, const std::uint32_t* bits, std::uint32_t* undecided) const {
    const BallSide result = decide(c, r, bits, undecided);
    if (undecided && result == BallSide::Out)
      for (int word = 0; word < words(); ++word) undecided[word] = 0;
    return result;
  }

 private:
  PENUMBRA_HD BallSide decide(const Vec3<float>& c, float r, const std::uint32_t* bits,
                              std::uint32_t* undecided) const {
    const float ball = outsideBall(c);
    if (ball > r) return BallSide::Out;
    bool in = ball < -r;
    for (int word = 0; word < words(); ++word) {
      std::uint32_t mixed = 0;
      for (std::uint32_t left = bits ? bits[word] : allOf(word); left != 0; left &= left - 1) {
        const HullViewRecord& record = views[32 * word + lowestBit(left)];
        const BallSide s = ballSide(record.view, image(record), c, r, unseen);
        if (s == BallSide::Out) return s;
        if (s == BallSide::Mixed) mixed |= left & (~left + 1);
      }
      if (undecided) undecided[word] = mixed;
      in = in && mixed == 0;
    }
    return in ? BallSide::In : BallSide::Mixed;
  }
};

struct CoarseCells {
  FieldView field;
  int cells;
  double side;    // of a cell
  double radius;  // of the field's ball
  float reach;    // of a cell
  std::uint8_t* may;
  PENUMBRA_HD void operator()(Index i) const {
    const int x = int(i % cells), y = int(i / cells % cells), z = int(i / cells / cells);
    const Vec3<double> lower = Vec3<double>(x, y, z) * side - radius;
    may[i] = field.side(Vec3<float>(lower + 0.5 * side), reach, nullptr, nullptr) != BallSide::Out;
  }
};

// The grid and its blocks.
struct GridView {
  static constexpr int kBlock = DeviceGridShape::kBlock, kPart = DeviceGridShape::kPart;
  DeviceGridShape shape;

  PENUMBRA_HD glm::ivec3 blocks() const { return shape.points / kBlock; }
  PENUMBRA_HD glm::ivec3 blockStart(int block) const {
    const glm::ivec3 n = blocks();
    return kBlock * glm::ivec3(block % n.x, block / n.x % n.y, block / (n.x * n.y));
  }
  PENUMBRA_HD int blockOf(const glm::ivec3& p) const {
    const glm::ivec3 n = blocks();
    return ((p.z >> 3) * n.y + (p.y >> 3)) * n.x + (p.x >> 3);
  }
  PENUMBRA_HD Vec3<float> at(const glm::ivec3& p) const { return shape.origin + shape.step * Vec3<float>(p); }
  PENUMBRA_HD Vec3<float> middle(const glm::ivec3& first, int count) const {
    return shape.origin + shape.step * (Vec3<float>(first) + 0.5f * float(count - 1));
  }
  // Radius of the ball around `count` points a side, and all cells that touch one of them.
  PENUMBRA_HD float reach(int count) const { return shape.step * kRoot3 * (0.5f * float(count - 1) + 1); }
  static constexpr float kRoot3 = 1.7320508f;
};

struct BlockSides {
  FieldView field;
  GridView grid;
  BallSide* sides;
  std::uint32_t* blockViews;  // field.words() a block
  PENUMBRA_HD void operator()(Index i) const {
    sides[i] = field.side(grid.middle(grid.blockStart(int(i)), GridView::kBlock), grid.reach(GridView::kBlock), nullptr,
                          blockViews + i * field.words());
  }
};

PENUMBRA_HD inline glm::ivec3 partShift(int part) {
  return GridView::kPart * glm::ivec3(part & 1, part >> 1 & 1, part >> 2);
}

// Eight parts a slot.
struct PartSides {
  FieldView field;
  GridView grid;
  const int* active;  // block of each slot
  const std::uint32_t* blockViews;
  BallSide* sides;
  std::uint32_t* partViews;  // field.words() a part
  PENUMBRA_HD void operator()(Index i) const {
    const int block = active[i / 8];
    const glm::ivec3 first = grid.blockStart(block) + partShift(int(i % 8));
    sides[i] = field.side(grid.middle(first, GridView::kPart), grid.reach(GridView::kPart),
                          blockViews + Index(block) * field.words(), partViews + i * field.words());
  }
};

// A point of a slot, by its index there.
struct SlotPoint {
  Index slot, part;  // part: of all slots
  glm::ivec3 place;  // in the block
  PENUMBRA_HD explicit SlotPoint(Index i)
      : slot(i / DeviceGridShape::kBlockPoints), place(int(i & 7), int(i >> 3 & 7), int(i >> 6 & 7)) {
    part = slot * 8 + ((place.x >> 2) | (place.y >> 2) << 1 | (place.z >> 2) << 2);
  }
};

struct SampleBlocks {
  FieldView field;
  GridView grid;
  const int* active;
  const BallSide* partSides;
  const std::uint32_t* partViews;
  float* values;
  PENUMBRA_HD void operator()(Index i) const {
    const SlotPoint p(i);
    if (partSides[p.part] != BallSide::Mixed) {
      values[i] = (partSides[p.part] == BallSide::In ? -4 : 4) * grid.shape.step;
      return;
    }
    const glm::ivec3 shift = partShift(int(p.part % 8));
    const Vec3<float> start = grid.at(grid.blockStart(active[p.slot]) + shift);
    const Vec3<float> x = start + grid.shape.step * Vec3<float>(p.place - shift);
    values[i] = field.gridValue(x, partViews + p.part * field.words());
  }
};

// Points whose cell holds a part of the hull that is thinner than the grid sees, see HullGrid.
struct FindThin {
  FieldView field;
  GridView grid;
  const int* active;
  const int* slots;  // slot of each block; kOutside, kInside where it has none
  const std::uint32_t* partViews;
  const float* values;
  std::uint8_t* thin;

  static constexpr int kOutside = -1, kInside = -2;

  PENUMBRA_HD void operator()(Index i) const {
    const SlotPoint p(i);
    const glm::ivec3 at = grid.blockStart(active[p.slot]) + p.place, last = grid.shape.points - 1;
    const bool border = at.x == 0 || at.y == 0 || at.z == 0 || at.x == last.x || at.y == last.y || at.z == last.z;
    const float value = values[i];
    const bool near = value >= 0 && value <= GridView::kRoot3 / 2 * grid.shape.step;
    thin[i] = border || !near || besideThickPart(at) ? 0 : deepest(grid.at(at), partViews + p.part * field.words());
  }

 private:
  PENUMBRA_HD float valueAt(const glm::ivec3& p) const {
    const int slot = slots[grid.blockOf(p)];
    const int local = ((p.z & 7) * 8 + (p.y & 7)) * 8 + (p.x & 7);
    if (slot >= 0) return values[Index(slot) * DeviceGridShape::kBlockPoints + local];
    const glm::ivec3 last = grid.shape.points - 1;
    const bool border = p.x == 0 || p.y == 0 || p.z == 0 || p.x == last.x || p.y == last.y || p.z == last.z;
    return slot == kInside && !border ? -4 * grid.shape.step : 4 * grid.shape.step;
  }
  PENUMBRA_HD bool besideThickPart(const glm::ivec3& p) const {
    const float deep = -0.3f * grid.shape.step;
    for (int axis = 0; axis < 3; ++axis)
      for (int way = -1; way <= 1; way += 2) {
        if (valueAt(p + way * glm::ivec3(axis == 0, axis == 1, axis == 2)) < deep) return true;
      }
    return false;
  }
  PENUMBRA_HD std::uint8_t deepest(const Vec3<float>& centre, const std::uint32_t* bits) const {
    const float h = grid.shape.step;
    float value = 0, least = 0;
    const Vec3<float> gradient = field.sample(centre, bits, value);
    const float slope = sqrtf(glm::dot(gradient, gradient));
    if (slope < 0.1f) return 0;
    const Vec3<float> inward = centre - gradient / slope * (value + 0.5f * h);
    if (field.value(inward, bits) < -0.3f * h) return 0;
    int found = 0;
    for (int i = 0; i < 27; ++i) {
      const Vec3<float> p = centre + h / 3 * (Vec3<float>(i % 3, i / 3 % 3, i / 9) - 1.0f);
      const float here = field.value(p, bits);
      if (here < least) least = here, found = i + 1;
    }
    return std::uint8_t(found);
  }
};

}  // namespace penumbra::device
