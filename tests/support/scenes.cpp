#include "tests/support/scenes.h"

#include <cmath>
#include <map>
#include <random>

namespace penumbra {
namespace {

using Meshd = MeshT<double>;

Camera cameraAt(const glm::dvec3& eye, int width, int height, double fieldOfView = 40) {
  Camera camera = lookAt(eye, {0.02, -0.03, 0.01}, {0.1, 1, 0.05}, fieldOfView, width, height);
  camera.fy *= 1.07;  // nothing symmetric: a mistaken sign or axis shows
  camera.cx += 0.6;
  camera.cy -= 0.9;
  return camera;
}

std::vector<ViewRef<double>> twoViews(double distance) {
  return {{0, cameraAt(distance * glm::normalize(glm::dvec3(0.4, 0.5, 1)), 40, 32)},
          {0, cameraAt(distance * glm::normalize(glm::dvec3(-1, 0.3, 0.2)), 27, 43)}};
}

TestScene scene(const char* name, Meshd mesh, std::vector<ViewRef<double>> views) {
  return {name, {std::move(mesh)}, std::move(views)};
}

Meshd bumpy(int level) {
  Meshd mesh = unitIcosphere(level);
  for (auto& p : mesh.positions)
    p *= 0.75 + 0.18 * std::sin(5 * p.x + 1) * std::cos(4 * p.y) + 0.1 * std::sin(6 * p.z + 2);
  return mesh;
}

// A height field over [-1, 1]^2, open.
Meshd sheet(int cells, double height) {
  Meshd mesh;
  for (int j = 0; j <= cells; ++j)
    for (int i = 0; i <= cells; ++i) {
      const double x = 2.0 * i / cells - 1, y = 2.0 * j / cells - 1;
      mesh.positions.emplace_back(0.7 * x, 0.6 * y + 0.05 * x * x, height * std::sin(2.3 * x + 0.4) * std::cos(1.9 * y));
    }
  for (int j = 0; j < cells; ++j)
    for (int i = 0; i < cells; ++i) {
      const int a = j * (cells + 1) + i, b = a + 1, c = a + cells + 1, d = c + 1;
      mesh.faces.emplace_back(a, b, d);
      mesh.faces.emplace_back(a, d, c);
    }
  return mesh;
}

Meshd needles(int count, double width, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(-1, 1);
  const auto point = [&] { return glm::dvec3(unit(random), unit(random), unit(random)); };
  Meshd mesh;
  for (int i = 0; i < count; ++i) {
    const glm::dvec3 a = 0.8 * point(), b = 0.8 * point();
    mesh.positions.insert(mesh.positions.end(), {a, b, 0.5 * (a + b) + width * glm::normalize(point())});
    mesh.faces.emplace_back(3 * i, 3 * i + 1, 3 * i + 2);
  }
  return mesh;
}

Meshd soup(int count, double size, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(-1, 1);
  const auto point = [&] { return glm::dvec3(unit(random), unit(random), unit(random)); };
  Meshd mesh;
  for (int i = 0; i < count; ++i) {
    const glm::dvec3 centre = 0.6 * point();
    for (int c = 0; c < 3; ++c) mesh.positions.push_back(centre + size * point());
    mesh.faces.emplace_back(3 * i, 3 * i + 1, 3 * i + 2);
  }
  return mesh;
}

// Faces of no area: a repeated corner, all corners one, and corners on one line.
Meshd degenerate() {
  Meshd mesh = placed(unitIcosphere(1), glm::dvec3(0.7, 0.5, 0.6), glm::dvec3(0));
  const int v = int(mesh.positions.size());
  mesh.faces.emplace_back(3, 7, 3);
  mesh.faces.emplace_back(5, 5, 5);
  mesh.faces.emplace_back(0, v, v);
  mesh.faces.emplace_back(v, v + 1, v + 2);
  mesh.positions.insert(mesh.positions.end(), {{0.5, 0.5, 0.5}, {0.5, 0.25, 0.5}, {0.5, 0, 0.5}});
  return mesh;
}

// Floor and a leaning wall that pass the camera on both sides.
TestScene nearPlane() {
  Meshd mesh = placed(sheet(6, 0.1), {3, 3, 1}, {0, 0, 0});
  for (auto& p : mesh.positions) p = {p.x, 0.4 * p.z - 0.5, p.y};
  append(mesh, Meshd{{{-0.6, 1.2, -1.5}, {-0.2, 1.1, 1.6}, {-0.5, 1.5, -1.2}, {0.7, 1.3, 1.6}, {0.4, 1.2, -1.4},
                      {0.8, 1.0, -1.7}},
                     {{0, 1, 2}, {3, 4, 5}}});
  TestScene result = scene("nearPlane", mesh,
                           {{0, cameraAt({0.1, 0.5, 0.9}, 40, 32, 70)}, {0, cameraAt({-0.7, 0.3, 0.2}, 30, 44, 80)}});
  result.nearPlane = 0.2;
  return result;
}

TestScene partlyOff() {
  Meshd mesh = placed(bumpy(2), glm::dvec3(1), {0.9, 0.5, 0});
  append(mesh, Meshd{{{-40, -30, -3}, {60, -35, -2}, {0.3, -0.4, -1}}, {{0, 1, 2}}});  // mostly far outside
  append(mesh, placed(unitIcosphere(1), glm::dvec3(0.3), {9, 8, 0}));                     // wholly outside
  return scene("partlyOff", mesh, twoViews(3));
}

Meshd mixedWinding() {
  Meshd mesh = bumpy(2);
  std::mt19937 random(7);
  for (auto& face : mesh.faces)
    if (random() % 2) std::swap(face.y, face.z);
  return mesh;
}

Meshd crossingSpheres() {
  Meshd mesh = placed(unitIcosphere(2), glm::dvec3(0.6), {-0.25, 0.05, 0});
  append(mesh, placed(unitIcosphere(2), glm::dvec3(0.45, 0.6, 0.5), {0.35, -0.1, 0.15}));
  return mesh;
}

TestScene heterogeneous() {
  TestScene result{"heterogeneous", {placed(bumpy(2), glm::dvec3(0.9), {}), sheet(5, 0.4)}, twoViews(3)};
  result.views.push_back({1, cameraAt({1.2, 0.8, 2.4}, 48, 25)});
  result.views.push_back({0, cameraAt({0.3, -2.8, 0.9}, 22, 22)});
  result.views.push_back({1, cameraAt({-0.9, 0.4, 2.1}, 33, 47)});
  return result;
}

}  // namespace

MeshT<double> unitIcosphere(int level) {
  const double g = (1 + std::sqrt(5.0)) / 2;
  Meshd mesh{{{-1, g, 0}, {1, g, 0}, {-1, -g, 0}, {1, -g, 0}, {0, -1, g}, {0, 1, g},
              {0, -1, -g}, {0, 1, -g}, {g, 0, -1}, {g, 0, 1}, {-g, 0, -1}, {-g, 0, 1}},
             {{0, 11, 5}, {0, 5, 1}, {0, 1, 7}, {0, 7, 10}, {0, 10, 11}, {1, 5, 9}, {5, 11, 4},
              {11, 10, 2}, {10, 7, 6}, {7, 1, 8}, {3, 9, 4}, {3, 4, 2}, {3, 2, 6}, {3, 6, 8},
              {3, 8, 9}, {4, 9, 5}, {2, 4, 11}, {6, 2, 10}, {8, 6, 7}, {9, 8, 1}}};
  for (auto& p : mesh.positions) p = glm::normalize(p);
  for (int i = 0; i < level; ++i) {
    std::map<std::pair<int, int>, int> middles;
    const auto middle = [&](int a, int b) {
      const auto [at, isNew] = middles.try_emplace(std::minmax(a, b), int(mesh.positions.size()));
      if (isNew) mesh.positions.push_back(glm::normalize(mesh.positions[a] + mesh.positions[b]));
      return at->second;
    };
    std::vector<Face> faces;
    for (const Face& f : mesh.faces) {
      const int ab = middle(f.x, f.y), bc = middle(f.y, f.z), ca = middle(f.z, f.x);
      faces.insert(faces.end(), {{f.x, ab, ca}, {f.y, bc, ab}, {f.z, ca, bc}, {ab, bc, ca}});
    }
    mesh.faces = faces;
  }
  return mesh;
}

void append(MeshT<double>& mesh, const MeshT<double>& more) {
  const int offset = int(mesh.positions.size());
  mesh.positions.insert(mesh.positions.end(), more.positions.begin(), more.positions.end());
  for (const Face& face : more.faces) mesh.faces.push_back(face + offset);
}

MeshT<double> placed(MeshT<double> mesh, const glm::dvec3& scale, const glm::dvec3& shift) {
  for (auto& p : mesh.positions) p = scale * p + shift;
  return mesh;
}

std::vector<TestScene> testScenes() {
  return {scene("closed", placed(unitIcosphere(2), {0.8, 0.6, 0.7}, {}), twoViews(3)),
          scene("bumpy", bumpy(2), twoViews(3)),
          scene("open", sheet(7, 0.5), twoViews(3)),
          scene("thin", needles(12, 0.02, 3), twoViews(3)),
          scene("subPixel", placed(unitIcosphere(2), glm::dvec3(0.06, 0.05, 0.07), {0.1, 0, 0}), twoViews(3)),
          scene("degenerate", degenerate(), twoViews(3)),
          nearPlane(),
          partlyOff(),
          scene("overlapping", soup(25, 0.5, 5), twoViews(3)),
          scene("mixedWinding", mixedWinding(), twoViews(3)),
          scene("selfIntersecting", crossingSpheres(), twoViews(3)),
          heterogeneous()};
}

}  // namespace penumbra
