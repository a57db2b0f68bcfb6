#include "optim/remesh/sizing.h"

#include <algorithm>
#include <cmath>
#include <queue>

#include "renderer/error.h"

namespace penumbra {
namespace {

std::size_t at(int v) { return std::size_t(v); }

// Area-weighted, not unit where faces are missing.
std::vector<glm::vec3> vertexNormals(const Mesh& mesh) {
  std::vector<glm::vec3> normals(mesh.positions.size(), glm::vec3(0));
  for (const Face& f : mesh.faces) {
    const glm::vec3 a = mesh.positions[at(f.x)];
    const glm::vec3 n = glm::cross(mesh.positions[at(f.y)] - a, mesh.positions[at(f.z)] - a);
    for (int k = 0; k < 3; ++k) normals[at(f[k])] += n;
  }
  for (glm::vec3& n : normals)
    if (const float length = glm::length(n); length > 0) n /= length;
  return normals;
}

float median(std::span<const float> values) {
  std::vector<float> copy(values.begin(), values.end());
  const auto middle = copy.begin() + std::ptrdiff_t(copy.size() / 2);
  std::nth_element(copy.begin(), middle, copy.end());
  return *middle;
}

void checkLength(std::size_t got, std::size_t vertices, const char* what) {
  if (got != vertices)
    throw Error(ExitCode::Internal, "There are " + std::to_string(got) + " values of " + what + " for " +
                                        std::to_string(vertices) + " vertices.");
}

}  // namespace

std::vector<float> edgeCurvatures(const Mesh& mesh) {
  const std::vector<glm::vec3> normals = vertexNormals(mesh);
  std::vector<float> curvature(mesh.positions.size(), 0);
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) {
      const std::size_t i = at(f[k]), j = at(f[(k + 1) % 3]);
      const glm::vec3 along = mesh.positions[j] - mesh.positions[i];
      const float squared = glm::dot(along, along);
      if (!(squared > 0)) continue;
      const float bend = std::abs(glm::dot(normals[j] - normals[i], along)) / squared;
      curvature[i] = std::max(curvature[i], bend);
      curvature[j] = std::max(curvature[j], bend);
    }
  return curvature;
}

std::vector<float> pixelSizes(std::span<const glm::vec3> positions, std::span<const View> views, ThreadPool& pool) {
  constexpr int kChunk = 2048;
  struct Depth { glm::vec3 forward; float offset, perFocal; };
  std::vector<Depth> depths;
  for (const View& view : views) {
    const Camera& c = view.camera;
    depths.push_back({glm::vec3(glm::transpose(c.rotation)[2]), float(c.translation.z), float(1 / std::sqrt(c.fx * c.fy))});
  }
  std::vector<float> sizes(positions.size(), 0);
  const int count = int(positions.size());
  pool.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int v = chunk * kChunk; v < std::min(count, (chunk + 1) * kChunk); ++v) {
      float sum = 0, seen = 0;
      for (const Depth& d : depths)
        if (const float z = glm::dot(d.forward, positions[at(v)]) + d.offset; z > 0) sum += z * d.perFocal, seen += 1;
      if (seen > 0) sizes[at(v)] = sum / seen;
    }
  });
  return sizes;
}

void limitGradation(const Mesh& mesh, float slope, std::vector<float>& lengths) {
  // Neighbours of each vertex, every one twice
  std::vector<int> start(lengths.size() + 1, 0);
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) start[at(f[k]) + 1] += 2;
  for (std::size_t v = 0; v < lengths.size(); ++v) start[v + 1] += start[v];
  std::vector<int> near(at(start.back())), fill(start.begin(), start.end() - 1);
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) {
      near[at(fill[at(f[k])]++)] = f[(k + 1) % 3];
      near[at(fill[at(f[k])]++)] = f[(k + 2) % 3];
    }
  struct Front {
    float length;
    int vertex;
    bool operator<(const Front& o) const { return length != o.length ? length > o.length : vertex > o.vertex; }
  };
  std::priority_queue<Front> front;
  const auto spread = [&](int v) {
    for (int i = start[at(v)]; i < start[at(v) + 1]; ++i) {
      const int n = near[at(i)];
      const float limit = lengths[at(v)] + slope * glm::distance(mesh.positions[at(v)], mesh.positions[at(n)]);
      if (limit >= lengths[at(n)]) continue;
      lengths[at(n)] = limit;
      front.push({limit, n});
    }
  };
  // Lengths only fall, so each vertex settles when the shortest offer reaches it (Dijkstra)
  std::vector<Front> all;
  for (std::size_t v = 0; v < lengths.size(); ++v) all.push_back({lengths[v], int(v)});
  front = std::priority_queue<Front>(std::less<Front>(), std::move(all));
  while (!front.empty()) {
    const Front f = front.top();
    front.pop();
    if (f.length == lengths[at(f.vertex)]) spread(f.vertex);
  }
}

void updateWantedLengths(const Mesh& mesh, const SizingSignals& signals, const SizingOptions& options, ThreadPool& pool,
                         std::vector<float>& wanted) {
  constexpr int kChunk = 4096;
  const std::size_t count = mesh.positions.size();
  checkLength(signals.pixel.size(), count, "pixel size");
  if (!signals.residual.empty()) checkLength(signals.residual.size(), count, "residual");
  if (!signals.motion.empty()) checkLength(signals.motion.size(), count, "motion");
  if (!wanted.empty()) checkLength(wanted.size(), count, "wanted length");
  if (count == 0) return;
  const bool first = wanted.empty();
  if (first) wanted.assign(count, options.maxEdge);
  const std::vector<float> curvature = edgeCurvatures(mesh);
  const float tooFast = signals.motion.empty() ? 0.0f : options.veto * median(signals.motion);
  pool.parallelFor((int(count) + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (std::size_t i = at(chunk * kChunk); i < std::min(count, at((chunk + 1) * kChunk)); ++i) {
      const float pixel = signals.pixel[i], residual = signals.residual.empty() ? 0 : signals.residual[i];
      float factor = 1;
      if (residual >= 0)
        factor = std::clamp(std::sqrt(options.tolerance / std::max(residual, 1e-6f)), options.refine, options.coarsen);
      const bool moves = !signals.motion.empty() && signals.motion[i] > std::min(tooFast, options.settled * wanted[i]);
      if (moves) factor = std::max(factor, 1.0f);
      const float chord = std::sqrt(8 * options.chord * pixel / std::max(curvature[i], 1e-12f));
      const float least = std::max(options.minEdge, options.minPixels * pixel);
      const float most = std::max(least, std::min(options.maxEdge, options.maxPixels * pixel));
      wanted[i] = std::clamp(std::min(factor * wanted[i], pixel > 0 ? chord : wanted[i]), least, most);
    }
  });
  limitGradation(mesh, options.gradation, wanted);
}

}  // namespace penumbra
