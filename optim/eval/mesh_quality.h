// What can be said of a mesh without knowing what it should look like.
//
// Image measures are blind to damage: a mesh can reproduce its silhouettes to IoU 0.99 with most of its faces running
// through each other. So these figures go with every quality figure, and the window shows them.
#pragma once
#include <optional>

#include "renderer/cpu/thread_pool.h"
#include "renderer/mesh.h"
#include "renderer/topology.h"

namespace penumbra {

struct MeshQuality {
  int vertices = 0, faces = 0;             // vertices that a face uses; all faces
  int components = 0;
  std::optional<int> genus;                // summed over components; closed, consistently wound meshes only
  int boundaryEdges = 0, nonManifoldEdges = 0, inconsistentEdges = 0;  // open, of 3 faces or more, wound against each other
  int degenerateFaces = 0;                 // without area, or naming a vertex twice
  int selfIntersectingFaces = 0;           // see self_intersections.h
  int foldedEdges = 0;                     // faces on either side turned by more than kFoldDegrees against each other
  double selfIntersectingPercent = 0;      // of the faces
  std::optional<double> invertedAreaPercent;  // of the area: faces whose outer side lies in a region of negative winding
                                           // number, so the surface there is inside out; closed meshes only
  double area = 0;                         // squared units of the mesh
  std::optional<double> volume;            // cubed units, negative when inside out; closed meshes only
  double minAngleDegrees = 0;              // smallest of all corners of faces that have area
  double angleP1Degrees = 0;               // 1 % of the faces have a smaller angle than this
  double edgeMean = 0, edgeMin = 0, edgeMax = 0, edgeDeviation = 0;  // lengths, units of the mesh

  bool closed() const { return boundaryEdges == 0 && nonManifoldEdges == 0 && inconsistentEdges == 0; }
};

inline constexpr double kFoldDegrees = 165;

// The same bits for any number of threads. Throws Error(Input) when a face names a vertex that is not there.
MeshQuality meshQuality(const Mesh& mesh, ThreadPool& pool);

}  // namespace penumbra
