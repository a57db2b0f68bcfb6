// The passes all remeshing is made of, on one mesh with a wanted edge length l per vertex: collapse, split, flip, relax.
//
// An edge's wanted length is the mean of its ends'. "Ratio" below is its length over that.
// Shape is kept by curved interpolation from vertex normals n (weights of Max, exact on spheres):
//   middle of an edge    (a + b)/2 + ((d.n_b) n_b - (d.n_a) n_a)/8,  d = b - a         (cubic Hermite, as PN triangles)
//   point p of a face    p + 1/2 sum_i b_i ((x_i - p).n_i) n_i,  b barycentric         (Phong tessellation)
// Both are exact to second order; the factor 1/2 (instead of the usual 3/4) makes the second exact for every quadratic
// surface. Where normals and faces part by more than 30 degrees it fades to the flat face: creases are not bulged.
// Guards: no edit or move turns a face by more than 60 degrees, makes a sliver, or changes the topology. Faces that look
// against the normals of their vertices are folded over: they may turn freely, and their vertices are relaxed in the
// plane until they lie right again.
// Everything but normals and proposals of moves runs on one thread in a fixed order: the same bits for any pool.
// Sources: Max, "Weights for computing vertex normals from facet normals" (1999); Vlachos et al., "Curved PN triangles"
// (2001); Boubekeur and Alexa, "Phong tessellation" (2008); Garland and Heckbert, "Surface simplification using quadric
// error metrics" (1997); the order of passes: Palfinger, "Continuous remeshing for inverse rendering" (2022).
#pragma once
#include <functional>
#include <vector>

#include "optim/remesh/half_edge_mesh.h"
#include "optim/remesh/vertex_channels.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct LengthWindow {
  float collapseBelow = 0.7f, splitAbove = 1.45f;  // ratios; splitAbove / 2 > collapseBelow, or the two undo each other
};

class SurfacePasses {
 public:
  using Project = std::function<glm::vec3(const glm::vec3&)>;  // called from many threads at once

  // Takes the channels' values; finish() gives them back. `wanted` has one length per vertex.
  SurfacePasses(const Mesh& mesh, std::vector<float> wanted, const VertexChannels& channels, LengthWindow window,
                ThreadPool& pool);

  // Needed before any other pass, after vertices were moved from outside, and again after relax().
  void computeNormals();

  // Edges with a ratio below the window, shortest first; before them the shortest edges of folded faces and slivers.
  // The merged vertex goes where the planes of both fans fit best. Returns the number of edits.
  int collapseShort();
  // Edges with a ratio above the window, longest first, the new ones too, while there are fewer than maxFaces.
  int splitLong(int maxFaces);
  // Edges whose flip brings valences nearer to 6, or turns slivers into better faces, and bends nothing.
  int flipEdges();
  // Moves vertices by `share` of the way to the mean of their neighbours, over the surface, less near creases. With
  // `project` all move in their tangent planes and it takes them back to the surface; values stay with their vertices
  // then. Returns how many moved.
  int relax(float share, const Project& project = {});

  const HalfEdgeMesh& mesh() const { return mesh_; }
  const std::vector<float>& wanted() const { return wanted_; }
  // Compacts; rewrites the channels.
  Mesh finish(const VertexChannels& channels, std::vector<float>* wanted);

 private:
  struct Move { glm::vec3 to; glm::ivec3 corners; glm::vec3 weights; };
  float wantedAlong(int h) const { return 0.5f * (wanted_[std::size_t(mesh_.from(h))] + wanted_[std::size_t(mesh_.to(h))]); }
  float ratio(int h) const { return mesh_.length(h) / wantedAlong(h); }
  bool folded(int h) const;           // the face of h looks against the normals of its vertices
  bool keepsFaces(int v, int other, const glm::vec3& p) const;
  bool crowds(int h, const glm::vec3& p) const;
  glm::vec3 curvedMiddle(int h) const;
  float planeError(int h, const glm::vec3& p) const;
  bool tryCollapse(int h);
  bool splitEdge(int h);
  bool flipHelps(int h) const;
  bool flipKeepsShape(int h, bool forQuality) const;
  Move proposeMove(int v, float share, const Project& project) const;
  glm::vec3 curvedPoint(const glm::ivec3& corners, const glm::vec3& weights) const;

  HalfEdgeMesh mesh_;
  std::vector<float> wanted_;
  PackedChannels values_;
  LengthWindow window_;
  ThreadPool& pool_;
  std::vector<glm::vec3> normals_;  // unit, 0 for locked vertices
  std::vector<float> smooth_;       // 1 where the faces around agree with the normal, 0 at creases
  std::vector<char> tangled_;       // some face around looks the other way
};

}  // namespace penumbra
