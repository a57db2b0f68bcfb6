#include "optim/remesh/half_edge_mesh.h"

#include <algorithm>
#include <string>

#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr float kLeastTurn = 0.5f;  // cosine of the largest turn of a face
constexpr float kSliver = 0.1f;     // shapeOf() below which a face must not become worse

// Twice the area over the square of the longest edge: 0.87 for an equilateral face, 0 for a sliver.
float shapeOf(const glm::vec3& a, const glm::vec3& b, const glm::vec3& c) {
  const glm::vec3 ab = b - a, bc = c - b, ca = a - c;
  const float longest = std::max({glm::dot(ab, ab), glm::dot(bc, bc), glm::dot(ca, ca)});
  return longest > 0 ? glm::length(glm::cross(ab, ca)) / longest : 0;
}

}  // namespace

HalfEdgeMesh::HalfEdgeMesh(std::vector<glm::vec3> positions, std::span<const Face> faces)
    : positions_(std::move(positions)), from_(3 * faces.size()), twin_(from_.size(), -1),
      out_(positions_.size(), kRemoved), valence_(positions_.size(), 0), mark_(positions_.size(), 0),
      liveFaces_(int(faces.size())) {
  for (std::size_t f = 0; f < faces.size(); ++f)
    for (int k = 0; k < 3; ++k) {
      const int v = faces[f][k];
      if (v < 0 || v >= vertexCount())
        throw Error(ExitCode::Input, "Face " + std::to_string(f) + " names vertex " + std::to_string(v) +
                                         ", but the mesh has " + std::to_string(vertexCount()) + " vertices.");
      from_[3 * f + std::size_t(k)] = v;
      ++valence_[std::size_t(v)];
      out_[std::size_t(v)] = int(3 * f) + k;
    }
  pairHalfEdges();
  lockVertices();
}

// Half-edges in buckets by their smaller vertex; those of one edge are found by walking its bucket.
void HalfEdgeMesh::pairHalfEdges() {
  std::vector<int> head(positions_.size(), -1), chain(from_.size(), -1);
  const auto other = [&](int h) { return std::max(from(h), to(h)); };
  for (int h = halfEdgeCount() - 1; h >= 0; --h) {
    int& first = head[std::size_t(std::min(from(h), to(h)))];
    chain[std::size_t(h)] = first;
    first = h;
  }
  for (int v = 0; v < vertexCount(); ++v)
    for (int h = head[std::size_t(v)]; h >= 0; h = chain[std::size_t(h)]) {
      if (twin(h) >= 0) continue;
      int match = -1, alike = 0;
      for (int g = head[std::size_t(v)]; g >= 0; g = chain[std::size_t(g)])
        if (g != h && other(g) == other(h)) ++alike, match = g;
      if (alike == 1 && from(match) == to(h) && from(h) != to(h) && match / 3 != h / 3) join(h, match);
    }
}

void HalfEdgeMesh::lockVertices() {
  for (int h = 0; h < halfEdgeCount(); ++h)
    if (twin(h) < 0) out_[std::size_t(from(h))] = out_[std::size_t(to(h))] = kLocked;
  for (int v = 0; v < vertexCount(); ++v) {
    if (!movable(v)) continue;
    int fan = 0;
    around(v, [&](int) { ++fan; });
    if (fan != valence(v) || fan < 3) out_[std::size_t(v)] = kLocked;
  }
  lockedVertices_ = int(std::count(out_.begin(), out_.end(), kLocked));
}

HalfEdgeMesh::Stand HalfEdgeMesh::faceStands(int h, const glm::vec3& p) const {
  const glm::vec3 b = position(to(h)), c = position(across(h)), now = glm::cross(b - p, c - p), before = areaNormal(h);
  const float along = glm::dot(now, before), squares = glm::dot(now, now) * glm::dot(before, before);
  if (along <= 0 || along * along < kLeastTurn * kLeastTurn * squares) return Stand::Turned;
  const float shape = shapeOf(p, b, c);
  return shape < kSliver && shape < shapeOf(position(from(h)), b, c) ? Stand::Sliver : Stand::Yes;
}

void HalfEdgeMesh::addFace(int a, int b, int c) {
  from_.insert(from_.end(), {a, b, c});
  twin_.insert(twin_.end(), {-1, -1, -1});
  ++liveFaces_;
}

