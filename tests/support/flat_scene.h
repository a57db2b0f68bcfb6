// Meshes drawn in pixel coordinates, and a round one: scenes whose masks are known on paper.
#pragma once
#include <cmath>
#include <map>
#include <utility>
#include <vector>

#include "renderer/camera.h"
#include "renderer/image.h"
#include "renderer/mesh.h"

namespace penumbra::testing {

// Sees the point (x, y, 1) at pixel position (x, y).
inline Camera pixelCamera(int width, int height) {
  Camera camera;
  camera.width = width;
  camera.height = height;
  return camera;
}

// A fan over a convex polygon given in pixels.
inline Mesh polygonMesh(const std::vector<glm::dvec2>& corners) {
  Mesh mesh;
  for (const auto& c : corners) mesh.positions.push_back(glm::vec3(c, 1));
  for (int i = 2; i < int(corners.size()); ++i) mesh.faces.push_back({0, i - 1, i});
  return mesh;
}

inline double polygonArea(const std::vector<glm::dvec2>& corners) {
  double twice = 0;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const auto &a = corners[i], &b = corners[(i + 1) % corners.size()];
    twice += a.x * b.y - a.y * b.x;
  }
  return 0.5 * std::abs(twice);
}

// Exact area of the pixel (x, y) on the side n . p > offset (the pixel's square clipped by the line).
inline float halfPlaneCoverage(int x, int y, const glm::dvec2& n, double offset) {
  const glm::dvec2 square[4] = {{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y + 1}};
  std::vector<glm::dvec2> kept;
  for (int i = 0; i < 4; ++i) {
    const glm::dvec2 &a = square[i], &b = square[(i + 1) % 4];
    const double da = glm::dot(n, a) - offset, db = glm::dot(n, b) - offset;
    if (da >= 0) kept.push_back(a);
    if ((da < 0) != (db < 0)) kept.push_back(a + da / (da - db) * (b - a));
  }
  return kept.size() < 3 ? 0.0f : float(std::min(1.0, polygonArea(kept)));
}

inline Mask halfPlaneMask(int width, int height, const glm::dvec2& n, double offset) {
  Mask mask(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) mask.at(x, y) = halfPlaneCoverage(x, y, n, offset);
  return mask;
}

// Unit sphere of 20 * 4^level faces.
inline Mesh ballMesh(int level) {
  const float g = 1.618034f;
  Mesh mesh;
  mesh.positions = {{-1, g, 0}, {1, g, 0}, {-1, -g, 0}, {1, -g, 0}, {0, -1, g}, {0, 1, g},
                    {0, -1, -g}, {0, 1, -g}, {g, 0, -1}, {g, 0, 1}, {-g, 0, -1}, {-g, 0, 1}};
  mesh.faces = {{0, 11, 5}, {0, 5, 1}, {0, 1, 7}, {0, 7, 10}, {0, 10, 11}, {1, 5, 9}, {5, 11, 4},
                {11, 10, 2}, {10, 7, 6}, {7, 1, 8}, {3, 9, 4}, {3, 4, 2}, {3, 2, 6}, {3, 6, 8},
                {3, 8, 9}, {4, 9, 5}, {2, 4, 11}, {6, 2, 10}, {8, 6, 7}, {9, 8, 1}};
  for (int step = 0; step < level; ++step) {
    std::map<std::pair<int, int>, int> middles;
    const auto middle = [&](int a, int b) {
      const auto [at, isNew] = middles.try_emplace(std::minmax(a, b), int(mesh.positions.size()));
      if (isNew) mesh.positions.push_back(0.5f * (mesh.positions[a] + mesh.positions[b]));
      return at->second;
    };
    std::vector<Face> faces;
    for (const Face& f : mesh.faces) {
      const int a = middle(f.x, f.y), b = middle(f.y, f.z), c = middle(f.z, f.x);
      for (const Face& part : {Face(f.x, a, c), Face(f.y, b, a), Face(f.z, c, b), Face(a, b, c)}) faces.push_back(part);
    }
    mesh.faces = std::move(faces);
    for (auto& p : mesh.positions) p = glm::normalize(p);
  }
  for (auto& p : mesh.positions) p = glm::normalize(p);
  return mesh;
}

inline double sum(const Mask& mask) {
  double total = 0;
  for (const float v : mask.pixels) total += double(v);
  return total;
}

}  // namespace penumbra::testing
