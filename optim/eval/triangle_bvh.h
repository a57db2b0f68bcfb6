// Triangles in a tree of boxes: the nearest point of a surface, the faces near a box, the winding number of a point.
//
// Median split of the box centres along their longest extent, leaves of at most kLeafFaces, depth-first layout: the
// same tree for the same mesh, always. Faces of zero area are kept. Answers are exact up to double rounding; among
// equally near faces the first met in the (fixed) order of the tree is told, so answers do not depend on threads.
// Distances: closest point on a triangle by Voronoi regions (Ericson, "Real-Time Collision Detection" (2005), 5.1.5).
#pragma once
#include <limits>
#include <vector>

#include "renderer/mesh.h"

namespace penumbra {

struct Box {
  glm::vec3 lower{std::numeric_limits<float>::max()}, upper{-std::numeric_limits<float>::max()};
  void add(const glm::vec3& p) { lower = glm::min(lower, p); upper = glm::max(upper, p); }
  void add(const Box& b) { lower = glm::min(lower, b.lower); upper = glm::max(upper, b.upper); }
  bool meets(const Box& b) const {
    return lower.x <= b.upper.x && b.lower.x <= upper.x && lower.y <= b.upper.y && b.lower.y <= upper.y &&
           lower.z <= b.upper.z && b.lower.z <= upper.z;
  }
};

struct NearestPoint {
  int face = -1;                 // -1: the mesh has no face
  double squaredDistance = std::numeric_limits<double>::infinity();
  glm::dvec3 point{0};           // on the surface
  double distance() const;
};

// The point of triangle abc nearest to p.
glm::dvec3 closestOnTriangle(const glm::dvec3& p, const glm::dvec3& a, const glm::dvec3& b, const glm::dvec3& c);

class TriangleBvh {
 public:
  static constexpr int kLeafFaces = 4;

  explicit TriangleBvh(const Mesh& mesh);  // copies what it needs

  bool empty() const { return faceOf_.empty(); }
  // `guess` is a face that may be near, for instance the answer of the last query; -1: none. Only speed depends on it
  // (and which of several equally near faces is told).
  NearestPoint nearest(const glm::dvec3& p, int guess = -1) const;

  // Calls visit(face) for every face whose box meets `box`, until visit returns true; tells whether it did.
  template <class Visit> bool anyMeeting(const Box& box, const Visit& visit) const {
    int stack[kMaxDepth], count = 0;
    if (!nodes_.empty()) stack[count++] = 0;
    while (count > 0) {
      const Node& node = nodes_[std::size_t(stack[--count])];
      if (!node.box.meets(box)) continue;
      if (node.faces == 0) {
        stack[count++] = node.next;
        stack[count++] = int(&node - nodes_.data()) + 1;
        continue;
      }
      for (int slot = node.next; slot < node.next + node.faces; ++slot)
        if (boxOf(slot).meets(box) && visit(faceOf_[std::size_t(slot)])) return true;
    }
    return false;
  }

  // Sum over the faces met by the ray from p along +z, +1 where it leaves and -1 where it enters: how often the
  // (closed, consistently wound) mesh winds around p. `skip` is a face that does not count; see column_crossing.h.
  int windingAlongZ(const glm::dvec3& p, int skip = -1) const;

 private:
  static constexpr int kMaxDepth = 64;  // of a stack; the tree of 2^31 faces is 31 deep
  struct Node {
    Box box;
    int next = 0;   // leaf: first slot; else: the second child (the first follows the node)
    int faces = 0;  // 0: not a leaf
  };
  int build(std::vector<int>& order, const std::vector<Box>& boxes, int first, int last);
  Box boxOf(int slot) const;
  void tryFace(int slot, const glm::dvec3& p, NearestPoint& best) const;

  std::vector<Node> nodes_;
  std::vector<int> faceOf_, slotOf_;   // by slot, by face
  std::vector<glm::vec3> corners_;     // 3 a slot
};

}  // namespace penumbra
