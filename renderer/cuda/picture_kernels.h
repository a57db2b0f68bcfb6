// Coverage for display: what was rendered, reduced to the size it is shown at. See renderer/core/reduce.h.
#pragma once
#include "renderer/core/reduce.h"
#include "renderer/cuda/scene.h"

namespace penumbra::device {

struct PictureRecord {
  int slot, width, height;  // of the launch that rendered its view; reduced size
  Index offset;             // first of its values
};

// One pixel of one of the pictures that a launch makes; `stride` is the size of the largest.
struct ReducePictures {
  const Slot* slots;
  const float* alpha;  // layout as in scene.h
  const PictureRecord* pictures;
  float* values;
  int slotBlocks, stride;

  PENUMBRA_HD void operator()(Index index) const {
    const PictureRecord& picture = pictures[index / stride];
    const int local = int(index % stride);
    if (local >= picture.width * picture.height) return;
    const ViewRecord& view = slots[picture.slot].view;
    const Index first = Index(picture.slot) * slotBlocks * kBlock;
    const int rowLength = view.blocksPerRow * kBlock;
    values[picture.offset + local] =
        reducedPixel(view.camera.width, view.camera.height, picture.width, picture.height, local % picture.width,
                     local / picture.width, [&](int u, int v) { return alpha[first + Index(v) * rowLength + u]; });
  }
};

}  // namespace penumbra::device
