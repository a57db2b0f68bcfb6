#include "optim/newton/face_turn.h"

#include <algorithm>
#include <cmath>

namespace penumbra {

double medianTurn(std::span<const glm::vec3> positions, const Topology& topology) {
  std::vector<glm::vec3> normals;
  normals.reserve(topology.faces.size());
  for (const Face& f : topology.faces) {
    const glm::vec3& a = positions[std::size_t(f.x)];
    const glm::vec3 n = glm::cross(positions[std::size_t(f.y)] - a, positions[std::size_t(f.z)] - a);
    const float length = glm::length(n);
    normals.push_back(length > 0 ? n / length : glm::vec3(0));
  }
  std::vector<float> cosines;
  for (std::size_t e = 0; e < topology.edges.size(); ++e) {
    const std::size_t first = std::size_t(topology.edgeFaceStart[e]);
    if (topology.edgeFaceStart[e + 1] - topology.edgeFaceStart[e] != 2) continue;
    if (topology.edgeSides[first] == topology.edgeSides[first + 1]) continue;
    cosines.push_back(glm::dot(normals[std::size_t(topology.edgeFaces[first])], normals[std::size_t(topology.edgeFaces[first + 1])]));
  }
  if (cosines.empty()) return 0;
  const auto middle = cosines.begin() + std::ptrdiff_t(cosines.size() / 2);
  std::nth_element(cosines.begin(), middle, cosines.end());
  return glm::degrees(std::acos(std::clamp(double(*middle), -1.0, 1.0)));
}

}  // namespace penumbra
