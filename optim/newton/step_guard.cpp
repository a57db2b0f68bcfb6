#include "optim/newton/step_guard.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

int capStep(const Topology& topology, std::span<const glm::vec3> positions, float maxEdges, std::span<glm::vec3> step) {
  std::vector<float> sum(positions.size(), 0), count(positions.size(), 0);
  for (const glm::ivec2& e : topology.edges) {
    const std::size_t a = std::size_t(e.x), b = std::size_t(e.y);
    const float length = glm::distance(positions[a], positions[b]);
    sum[a] += length, sum[b] += length;
    count[a] += 1, count[b] += 1;
  }
  int capped = 0;
  for (std::size_t i = 0; i < step.size(); ++i) {
    const float limit = count[i] > 0 ? maxEdges * sum[i] / count[i] : 0, length = glm::length(step[i]);
    if (length <= limit) continue;
    step[i] *= limit / length;
    ++capped;
  }
  return capped;
}

glm::vec3 normalOf(const glm::vec3& a, const glm::vec3& b, const glm::vec3& c) { return glm::cross(b - a, c - a); }

// Marks the corners of faces that would turn over; false when there is none.
bool markTurned(const Topology& topology, std::span<const glm::vec3> positions, std::span<const glm::vec3> step,
                std::vector<char>& marked) {
  bool any = false;
  std::fill(marked.begin(), marked.end(), 0);
  for (const Face& f : topology.faces) {
    const std::size_t a = std::size_t(f.x), b = std::size_t(f.y), c = std::size_t(f.z);
    const glm::vec3 before = normalOf(positions[a], positions[b], positions[c]);
    const glm::vec3 after = normalOf(positions[a] + step[a], positions[b] + step[b], positions[c] + step[c]);
    const float before2 = glm::dot(before, before), after2 = glm::dot(after, after);
    if (!(before2 > 0) || glm::dot(before, after) >= kLeastCosine * std::sqrt(before2 * after2)) continue;
    marked[a] = marked[b] = marked[c] = 1;
    any = true;
  }
  return any;
}

}  // namespace

GuardReport guardStep(const Topology& topology, std::span<const glm::vec3> positions, float maxEdges,
                      std::span<glm::vec3> step) {
  GuardReport report;
  report.capped = capStep(topology, positions, maxEdges, step);
  std::vector<char> marked(positions.size(), 0);
  for (int attempt = 0; markTurned(topology, positions, step, marked); ++attempt) {
    const bool last = attempt >= kTries;
    for (std::size_t i = 0; i < step.size(); ++i) {
      if (!marked[i] || step[i] == glm::vec3(0)) continue;
      step[i] = last ? glm::vec3(0) : 0.5f * step[i];
      ++(last ? report.frozen : report.halved);
    }
    if (attempt > kTries + 8) break;  // freezing spreads by one ring each time; a rest may remain in a broken mesh
  }
  return report;
}

}  // namespace penumbra
