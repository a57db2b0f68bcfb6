#include "optim/hull/device_grid.h"

namespace penumbra {
namespace {

constexpr int kBlock = HullGrid::kBlock, kPart = DeviceGridShape::kPart, kBlockPoints = DeviceGridShape::kBlockPoints;
static_assert(kBlock == DeviceGridShape::kBlock && SolidField::kCube == kPart);

DeviceImage imageOf(const Mask& mask) { return {mask.width, mask.height, mask.pixels}; }

void setField(const HullField& field, DeviceHull& device) {
  std::vector<HullView> views;
  std::vector<DeviceImage> distances;
  for (int v = 0; v < field.viewCount(); ++v) {
    views.push_back(field.view(v));
    distances.push_back(imageOf(field.distance(v)));
  }
  device.setField({views, distances, float(field.radius()), field.unseen()});
}

HullViews viewsOf(const std::uint32_t* bits, int words) {
  HullViews views;
  for (int word = 0; word < words; ++word)
    for (std::uint32_t left = bits[word]; left != 0; left &= left - 1)
      views.push_back(std::uint16_t(32 * word + __builtin_ctz(left)));
  return views;
}

// Puts what the card has found into the grid.
class Unpacking {
 public:
  Unpacking(const HullField& field, const DeviceGrid& from, HullGrid& grid) : field_(field), from_(from), grid_(grid) {}

  void run(ThreadPool& pool) {
    const int slots = int(from_.active.size());
    grid_.slots.assign(from_.blocks.size(), -1);
    for (int slot = 0; slot < slots; ++slot) grid_.slots[std::size_t(from_.active[std::size_t(slot)])] = slot;
    grid_.partViews.resize(std::size_t(slots) * 8);
    pool.parallelFor(int(from_.blocks.size()), [&](int block, int) {
      if (from_.blocks[std::size_t(block)] != BallSide::Out) setBlock(block);
    });
    clearBorder(grid_);
    for (int slot = 0; slot < slots; ++slot) addThin(slot);
  }

 private:
  glm::ivec3 start(int block) const {
    const glm::ivec3 n = grid_.blocks();
    return kBlock * glm::ivec3(block % n.x, block / n.x % n.y, block / (n.x * n.y));
  }

  void setBlock(int block) {
    const int slot = grid_.slots[std::size_t(block)];
    const glm::ivec3 first = start(block);
    const float* values = grid_.values.data() + std::ptrdiff_t(slot) * kBlockPoints;
    for (int z = 0; z < kBlock; ++z)
      for (int y = 0; y < kBlock; ++y) {
        std::uint8_t* inside = grid_.inside.data() + grid_.index(first.x, first.y + y, first.z + z);
        for (int x = 0; x < kBlock; ++x) inside[x] = slot < 0 || values[(z * kBlock + y) * kBlock + x] < 0;
      }
    if (slot < 0) return;
    for (std::size_t part = 8 * std::size_t(slot); part < 8 * std::size_t(slot) + 8; ++part)
      if (from_.parts[part] == BallSide::Mixed)
        grid_.partViews[part] = viewsOf(from_.partViews.data() + part * std::size_t(from_.words), from_.words);
  }

  void addThin(int slot) {
    const std::uint8_t* thin = from_.thin.data() + std::size_t(slot) * kBlockPoints;
    const glm::ivec3 first = start(from_.active[std::size_t(slot)]);
    for (int local = 0; local < kBlockPoints; ++local) {
      if (thin[local] == 0) continue;
      const int third = thin[local] - 1;
      const glm::ivec3 p = first + glm::ivec3(local % kBlock, local / kBlock % kBlock, local / (kBlock * kBlock));
      const glm::vec3 offset = grid_.step / 3 * (glm::vec3(third % 3, third / 3 % 3, third / 9) - 1.0f);
      const glm::vec3 at = grid_.at(p.x, p.y, p.z) + offset;
      grid_.thin.emplace(grid_.index(p.x, p.y, p.z), ThinPoint{at, field_.value(at, grid_.views(p.x, p.y, p.z))});
    }
  }

  const HullField& field_;
  const DeviceGrid& from_;
  HullGrid& grid_;
};

}  // namespace

HullGrid sampleHull(const HullField& field, int resolution, DeviceHull& device, ThreadPool& pool) {
  setField(field, device);
  HullGrid grid = gridWithin(coarseBounds(field, device.coarseCells(kCoarseCells)), resolution);
  DeviceGrid sampled = device.sample({grid.origin, grid.step, grid.points});
  grid.values = std::move(sampled.values);
  Unpacking(field, sampled, grid).run(pool);
  checkNotEmpty(grid);
  return grid;
}

std::vector<Mask> signedDistances(std::span<const View> views, DeviceHull& device) {
  std::vector<DeviceImage> masks;
  for (const View& view : views) masks.push_back(imageOf(view.mask));
  std::vector<std::vector<float>> found = device.signedDistances(masks);
  std::vector<Mask> distances(views.size());
  for (std::size_t v = 0; v < views.size(); ++v) {
    distances[v].width = views[v].mask.width, distances[v].height = views[v].mask.height;
    distances[v].pixels = std::move(found[v]);
    if (const float width = float(views[v].width); width != 0)
      for (float& d : distances[v].pixels) d -= width;
  }
  return distances;
}

}  // namespace penumbra