// (a, b, c) and (b, a, d) become (a, m, c), (m, b, c), (m, a, d) and (b, m, d).
int HalfEdgeMesh::split(int h, const glm::vec3& p) {
  const int t = twin(h), b = to(h), c = across(h), d = across(t), hn = next(h), tp = prev(t), m = vertexCount();
  positions_.push_back(p);
  valence_.push_back(4);
  mark_.push_back(0);
  const int upper = halfEdgeCount(), lower = upper + 3;
  addFace(m, b, c);
  addFace(b, m, d);
  out_.push_back(upper);
  join(upper + 1, twin(hn));
  join(lower + 2, twin(tp));
  set(hn, m);
  set(t, m);
  join(hn, upper + 2);
  join(tp, lower + 1);
  join(upper, lower);
  setOut(b, upper + 1);
  // d leaves by what was tp before: the new face has taken that edge, tp runs from d to m now
  ++valence_[std::size_t(c)];
  ++valence_[std::size_t(d)];
  return m;
}

void HalfEdgeMesh::collapse(int h, const glm::vec3& p) {
  const int t = twin(h), a = from(h), b = to(h), c = across(h), d = across(t);
  around(b, [&](int g) { set(g, a); });
  const int cToA = twin(next(h)), aToC = twin(prev(h)), dToA = twin(next(t)), aToD = twin(prev(t));
  join(cToA, aToC);
  join(dToA, aToD);
  setOut(a, aToC);
  setOut(c, cToA);
  setOut(d, dToA);
  valence_[std::size_t(a)] += valence(b) - 4;
  --valence_[std::size_t(c)];
  --valence_[std::size_t(d)];
  for (const int g : {h, t})
    for (const int k : {g, next(g), prev(g)}) from_[std::size_t(k)] = twin_[std::size_t(k)] = -1;
  out_[std::size_t(b)] = kRemoved;
  valence_[std::size_t(b)] = 0;
  positions_[std::size_t(a)] = p;
  liveFaces_ -= 2;
}

// (a, b, c) and (b, a, d) become (d, c, a) and (c, d, b), in the places of the old ones.
void HalfEdgeMesh::flip(int h) {
  const int t = twin(h), a = from(h), b = to(h), c = across(h), d = across(t);
  const int hn = next(h), hp = prev(h), tn = next(t), tp = prev(t);
  const int bc = twin(hn), ca = twin(hp), ad = twin(tn), db = twin(tp);
  set(h, d), set(hn, c), set(hp, a);
  set(t, c), set(tn, d), set(tp, b);
  join(hn, ca);
  join(hp, ad);
  join(tn, db);
  join(tp, bc);
  setOut(a, hp), setOut(b, tp), setOut(c, hn), setOut(d, tn);
  --valence_[std::size_t(a)];
  --valence_[std::size_t(b)];
  ++valence_[std::size_t(c)];
  ++valence_[std::size_t(d)];
}

void HalfEdgeMesh::markNeighbours(int v) {
  ++round_;
  around(v, [&](int h) { mark_[std::size_t(to(h))] = round_; });
}

bool HalfEdgeMesh::collapseKeepsTopology(int h) {
  const int a = from(h), b = to(h), c = across(h), d = across(twin(h));
  if (!movable(a) || !movable(b) || c == d || valence(c) <= 3 || valence(d) <= 3 || valence(a) + valence(b) < 7) return false;
  markNeighbours(a);
  int common = 0;
  around(b, [&](int g) { common += mark_[std::size_t(to(g))] == round_; });
  return common == 2;
}

bool HalfEdgeMesh::flipKeepsManifold(int h) {
  const int a = from(h), b = to(h), c = across(h), d = across(twin(h));
  if (c == d || valence(a) <= 3 || valence(b) <= 3) return false;
  if (!movable(c) && !movable(d)) return false;
  const int walked = movable(c) ? c : d, sought = movable(c) ? d : c;
  bool joined = false;
  around(walked, [&](int g) { joined |= to(g) == sought; });
  return !joined;
}

std::vector<Face> HalfEdgeMesh::faces() const {
  std::vector<Face> result;
  result.reserve(std::size_t(liveFaces_));
  for (int h = 0; h < halfEdgeCount(); h += 3)
    if (alive(h)) result.emplace_back(from(h), from(h + 1), from(h + 2));
  return result;
}

Mesh HalfEdgeMesh::compact(std::vector<int>* kept) const {
  Mesh mesh{{}, faces()};
  std::vector<int> number(positions_.size(), -1);
  if (kept) kept->clear();
  for (int v = 0; v < vertexCount(); ++v) {
    if (removed(v)) continue;
    number[std::size_t(v)] = int(mesh.positions.size());
    mesh.positions.push_back(position(v));
    if (kept) kept->push_back(v);
  }
  for (Face& f : mesh.faces) f = Face(number[std::size_t(f.x)], number[std::size_t(f.y)], number[std::size_t(f.z)]);
  return mesh;
}

}  // namespace penumbra
