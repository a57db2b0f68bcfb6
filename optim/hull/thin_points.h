// Adds a grid's thin points (hull_grid.h) to its solid, without tunnels that are not there.
//
// Points are added one at a time, deepest first, again and again until none changes. A point may start a part, grow one or
// join different parts. It may not connect places of one part that do not touch around the point: that would make a
// tunnel. (Number of 26-connected parts among the 26 neighbours: Bertrand and Malandain, "A new characterization of
// three-dimensional simple points", 1994.)
// Limit: a ring thinner than a step everywhere stays open at one point.
#pragma once
#include "optim/hull/hull_grid.h"

namespace penumbra {

// `grid.inside` must be well-composed. Thin points that are not taken are removed from `grid.thin`.
void addThinPoints(HullGrid& grid);

}  // namespace penumbra
