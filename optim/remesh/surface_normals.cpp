// Normals, guards and curved interpolation of SurfacePasses.
#include <algorithm>
#include <cmath>

#include "optim/remesh/surface_passes.h"

namespace penumbra {
namespace {

constexpr int kChunk = 1024;              // vertices a piece of parallel work
constexpr float kAgree = 0.87f, kPart = 0.7f;  // cosines of 30 and 45 degrees

glm::vec3 unit(const glm::vec3& v) {
  const float length = glm::length(v);
  return length > 0 ? v / length : glm::vec3(0);
}

float fade(float cosine) { return std::clamp((cosine - kPart) / (kAgree - kPart), 0.0f, 1.0f); }

}  // namespace

SurfacePasses::SurfacePasses(const Mesh& mesh, std::vector<float> wanted, const VertexChannels& channels,
                             LengthWindow window, ThreadPool& pool)
    : mesh_(mesh.positions, mesh.faces), wanted_(std::move(wanted)), values_(channels, mesh.positions.size()),
      window_(window), pool_(pool), normals_(mesh.positions.size(), glm::vec3(0)), smooth_(mesh.positions.size(), 0),
      tangled_(mesh.positions.size(), 0) {}

void SurfacePasses::computeNormals() {
  const int count = mesh_.vertexCount();
  pool_.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int v = chunk * kChunk; v < std::min(count, (chunk + 1) * kChunk); ++v) {
      if (!mesh_.movable(v)) continue;
      const glm::vec3 p = mesh_.position(v);
      glm::vec3 sum(0);
      mesh_.around(v, [&](int h) {
        const glm::vec3 e = mesh_.position(mesh_.to(h)) - p, f = mesh_.position(mesh_.across(h)) - p;
        const float squares = glm::dot(e, e) * glm::dot(f, f);
        if (squares > 0) sum += glm::cross(e, f) / squares;
      });
      const glm::vec3 n = normals_[std::size_t(v)] = unit(sum);
      float least = 1;
      mesh_.around(v, [&](int h) { least = std::min(least, glm::dot(n, unit(mesh_.areaNormal(h)))); });
      smooth_[std::size_t(v)] = fade(least);
      tangled_[std::size_t(v)] = least < 0;
    }
  });
}

bool SurfacePasses::folded(int h) const {
  glm::vec3 around(0);
  for (const int v : {mesh_.from(h), mesh_.to(h), mesh_.across(h)}) around += normals_[std::size_t(v)];
  return glm::dot(mesh_.areaNormal(h), around) < 0;
}

bool SurfacePasses::keepsFaces(int v, int other, const glm::vec3& p) const {
  return mesh_.keepsFaces(v, other, p, [&](int h) { return folded(h); });
}

glm::vec3 SurfacePasses::curvedMiddle(int h) const {
  const int a = mesh_.from(h), b = mesh_.to(h);
  const glm::vec3 pa = mesh_.position(a), pb = mesh_.position(b), d = pb - pa, middle = 0.5f * (pa + pb);
  const float weight = std::min(smooth_[std::size_t(a)], smooth_[std::size_t(b)]);
  if (weight == 0) return middle;
  const glm::vec3 na = normals_[std::size_t(a)], nb = normals_[std::size_t(b)];
  return middle + weight * 0.125f * (glm::dot(d, nb) * nb - glm::dot(d, na) * na);
}

glm::vec3 SurfacePasses::curvedPoint(const glm::ivec3& corners, const glm::vec3& weights) const {
  glm::vec3 p(0), lift(0);
  float smooth = 1;
  for (int k = 0; k < 3; ++k) p += weights[k] * mesh_.position(corners[k]);
  for (int k = 0; k < 3; ++k) {
    const glm::vec3 n = normals_[std::size_t(corners[k])];
    lift += weights[k] * glm::dot(mesh_.position(corners[k]) - p, n) * n;
    smooth = std::min(smooth, smooth_[std::size_t(corners[k])]);
  }
  return p + 0.5f * smooth * lift;
}

// A step towards the mean of the neighbours, each weighted by how much longer than wanted its edge is, in the tangent
// plane; then the face of the fan it lands in.
SurfacePasses::Move SurfacePasses::proposeMove(int v, float share, const Project& project) const {
  const glm::vec3 p = mesh_.position(v), n = normals_[std::size_t(v)];
  glm::vec3 sum(0);
  float total = 0;
  mesh_.around(v, [&](int h) {
    const float weight = ratio(h);
    sum += weight * (mesh_.position(mesh_.to(h)) - p);
    total += weight;
  });
  Move stay{p, glm::ivec3(v), glm::vec3(1, 0, 0)};
  if (!(total > 0)) return stay;
  const bool flat = project || tangled_[std::size_t(v)];
  glm::vec3 step = share * (flat ? 1 : smooth_[std::size_t(v)]) / total * sum;
  step -= glm::dot(step, n) * n;
  if (project) return {project(p + step), glm::ivec3(v), glm::vec3(1, 0, 0)};
  if (flat) return {p + step, glm::ivec3(v), glm::vec3(1, 0, 0)};
  Move best = stay;
  float least = -0.05f;
  mesh_.around(v, [&](int h) {
    // step = s e + t f in the tangent plane
    const glm::vec3 e = mesh_.position(mesh_.to(h)) - p, f = mesh_.position(mesh_.across(h)) - p;
    const float area = glm::dot(n, glm::cross(e, f));
    if (!(area > 0)) return;
    float s = glm::dot(n, glm::cross(step, f)) / area, t = glm::dot(n, glm::cross(e, step)) / area;
    if (std::min(s, t) <= least) return;
    least = std::min(s, t);
    s = std::max(s, 0.0f), t = std::max(t, 0.0f);
    const float shorten = s + t > 0.9f ? 0.9f / (s + t) : 1;
    s *= shorten, t *= shorten;
    best.corners = {v, mesh_.to(h), mesh_.across(h)};
    best.weights = {1 - s - t, s, t};
  });
  if (best.corners.y != v) best.to = curvedPoint(best.corners, best.weights);
  return best;
}

int SurfacePasses::relax(float share, const Project& project) {
  const int count = mesh_.vertexCount();
  std::vector<Move> moves(std::size_t(count), Move{});
  pool_.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int v = chunk * kChunk; v < std::min(count, (chunk + 1) * kChunk); ++v) {
      if (mesh_.movable(v)) moves[std::size_t(v)] = proposeMove(v, share, project);
    }
  });
  PackedChannels slid = values_;
  const std::vector<float> lengths = wanted_;
  int moved = 0;
  for (int v = 0; v < count; ++v) {
    const Move& move = moves[std::size_t(v)];
    if (!mesh_.movable(v) || move.to == mesh_.position(v) || !keepsFaces(v, -1, move.to)) continue;
    mesh_.move(v, move.to);
    values_.blendTo(slid, v, move.corners, move.weights);
    float& l = wanted_[std::size_t(v)] = 0;
    for (int k = 0; k < 3; ++k) l += move.weights[k] * lengths[std::size_t(move.corners[k])];
    ++moved;
  }
  values_ = std::move(slid);
  return moved;
}

Mesh SurfacePasses::finish(const VertexChannels& channels, std::vector<float>* wanted) {
  std::vector<int> kept;
  Mesh mesh = mesh_.compact(&kept);
  values_.unpack(channels, kept);
  if (wanted) {
    wanted->resize(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) (*wanted)[i] = wanted_[std::size_t(kept[i])];
  }
  return mesh;
}

}  // namespace penumbra
