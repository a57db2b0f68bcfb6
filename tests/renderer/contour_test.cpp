// The Contour model against slow, independent definitions: point in triangle, and the outline by dense sampling.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "renderer/core/profile.h"
#include "renderer/coverage.h"
#include "renderer/cpu/isa.h"
#include "renderer/mesh.h"

namespace penumbra {
namespace {

using Meshd = MeshT<double>;

struct Scene {
  const char* name;
  Meshd mesh;
  CameraT<double> camera;
};

Meshd triangles(std::initializer_list<glm::dvec3> corners) {
  Meshd mesh;
  mesh.positions = corners;
  for (int i = 0; i + 2 < int(corners.size()); i += 3) mesh.faces.push_back({i, i + 1, i + 2});
  return mesh;
}

// A closed torus of n x m quads, each cut in two; bent so that it overlaps itself in most views.
Meshd torus(int n, int m, double minor) {
  Meshd mesh;
  const double tau = 6.283185307179586;
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < m; ++j) {
      const double u = tau * i / n, v = tau * j / m, r = 0.6 + minor * std::cos(v);
      mesh.positions.push_back({r * std::cos(u), minor * std::sin(v) + 0.2 * std::sin(2 * u), r * std::sin(u)});
    }
  auto at = [&](int i, int j) { return i % n * m + j % m; };
  for (int i = 0; i < n; ++i)
    for (int j = 0; j < m; ++j) {
      mesh.faces.push_back({at(i, j), at(i, j + 1), at(i + 1, j)});
      mesh.faces.push_back({at(i + 1, j), at(i, j + 1), at(i + 1, j + 1)});
    }
  return mesh;
}

Meshd randomSoup(int faces, unsigned seed, double size) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<double> unit(-1, 1);
  Meshd mesh;
  for (int f = 0; f < faces; ++f) {
    const glm::dvec3 centre(0.7 * unit(random), 0.7 * unit(random), 0.7 * unit(random));
    for (int k = 0; k < 3; ++k)
      mesh.positions.push_back(centre + size * glm::dvec3(unit(random), unit(random), unit(random)));
    mesh.faces.push_back({3 * f, 3 * f + 1, 3 * f + 2});
  }
  return mesh;
}

std::vector<Scene> scenes() {
  const auto from = [](glm::dvec3 eye, int w, int h) { return lookAt(eye, {0, 0, 0}, {0, 1, 0}, 45, w, h); };
  Meshd mixed = torus(14, 9, 0.25);
  for (std::size_t f = 0; f < mixed.faces.size(); f += 3) std::swap(mixed.faces[f].x, mixed.faces[f].y);
  Meshd open = torus(20, 10, 0.25);
  open.faces.resize(open.faces.size() / 2);
  std::vector<Scene> all;
  all.push_back({"one triangle", triangles({{-0.7, -0.5, 0}, {0.8, -0.3, 0.2}, {0.1, 0.75, -0.1}}), from({0, 0, 2.5}, 64, 64)});
  all.push_back({"torus", torus(24, 12, 0.25), from({1.2, 1.0, 2.0}, 80, 80)});
  all.push_back({"fine torus", torus(64, 32, 0.25), from({1.2, 1.0, 2.0}, 32, 32)});
  all.push_back({"torus edge on, wide image", torus(24, 12, 0.1), from({2.2, 0.05, 0.1}, 96, 48)});
  all.push_back({"mixed winding", mixed, from({1.0, 1.4, 1.8}, 64, 80)});
  all.push_back({"open", open, from({-1.0, 1.4, 1.8}, 64, 64)});
  all.push_back({"soup", randomSoup(40, 7, 0.35), from({0.3, 0.4, 2.4}, 72, 72)});
  all.push_back({"needles", randomSoup(12, 3, 0.9), from({0.3, 0.4, 2.4}, 64, 64)});
  all.push_back({"partly off screen", torus(24, 12, 0.25), from({0.7, 0.5, 0.9}, 64, 64)});
  return all;
}

