#include "optim/remesh/patches.h"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace penumbra {
namespace {

constexpr int kSmallIsland = 100;  // faces

std::size_t at(int i) { return std::size_t(i); }

// Half-edges 3 f + k, from corner k of face f to the next one.
struct HalfEdges {
  std::vector<int> from, twin;
  explicit HalfEdges(const Mesh& mesh) {
    std::vector<std::pair<std::uint64_t, int>> keys;
    for (const Face& face : mesh.faces)
      for (int k = 0; k < 3; ++k) {
        const auto a = std::uint64_t(face[k]), b = std::uint64_t(face[(k + 1) % 3]);
        keys.emplace_back(std::min(a, b) << 32 | std::max(a, b), int(from.size()));
        from.push_back(face[k]);
      }
    std::sort(keys.begin(), keys.end());
    twin.resize(from.size());
    for (std::size_t i = 0; i + 1 < keys.size(); i += 2) {
      twin[at(keys[i].second)] = keys[i + 1].second;
      twin[at(keys[i + 1].second)] = keys[i].second;
    }
  }
  int to(int h) const { return from[at(h % 3 == 2 ? h - 2 : h + 1)]; }
  bool onRim(int h, const std::vector<char>& cut) const { return !cut[at(h / 3)] && cut[at(twin[at(h)] / 3)]; }
};

void cutAround(const Mesh& mesh, const std::vector<char>& vertices, std::vector<char>& cut) {
  for (std::size_t f = 0; f < cut.size(); ++f)
    for (int k = 0; k < 3; ++k) cut[f] |= vertices[at(mesh.faces[f][k])];
}

// Grows the cut until no vertex lies on the rim twice.
void untie(const Mesh& mesh, const HalfEdges& edges, std::vector<char>& cut) {
  for (bool tied = true; tied;) {
    tied = false;
    std::vector<char> visits(mesh.positions.size(), 0);
    for (int h = 0; h < int(edges.from.size()); ++h)
      if (edges.onRim(h, cut)) {
        char& count = visits[at(edges.from[at(h)])];
        count = char(std::min(2, count + 1));
      }
    for (char& count : visits) tied |= count > 1, count = count > 1;
    if (tied) cutAround(mesh, visits, cut);
  }
}

// Parts of what is left that touch the rim and are small.
bool cutIslands(const HalfEdges& edges, std::vector<char>& cut) {
  std::vector<char> seen = cut;
  bool any = false;
  for (std::size_t first = 0; first < cut.size(); ++first) {
    if (seen[first]) continue;
    std::vector<int> part{int(first)};
    bool rim = false;
    seen[first] = 1;
    for (std::size_t i = 0; i < part.size(); ++i)
      for (int h = 3 * part[i]; h < 3 * part[i] + 3; ++h) {
        const int next = edges.twin[at(h)] / 3;
        rim |= cut[at(next)] != 0;
        if (!seen[at(next)]) seen[at(next)] = 1, part.push_back(next);
      }
    if (!rim || int(part.size()) > kSmallIsland) continue;
    for (const int f : part) cut[at(f)] = 1;
    any = true;
  }
  return any;
}

// The vertices of each loop, as the faces that are left walk them.
std::vector<std::vector<int>> rimLoops(const HalfEdges& edges, const std::vector<char>& cut, std::size_t vertices) {
  std::vector<int> following(vertices, -1);
  for (int h = 0; h < int(edges.from.size()); ++h)
    if (edges.onRim(h, cut)) following[at(edges.from[at(h)])] = edges.to(h);
  std::vector<std::vector<int>> loops;
  for (int v = 0; v < int(vertices); ++v) {
    if (following[at(v)] < 0) continue;
    loops.emplace_back();
    for (int next = v; following[at(next)] >= 0;) {
      loops.back().push_back(next);
      next = std::exchange(following[at(next)], -1);
    }
  }
  return loops;
}

void dropUnused(Mesh& mesh, std::vector<char>& fresh) {
  std::vector<int> number(mesh.positions.size(), -1);
  for (const Face& face : mesh.faces)
    for (int k = 0; k < 3; ++k) number[at(face[k])] = 0;
  int count = 0;
  for (std::size_t v = 0; v < number.size(); ++v) {
    if (number[v] < 0) continue;
    number[v] = count;
    mesh.positions[at(count)] = mesh.positions[v];
    fresh[at(count++)] = fresh[v];
  }
  mesh.positions.resize(at(count));
  fresh.resize(at(count));
  for (Face& face : mesh.faces) face = {number[at(face.x)], number[at(face.y)], number[at(face.z)]};
}

}  // namespace

int replaceByDiscs(Mesh& mesh, std::vector<char> cut, std::vector<char>& fresh) {
  const HalfEdges edges(mesh);
  do untie(mesh, edges, cut);
  while (cutIslands(edges, cut));
  if (std::count(cut.begin(), cut.end(), 0) == 0) return 0;
  const std::vector<std::vector<int>> loops = rimLoops(edges, cut, mesh.positions.size());
  if (loops.empty()) return 0;
  std::vector<Face> faces;
  for (std::size_t f = 0; f < cut.size(); ++f)
    if (!cut[f]) faces.push_back(mesh.faces[f]);
  fresh.assign(mesh.positions.size(), 0);
  for (const std::vector<int>& loop : loops) {
    glm::dvec3 sum(0);
    for (const int v : loop) sum += glm::dvec3(mesh.positions[at(v)]);
    const int middle = int(mesh.positions.size());
    mesh.positions.emplace_back(sum / double(loop.size()));
    fresh.push_back(1);
    for (std::size_t i = 0; i < loop.size(); ++i) faces.emplace_back(loop[(i + 1) % loop.size()], loop[i], middle);
  }
  mesh.faces = std::move(faces);
  dropUnused(mesh, fresh);
  return int(loops.size());
}

}  // namespace penumbra
