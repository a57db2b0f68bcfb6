// Cuts places out of a closed mesh and closes each hole that leaves by a disc.
//
// What is cut is grown until its rim consists of simple loops; small islands that were left standing within go as well.
// A disc is a fan around the middle of its loop, new vertex included, so that no edge can come to be there twice. A
// thread between two parts that was cut leaves two discs: a handle less.
// Source: Attene, "A lightweight approach to repairing digitized polygon meshes" (2010), section 4.
#pragma once
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

// `cut` has 1 for each face to go. Afterwards `fresh` has 1 for each vertex that is new. Returns the number of discs; 0
// when there was nothing to cut or it would have left nothing, and then nothing has changed. The mesh must be closed and
// consistently wound.
int replaceByDiscs(Mesh& mesh, std::vector<char> cut, std::vector<char>& fresh);

}  // namespace penumbra
