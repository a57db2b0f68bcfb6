// A triangle mesh in flat arrays that can be edited edge by edge: split, collapse, flip.
//
// Half-edge h = 3 * face + corner runs from that corner to the next one of its face; `twin` is the half-edge of the other
// face that runs back. A fan is walked by twins, so no edit allocates (new faces and vertices are appended).
// Anything that is not an ordinary interior edge has no twin: borders, edges of three or more faces, edges that two faces
// walk the same way. Their ends, and vertices with more than one fan, are locked: no edit moves or removes them, so open
// and non-manifold meshes keep those parts and are remeshed elsewhere.
// Removed faces and vertices stay as holes until `faces()` and `compact()`.
// Sources: Campagna, Kobbelt, Seidel, "Directed edges - a scalable representation for triangle meshes" (1998); edits:
// Botsch et al., "Polygon Mesh Processing" (2010), chapter 6; collapse keeps the topology when the ends have just the two
// vertices across in common: Dey et al., "Topology preserving edge contraction" (1999).
#pragma once
#include <span>
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

class HalfEdgeMesh {
 public:
  // Throws Error(Input) when a face names a vertex that does not exist. Faces that repeat a vertex are kept and locked.
  HalfEdgeMesh(std::vector<glm::vec3> positions, std::span<const Face> faces);

  int vertexCount() const { return int(positions_.size()); }  // with removed ones
  int halfEdgeCount() const { return int(from_.size()); }     // likewise
  int faceCount() const { return liveFaces_; }
  int lockedVertices() const { return lockedVertices_; }

  static int next(int h) { return h % 3 == 2 ? h - 2 : h + 1; }
  static int prev(int h) { return h % 3 == 0 ? h + 2 : h - 1; }
  bool alive(int h) const { return from_[std::size_t(h)] >= 0; }
  int from(int h) const { return from_[std::size_t(h)]; }
  int to(int h) const { return from(next(h)); }
  int across(int h) const { return from(prev(h)); }
  int twin(int h) const { return twin_[std::size_t(h)]; }            // -1: none
  // One half-edge stands for each interior edge.
  bool standsForEdge(int h) const { return alive(h) && twin(h) > h; }

  bool locked(int v) const { return out_[std::size_t(v)] == kLocked; }
  bool removed(int v) const { return out_[std::size_t(v)] == kRemoved; }
  bool movable(int v) const { return out_[std::size_t(v)] >= 0; }
  int valence(int v) const { return valence_[std::size_t(v)]; }      // faces around
  // work(h) for every half-edge that leaves a movable vertex, around it.
  template <class Work> void around(int v, Work&& work) const {
    const int first = out_[std::size_t(v)];
    int h = first;
    do {
      const int following = twin(prev(h));
      work(h);
      h = following;
    } while (h != first);
  }

  const glm::vec3& position(int v) const { return positions_[std::size_t(v)]; }
  std::span<const glm::vec3> positions() const { return positions_; }
  void move(int v, const glm::vec3& p) { positions_[std::size_t(v)] = p; }
  float length(int h) const { return glm::distance(position(from(h)), position(to(h))); }
  // Twice the area long; the face of half-edge h.
  glm::vec3 areaNormal(int h) const {
    const glm::vec3 a = position(from(h));
    return glm::cross(position(to(h)) - a, position(across(h)) - a);
  }

  // Whether the faces of v, apart from those it shares with `other`, stand v's move to p: none turns by more than 60
  // degrees (but where excused(h)) or becomes a sliver.
  template <class Excused> bool keepsFaces(int v, int other, const glm::vec3& p, Excused&& excused) const {
    bool keeps = true;
    around(v, [&](int h) {
      if (!keeps || to(h) == other || across(h) == other) return;
      const Stand stand = faceStands(h, p);
      keeps = stand == Stand::Yes || (stand == Stand::Turned && excused(h));
    });
    return keeps;
  }

  // Edits. `h` must have a twin, and what the predicates below ask must hold.
  int split(int h, const glm::vec3& p);    // puts a vertex at p on the edge and returns it
  void collapse(int h, const glm::vec3& p);  // removes to(h), moves from(h) to p
  void flip(int h);                        // the edge joins the two vertices across instead

  bool collapseKeepsTopology(int h);       // both ends movable, link condition
  bool flipKeepsManifold(int h);           // the new edge does not exist yet, no valence falls below 3

  // Faces left, with the old numbers of vertices, in order.
  std::vector<Face> faces() const;
  // The mesh without holes; kept[i] is the old number of its vertex i.
  Mesh compact(std::vector<int>* kept = nullptr) const;

 private:
  static constexpr int kLocked = -1, kRemoved = -2;
  enum class Stand { Yes, Turned, Sliver };
  Stand faceStands(int h, const glm::vec3& p) const;  // with from(h) at p
  void pairHalfEdges();
  void lockVertices();
  void join(int h, int t) {
    twin_[std::size_t(h)] = t;
    if (t >= 0) twin_[std::size_t(t)] = h;
  }
  void setOut(int v, int h) {
    if (movable(v)) out_[std::size_t(v)] = h;
  }
  void addFace(int a, int b, int c);
  void set(int h, int v) { from_[std::size_t(h)] = v; }
  void markNeighbours(int v);

  std::vector<glm::vec3> positions_;
  std::vector<int> from_, twin_;   // 3 a face; from_ -1 when removed
  std::vector<int> out_;           // per vertex: a half-edge that leaves it, kLocked or kRemoved
  std::vector<int> valence_, mark_;
  int liveFaces_ = 0, lockedVertices_ = 0, round_ = 0;
};

}  // namespace penumbra