bool inTriangle(const glm::dvec2& p, const glm::dvec2 c[3]) {
  int sign = 0;
  for (int k = 0; k < 3; ++k) {
    const glm::dvec2 e = c[(k + 1) % 3] - c[k], d = p - c[k];
    const double cross = e.x * d.y - e.y * d.x;
    sign += cross > 0 ? 1 : -1;
  }
  return sign == 3 || sign == -3;
}

struct Flat {
  std::vector<std::array<glm::dvec2, 3>> faces;
  bool covered(const glm::dvec2& p) const {
    for (const auto& f : faces) {
      if (p.x < std::min({f[0].x, f[1].x, f[2].x}) || p.x > std::max({f[0].x, f[1].x, f[2].x})) continue;
      if (inTriangle(p, f.data())) return true;
    }
    return false;
  }
};

Flat flatten(const Scene& scene) {
  Flat flat;
  for (const Face& f : scene.mesh.faces) {
    std::array<glm::dvec2, 3> corners;
    for (int k = 0; k < 3; ++k) {
      const glm::dvec3 x = scene.camera.toCamera(scene.mesh.positions[f[k]]);
      corners[k] = {scene.camera.fx * x.x / x.z + scene.camera.cx, scene.camera.fy * x.y / x.z + scene.camera.cy};
    }
    flat.faces.push_back(corners);
  }
  return flat;
}

// Points of the outline of the union, about `step` px apart.
std::vector<glm::dvec2> sampleOutline(const Flat& flat, double step) {
  std::vector<glm::dvec2> points;
  for (const auto& f : flat.faces)
    for (int k = 0; k < 3; ++k) {
      const glm::dvec2 a = f[k], e = f[(k + 1) % 3] - a;
      const double length = glm::length(e);
      if (length == 0) continue;
      const glm::dvec2 n(e.y / length, -e.x / length);
      const int count = 1 + int(length / step);
      for (int i = 0; i < count; ++i) {
        const glm::dvec2 p = a + (i + 0.5) / count * e;
        if (flat.covered(p + 1e-6 * n) != flat.covered(p - 1e-6 * n)) points.push_back(p);
      }
    }
  return points;
}

std::vector<double> render(const Scene& scene, double sigma) {
  ThreadPool pool(1);
  CoverageRenderer<double> renderer(pool);
  const Topology topology = buildTopology(int(scene.mesh.positions.size()), scene.mesh.faces);
  const MeshRef<double> mesh{scene.mesh.positions, &topology};
  const ViewRef<double> view{0, scene.camera};
  std::vector<double> alpha(std::size_t(scene.camera.width) * scene.camera.height);
  const std::span<double> image(alpha);
  CoverageOptions options;
  options.sigma = sigma;
  renderer.forward({&mesh, 1}, {&view, 1}, options, {&image, 1});
  return alpha;
}

TEST(Contour, CoverageIsTheProfileOfTheSignedDistanceToTheUnionsOutline) {
  const double sigma = 1e-3;
  for (const Scene& scene : scenes()) {
    SCOPED_TRACE(scene.name);
    const Flat flat = flatten(scene);
    const std::vector<glm::dvec2> outline = sampleOutline(flat, 0.04);
    ASSERT_FALSE(outline.empty());
    const std::vector<double> alpha = render(scene, sigma);
    const double perPixel = 1 / (std::sqrt(sigma) * scene.camera.pixelsPerNdc());
    int wrong = 0, band = 0;
    double worst = 0;
    for (int y = 0; y < scene.camera.height; ++y)
      for (int x = 0; x < scene.camera.width; ++x) {
        const glm::dvec2 p(x + 0.5, y + 0.5);
        double nearest = 1e30;
        for (const auto& q : outline) nearest = std::min(nearest, glm::dot(p - q, p - q));
        const double d = (flat.covered(p) ? 1 : -1) * std::sqrt(nearest);
        const double expected = coverageProfile(d * perPixel).alpha;
        const double error = std::abs(expected - alpha[std::size_t(y) * scene.camera.width + x]);
        worst = std::max(worst, error);
        band += expected > 0 && expected < 1;
        wrong += error > 1e-2;  // samples are 0.04 px apart and the slope is 1/4 per width
      }
    EXPECT_GT(band, 100);
    EXPECT_EQ(wrong, 0) << "largest error " << worst << " of " << band << " band pixels";
  }
}

