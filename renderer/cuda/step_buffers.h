// Room for a step's views beside what the passes take.
#pragma once
#include "renderer/cuda/scene_store.h"

namespace penumbra::device {

inline constexpr int kTableRows = 256;  // iterations uploaded at once

template <class Executor>
struct StepBuffers {
  Buffer<Slot> slots;
  Buffer<std::uint32_t> anyBehind;
  Buffer<ViewSums> viewSums;
  Buffer<Counters> counters;
  Buffer<std::int64_t> vertexSums;
  Buffer<Vec3<float>> gradient, normals;
  Buffer<IterationRecord> table;
  Buffer<int> steps;

  void allocate(Executor& executor, int vertices, int slotCount, int stepViews) {
    slots.allocate(executor, slotCount);
    anyBehind.allocate(executor, blocksFor(slotCount));
    viewSums.allocate(executor, Index(slotCount) * ((stepViews + slotCount - 1) / slotCount));
    counters.allocate(executor, 1);
    vertexSums.allocate(executor, 3 * Index(vertices));
    gradient.allocate(executor, vertices);
    normals.allocate(executor, vertices);
    table.allocate(executor, kTableRows);
    steps.allocate(executor, Index(kTableRows) * stepViews);
    counters.fill(0);
    vertexSums.fill(0);
    viewSums.fill(0);
  }
  std::size_t bytes() const {
    return slots.bytes() + anyBehind.bytes() + counters.bytes() + viewSums.bytes() + vertexSums.bytes() + gradient.bytes() + normals.bytes() + table.bytes() +
           steps.bytes();
  }
};

}  // namespace penumbra::device
