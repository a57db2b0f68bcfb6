// Fewer faces, the same shape: edges collapse where that bends the surface least, until a number of faces is left.
//
//   cost of p for vertex v   q_v(p) = sum over the faces v stands for of area * (n.p - d)^2        (quadric, 4 x 4)
//   edge (a, b)              p = argmin q_a + q_b, cost q_a(p) + q_b(p); the sum stays with the merged vertex
// Cheapest first. In a plane every p costs nothing: a slight pull towards the middle of the edge keeps p on it. Edits that
// would change the topology, turn a face by more than 60 degrees or make a sliver wait until their surroundings change.
// Borders and non-manifold parts stay. Source: Garland and Heckbert, "Surface simplification using quadric error
// metrics" (SIGGRAPH 1997).
// Limits: may end above the wanted number where no edit is allowed any more.
#pragma once
#include "renderer/mesh.h"

namespace penumbra {

// `faces` wanted, at least 4 a component remain. The same bits every time.
Mesh decimate(const Mesh& mesh, int faces);

}  // namespace penumbra
