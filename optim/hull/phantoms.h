// Removes tunnels and bridges from the inside points of a grid that no silhouette asks for.
//
// Where cones meet at a grazing angle the hull gets handles the object does not have: tunnels a fraction of a pixel wide,
// and bridges of matter between parts that lie behind each other in every view. Both hide from every mask.
//   r = 1 .. kPhantomReach:
//   tunnel   a connected set of points that a closing by r adds and that lie outside the hull by less than kTunnelPixels,
//            so that filling it moves no outline by more
//   bridge   a connected set that an opening by r removes and that no mask needs: apart from fewer than kNeededPixels
//            pixels, all it covers well inside the masks is covered by what is left, to within a step of the grid
// Either is done only when the Euler characteristic grows (a handle goes) and neither new parts nor new cavities appear.
// The result is to be made well-composed again. Euler characteristic of a well-composed solid: points - edges + squares
// - cubes of neighbouring inside points.
// Limits: real tunnels that are narrower than 2 kTunnelPixels in every mask are filled.
#pragma once
#include "optim/hull/hull_field.h"
#include "optim/hull/hull_grid.h"

namespace penumbra {

inline constexpr int kPhantomReach = 3;
inline constexpr float kTunnelPixels = 0.75f;

struct PhantomReport {
  int tunnelsFilled = 0, bridgesCut = 0;
};
// Those of one r.
PhantomReport removePhantoms(HullGrid& grid, const HullField& field, int reach);

// Tunnels through the inside points: parts + cavities - Euler characteristic.
int solidGenus(const HullGrid& grid);

// How far the genus can be trusted: the share of r = 1 .. kPhantomReach for which closing and then opening by r leaves it
// as it is. 0 says that every handle hangs on a step of the grid.
double genusConfidence(const HullGrid& grid);

}  // namespace penumbra
