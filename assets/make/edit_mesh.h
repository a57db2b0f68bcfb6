// A closed triangle mesh that can be edited edge by edge and stays a closed 2-manifold, consistently wound.
//
// Each edit checks what it needs and does nothing when it would break the mesh. Removed faces and vertices stay as
// holes in the arrays until compact(). In double, and simple; what runs while fitting is optim/remesh/half_edge_mesh.h.
// Source: Botsch et al., "Polygon Mesh Processing" (2010), chapter 6; the link condition of collapse is Dey et al.,
// "Topology preserving edge contraction" (1999).
#pragma once
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

class EditMesh {
 public:
  using Point = glm::dvec3;

  explicit EditMesh(MeshT<double> mesh);

  int vertexCount() const { return int(positions_.size()); }  // with removed ones
  int faceCount() const { return liveFaces_; }
  bool alive(int v) const { return !around_[std::size_t(v)].empty(); }
  int valence(int v) const { return int(around_[std::size_t(v)].size()); }
  const Point& position(int v) const { return positions_[std::size_t(v)]; }
  void move(int v, const Point& p) { positions_[std::size_t(v)] = p; }
  // Moves v unless a face around it would turn by more than about 60 degrees or vanish.
  bool moveIfFacesStay(int v, const Point& p);

  std::vector<int> neighbours(int v) const;       // sorted
  std::vector<glm::ivec2> edges() const;          // (smaller, larger), sorted
  Point areaNormal(const Face& f) const;          // twice the area long
  Point vertexNormal(int v) const;                // unit, area weighted

  // Puts a vertex at p on edge ab and returns it; -1 when there is no such edge.
  int split(int a, int b, const Point& p);
  // Removes b, puts a at p. Refuses a change of topology, a flipped face or an edge longer than `longest`.
  bool collapse(int a, int b, const Point& p, double longest);
  // Replaces edge ab by the other diagonal when that brings valences nearer to 6 and keeps the surface smooth.
  bool flipIfBetter(int a, int b);

  MeshT<double> compact() const;

 private:
  struct Wing { int left, right, leftFace, rightFace; };  // the two faces (a, b, left) and (b, a, right)
  bool findWing(int a, int b, Wing& wing) const;
  bool linkAllows(int a, int b, const Wing& wing) const;
  bool moveKeepsFaces(int v, int other, const Point& p) const;
  void replace(int face, int from, int to);
  void detach(int face, int v);

  std::vector<Point> positions_;
  std::vector<Face> faces_;                  // x < 0 when removed
  std::vector<std::vector<int>> around_;     // faces at each vertex
  int liveFaces_ = 0;
};

}  // namespace penumbra
