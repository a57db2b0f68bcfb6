// Makes the inside points of a grid a solid whose surface is a manifold, and drops what does not belong to the object.
//
// 1. Well-composed: no two inside points touch along an edge or at a corner of their cells only, nor two outside ones
//    (Latecki, "3D well-composed pictures", 1997). Where they do, the outside point nearest to the hull is added. Then the
//    faces between inside and outside cells form closed 2-manifolds, and 6-, 18- and 26-connectedness are the same.
// 2. Thin points (hull_grid.h) are added where they make no tunnel (thin_points.h), and step 1 is repeated.
// 3. Cavities, outside parts that do not reach the border of the grid, are filled: no silhouette shows them.
// 4. Tunnels and bridges that no silhouette shows go (phantoms.h), and steps 1 and 3 are repeated.
// 5. Parts that no silhouette needs are dropped, smallest first: a part is needed when some view has at least
//    kNeededPixels pixels of its mask that no other part left covers.
#pragma once
#include "optim/hull/hull_field.h"
#include "optim/hull/hull_grid.h"

namespace penumbra {

inline constexpr int kNeededPixels = 4;

struct CleaningReport {
  int pointsAdded = 0, cavitiesFilled = 0, partsDropped = 0, tunnelsFilled = 0, bridgesCut = 0;
};

// Without step 4 when `phantomsGo` is false.
CleaningReport cleanHull(HullGrid& grid, const HullField& field, ThreadPool& pool, bool phantomsGo = true);

}  // namespace penumbra