// A regular polygon cut into right-angled triangles with legs of `leg` pixels, facing the camera squarely.
Scene tessellatedDisc(double leg, double radius, int size) {
  Scene scene{"disc", {}, lookAt({0, 0, 2}, {0, 0, 0}, {0, 1, 0}, 60, size, size)};
  const double unit = 2.0 / scene.camera.fx;  // world length of one pixel at distance 2
  const int rings = std::max(1, int(std::ceil(radius / leg))), around = std::max(64, int(6.3 * radius / leg));
  Meshd& mesh = scene.mesh;
  for (int layer = 0; layer < 2; ++layer) {  // two layers, as on a closed mesh
    const int base = int(mesh.positions.size());
    mesh.positions.push_back({0.13 * unit, 0.29 * unit, -0.01 * layer});
    for (int r = 1; r <= rings; ++r)
      for (int k = 0; k < around; ++k) {
        const double a = 6.283185307179586 * k / around, length = radius * r / rings * unit * (1 + 0.005 * layer);
        mesh.positions.push_back({length * std::cos(a) + 0.13 * unit, length * std::sin(a) + 0.29 * unit, -0.01 * layer});
      }
    auto at = [&](int r, int k) { return r == 0 ? base : base + 1 + (r - 1) * around + k % around; };
    for (int r = 0; r < rings; ++r)
      for (int k = 0; k < around; ++k) {
        mesh.faces.push_back({at(r, k), at(r + 1, k), at(r + 1, k + 1)});
        if (r > 0) mesh.faces.push_back({at(r, k), at(r + 1, k + 1), at(r, k + 1)});
      }
  }
  return scene;
}

TEST(Contour, HalfLevelLiesOnTheTrueOutlineForAnyTessellation) {
  const int size = 128;
  const double radius = 40;
  for (double leg : {0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0}) {
    const Scene scene = tessellatedDisc(leg, radius, size);
    const std::vector<double> alpha = render(scene, 1e-4);
    const int around = std::max(64, int(6.3 * radius / leg));
    const double apothem = radius * std::cos(3.14159265358979 / around);
    double worst = 0;
    int crossings = 0;
    for (int y = 0; y < size; ++y)
      for (int x = 0; x + 1 < size; ++x) {
        const double a = alpha[std::size_t(y) * size + x], b = alpha[std::size_t(y) * size + x + 1];
        if ((a > 0.5) == (b > 0.5)) continue;
        const double column = x + 0.5 + (0.5 - a) / (b - a);
        const glm::dvec2 p(column - 64.13, y + 0.5 - 63.71);
        if (std::abs(p.y) > 0.6 * radius) continue;  // linear interpolation is fair only where the row crosses steeply
        ++crossings;
        const double r = glm::length(p);
        worst = std::max(worst, std::max(r - radius, apothem - r));
      }
    EXPECT_GT(crossings, 60);
    EXPECT_LT(worst, 0.05) << "triangle legs of " << leg << " px";
  }
}

template <class Real> struct Result {
  std::vector<std::vector<Real>> alpha;
  CoverageGradients<Real> gradients;
};

