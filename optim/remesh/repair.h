// Mends a mesh in place: faces folded over their neighbours and faces that run through each other.
//
// Rounds of: find the damage, part sheets that run through each other by a little (part_sheets.h), smooth the vertices
// around what is left (to the mean of the neighbours, one ring more every other round), collapse slivers and flip there.
// What is sound does not move, and of all rounds the one that leaves the least damage counts. When some remains,
// reextract() (retopology.h) makes a clean surface of the whole.
// A face is folded when it looks against the mean of the normals around its corners; intersections: optim/eval.
#pragma once
#include <vector>

#include "optim/remesh/vertex_channels.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"

namespace penumbra {

// 1 for every face that looks against the sum of the area normals of the other faces around its corners.
std::vector<char> foldedFaces(const Mesh& mesh);

struct RepairReport {
  int foldedBefore = 0, foldedAfter = 0;               // faces
  int intersectingBefore = 0, intersectingAfter = 0;   // faces
  int rounds = 0;
};

// Rewrites mesh and channels (V values each).
RepairReport repairMesh(Mesh& mesh, const VertexChannels& channels, int rounds, ThreadPool& pool);

// Only parts sheets, as long as that halves the faces that run through each other: vertices move, faces stay.
RepairReport partMesh(Mesh& mesh, ThreadPool& pool);

// For what that cannot mend, as threads the surface was drawn into: cuts the damage and its surroundings out and closes
// the holes by discs (patches.h), a ring more every round. Handles may go. Open and non-manifold meshes stay as they are.
RepairReport patchMesh(Mesh& mesh, int rounds, ThreadPool& pool);

}  // namespace penumbra
