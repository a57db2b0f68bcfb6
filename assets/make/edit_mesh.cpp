#include "assets/make/edit_mesh.h"

#include <algorithm>
#include <array>

namespace penumbra {

namespace {

int third(const Face& f, int a, int b) { return f.x + f.y + f.z - a - b; }

bool walks(const Face& f, int a, int b) {
  return (f.x == a && f.y == b) || (f.y == a && f.z == b) || (f.z == a && f.x == b);
}

bool contains(const Face& f, int v) { return f.x == v || f.y == v || f.z == v; }

}  // namespace

EditMesh::EditMesh(MeshT<double> mesh)
    : positions_(std::move(mesh.positions)), faces_(std::move(mesh.faces)), around_(positions_.size()),
      liveFaces_(int(faces_.size())) {
  for (int i = 0; i < int(faces_.size()); ++i)
    for (int k = 0; k < 3; ++k) around_[std::size_t(faces_[std::size_t(i)][k])].push_back(i);
}

std::vector<int> EditMesh::neighbours(int v) const {
  std::vector<int> result;
  for (const int i : around_[std::size_t(v)]) {
    const Face& f = faces_[std::size_t(i)];
    // Each neighbour follows v in exactly one face of a closed fan.
    result.push_back(f.x == v ? f.y : f.y == v ? f.z : f.x);
  }
  std::sort(result.begin(), result.end());
  return result;
}

std::vector<glm::ivec2> EditMesh::edges() const {
  std::vector<glm::ivec2> result;
  for (int v = 0; v < vertexCount(); ++v)
    for (const int n : neighbours(v))
      if (n > v) result.emplace_back(v, n);
  return result;
}

EditMesh::Point EditMesh::areaNormal(const Face& f) const {
  const Point a = position(f.x);
  return glm::cross(position(f.y) - a, position(f.z) - a);
}

EditMesh::Point EditMesh::vertexNormal(int v) const {
  Point sum(0);
  for (const int i : around_[std::size_t(v)]) sum += areaNormal(faces_[std::size_t(i)]);
  const double length = glm::length(sum);
  return length > 0 ? sum / length : Point(0);
}

bool EditMesh::findWing(int a, int b, Wing& wing) const {
  wing = {-1, -1, -1, -1};
  for (const int i : around_[std::size_t(a)]) {
    const Face& f = faces_[std::size_t(i)];
    if (walks(f, a, b)) wing.left = third(f, a, b), wing.leftFace = i;
    if (walks(f, b, a)) wing.right = third(f, a, b), wing.rightFace = i;
  }
  return wing.leftFace >= 0 && wing.rightFace >= 0;
}

void EditMesh::replace(int face, int from, int to) {
  Face& f = faces_[std::size_t(face)];
  for (int k = 0; k < 3; ++k)
    if (f[k] == from) f[k] = to;
  detach(face, from);
  around_[std::size_t(to)].push_back(face);
}

void EditMesh::detach(int face, int v) {
  auto& list = around_[std::size_t(v)];
  list.erase(std::find(list.begin(), list.end(), face));
}

int EditMesh::split(int a, int b, const Point& p) {
  Wing w;
  if (!findWing(a, b, w)) return -1;
  const int m = vertexCount(), firstNew = int(faces_.size());
  positions_.push_back(p);
  around_.emplace_back();
  replace(w.leftFace, b, m);
  replace(w.rightFace, b, m);
  faces_.push_back({m, b, w.left});
  faces_.push_back({b, m, w.right});
  for (int i = firstNew; i < firstNew + 2; ++i)
    for (int k = 0; k < 3; ++k) around_[std::size_t(faces_[std::size_t(i)][k])].push_back(i);
  liveFaces_ += 2;
  return m;
}

// The neighbours of a and b have just the two wing vertices in common, and these keep at least three faces.
bool EditMesh::linkAllows(int a, int b, const Wing& wing) const {
  if (valence(wing.left) <= 3 || valence(wing.right) <= 3) return false;
  const auto ofA = neighbours(a), ofB = neighbours(b);
  std::vector<int> common;
  std::set_intersection(ofA.begin(), ofA.end(), ofB.begin(), ofB.end(), std::back_inserter(common));
  return common.size() == 2 && ofA.size() + ofB.size() >= 7;
}

// True when no face of v, apart from those it shares with `other`, turns by more than about 60 degrees.
bool EditMesh::moveKeepsFaces(int v, int other, const Point& p) const {
  for (const int i : around_[std::size_t(v)]) {
    const Face& f = faces_[std::size_t(i)];
    if (contains(f, other)) continue;
    std::array<Point, 3> corner;
    for (int k = 0; k < 3; ++k) corner[std::size_t(k)] = f[k] == v ? p : position(f[k]);
    const Point before = areaNormal(f), after = glm::cross(corner[1] - corner[0], corner[2] - corner[0]);
    if (glm::dot(before, after) < 0.5 * glm::length(before) * glm::length(after) || glm::dot(after, after) == 0.0)
      return false;
  }
  return true;
}

bool EditMesh::moveIfFacesStay(int v, const Point& p) {
  if (!moveKeepsFaces(v, -1, p)) return false;
  move(v, p);
  return true;
}

bool EditMesh::collapse(int a, int b, const Point& p, double longest) {
  Wing w;
  if (!findWing(a, b, w) || !linkAllows(a, b, w)) return false;
  if (!moveKeepsFaces(a, b, p) || !moveKeepsFaces(b, a, p)) return false;
  for (const int v : {a, b})
    for (const int n : neighbours(v))
      if (n != a && n != b && glm::distance(position(n), p) > longest) return false;
  for (const int i : {w.leftFace, w.rightFace}) {
    for (int k = 0; k < 3; ++k) detach(i, faces_[std::size_t(i)][k]);
    faces_[std::size_t(i)] = Face(-1);
  }
  const std::vector<int> rest = around_[std::size_t(b)];
  for (const int i : rest) replace(i, b, a);
  positions_[std::size_t(a)] = p;
  liveFaces_ -= 2;
  return true;
}

bool EditMesh::flipIfBetter(int a, int b) {
  Wing w;
  if (!findWing(a, b, w) || valence(a) <= 3 || valence(b) <= 3) return false;
  const auto excess = [&](int v, int change) { return std::abs(valence(v) + change - 6); };
  const int before = excess(a, 0) + excess(b, 0) + excess(w.left, 0) + excess(w.right, 0);
  const int after = excess(a, -1) + excess(b, -1) + excess(w.left, 1) + excess(w.right, 1);
  if (after >= before) return false;
  const auto near = neighbours(w.left);
  if (std::binary_search(near.begin(), near.end(), w.right)) return false;
  // Both new faces must look the way the two old ones look together.
  const Point old = glm::normalize(areaNormal({a, b, w.left}) + areaNormal({b, a, w.right}));
  for (const Face& f : {Face(a, w.right, w.left), Face(b, w.left, w.right)}) {
    const Point n = areaNormal(f);
    if (!(glm::dot(n, old) > 0.7 * glm::length(n))) return false;
  }
  replace(w.leftFace, b, w.right);   // (a, b, left) -> (a, right, left)
  replace(w.rightFace, a, w.left);   // (b, a, right) -> (b, left, right)
  return true;
}

MeshT<double> EditMesh::compact() const {
  MeshT<double> mesh;
  std::vector<int> renumbered(positions_.size(), -1);
  for (int v = 0; v < vertexCount(); ++v)
    if (alive(v)) {
      renumbered[std::size_t(v)] = int(mesh.positions.size());
      mesh.positions.push_back(position(v));
    }
  for (const Face& f : faces_)
    if (f.x >= 0)
      mesh.faces.emplace_back(renumbered[std::size_t(f.x)], renumbered[std::size_t(f.y)], renumbered[std::size_t(f.z)]);
  return mesh;
}

}  // namespace penumbra
