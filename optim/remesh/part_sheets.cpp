#include "optim/remesh/part_sheets.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>

#include "optim/eval/self_intersections.h"
#include "optim/remesh/adaptive_remesh.h"
#include "optim/remesh/repair.h"

namespace penumbra {
namespace {

using Pairs = std::vector<std::pair<int, int>>;

constexpr int kRings = 2;
struct Move {
  int rings;      // that follow
  int evenings;   // of the normals
  float edges;    // outward
};
constexpr std::array kLengths = {0.05f, 0.1f, 0.2f, 0.3f, kFarthestParting};

std::size_t at(int i) { return std::size_t(i); }

std::vector<Move> moves() {
  std::vector<Move> all;
  for (const float length : kLengths)
    for (const float edges : {length, -length})
      for (const auto& [rings, evenings] : {std::pair{1, 1}, {kRings, 3}}) all.push_back({rings, evenings, edges});
  return all;
}

class Sheets {
 public:
  Sheets(const Mesh& mesh, const Pairs& crossing) : mesh_(mesh), place_(mesh.positions.size(), -1), ring_(place_.size(), 0) {
    gather(crossing);
    spread();
    std::vector<glm::vec3> normals(mesh.positions.size(), glm::vec3(0));
    for (const Face& f : mesh.faces) {
      const glm::vec3 a = mesh.positions[at(f.x)], b = mesh.positions[at(f.y)], c = mesh.positions[at(f.z)];
      for (int k = 0; k < 3; ++k) normals[at(f[k])] += glm::cross(b - a, c - a);
    }
    edge_ = float(meanEdgeLength(mesh));
    for (glm::vec3& n : normals) n = unit(n);
    normals_.push_back(std::move(normals));
    for (int i = 0; i < moves().back().evenings; ++i) normals_.push_back(evened(normals_.back()));
  }

  int places() const { return places_; }
  float edge() const { return edge_; }
  bool within(int face) const {
    const Face& f = mesh_.faces[at(face)];
    return place_[at(f.x)] >= 0 || place_[at(f.y)] >= 0 || place_[at(f.z)] >= 0;
  }

  void apply(const Move& move, int place, Mesh& mesh) const {  // place -1: all
    for (std::size_t v = 0; v < place_.size(); ++v)
      if (place_[v] >= 0 && (place < 0 || place == place_[v]) && ring_[v] <= move.rings)
        mesh.positions[v] +=
            move.edges * edge_ * (1 - float(ring_[v]) / float(move.rings + 1)) * normals_[at(move.evenings)][v];
  }

  // Damaged faces of each place.
  std::vector<int> damage(const Mesh& mesh, const Pairs& crossing) const {
    std::vector<char> damaged = foldedFaces(mesh);
    for (const auto& [f, g] : crossing) damaged[at(f)] = damaged[at(g)] = 1;
    std::vector<int> counts(at(places_), 0);
    for (std::size_t f = 0; f < damaged.size(); ++f)
      for (int k = 0; damaged[f] && k < 3; ++k)
        if (const int place = place_[at(mesh_.faces[f][k])]; place >= 0) {
          ++counts[at(place)];
          break;
        }
    return counts;
  }

 private:
  static glm::vec3 unit(const glm::vec3& n) {
    const float length = glm::length(n);
    return length > 0 ? n / length : n;
  }

  void gather(const Pairs& crossing) {
    std::vector<int> parent(mesh_.positions.size());
    std::iota(parent.begin(), parent.end(), 0);
    const auto root = [&](int v) {
      while (parent[at(v)] != v) v = parent[at(v)] = parent[at(parent[at(v)])];
      return v;
    };
    for (const auto& pair : crossing)
      for (const int f : {pair.first, pair.second})
        for (int k = 0; k < 3; ++k) parent[at(root(mesh_.faces[at(f)][k]))] = root(mesh_.faces[at(pair.first)].x);
    std::vector<int> number(mesh_.positions.size(), -1);
    for (const auto& pair : crossing)
      for (const int f : {pair.first, pair.second})
        for (int k = 0; k < 3; ++k) {
          const int v = mesh_.faces[at(f)][k];
          int& n = number[at(root(v))];
          if (n < 0) n = places_++;
          place_[at(v)] = n;
        }
  }

  void spread() {
    for (int ring = 1; ring <= kRings; ++ring) {
      const std::vector<int> inner = place_;
      for (const Face& f : mesh_.faces)
        for (int k = 0; k < 3; ++k) {
          const std::size_t from = at(f[k]), to = at(f[(k + 1) % 3]);
          if (inner[from] >= 0 && place_[to] < 0) place_[to] = inner[from], ring_[to] = ring;
          if (inner[to] >= 0 && place_[from] < 0) place_[from] = inner[to], ring_[from] = ring;
        }
    }
  }

  std::vector<glm::vec3> evened(const std::vector<glm::vec3>& normals) const {
    std::vector<glm::vec3> sums = normals;
    for (const Face& f : mesh_.faces)
      for (int k = 0; k < 3; ++k) sums[at(f[k])] += normals[at(f[(k + 1) % 3])];
    for (glm::vec3& n : sums) n = unit(n);
    return sums;
  }

  const Mesh& mesh_;
  std::vector<int> place_, ring_;  // of vertices; -1: far from all
  std::vector<std::vector<glm::vec3>> normals_;  // by how often they were evened
  int places_ = 0;
  float edge_ = 0;
};

// Of faces that may come to run through others when vertices of the places move.
Pairs nearPairs(const Mesh& mesh, const Sheets& sheets) {
  const TriangleBvh bvh(mesh);
  const glm::vec3 reach(2 * kFarthestParting * sheets.edge());
  Pairs near;
  for (int f = 0; f < int(mesh.faces.size()); ++f) {
    if (!sheets.within(f)) continue;
    Box box;
    for (int k = 0; k < 3; ++k) box.add(mesh.positions[at(mesh.faces[at(f)][k])]);
    box.lower -= reach, box.upper += reach;
    bvh.anyMeeting(box, [&](int g) {
      if (g > f || (g < f && !sheets.within(g))) near.emplace_back(std::min(f, g), std::max(f, g));
      return false;
    });
  }
  return near;
}

}  // namespace

Pairs partSheets(Mesh& mesh, const Pairs& crossing, ThreadPool& pool) {
  if (crossing.empty()) return crossing;
  const Sheets sheets(mesh, crossing);
  const Pairs near = nearPairs(mesh, sheets);
  const std::vector<Move> tried = moves();
  std::vector<std::vector<int>> damage(tried.size());
  pool.parallelFor(int(tried.size()), [&](int i, int) {
    Mesh moved = mesh;
    sheets.apply(tried[at(i)], -1, moved);
    damage[at(i)] = sheets.damage(moved, intersectingOf(moved, near));
  });
  Mesh moved = mesh;
  const std::vector<int> before = sheets.damage(mesh, crossing);
  for (int place = 0; place < sheets.places(); ++place) {
    int least = before[at(place)], best = -1;
    for (std::size_t i = 0; i < tried.size(); ++i)
      if (damage[i][at(place)] < least) least = damage[i][at(place)], best = int(i);
    if (best >= 0) sheets.apply(tried[at(best)], place, moved);
  }
  Pairs left = intersectingOf(moved, near);
  const auto sum = [](const std::vector<int>& counts) { return std::accumulate(counts.begin(), counts.end(), 0); };
  if (sum(sheets.damage(moved, left)) >= sum(before)) return crossing;  // places in each other's way
  mesh = std::move(moved);
  return left;
}

}  // namespace penumbra
