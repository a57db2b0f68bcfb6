// The mesh and the views in device memory, and the tables that every launch reads.
#pragma once
#include <algorithm>
#include <array>

#include "renderer/cuda/memory.h"
#include "renderer/cuda/pixel_loss.h"
#include "renderer/device_iteration.h"
#include "renderer/error.h"

namespace penumbra::device {

inline Index blocksFor(Index items) { return (items + kBlock - 1) / kBlock; }

class MeshStore {
 public:
  void set(Memory& memory, const Topology& topology, std::span<const Vec3<float>> positions) {
    const int edges = topology.edgeCount();
    std::vector<int> order, start{0}, faces;
    std::vector<std::int8_t> sides;
    std::vector<glm::ivec2> pairs, ends;
    for (const bool wanted : {true, false})
      for (int e = 0; e < edges; ++e)
        if (regular(topology, e) == wanted) order.push_back(e);
    for (const int e : order) {
      ends.push_back(topology.edges[std::size_t(e)]);
      const std::size_t begin = std::size_t(topology.edgeFaceStart[std::size_t(e)]);
      for (std::size_t i = begin; i < std::size_t(topology.edgeFaceStart[std::size_t(e) + 1]); ++i) {
        faces.push_back(topology.edgeFaces[i]);
        sides.push_back(topology.edgeSides[i]);
      }
      start.push_back(int(faces.size()));
      if (!regular(topology, e)) continue;
      const bool forward = topology.edgeSides[begin] > 0;
      pairs.push_back(
          {topology.edgeFaces[forward ? begin : begin + 1], topology.edgeFaces[forward ? begin + 1 : begin]});
    }
    positions_.upload(memory, positions);
    faces_.upload(memory, topology.faces);
    edges_.upload(memory, ends);
    pairs_.upload(memory, pairs);
    start_.upload(memory, start);
    edgeFaces_.upload(memory, faces);
    sides_.upload(memory, sides);
    counts_ = {int(positions.size()), int(topology.faces.size()), edges, int(pairs.size())};
  }
  MeshView view() const {
    return {positions_.data(), faces_.data(), edges_.data(), pairs_.data(), start_.data(), edgeFaces_.data(),
            sides_.data(),     counts_[0],    counts_[1],    counts_[2],    counts_[3]};
  }
  Buffer<Vec3<float>>& positions() { return positions_; }
  std::size_t bytes() const {
    return positions_.bytes() + faces_.bytes() + edges_.bytes() + pairs_.bytes() + start_.bytes() + edgeFaces_.bytes() +
           sides_.bytes();
  }

 private:
  static bool regular(const Topology& t, int e) {
    const std::size_t begin = std::size_t(t.edgeFaceStart[std::size_t(e)]);
    return t.edgeFaceStart[std::size_t(e) + 1] - int(begin) == 2 && t.edgeSides[begin] == -t.edgeSides[begin + 1];
  }

  Buffer<Vec3<float>> positions_;
  Buffer<Face> faces_;
  Buffer<glm::ivec2> edges_, pairs_;
  Buffer<int> start_, edgeFaces_;
  Buffer<std::int8_t> sides_;
  std::array<int, 4> counts_{};  // vertices, faces, edges, regular edges
};

// Cameras and targets of all train views.
class ViewStore {
 public:
  void set(Memory& memory, std::span<const DeviceViewInput> views, bool soft) {
    std::vector<ViewRecord> records;
    Index blocks = 0;
    extent_ = {};
    for (const DeviceViewInput& view : views) {
      ViewRecord record{};
      record.camera = CameraT<float>(view.camera);
      record.exact = CameraT<double>(record.camera);
      record.centre = record.camera.centre();
      record.pixelsPerNdc = record.camera.pixelsPerNdc();
      record.target = blocks;
      record.inverseNormaliser = float(1 / view.normaliser);
      record.blocksPerRow = int(blocksFor(view.camera.width));
      record.blocks = record.blocksPerRow * view.camera.height;
      blocks += record.blocks;
      records.push_back(record);
      extent_.blocks = std::max(extent_.blocks, record.blocks);
      extent_.height = std::max(extent_.height, view.camera.height);
      extent_.width = std::max(extent_.width, view.camera.width);
      extent_.pixelsPerNdc = std::max(extent_.pixelsPerNdc, record.pixelsPerNdc);
    }
    count_ = int(records.size());
    soft_ = soft;
    records_.upload(memory, records);
    uploadTargets(memory, views, blocks);
  }
  const ViewRecord* records() const { return records_.data(); }
  Targets targets() const { return {values_.data(), masks_.data(), soft_}; }
  int count() const { return count_; }
  // Of the largest view, each number by itself.
  struct Extent {
    int blocks = 0, width = 0, height = 0;
    float pixelsPerNdc = 0;
  };
  const Extent& extent() const { return extent_; }
  std::size_t bytes() const { return records_.bytes() + values_.bytes() + masks_.bytes(); }

 private:
  void uploadTargets(Memory& memory, std::span<const DeviceViewInput> views, Index blocks) {
    values_.allocate(memory, blocks * kBlock);
    masks_.allocate(memory, blocks);
    Index at = 0;
    for (const DeviceViewInput& view : views) {  // one view at a time: no second copy of all targets on the host
      if (view.mask.empty()) continue;  // only coverage is wanted, or only the size: no view then has one
      const int width = view.camera.width, perRow = int(blocksFor(width));
      std::vector<float> values(std::size_t(perRow) * kBlock * view.camera.height, 0.0f);
      std::vector<std::uint32_t> bits(std::size_t(perRow) * view.camera.height, 0);
      const std::span<const float> source = soft_ ? view.distance : view.mask;
      for (int y = 0; y < view.camera.height; ++y)
        for (int x = 0; x < width; ++x) {
          const std::size_t from = std::size_t(y) * width + x, block = std::size_t(y) * perRow + x / kBlock;
          values[block * kBlock + x % kBlock] = source[from];
          if (view.mask[from] >= 0.5f) bits[block] |= std::uint32_t(1) << (x % kBlock);
        }
      memory.upload(values_.data() + at * kBlock, values.data(), sizeof(float) * values.size());
      memory.upload(masks_.data() + at, bits.data(), sizeof(std::uint32_t) * bits.size());
      at += Index(bits.size());
    }
  }

  Buffer<ViewRecord> records_;
  Buffer<float> values_;
  Buffer<std::uint32_t> masks_;
  Extent extent_;
  int count_ = 0;
  bool soft_ = true;
};

}  // namespace penumbra::device
