// How coarse a mesh is for what it shows: the angle by which neighbouring faces turn, about edge length times curvature.
#pragma once
#include <span>

#include "renderer/topology.h"

namespace penumbra {

// Degrees, the median over the edges between two faces wound alike: creases, few edges of a mesh, do not count. 0 when
// there is no such edge.
double medianTurn(std::span<const glm::vec3> positions, const Topology& topology);

}  // namespace penumbra
