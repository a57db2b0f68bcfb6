// The traced outline and its Jacobians, against finite differences and against the coverage engine's own pixels.
#include "renderer/outline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <random>

#include "renderer/core/projection.h"
#include "tests/support/scenes.h"

namespace penumbra {
namespace {

// Wide enough that no outline of these scenes is cut off, except far outside (partlyOff, nearPlane).
constexpr double kMargin = 400;

struct Traced {
  Topology topology;
  std::vector<CameraT<double>> cameras;
  std::vector<ViewOutline<double>> outlines;
};

Traced traceScene(const TestScene& scene, int mesh, const std::vector<glm::dvec3>& positions, ThreadPool& pool,
                  double margin = kMargin) {
  Traced traced;
  traced.topology = buildTopology(int(positions.size()), scene.meshes[std::size_t(mesh)].faces);
  for (const auto& view : scene.views)
    if (view.mesh == mesh) traced.cameras.push_back(view.camera);
  OutlineTracer<double> tracer(pool);
  tracer.trace({positions, &traced.topology}, traced.cameras, {scene.nearPlane, 1, margin}, traced.outlines);
  return traced;
}

// Green's theorem: the area that the outline encloses, px^2. Parts are straight, so their middles are exact.
double area(const ViewOutline<double>& outline) {
  double sum = 0;
  for (const auto& part : outline.parts) {
    const glm::dvec2 e = part.b - part.a, middle = part.a + 0.5 * (part.t0 + part.t1) * e;
    sum += 0.5 * glm::dot(middle, part.normal) * (part.t1 - part.t0) * glm::length(e);
  }
  return sum;
}

// d area / d positions from the rows. They are linear along a part, so its middle stands for all of it.
std::vector<glm::dvec3> areaGradient(const Traced& traced, const std::vector<glm::dvec3>& positions, std::size_t view,
                                     double nearPlane) {
  std::vector<glm::dvec3> gradient(positions.size(), glm::dvec3(0));
  for (const auto& part : traced.outlines[view].parts) {
    const double length = (part.t1 - part.t0) * glm::length(part.b - part.a);
    const auto row = outlineRow<double>({positions, &traced.topology}, traced.cameras[view], part,
                                        0.5 * (part.t0 + part.t1), part.normal, nearPlane);
    for (int i = 0; i < row.count; ++i) gradient[std::size_t(row.vertex[i])] += length * row.row[i];
  }
  return gradient;
}

const TestScene& named(const std::vector<TestScene>& scenes, const std::string& name) {
  for (const TestScene& scene : scenes)
    if (scene.name == name) return scene;
  throw std::runtime_error("no scene " + name);
}

class OutlineOfScene : public testing::TestWithParam<const char*> {
 protected:
  std::vector<TestScene> scenes_ = testScenes();
  const TestScene& scene_ = named(scenes_, GetParam());
  ThreadPool pool_{2};
};

// A random small move of all vertices changes the area as the rows say. Topology events (a contour edge appears) are
// of second order in the step, so the error falls with it.
TEST_P(OutlineOfScene, rowsAreTheDerivativeOfTheArea) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (int mesh = 0; mesh < int(scene_.meshes.size()); ++mesh) {
    const auto& start = scene_.meshes[std::size_t(mesh)].positions;
    const Traced traced = traceScene(scene_, mesh, start, pool_);
    for (std::size_t v = 0; v < traced.cameras.size(); ++v) {
      const auto gradient = areaGradient(traced, start, v, scene_.nearPlane);
      for (int trial = 0; trial < 3; ++trial) {
        std::vector<glm::dvec3> direction(start.size());
        for (auto& d : direction) d = glm::dvec3(normal(random), normal(random), normal(random));
        const double h = 1e-7;
        auto plus = start, minus = start;
        double expected = 0, scale = 0;
        for (std::size_t i = 0; i < start.size(); ++i) {
          plus[i] += h * direction[i], minus[i] -= h * direction[i];
          expected += glm::dot(gradient[i], direction[i]);
          scale += std::abs(glm::dot(gradient[i], direction[i]));
        }
        const double change = area(traceScene(scene_, mesh, plus, pool_).outlines[v]) -
                              area(traceScene(scene_, mesh, minus, pool_).outlines[v]);
        EXPECT_NEAR(change / (2 * h), expected, 1e-3 * scale + 1e-6) << "mesh " << mesh << " view " << v;
      }
    }
  }
}

// One row, one point: where the normal line through it meets the moved segment.
TEST_P(OutlineOfScene, aPointMovesAlongItsNormalAsItsRowSays) {
  std::mt19937 random(9);
  std::normal_distribution<double> normal;
  const auto& start = scene_.meshes[0].positions;
  const Traced traced = traceScene(scene_, 0, start, pool_);
  const double h = 1e-6;
  auto moved = start;
  std::vector<glm::dvec3> direction(start.size());
  for (std::size_t i = 0; i < start.size(); ++i) {
    direction[i] = glm::dvec3(normal(random), normal(random), normal(random));
    moved[i] += h * direction[i];
  }
  int checked = 0;
  for (std::size_t v = 0; v < traced.cameras.size(); ++v)
    for (const auto& s : traced.outlines[v].samples) {
      const auto& part = traced.outlines[v].parts[std::size_t(s.part)];
      if (part.endA.vertex2 >= 0 || part.endB.vertex2 >= 0) continue;  // cuts: see the areas above
      const auto pixelOf = [&](int vertex) {
        const auto& c = traced.cameras[v];
        const glm::dvec3 x = c.toCamera(moved[std::size_t(vertex)]);
        return glm::dvec2(c.fx * x.x / x.z + c.cx, c.fy * x.y / x.z + c.cy);
      };
      const glm::dvec2 q = (1 - s.t) * pixelOf(part.endA.vertex) + s.t * pixelOf(part.endB.vertex);
      const auto row = outlineRow<double>({start, &traced.topology}, traced.cameras[v], part, s.t, s.normal, scene_.nearPlane);
      double expected = 0, scale = 0;
      for (int i = 0; i < row.count; ++i) {
        expected += glm::dot(row.row[i], direction[std::size_t(row.vertex[i])]);
        scale += glm::length(row.row[i]) * glm::length(direction[std::size_t(row.vertex[i])]);
      }
      EXPECT_NEAR(glm::dot(q - s.pixel, s.normal) / h, expected, 1e-3 * scale);
      ++checked;
    }
  EXPECT_GT(checked, 20);
}

// Right outside of the outline nothing is covered, right inside something is: the runs of pixels say the same.
TEST_P(OutlineOfScene, theEnclosedAreaIsThatOfTheCoveredPixels) {
  for (int mesh = 0; mesh < int(scene_.meshes.size()); ++mesh) {
    TestScene large = scene_;
    for (auto& view : large.views) {
      view.camera.fx *= 8, view.camera.fy *= 8, view.camera.cx *= 8, view.camera.cy *= 8;
      view.camera.width *= 8, view.camera.height *= 8;
    }
    const Traced traced = traceScene(large, mesh, scene_.meshes[std::size_t(mesh)].positions, pool_);
    for (std::size_t v = 0; v < traced.cameras.size(); ++v) {
      const auto& outline = traced.outlines[v];
      double length = 0, sampled = 0;
      bool inFrame = true;
      for (const auto& part : outline.parts) {
        length += (part.t1 - part.t0) * glm::length(part.b - part.a);
        for (const double t : {part.t0, part.t1}) {
          const glm::dvec2 p = part.a + t * (part.b - part.a);
          inFrame &= p.x >= 0 && p.y >= 0 && p.x <= traced.cameras[v].width && p.y <= traced.cameras[v].height;
        }
      }
      for (const auto& s : outline.samples) sampled += s.length;
      if (!inFrame) {
        EXPECT_LE(sampled, length);
        continue;
      }
      EXPECT_NEAR(sampled, length, 1e-9 * (1 + length)) << "samples stand for all of the outline";
      double pixels = 0;
      for (const auto& run : outline.runs) pixels += run.y - run.x;
      // Each pixel that the outline passes is counted by its centre: an error below its area, of random sign.
      EXPECT_NEAR(area(outline), pixels, 0.05 * length + 8) << "mesh " << mesh << " view " << v;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Scenes, OutlineOfScene,
                         testing::Values("closed", "bumpy", "open", "overlapping", "mixedWinding", "selfIntersecting",
                                         "degenerate", "thin", "heterogeneous"),
                         [](const auto& scene) { return std::string(scene.param); });

// Cuts at the near plane move with up to three vertices of a face. They lie outside the image: whole parts are looked at.
TEST(Outline, rowsFollowTheCutsAtTheNearPlane) {
  const auto scenes = testScenes();
  const TestScene& scene = named(scenes, "nearPlane");
  ThreadPool pool(2);
  const auto& start = scene.meshes[0].positions;
  const Traced traced = traceScene(scene, 0, start, pool);
  std::mt19937 random(3);
  std::normal_distribution<double> normal;
  std::vector<glm::dvec3> direction(start.size());
  for (auto& d : direction) d = glm::dvec3(normal(random), normal(random), normal(random));
  const double h = 1e-7, t = 0.3;
  auto moved = start;
  for (std::size_t i = 0; i < start.size(); ++i) moved[i] += h * direction[i];
  int cuts = 0;
  for (std::size_t v = 0; v < traced.cameras.size(); ++v)
    for (const auto& part : traced.outlines[v].parts) {
      const auto& camera = traced.cameras[v];
      const auto endOf = [&](const ContourEnd<double>& end) {
        const glm::dvec3 x = camera.toCamera(moved[std::size_t(end.vertex)]);
        if (end.vertex2 < 0) return project(camera, x);
        double ignored;
        ++cuts;
        return project(camera, cutAtNear(x, camera.toCamera(moved[std::size_t(end.vertex2)]), scene.nearPlane, ignored));
      };
      const glm::dvec2 p = part.a + t * (part.b - part.a), q = (1 - t) * endOf(part.endA) + t * endOf(part.endB);
      const auto row = outlineRow<double>({start, &traced.topology}, camera, part, t, part.normal, scene.nearPlane);
      double expected = 0, scale = 0;
      for (int i = 0; i < row.count; ++i) {
        expected += glm::dot(row.row[i], direction[std::size_t(row.vertex[i])]);
        scale += glm::length(row.row[i]) * glm::length(direction[std::size_t(row.vertex[i])]);
      }
      EXPECT_NEAR(glm::dot(q - p, part.normal) / h, expected, 1e-3 * scale);
    }
  EXPECT_GT(cuts, 5);
}

TEST(Outline, isTheSameForAnyNumberOfThreads) {
  const auto scenes = testScenes();
  const TestScene& scene = named(scenes, "selfIntersecting");
  ThreadPool one(1), three(3);
  const auto a = traceScene(scene, 0, scene.meshes[0].positions, one), b = traceScene(scene, 0, scene.meshes[0].positions, three);
  for (std::size_t v = 0; v < a.outlines.size(); ++v) {
    ASSERT_EQ(a.outlines[v].samples.size(), b.outlines[v].samples.size());
    for (std::size_t i = 0; i < a.outlines[v].samples.size(); ++i) {
      EXPECT_EQ(a.outlines[v].samples[i].pixel, b.outlines[v].samples[i].pixel);
      EXPECT_EQ(a.outlines[v].samples[i].part, b.outlines[v].samples[i].part);
    }
  }
}

TEST(Outline, depthIsThatOfThePointThatProjectsThere) {
  const OutlinePart<double> part{{0, 0}, {10, 0}, {0, 1}, 0, 1, {0, -1, 0, {0, 0, 2}}, {1, -1, 0, {6, 0, 6}}};
  // x / z runs from 0 to 1 over the part; half way in the image is x = z / 2 on the line from (0, 2) to (6, 6).
  EXPECT_NEAR(outlineDepth(part, 0.5), 3, 1e-12);
  EXPECT_NEAR(outlineDepth(part, 0.0), 2, 1e-12);
  EXPECT_NEAR(outlineDepth(part, 1.0), 6, 1e-12);
}

}  // namespace
}  // namespace penumbra
