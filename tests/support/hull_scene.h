// Views of a mesh with exact masks, and what hulls of them must be.
#pragma once
#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "optim/targets/targets.h"
#include "renderer/topology.h"

namespace penumbra {

inline Mesh moved(Mesh mesh, double scale, const glm::vec3& shift) {
  for (auto& p : mesh.positions) p = float(scale) * p + shift;
  return mesh;
}

// Cameras as for 40 degrees, with another field of view.
inline std::vector<View> viewsOf(const Mesh& mesh, int count = 24, int size = 128, double fieldOfView = 40) {
  FitOptions options;
  options.views = count;
  options.size = size;
  options.fieldOfView = 40;
  std::vector<View> views;
  for (Camera& camera : placeCameras(options)) {
    const double zoom = std::tan(glm::radians(20.0)) / std::tan(glm::radians(fieldOfView / 2));
    camera.fx *= zoom, camera.fy *= zoom;
    views.push_back({"view", camera, renderHardMask(mesh, camera, 8)});
  }
  return views;
}

inline double volume(const Mesh& mesh) {
  double sum = 0;
  for (const Face& f : mesh.faces) {
    const auto at = [&](int v) { return glm::dvec3(mesh.positions[std::size_t(v)]); };
    sum += glm::dot(at(f.x), glm::cross(at(f.y), at(f.z))) / 6;
  }
  return sum;
}

inline void expectSoundMesh(const Mesh& mesh) {
  const auto summary = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  EXPECT_TRUE(summary.closed()) << summary.boundaryEdges << " open, " << summary.nonManifoldEdges << " non-manifold edges";
  EXPECT_EQ(summary.inconsistentEdges, 0);
  EXPECT_GT(volume(mesh), 0) << "wound inward";
  // Around a vertex of a manifold the faces form one fan: walking from face to face meets them all.
  std::vector<std::vector<Face>> around(mesh.positions.size());
  for (const Face& f : mesh.faces)
    for (int k = 0; k < 3; ++k) around[std::size_t(f[k])].push_back({f[k], f[(k + 1) % 3], f[(k + 2) % 3]});
  int broken = 0;
  for (const auto& fan : around) {
    if (fan.empty()) continue;
    std::size_t steps = 0;
    int at = fan[0].y;
    do {
      for (const Face& f : fan)
        if (f.y == at) {
          at = f.z;
          break;
        }
    } while (at != fan[0].y && ++steps < fan.size());
    broken += steps + 1 != fan.size();
  }
  EXPECT_EQ(broken, 0) << "vertices with more than one fan";
}

}  // namespace penumbra
