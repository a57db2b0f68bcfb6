// The SoftRas model's launches in their order, for any executor. The room for entries grows as in contour_pass.h.
#pragma once
#include "renderer/cuda/contour_pass.h"
#include "renderer/cuda/softras_pixels.h"

namespace penumbra::device {

template <class Executor>
class SoftRasPass {
 public:
  void allocate(Executor& executor, const MeshView& mesh, const ViewStore::Extent& extent, int slots, float) {
    slots_ = slots;
    slotBlocks_ = extent.blocks;
    tilesPerSlot_ = ((extent.width + kTile - 1) / kTile) * ((extent.height + kTile - 1) / kTile);
    const Index tiles = Index(slots) * tilesPerSlot_, pixels = Index(slots) * slotBlocks_ * kBlock;
    if (tiles > (Index(1) << 31) - 64)
      throw Error(ExitCode::Memory, "The views have too many tiles.", "Use fewer views at once.");
    counts_.allocate(executor, tiles);
    filled_.allocate(executor, tiles);
    places_.allocate(executor, tiles);
    left_.allocate(executor, pixels);
    stops_.allocate(executor, pixels);
    stops_.fill(0);  // blocks that no view has stay so
    if (room_ == 0) room_ = 1024 + 5 * Index(mesh.faceCount) * slots / 2;
    makeRoom(executor);
  }
  bool grow(Executor& executor, const PartCounts& need) {
    if (need.entries <= room_) return false;
    room_ = need.entries + need.entries / 4;
    makeRoom(executor);
    return true;
  }

  void cover(Executor& executor, const PassInput& in) {
    const SoftRasSource source = sourceOf(in);
    const PrefixView places = places_.view(counts_.data());
    const Index faces = Index(slots_) * in.mesh.faceCount;
    executor.launch("clearViewSums", ClearViewSums{in.viewSums}, slots_);
    executor.launch("clearTiles", ClearTiles{counts_.data(), filled_.data(), counts_.size()}, counts_.size());
    executor.launch("countTiles", CountTiles{source, counts_.data()}, faces);
    places_.run(executor, counts_.data(), &in.counters->now.entries);
    executor.launch("fillTiles", FillTiles{source, places, filled_.data(), unsorted_.data(), room_, in.counters},
                    faces);
    executor.launch("rankEntries", RankEntries{source, places, unsorted_.data(), entries_.data(), room_, in.counters},
                    room_);
    executor.launch("softRasCover",
                    SoftRasCover{in.slots, places, entries_.data(), images(), in.counters, tilesPerSlot_},
                    left_.size());
  }
  void writeAlpha(Executor& executor, const PassInput& in, float* alpha) { pixels(executor, in, kWriteAlpha, alpha); }

  void lossAndPulls(Executor& executor, const PassInput& in) {
    sumThenPull(in.loss, [&](int todo) { pixels(executor, in, todo, nullptr); });
    executor.launch(
        "softRasPullEntries",
        SoftRasPullEntries{in.slots, entries_.data(), gradients_.data(), images(), in.counters, tilesPerSlot_}, room_);
    for (const int measure : {1, 0})
      executor.launch(measure ? "softRasMeasurePulls" : "softRasPullVertices",
                      SoftRasPullVertices{sourceOf(in),
                                          entries_.data(),
                                          gradients_.data(),
                                          in.viewSums,
                                          {in.mesh, in.nearPlane},
                                          in.vertices,
                                          in.loss,
                                          measure},
                      blocksFor(room_) * kBlock);
  }
  // What the launches since cover() worked on.
  void countForward(const PartCounts& parts, DeviceWork& work) const {
    work.pixels += double(left_.size());
    work.tiles += double(counts_.size());
    work.entries += double(parts.entries);
    work.pairsForward += pairs();
  }
  void countBackward(DeviceWork& work) const { work.pairsBackward += pairs(); }

  std::size_t bytes() const {
    return counts_.bytes() + filled_.bytes() + places_.bytes() + left_.bytes() + stops_.bytes() + unsorted_.bytes() +
           entries_.bytes() + gradients_.bytes();
  }

 private:
  void makeRoom(Executor& executor) {
    unsorted_.allocate(executor, room_);
    entries_.allocate(executor, room_);
    gradients_.allocate(executor, room_);
  }
  double pairs() const {
    double sum = 0;
    for (const int stop : stops_.download(stops_.size())) sum += stop;
    return sum;
  }
  void pixels(Executor& executor, const PassInput& in, int todo, float* alpha) {
    SoftRasImages target = images();
    target.alpha = alpha;
    executor.launch("softRasLoss", SoftRasLoss{in.slots, target, in.targets, in.viewSums, in.counters, in.loss, todo},
                    left_.size());
  }
  SoftRasSource sourceOf(const PassInput& in) const { return {in.mesh, in.slots, double(in.nearPlane), tilesPerSlot_}; }
  SoftRasImages images() const { return {left_.data(), stops_.data(), nullptr, slotBlocks_}; }

  int slots_ = 0, slotBlocks_ = 0, tilesPerSlot_ = 0;
  Index room_ = 0;
  Buffer<int> counts_, filled_, stops_;
  PrefixSums places_;
  Buffer<float> left_;
  Buffer<TileFace> unsorted_;
  Buffer<SoftRasEntry> entries_;
  Buffer<EntryGradient> gradients_;
};

}  // namespace penumbra::device
