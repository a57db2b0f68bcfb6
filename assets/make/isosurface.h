// The zero surface of a solid as a closed triangle mesh, by marching tetrahedra.
//
// A cubic grid of cell size h is cut into tetrahedra along the main diagonals (six a cell, Kuhn's subdivision: they fit
// together across cells). A tetrahedron with inside and outside corners gives one triangle or two, whose corners sit
// on its edges where linear interpolation is zero. Every grid point is strictly inside (f < 0) or outside, so each
// mesh edge has exactly two faces and the faces around a vertex form one fan: the mesh is a closed 2-manifold by
// construction, wound outward. Triangles are slivers at places: remesh() makes them good.
// Source: Doi and Koide, "An efficient method of triangulating equi-valued surfaces" (1991).
// Limits: the box must hold the whole solid; features thinner than h may be missed. |gradient f| <= 2 is assumed when
// blocks far from the surface are skipped.
#pragma once
#include "assets/make/shapes.h"
#include "renderer/mesh.h"

namespace penumbra::assets {

// Throws Error(Internal) when the solid touches the border of the box.
MeshT<double> isosurface(const Solid& solid, const Bounds& box, double cellSize);

}  // namespace penumbra::assets
