// The launches that find the exact outlines of the mesh in all slots: contour_classify.h and contour_outline.h in their
// order, for any executor.
//
// Room for segments, nodes, cuts and pieces is a guess that grows: kernels count what they would need, and launches that
// did not fit raise kTooSmall and are made again with more room (`grow`).
#pragma once
#include "renderer/cuda/contour_outline.h"
#include "renderer/cuda/scene_store.h"

namespace penumbra::device {

// What outlines are found from.
struct OutlineInput {
  MeshView mesh;
  const Slot* slots;
  int slotCount;
  Counters* counters;
  std::uint32_t* anyBehind;
  float nearPlane;
};

// What users of pieces keep for each; either may be null.
struct PieceExtras {
  PieceSums* sums = nullptr;
  EndTable ends{nullptr, 0};
};

template <class Executor>
class OutlinePass {
 public:
  struct Room {
    Index segments = 0, nodes = 0, cuts = 0, pieces = 0;
  };

  // Room for views of this extent seen by `slots` slots; reach in pixels at most `reach`.
  void allocate(Executor& executor, const MeshView& mesh, const ViewStore::Extent& extent, int slots, float reach) {
    slots_ = slots;
    edgeBlocks_ = int(blocksFor(mesh.edgeCount));
    faceBlocks_ = int(blocksFor(mesh.faceCount));
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

  // Cells must be empty, and so must the table of ends.
  void trace(Executor& executor, const OutlineInput& in, const PieceExtras& extras = {}) {
    const ContourSource source{in.mesh,      facing_.data(), inFront_.data(), degenerate_.data(),
                               in.anyBehind, edgeBlocks_,    faceBlocks_};
    const Index groups = blocksFor(slots_), blocks = edgeBlocks_ + faceBlocks_;
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
    const OutlineData data = outlineData(in.slots, in.counters);
    executor.launch("crossSegments", CrossSegments{data}, room_.nodes);
    executor.launch("countPieces", CountPieces{data, onLeft_.data(), pieceCounts_.data()}, room_.segments);
    piecePlaces_.run(executor, pieceCounts_.data(), &in.counters->now.pieces);
    executor.launch("makePieces",
                    MakePieces{data, onLeft_.data(), piecePlaces_.view(pieceCounts_.data()), pieces_.data(),
                               extras.sums, extras.ends, int(room_.pieces)},
                    room_.segments);
  }

  const Room& room() const { return room_; }
  const Piece* pieces() const { return pieces_.data(); }
  Index cellCount() const { return cellFirst_.size(); }
  Index maskCount() const { return masks_.size(); }
  Cells cells() const {
    return {cellFirst_.data(), cellSteps_.data(), nodes_.data(),   rowsPerSlot_,
            binsPerRow_,       marginBins_,       int(room_.nodes)};
  }
  OutlineData outlineData(const Slot* slots, Counters* counters) const {
    return {slots, segments_.data(), int(room_.segments), cells(), cuts_.data(), int(room_.cuts), counters};
  }
  // What trace() has worked on.
  void count(const PartCounts& parts, DeviceWork& work) const {
    work.cells += double(cellFirst_.size());
    work.masks += double(masks_.size());
    work.segments += double(parts.segments);
    work.nodes += double(parts.nodes);
    work.cuts += double(parts.cuts);
    work.pieces += double(parts.pieces);
  }
  std::size_t bytes() const {
    return facing_.bytes() + inFront_.bytes() + degenerate_.bytes() + masks_.bytes() + maskCounts_.bytes() +
           maskPlaces_.bytes() + cellFirst_.bytes() + cellSteps_.bytes() + segments_.bytes() + nodes_.bytes() +
           cuts_.bytes() + pieces_.bytes() + onLeft_.bytes() + pieceCounts_.bytes() + piecePlaces_.bytes();
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
  }

  int slots_ = 0, edgeBlocks_ = 0, faceBlocks_ = 0, rowsPerSlot_ = 0, binsPerRow_ = 0, marginBins_ = 0;
  Room room_;
  Buffer<std::uint32_t> facing_, inFront_, masks_;
  Buffer<std::uint8_t> degenerate_;
  Buffer<int> maskCounts_, cellFirst_, cellSteps_, onLeft_, pieceCounts_;
  PrefixSums maskPlaces_, piecePlaces_;
  Buffer<Segment> segments_;
  Buffer<CellNode> nodes_;
  Buffer<Cut> cuts_;
  Buffer<Piece> pieces_;
};

}  // namespace penumbra::device
