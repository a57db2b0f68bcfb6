// DeviceHull for any executor: what is launched in which order, on which buffers. Every buffer has the room that the
// launch before it found to be needed; nothing is kept but the field.
#pragma once
#include <algorithm>
#include <cmath>

#include "renderer/cuda/hull_kernels.h"
#include "renderer/cuda/memory.h"
#include "renderer/cuda/outline_kernels.h"
#include "renderer/error.h"

namespace penumbra::device {

template <class Executor>
class HullSampler : public DeviceHull {
 public:
  explicit HullSampler(Executor executor) : executor_(std::move(executor)) {}

  std::vector<std::vector<float>> signedDistances(std::span<const DeviceImage> masks) override {
    work_ = {};
    std::vector<std::vector<float>> distances;
    const Index room = largest(masks);
    const std::size_t together = std::size_t(std::max<Index>(1, kMostPixels / std::max<Index>(1, room)));
    for (std::size_t first = 0; first < masks.size(); first += together)
      addDistances(masks.subspan(first, std::min(together, masks.size() - first)), room, distances);
    return distances;
  }

  void setField(const DeviceHullField& field) override {
    std::vector<HullViewRecord> records;
    Index pixels = 0;
    for (std::size_t v = 0; v < field.views.size(); ++v) {
      const DeviceImage& image = field.distances[v];
      records.push_back({field.views[v], image.width, image.height, pixels});
      pixels += Index(image.values.size());
    }
    views_.upload(executor_, records);
    distances_.allocate(executor_, pixels);
    for (std::size_t v = 0; v < records.size(); ++v) {
      const std::span<const float> values = field.distances[v].values;
      executor_.upload(distances_.data() + records[v].first, values.data(), values.size_bytes());
    }
    field_ = {views_.data(), distances_.data(), int(records.size()), field.radius, field.unseen};
    work_ = {};
    work_.slots = double(records.size());
    work_.pixels = double(pixels);
  }

  std::vector<std::uint8_t> coarseCells(int cells) override {
    const Index count = Index(cells) * cells * cells;
    const double radius = double(field_.radius), side = 2 * radius / cells;
    Buffer<std::uint8_t> may;
    may.allocate(executor_, count);
    const float reach = float(0.5 * std::sqrt(3.0) * side);
    executor_.launch("coarseCells", CoarseCells{field_, cells, side, radius, reach, may.data()}, count);
    return may.download(count);
  }

  DeviceGrid sample(const DeviceGridShape& shape) override {
    const GridView grid{shape};
    const glm::ivec3 n = grid.blocks();
    const Index blocks = Index(n.x) * n.y * n.z;
    DeviceGrid result;
    result.words = field_.words();
    Buffer<BallSide> sides;
    Buffer<std::uint32_t> blockViews;
    sides.allocate(executor_, blocks);
    blockViews.allocate(executor_, blocks * result.words);
    executor_.launch("blockSides", BlockSides{field_, grid, sides.data(), blockViews.data()}, blocks);
    result.blocks = sides.download(blocks);
    std::vector<int> slots;
    for (const BallSide side : result.blocks) {
      if (side == BallSide::Mixed) result.active.push_back(int(slots.size()));
      slots.push_back(side == BallSide::Mixed ? int(result.active.size()) - 1
                      : side == BallSide::In  ? FindThin::kInside
                                              : FindThin::kOutside);
    }
    sampleActive(grid, slots, blockViews, result);
    return result;
  }

  DeviceWork work() const override { return work_; }

 private:
  static constexpr Index kMostPixels = Index(1) << 24;  // of masks together, one at least: bounds what is needed beside

  static Index largest(std::span<const DeviceImage> masks) {
    Index room = 0;
    for (const DeviceImage& mask : masks) room = std::max(room, Index(mask.values.size()));
    return room;
  }

  void addDistances(std::span<const DeviceImage> masks, Index room, std::vector<std::vector<float>>& all) {
    const Index count = Index(masks.size()), pixels = room * count;
    std::vector<MaskSize> sizes;
    Buffer<float> values, distances;
    Buffer<MaskSize> sizesThere;
    Buffer<int> counts, before;
    Buffer<std::int64_t> total;
    Buffer<BandPiece> pieces;
    PrefixSums places;
    values.allocate(executor_, pixels);
    for (Index m = 0; m < count; ++m) {
      const DeviceImage& mask = masks[std::size_t(m)];
      sizes.push_back({mask.width, mask.height});
      executor_.upload(values.data() + m * room, mask.values.data(), mask.values.size_bytes());
    }
    sizesThere.upload(executor_, sizes);
    counts.allocate(executor_, pixels);
    before.allocate(executor_, pixels);
    distances.allocate(executor_, pixels);
    total.allocate(executor_, 1);
    places.allocate(executor_, pixels);
    const MaskImages images{values.data(), sizesThere.data(), room};
    executor_.launch("countOutline", CountOutline{images, counts.data()}, pixels);
    places.run(executor_, counts.data(), total.data());
    const Index pieceCount = total.download(1)[0];
    pieces.allocate(executor_, pieceCount);
    executor_.launch("writeOutline",
                     WriteOutline{images, places.view(counts.data()), before.data(), pieces.data()}, pixels);
    executor_.launch("outlineDistances",
                     OutlineDistances{images, before.data(), pieces.data(), pieceCount, count, distances.data()}, pixels);
    for (Index m = 0; m < count; ++m) {
      std::vector<float>& found = all.emplace_back(masks[std::size_t(m)].values.size());
      if (!found.empty()) executor_.download(found.data(), distances.data() + m * room, sizeof(float) * found.size());
    }
    work_.slots += double(count);
    work_.pixels += double(pixels);
    work_.pieces += double(pieceCount);
  }

  void sampleActive(const GridView& grid, const std::vector<int>& slots, const Buffer<std::uint32_t>& blockViews,
                    DeviceGrid& result) {
    const Index count = Index(result.active.size()), points = count * DeviceGridShape::kBlockPoints;
    Buffer<int> active, slotsThere;
    Buffer<BallSide> sides;
    Buffer<std::uint32_t> partViews;
    Buffer<float> values;
    Buffer<std::uint8_t> thin;
    active.upload(executor_, result.active);
    slotsThere.upload(executor_, slots);
    sides.allocate(executor_, 8 * count);
    partViews.allocate(executor_, 8 * count * result.words);
    values.allocate(executor_, points);
    thin.allocate(executor_, points);
    executor_.launch("partSides",
                     PartSides{field_, grid, active.data(), blockViews.data(), sides.data(), partViews.data()}, 8 * count);
    executor_.launch("sampleBlocks",
                     SampleBlocks{field_, grid, active.data(), sides.data(), partViews.data(), values.data()}, points);
    executor_.launch("findThin",
                     FindThin{field_, grid, active.data(), slotsThere.data(), partViews.data(), values.data(), thin.data()},
                     points);
    result.parts = sides.download(8 * count);
    result.partViews = partViews.download(8 * count * result.words);
    result.values = values.download(points);
    result.thin = thin.download(points);
  }

  Executor executor_;
  Buffer<HullViewRecord> views_;
  Buffer<float> distances_;
  FieldView field_{};
  DeviceWork work_;
};

}  // namespace penumbra::device
