// Every registered regulariser: gradient against central differences, freedom of scale and resolution, odd meshes.
#include "optim/fit/regularisers.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "optim/fit/start_shapes.h"

namespace penumbra {
namespace {

struct Shape {
  const char* name;
  std::vector<glm::dvec3> x;
  std::vector<Face> faces;
};

// Positions moved by up to `amount` in a fixed irregular way.
std::vector<glm::dvec3> shaken(const std::vector<glm::vec3>& points, double amount) {
  std::vector<glm::dvec3> x;
  for (std::size_t i = 0; i < points.size(); ++i) {
    const double t = double(i);
    x.emplace_back(glm::dvec3(points[i]) +
                   amount * glm::dvec3(std::sin(12.9 * t + 1), std::sin(78.2 * t + 2), std::sin(37.7 * t + 3)));
  }
  return x;
}

std::vector<Shape> shapes() {
  const Mesh ball = icosphere(1);
  std::vector<Face> open(ball.faces.begin(), ball.faces.begin() + 40), mixed = ball.faces;
  for (std::size_t f = 0; f < mixed.size(); f += 3) std::swap(mixed[f].y, mixed[f].z);
  std::vector<Face> fins = ball.faces;
  fins.push_back({fins[0].x, fins[0].y, fins[50].z});  // three faces at one edge
  std::vector<Face> broken = ball.faces;
  broken.push_back({3, 3, 7});
  return {{"closed", shaken(ball.positions, 0.05), ball.faces},  {"open", shaken(ball.positions, 0.05), open},
          {"mixed winding", shaken(ball.positions, 0.05), mixed}, {"non-manifold", shaken(ball.positions, 0.05), fins},
          {"repeated vertex", shaken(ball.positions, 0.05), broken}};
}

double valueOf(const RegulariserRow& row, const Topology& topology, const std::vector<glm::dvec3>& x,
               std::vector<glm::dvec3>* gradient = nullptr, double weight = 1) {
  std::vector<glm::dvec3> scratch(x.size(), glm::dvec3(0));
  const double value = row.inDouble(topology, x, weight, scratch);
  if (gradient) *gradient = scratch;
  return value;
}

TEST(Regularisers, gradientsAgreeWithCentralDifferences) {
  for (const RegulariserRow& row : regulariserTable())
    for (const Shape& shape : shapes()) {
      const Topology topology = buildTopology(int(shape.x.size()), shape.faces);
      std::vector<glm::dvec3> gradient, x = shape.x;
      valueOf(row, topology, x, &gradient);
      double largest = 0, error = 0;
      const double h = 1e-6;
      for (std::size_t i = 0; i < x.size(); ++i)
        for (int axis = 0; axis < 3; ++axis) {
          const double middle = x[i][axis];
          x[i][axis] = middle + h;
          const double up = valueOf(row, topology, x);
          x[i][axis] = middle - h;
          const double down = valueOf(row, topology, x);
          x[i][axis] = middle;
          largest = std::max(largest, std::abs(gradient[i][axis]));
          error = std::max(error, std::abs(gradient[i][axis] - (up - down) / (2 * h)));
        }
      EXPECT_GT(largest, 0) << row.name << ", " << shape.name;
      EXPECT_LT(error, 1e-6 * std::max(1.0, largest)) << row.name << ", " << shape.name;
    }
}

TEST(Regularisers, gradientIsAddedTimesTheWeight) {
  const Shape shape = shapes()[0];
  const Topology topology = buildTopology(int(shape.x.size()), shape.faces);
  for (const RegulariserRow& row : regulariserTable()) {
    std::vector<glm::dvec3> once;
    valueOf(row, topology, shape.x, &once);
    std::vector<glm::dvec3> sum(shape.x.size(), glm::dvec3(1, 2, 3));
    row.inDouble(topology, shape.x, 0.5, sum);
    for (std::size_t i = 0; i < sum.size(); ++i)
      EXPECT_LT(glm::length(sum[i] - glm::dvec3(1, 2, 3) - 0.5 * once[i]), 1e-12) << row.name;
  }
}

TEST(Regularisers, doNotDependOnScaleOrPlace) {
  for (const RegulariserRow& row : regulariserTable())
    for (const Shape& shape : shapes()) {
      const Topology topology = buildTopology(int(shape.x.size()), shape.faces);
      const double value = valueOf(row, topology, shape.x);
      std::vector<glm::dvec3> moved;
      for (const glm::dvec3& p : shape.x) moved.push_back(1000.0 * p + glm::dvec3(50, -20, 7));
      EXPECT_NEAR(valueOf(row, topology, moved), value, 1e-9 * std::max(1.0, value)) << row.name << ", " << shape.name;
      // Freedom of scale also means: the gradient neither shrinks nor swells the mesh.
      std::vector<glm::dvec3> gradient;
      valueOf(row, topology, shape.x, &gradient);
      double along = 0, size = 0;
      for (std::size_t i = 0; i < gradient.size(); ++i) {
        along += glm::dot(gradient[i], shape.x[i]);
        size += glm::length(gradient[i]);
      }
      EXPECT_LT(std::abs(along), 1e-10 * std::max(1.0, size)) << row.name << ", " << shape.name;
    }
}

TEST(Regularisers, areOneForAnySphereHoweverFine) {
  for (const RegulariserRow& row : regulariserTable())
    for (const int level : {3, 4, 5}) {
      const Mesh ball = icosphere(level);
      const Topology topology = buildTopology(int(ball.positions.size()), ball.faces);
      const double value = valueOf(row, topology, shaken(ball.positions, 0));
      if (row.term == RegulariserTerm::EdgeLength) {
        EXPECT_LT(value, 0.02) << level;
      } else if (std::string(row.name) == "uniform Laplacian") {
        // Icosphere triangles differ in size by up to 30 %; this term sees that too, the more the finer.
        EXPECT_GT(value, 0.9) << level;
        EXPECT_LT(value, 4.5) << level;
      } else {
        EXPECT_NEAR(value, 1, 0.12) << row.name << ", level " << level;
      }
    }
}

TEST(Regularisers, floatAgreesWithDouble) {
  const Mesh ball = icosphere(3);
  const Topology topology = buildTopology(int(ball.positions.size()), ball.faces);
  const std::vector<glm::dvec3> x = shaken(ball.positions, 0.01);
  const std::vector<glm::vec3> single(x.begin(), x.end());
  for (const RegulariserRow& row : regulariserTable()) {
    std::vector<glm::vec3> gradient(x.size(), glm::vec3(0));
    std::vector<glm::dvec3> exact;
    const double value = valueOf(row, topology, x, &exact);
    EXPECT_NEAR(row.inFloat(topology, single, 1.0f, gradient), value, 1e-3 * std::max(0.01, value)) << row.name;
    double error = 0, size = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      error += glm::dot(glm::dvec3(gradient[i]) - exact[i], glm::dvec3(gradient[i]) - exact[i]);
      size += glm::dot(exact[i], exact[i]);
    }
    EXPECT_LT(std::sqrt(error / size), 1e-3) << row.name;
  }
}

TEST(Regularisers, meshesWithoutAreaOrFacesGiveFiniteNumbers) {
  const std::vector<glm::dvec3> point(4, glm::dvec3(0.3)), line{{0, 0, 0}, {1, 0, 0}, {2, 0, 0}, {3, 0, 0}};
  const std::vector<Face> two{{0, 1, 2}, {1, 3, 2}};
  for (const RegulariserRow& row : regulariserTable())
    for (const auto& x : {point, line})
      for (const auto& faces : {two, std::vector<Face>{}}) {
        const Topology topology = buildTopology(4, faces);
        std::vector<glm::dvec3> gradient;
        EXPECT_TRUE(std::isfinite(valueOf(row, topology, x, &gradient))) << row.name;
        for (const glm::dvec3& g : gradient) EXPECT_TRUE(std::isfinite(g.x + g.y + g.z)) << row.name;
      }
}

TEST(Regularisers, followTheirOwnOptions) {
  FitOptions options;
  options.laplacian = 0;
  for (const RegulariserRow& row : regulariserTable()) EXPECT_EQ(row.weight(options), 0) << row.name;
  options.laplacian = 1, options.normalConsistency = 2, options.edgeLength = 3;
  double sum = 0;
  for (const RegulariserRow& row : regulariserTable()) sum += row.weight(options);
  EXPECT_EQ(sum, 6) << "one Laplacian at a time";
  options.laplacianWeights = LaplacianWeights::Cotangent;
  double other = 0;
  for (const RegulariserRow& row : regulariserTable()) other += row.weight(options);
  EXPECT_EQ(other, 6);
}

}  // namespace
}  // namespace penumbra
