// Parts and genus of the solid that a shape's shells make together.
//
// A catalogue's shape may consist of closed shells that overlap, as cushions do with the frame that holds them. Masks show
// their union only, so that is what a method's topology is held against. Points of a grid of kSolidSteps along the
// longest side are inside when the surface winds around them; gaps narrower than two steps, four pixels of 512, are
// closed, for shells that just touch leave many of those.
#pragma once
#include "renderer/mesh.h"

namespace penumbra::quality {

inline constexpr int kSolidSteps = 256;

struct SolidTopology {
  int parts = 0, genus = 0;
};
SolidTopology topologyOfSolid(const Mesh& closed);

}  // namespace penumbra::quality
