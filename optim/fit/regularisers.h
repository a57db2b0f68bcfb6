// Terms of the objective that look at the mesh only. All are free of scale (the same for a mesh and its enlargement) and
// nearly free of resolution: the first three are 1 for a finely and evenly triangulated sphere, whatever its size.
//
//   uniform Laplacian    3/(4 pi) (V/A) sum_i |d_i|^2,   d_i = x_i - mean of its neighbours
//   cotangent Laplacian  1/(16 pi) (V/A) sum_i |d_i|^2,  d_i = sum_j (cot a_ij + cot b_ij)/2 (x_i - x_j)
//                        (Pinkall and Polthier, Experimental Mathematics 2(1), 1993: d_i = 2 H n times the vertex's area)
//   normal consistency   sqrt(3)/(4 pi) sum over inner edges of (1 - n_f . n_g)
//   edge length          variance of the edge lengths / their squared mean
// V vertices used by faces, A area, H mean curvature. Per vertex |d|^2 ~ H^2 (A/V)^2, per edge 1 - n.n ~ (kappa h)^2 / 2:
// the factors make sums over a refined mesh converge to A mean(H^2) and A mean(kappa^2). A is differentiated too, so no
// term shrinks the mesh.
//
// The uniform Laplacian also has a part along the surface, from uneven triangles, which grows with V.
//
// Borders: a vertex on an edge with one face has no d_i. Edges with more than two faces, and pairs with a face without
// area, are left out of normal consistency; faces that walk their edge the same way are compared with one normal
// reversed. Cotangents are held within +-50 (angles of about 1 degree). A mesh without area has value and gradient 0.
//
// To add one: a function template, a row in the table in regularisers.cpp.
#pragma once
#include <span>

#include "optim/options.h"
#include "renderer/topology.h"

namespace penumbra {

// Returns the value and adds weight * gradient to `gradient` (V entries).
template <class Real>
using RegulariserFunction = double (*)(const Topology& topology, std::span<const Vec3<Real>> positions, Real weight,
                                       std::span<Vec3<Real>> gradient);

enum class RegulariserTerm { Laplacian, NormalConsistency, EdgeLength };  // where Metrics reports it

struct RegulariserRow {
  const char* name;
  RegulariserTerm term;
  double (*weight)(const FitOptions&);  // 0: not used
  RegulariserFunction<float> inFloat;
  RegulariserFunction<double> inDouble;
};
std::span<const RegulariserRow> regulariserTable();

}  // namespace penumbra
