// Keeps a mesh fit for being moved, between the steps of a fit: edges near the length wanted at each place, about six
// neighbours a vertex, no slivers. Fast enough to run every few steps.
//
// One call: collapse (short edges, slivers, folded faces) -> split (long edges) -> flip -> relax along the surface.
// Damage is removed before anything is subdivided. Only edges outside the window [collapseBelow, splitAbove] x wanted
// length change, so a mesh that fits is left alone but for relaxation and flips. How the shape is kept and which edits are
// refused: surface_passes.h. Borders and non-manifold parts stay as they are (half_edge_mesh.h).
// When the wanted lengths ask for more than maxFaces, all are stretched by the same factor.
// Vertices that no face uses are dropped. The result is the same bits for any number of threads.
// Sources: Botsch and Kobbelt, "A remeshing approach to multiresolution modeling" (2004); Palfinger, "Continuous
// remeshing for inverse rendering" (2022).
#pragma once
#include <string>
#include <vector>

#include "optim/remesh/surface_passes.h"

namespace penumbra {

struct AdaptiveRemeshOptions {
  float minEdge = 0, maxEdge = 1e30f;  // world; wanted lengths are taken into this range
  LengthWindow window;
  int maxFaces = 400000;
  int relaxations = 1;
  float relaxation = 0.5f;             // share of the way a vertex goes
};

struct AdaptiveRemeshReport {
  int collapses = 0, splits = 0, flips = 0, moved = 0;
  int lockedVertices = 0;      // on borders and non-manifold parts
  float stretched = 1;         // factor of all wanted lengths for the sake of maxFaces
};

// Rewrites mesh, wanted (one length per vertex) and channels. Throws Error(Internal) when their lengths differ,
// Error(Input) when the mesh holds positions or lengths that are not finite, or a face names a vertex there is not.
AdaptiveRemeshReport adaptiveRemesh(Mesh& mesh, std::vector<float>& wanted, const VertexChannels& channels,
                                    const AdaptiveRemeshOptions& options, ThreadPool& pool);

// Faces that a mesh of this surface has once its edges are as long as wanted: sum of area / (sqrt(3)/4 (k l)^2), where
// k = kMeanRatio is the mean ratio the window settles at.
double expectedFaces(const Mesh& mesh, const std::vector<float>& wanted);
inline constexpr double kMeanRatio = 0.98;

// Mean length of the edges around each vertex: the wanted length that leaves a mesh as it is. 0 for unused vertices.
std::vector<float> meanEdgeLengths(const Mesh& mesh);
// Mean over the edges of all faces; 0 without faces.
double meanEdgeLength(const Mesh& mesh);

// Whether all of a mesh can be remeshed; else `reason` says what would stay untouched.
struct Remeshable {
  bool wholly = true;
  std::string reason;  // "12 vertices on borders or non-manifold edges stay as they are"
};
Remeshable isRemeshable(const Mesh& mesh);

}  // namespace penumbra
