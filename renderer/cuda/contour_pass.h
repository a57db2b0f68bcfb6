// The Contour model's launches in their order, for any executor: outlines (outline_pass.h), distances, pixels, pulls. An
// iteration that did not fit raises kTooSmall, changes nothing, and is run again with more room (`grow`).
#pragma once
#include "renderer/cuda/contour_pull.h"
#include "renderer/cuda/outline_pass.h"

namespace penumbra::device {

// What every pass works on.
struct PassInput {
  MeshView mesh;
  const Slot* slots;
  int slotCount;
  Targets targets;
  Counters* counters;
  std::uint32_t* anyBehind;
  ViewSums* viewSums;
  VertexSums vertices;
  float nearPlane;
  Loss loss;
};

// Calls pixels(todo) for the losses' sums and the pulls: at once where the loss allows.
template <class Pixels> void sumThenPull(Loss loss, const Pixels& pixels) {
  if (loss != Loss::SoftIoU) return pixels(kSumLoss | kPull);
  pixels(kSumLoss);  // the slope needs the sums of the whole view
  pixels(kPull);
}

template <class Executor>
class ContourPass {
 public:
  // Room for views of this extent seen by `slots` slots; reach in pixels at most `reach`.
  void allocate(Executor& executor, const MeshView& mesh, const ViewStore::Extent& extent, int slots, float reach) {
    slots_ = slots;
    slotBlocks_ = extent.blocks;
    outline_.allocate(executor, mesh, extent, slots, reach);
    const Index blocks = Index(slots) * slotBlocks_;
    keys_.allocate(executor, blocks * kBlock);
    inside_.allocate(executor, blocks);
    marks_.allocate(executor, blocks);
    marks_.fill(1);  // every key is emptied once
    makeRoom(executor);
  }

  // Makes room for what was needed; true if anything was too small.
  bool grow(Executor& executor, const PartCounts& need) {
    const bool grown = outline_.grow(executor, need);
    if (grown) makeRoom(executor);
    return grown;
  }

  // Outline and distances: everything up to the pixels.
  void cover(Executor& executor, const PassInput& in) {
    const ClearContour clear{images(),             outline_.cells(),     ends(), in.viewSums, keys_.size(),
                             outline_.cellCount(), endEntries_.size(), slots_};
    executor.launch("clearContour", clear, clear.count());
    outline_.trace(executor, {in.mesh, in.slots, in.slotCount, in.counters, in.anyBehind, in.nearPlane},
                   {sums_.data(), ends()});
    const OutlineData data = outlineData(in);
    executor.launch("coverBlocks", CoverBlocks{data, images()}, marks_.size());
    executor.launch("spreadDistances", SpreadDistances{data, outline_.pieces(), ends(), images(), pieceRoom()},
                    outline_.room().pieces * kBlock);
  }

  void writeAlpha(Executor& executor, const PassInput& in, float* alpha) { pixels(executor, in, kWriteAlpha, alpha); }

  // Losses of the views, and their pulls into the sums of vertices.
  void lossAndPulls(Executor& executor, const PassInput& in) {
    sumThenPull(in.loss, [&](int todo) { pixels(executor, in, todo, nullptr); });
    for (const int measure : {1, 0})
      executor.launch(measure ? "measurePulls" : "pullVertices",
                      PullVertices{outlineData(in),
                                   outline_.pieces(),
                                   sums_.data(),
                                   in.viewSums,
                                   {in.mesh, in.nearPlane},
                                   in.vertices,
                                   in.loss,
                                   pieceRoom(),
                                   measure},
                      blocksFor(outline_.room().pieces) * kBlock);
  }
  // What the launches since cover() worked on.
  void countForward(const PartCounts& parts, DeviceWork& work) const {
    const std::vector<std::uint8_t> marks = marks_.download(marks_.size());
    const std::vector<std::uint64_t> keys = keys_.download(keys_.size());
    for (std::size_t i = 0; i < keys.size(); ++i) work.band += marks[i / kBlock] && keys[i] != kNoKey;
    work.pixels += double(keys_.size());
    work.ends += double(endEntries_.size());
    outline_.count(parts, work);
  }
  void countBackward(DeviceWork&) const {}

  std::size_t bytes() const {
    return outline_.bytes() + keys_.bytes() + inside_.bytes() + marks_.bytes() + sums_.bytes() + endEntries_.bytes();
  }

 private:
  void makeRoom(Executor& executor) {
    sums_.allocate(executor, outline_.room().pieces);
    Index table = 64;
    while (table < 4 * outline_.room().pieces) table *= 2;
    endEntries_.allocate(executor, table);
  }
  void pixels(Executor& executor, const PassInput& in, int todo, float* alpha) {
    Images target = images();
    target.alpha = alpha;
    executor.launch(
        "contourPixels",
        ContourPixels{outlineData(in), target, in.targets, in.viewSums, outline_.pieces(), sums_.data(), in.loss, todo},
        keys_.size());
  }
  Images images() const { return {keys_.data(), marks_.data(), inside_.data(), nullptr, slotBlocks_}; }
  EndTable ends() const { return {endEntries_.data(), std::uint32_t(endEntries_.size() - 1)}; }
  OutlineData outlineData(const PassInput& in) const { return outline_.outlineData(in.slots, in.counters); }
  int pieceRoom() const { return int(outline_.room().pieces); }

  int slots_ = 0, slotBlocks_ = 0;
  OutlinePass<Executor> outline_;
  Buffer<std::uint32_t> inside_;
  Buffer<std::uint8_t> marks_;
  Buffer<std::uint64_t> keys_;
  Buffer<PieceSums> sums_;
  Buffer<EndTable::Entry> endEntries_;
};

}  // namespace penumbra::device
