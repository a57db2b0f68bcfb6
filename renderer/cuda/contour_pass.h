// The Contour model's launches in their order, for any executor.
//
// Room for segments, nodes, cuts and pieces is a guess that grows: kernels count what they would need, and an iteration
// that did not fit raises kTooSmall, changes nothing, and is run again with more room (`grow`).
#pragma once
#include "renderer/cuda/contour_pull.h"
#include "renderer/cuda/scene_store.h"

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
  struct Room {
    Index segments = 0, nodes = 0, cuts = 0, pieces = 0;
  };

  // Room for views of this extent seen by `slots` slots; reach in pixels at most `reach`.
  void allocate(Executor& executor, const MeshView& mesh, const ViewStore::Extent& extent, int slots, float reach) {
    slots_ = slots;
    edgeBlocks_ = int(blocksFor(mesh.edgeCount));
    faceBlocks_ = int(blocksFor(mesh.faceCount));
    slotBlocks_ = extent.blocks;
    const int margin = int(std::ceil(reach)) + 1;
    rowsPerSlot_ = extent.height + 2 * margin;
    marginBins_ = int(blocksFor(margin));
    binsPerRow_ = int(blocksFor(extent.width)) + 2 * marginBins_;
    const Index groups = blocksFor(slots), masks = Index(slots) * (edgeBlocks_ + faceBlocks_);
    facing_.allocate(executor, groups * mesh.faceCount);
    inFront_.allocate(executor, groups * mesh.vertexCount);
    degenerate_.allocate(executor, mesh.faceCount);
    masks_.allocate(executor, masks);
    maskCounts_.allocate(executor, masks);
    maskPlaces_.allocate(executor, masks);
    const Index cellCount = Index(slots) * rowsPerSlot_ * binsPerRow_;
    if (cellCount > kMostParts) throw tooMany();
    cellFirst_.allocate(executor, cellCount);
    cellSteps_.allocate(executor, cellCount);
    const Index blocks = Index(slots) * slotBlocks_;
    keys_.allocate(executor, blocks * kBlock);
    inside_.allocate(executor, blocks);
    marks_.allocate(executor, blocks);
    marks_.fill(1);  // every key is emptied once
    if (room_.segments == 0) room_ = firstGuess(mesh, slots);
    makeRoom(executor);
  }

  // Makes room for what was needed; true if anything was too small.
  bool grow(Executor& executor, const PartCounts& need) {
    const auto enough = [](Index& room, Index wanted, Index most) {
      if (wanted <= room) return false;
      if (wanted > most) throw tooMany();
      room = std::min(most, wanted + wanted / 4);
      return true;
    };
    bool grown = enough(room_.segments, need.segments, kMostParts);
    grown |= enough(room_.nodes, need.nodes, kMostParts);
    grown |= enough(room_.cuts, need.cuts, kMostParts);
    grown |= enough(room_.pieces, need.pieces, kMostParts / 4);
    if (grown) makeRoom(executor);
    return grown;
  }

  // Outline and distances: everything up to the pixels.
  void cover(Executor& executor, const PassInput& in) {
    const ContourSource source{in.mesh,      facing_.data(), inFront_.data(), degenerate_.data(),
                               in.anyBehind, edgeBlocks_,    faceBlocks_};
    const ClearContour clear{images(),           cells(), ends(), in.viewSums, keys_.size(), cellFirst_.size(),
                             endEntries_.size(), slots_};
    const Index groups = blocksFor(slots_), blocks = edgeBlocks_ + faceBlocks_;
    executor.launch("clearContour", clear, clear.count());
    executor.launch("facingWords",
                    FacingWords{in.mesh, in.slots, in.slotCount, in.nearPlane, facing_.data(), inFront_.data(),
                                degenerate_.data(), in.anyBehind},
                    groups * (in.mesh.faceCount + in.mesh.vertexCount));
    executor.launch("contourMasks", ContourMasks{source, in.slots, in.slotCount, masks_.data(), maskCounts_.data()},
                    groups * kBlock * blocks);
    maskPlaces_.run(executor, maskCounts_.data(), &in.counters->now.segments);
    executor.launch("makeSegments",
                    MakeSegments{source, in.slots, masks_.data(), maskPlaces_.view(maskCounts_.data()), in.nearPlane,
                                 segments_.data(), int(room_.segments), cells(), in.counters},
                    masks_.size());
    const OutlineData data = outlineData(in);
    executor.launch("crossSegments", CrossSegments{data}, room_.nodes);
    executor.launch("countPieces", CountPieces{data, onLeft_.data(), pieceCounts_.data()}, room_.segments);
    piecePlaces_.run(executor, pieceCounts_.data(), &in.counters->now.pieces);
    executor.launch("makePieces",
                    MakePieces{data, onLeft_.data(), piecePlaces_.view(pieceCounts_.data()), pieces_.data(),
                               sums_.data(), ends(), int(room_.pieces)},
                    room_.segments);
    executor.launch("coverBlocks", CoverBlocks{data, images()}, marks_.size());
    executor.launch("spreadDistances", SpreadDistances{data, pieces_.data(), ends(), images(), int(room_.pieces)},
                    room_.pieces * kBlock);
  }

  void writeAlpha(Executor& executor, const PassInput& in, float* alpha) { pixels(executor, in, kWriteAlpha, alpha); }

  // Losses of the views, and their pulls into the sums of vertices.
  void lossAndPulls(Executor& executor, const PassInput& in) {
    sumThenPull(in.loss, [&](int todo) { pixels(executor, in, todo, nullptr); });
    for (const int measure : {1, 0})
      executor.launch(measure ? "measurePulls" : "pullVertices",
                      PullVertices{outlineData(in),
                                   pieces_.data(),
                                   sums_.data(),
                                   in.viewSums,
                                   {in.mesh, in.nearPlane},
                                   in.vertices,
                                   in.loss,
                                   int(room_.pieces),
                                   measure},
                      blocksFor(room_.pieces) * kBlock);
  }
  // What the launches since cover() worked on.
  void countForward(const PartCounts& parts, DeviceWork& work) const {
    const std::vector<std::uint8_t> marks = marks_.download(marks_.size());
    const std::vector<std::uint64_t> keys = keys_.download(keys_.size());
    for (std::size_t i = 0; i < keys.size(); ++i) work.band += marks[i / kBlock] && keys[i] != kNoKey;
    work.pixels += double(keys_.size());
    work.cells += double(cellFirst_.size());
    work.masks += double(masks_.size());
    work.ends += double(endEntries_.size());
    work.segments += double(parts.segments);
    work.nodes += double(parts.nodes);
    work.cuts += double(parts.cuts);
    work.pieces += double(parts.pieces);
  }
  void countBackward(DeviceWork&) const {}

  std::size_t bytes() const {
    return facing_.bytes() + inFront_.bytes() + degenerate_.bytes() + masks_.bytes() + maskCounts_.bytes() +
           maskPlaces_.bytes() + cellFirst_.bytes() + cellSteps_.bytes() + keys_.bytes() + inside_.bytes() +
           marks_.bytes() + segments_.bytes() + nodes_.bytes() + cuts_.bytes() + pieces_.bytes() + sums_.bytes() +
           onLeft_.bytes() + pieceCounts_.bytes() + piecePlaces_.bytes() + endEntries_.bytes();
  }

 private:
  static constexpr Index kMostParts = (Index(1) << 31) - 64;
  static Error tooMany() {
    return {ExitCode::Memory, "The outline has more parts than 32 bits can count.", "Use fewer views at once."};
  }
  // Contour edges of a view grow as the square root of its edges on smooth meshes; twice that to begin with.
  static Room firstGuess(const MeshView& mesh, int slots) {
    const Index each = std::min<Index>(mesh.edgeCount, 256 + Index(8 * std::sqrt(double(mesh.edgeCount))));
    return {each * slots, 6 * each * slots, each * slots / 2, each * slots};
  }
  void makeRoom(Executor& executor) {
    segments_.allocate(executor, room_.segments);
    onLeft_.allocate(executor, room_.segments);
    pieceCounts_.allocate(executor, room_.segments);
    piecePlaces_.allocate(executor, room_.segments);
    nodes_.allocate(executor, room_.nodes);
    cuts_.allocate(executor, room_.cuts);
    pieces_.allocate(executor, room_.pieces);
    sums_.allocate(executor, room_.pieces);
    Index table = 64;
    while (table < 4 * room_.pieces) table *= 2;
    endEntries_.allocate(executor, table);
  }
  void pixels(Executor& executor, const PassInput& in, int todo, float* alpha) {
    Images target = images();
    target.alpha = alpha;
    executor.launch(
        "contourPixels",
        ContourPixels{outlineData(in), target, in.targets, in.viewSums, pieces_.data(), sums_.data(), in.loss, todo},
        keys_.size());
  }
  Images images() const { return {keys_.data(), marks_.data(), inside_.data(), nullptr, slotBlocks_}; }
  Cells cells() const {
    return {cellFirst_.data(), cellSteps_.data(), nodes_.data(),   rowsPerSlot_,
            binsPerRow_,       marginBins_,       int(room_.nodes)};
  }
  EndTable ends() const { return {endEntries_.data(), std::uint32_t(endEntries_.size() - 1)}; }
  OutlineData outlineData(const PassInput& in) const {
    return {in.slots, segments_.data(), int(room_.segments), cells(), cuts_.data(), int(room_.cuts), in.counters};
  }

  int slots_ = 0, edgeBlocks_ = 0, faceBlocks_ = 0, slotBlocks_ = 0, rowsPerSlot_ = 0, binsPerRow_ = 0, marginBins_ = 0;
  Room room_;
  Buffer<std::uint32_t> facing_, inFront_, masks_, inside_;
  Buffer<std::uint8_t> degenerate_, marks_;
  Buffer<int> maskCounts_, cellFirst_, cellSteps_, onLeft_, pieceCounts_;
  PrefixSums maskPlaces_, piecePlaces_;
  Buffer<std::uint64_t> keys_;
  Buffer<Segment> segments_;
  Buffer<CellNode> nodes_;
  Buffer<Cut> cuts_;
  Buffer<Piece> pieces_;
  Buffer<PieceSums> sums_;
  Buffer<EndTable::Entry> endEntries_;
};

}  // namespace penumbra::device
