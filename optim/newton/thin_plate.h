// Prior on what no silhouette shows: the surface bends as little as it can.
//
//   E(x) = 1/2 sum_i w_i |u_i|^2,   u_i = x_i - mean of its neighbours,   w_i = (kReferenceEdge / h_i)^2
// u_i is about -h_i^2/4 times the surface's Laplacian (h_i mean length of the edges at i), so the weights make E about
// 1/30 kReferenceEdge^2 times the integral of |Laplace x|^2: it does not depend on how finely the surface is meshed.
// It acts on the shape itself, not on the step: it fills smoothly between the rims that the views see; its tangential
// part evens out the triangles. On the border of an open mesh neighbours are those along the border.
// Source: Desbrun et al., "Implicit fairing" (1999), section 4 (umbrella operator); Botsch, Kobbelt (2004), eq. 2.
#pragma once
#include <span>
#include <vector>

#include "renderer/topology.h"

namespace penumbra {

inline constexpr double kReferenceEdge = 0.0257;  // world units: a closed surface of area 4 with 7000 vertices

// The matrix B = U^T W U of E = 1/2 x^T B x, the same for x, y and z. Rows sorted by column, with the diagonal.
struct ThinPlate {
  std::vector<int> start, column;
  std::vector<float> value, diagonal;
  int rows() const { return int(start.size()) - 1; }
};

ThinPlate makeThinPlate(const Topology& topology, std::span<const glm::vec3> positions);

// B x, and the energy 1/2 x . B x as its return value.
double applyThinPlate(const ThinPlate& plate, std::span<const glm::vec3> x, std::vector<glm::dvec3>& product);

}  // namespace penumbra