// All scenes in one batch: meshes differ, image sizes differ.
Result<float> renderBatch(int threads) {
  ThreadPool pool(threads);
  const auto all = scenes();
  std::vector<Topology> topologies;
  std::vector<std::vector<glm::vec3>> positions;
  for (const Scene& scene : all) {
    topologies.push_back(buildTopology(int(scene.mesh.positions.size()), scene.mesh.faces));
    positions.emplace_back(scene.mesh.positions.begin(), scene.mesh.positions.end());
  }
  std::vector<MeshRef<float>> meshes;
  std::vector<ViewRef<float>> views;
  Result<float> result;
  for (std::size_t i = 0; i < all.size(); ++i) {
    meshes.push_back({positions[i], &topologies[i]});
    for (int k = 0; k < 2; ++k) {
      views.push_back({int(i), CameraT<float>(all[(i + k) % all.size()].camera)});
      result.alpha.emplace_back(std::size_t(views.back().camera.width) * views.back().camera.height);
    }
  }
  std::vector<std::span<float>> images(result.alpha.begin(), result.alpha.end());
  CoverageRenderer<float> renderer(pool);
  CoverageOptions options;
  options.sigma = 1e-3;
  const PixelLoss<float> loss = [](int, std::span<const float> alpha, std::span<float> dL_dalpha) {
    for (std::size_t i = 0; i < alpha.size(); ++i) dL_dalpha[i] = alpha[i] - 0.3f;
  };
  renderer.forwardBackward(meshes, views, options, images, loss, result.gradients);
  return result;
}

void expectSameBits(const Result<float>& a, const Result<float>& b) {
  EXPECT_EQ(a.alpha, b.alpha);
  EXPECT_EQ(a.gradients.positions, b.gradients.positions);
  for (std::size_t v = 0; v < a.gradients.cameras.size(); ++v) {
    const auto &p = a.gradients.cameras[v], &q = b.gradients.cameras[v];
    EXPECT_EQ(p.rotation, q.rotation);
    EXPECT_EQ(p.translation, q.translation);
    EXPECT_EQ(glm::vec4(p.fx, p.fy, p.cx, p.cy), glm::vec4(q.fx, q.fy, q.cx, q.cy));
  }
}

TEST(Contour, SameBitsForAnyNumberOfThreads) {
  const auto one = renderBatch(1);
  for (int threads : {2, 3, 7}) expectSameBits(one, renderBatch(threads));
}

TEST(Contour, SameBitsForAnyInstructionSet) {
  const auto best = renderBatch(1);
  for (Isa isa : {Isa::Baseline, Isa::Avx2}) {
    forceIsa(isa);
    expectSameBits(best, renderBatch(1));
  }
  forceIsa(bestIsa());
}

TEST(Contour, GeometryBehindTheCameraIsNotSeen) {
  Scene scene{"behind", triangles({{-1, -1, 3}, {1, -1, 3}, {0, 1, 3}}), lookAt({0, 0, 2}, {0, 0, 0}, {0, 1, 0}, 60, 32, 32)};
  for (double a : render(scene, 1e-3)) EXPECT_EQ(a, 0);
}

TEST(Contour, AFloorThatPassesUnderTheCameraFillsTheLowerHalf) {
  // y = -0.5, from far behind the camera to far in front: its horizon is the image's middle row.
  Scene scene{"floor", triangles({{-1e3, -0.5, 1e3}, {1e3, -0.5, 1e3}, {1e3, -0.5, -1e3},
                                  {-1e3, -0.5, 1e3}, {1e3, -0.5, -1e3}, {-1e3, -0.5, -1e3}}),
              lookAt({0, 0, 2}, {0, 0, 0}, {0, 1, 0}, 60, 64, 64)};
  const auto alpha = render(scene, 1e-5);
  EXPECT_EQ(alpha[20 * 64 + 32], 0);
  EXPECT_EQ(alpha[44 * 64 + 32], 1);
  EXPECT_EQ(alpha[63 * 64 + 1], 1);
  EXPECT_NEAR(alpha[31 * 64 + 5] + alpha[32 * 64 + 5], 1, 0.05);
}

TEST(Contour, NonFinitePositionsGiveFiniteCoverage) {
  Scene scene{"nan", torus(12, 8, 0.25), lookAt({0, 1, 2}, {0, 0, 0}, {0, 1, 0}, 60, 32, 32)};
  scene.mesh.positions[3].x = std::nan("");
  scene.mesh.positions[40].y = INFINITY;
  for (double a : render(scene, 1e-3)) EXPECT_TRUE(a >= 0 && a <= 1);
}

}  // namespace
}  // namespace penumbra
