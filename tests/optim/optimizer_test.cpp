// Properties of the optimisers' steps: their lengths, and what they do when the scene is turned.
#include "optim/fit/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace penumbra {
namespace {

using Vectors = std::vector<glm::vec3>;
constexpr Optimizer kAll[] = {Optimizer::Adam, Optimizer::AdamUniform, Optimizer::VectorAdam, Optimizer::SteadyAdam};

struct Memory {
  Vectors m1, m2;
  int count = 0;
};

Vectors stepOf(const OptimizerSettings& settings, Vectors gradient, Memory& memory) {
  optimizerStep(settings, gradient, memory.m1, memory.m2, memory.count);
  return gradient;
}

std::vector<Vectors> randomGradients(int steps, int vertices) {
  std::mt19937 random(7);
  std::normal_distribution<float> normal;
  std::vector<Vectors> all;
  for (int s = 0; s < steps; ++s) {
    all.emplace_back();
    for (int v = 0; v < vertices; ++v)  // of very different sizes
      all.back().push_back(std::pow(10.0f, float(v % 5) - 6) *
                           glm::vec3(normal(random), normal(random), normal(random) + 1));
  }
  return all;
}

glm::mat3 turn() {
  const glm::vec3 a = glm::normalize(glm::vec3(1, 2, -3)), b = glm::normalize(glm::cross(a, glm::vec3(0, 0, 1)));
  return {a, b, glm::cross(a, b)};
}

// Largest difference between steps of turned gradients and turned steps, in step lengths.
float turnError(Optimizer method) {
  const glm::mat3 rotation = turn();
  Memory plain, turned;
  float worst = 0;
  for (const Vectors& gradient : randomGradients(30, 12)) {
    Vectors rotated;
    for (const glm::vec3& g : gradient) rotated.push_back(rotation * g);
    const OptimizerSettings settings{method, 0.1, 0.9, 0.99};
    const Vectors a = stepOf(settings, gradient, plain), b = stepOf(settings, rotated, turned);
    for (std::size_t i = 0; i < a.size(); ++i) worst = std::max(worst, glm::length(rotation * a[i] - b[i]) / 0.1f);
  }
  return worst;
}

TEST(Optimizers, vectorMethodsTurnWithTheScene) {
  EXPECT_LT(turnError(Optimizer::VectorAdam), 1e-4);
  EXPECT_LT(turnError(Optimizer::SteadyAdam), 1e-4);
  EXPECT_GT(turnError(Optimizer::Adam), 0.1) << "which is why it is not the default";
}

TEST(Optimizers, stepsDoNotDependOnTheScaleOfTheObjective) {
  for (const Optimizer method : kAll) {
    Memory plain, scaled;
    for (const Vectors& gradient : randomGradients(10, 6)) {
      Vectors larger = gradient;
      for (glm::vec3& g : larger) g *= 1024.0f;
      const Vectors a = stepOf({method}, gradient, plain), b = stepOf({method}, larger, scaled);
      for (std::size_t i = 0; i < a.size(); ++i) EXPECT_LT(glm::length(a[i] - b[i]), 1e-3f * 1e-2f) << int(method);
    }
  }
}

TEST(Optimizers, everyVertexGoesAsFarAsTheRateWithVectors) {
  const Vectors gradient{{3e-6f, -4e-6f, 0}, {0, 2e-2f, 0}, {0, 0, 0}};
  Memory memory;
  const Vectors step = stepOf({Optimizer::VectorAdam, 0.1}, gradient, memory);
  EXPECT_NEAR(glm::length(step[0]), 0.1, 1e-5);
  EXPECT_NEAR(step[0].y, 0.08, 1e-5) << "against the gradient";
  EXPECT_NEAR(glm::length(step[1]), 0.1, 1e-5);
  EXPECT_EQ(step[2], glm::vec3(0)) << "what nothing pulls stays";
}

TEST(Optimizers, steadyStepsAreMeasuredInEachVertexsEdges) {
  const std::vector<float> lengths{1.0f, 0.25f};
  const OptimizerSettings settings{Optimizer::SteadyAdam, 0.3, 0.8, 0.8, lengths};
  Memory memory;
  const Vectors gradient{{1e-4f, 0, 0}, {0, 7, 0}};
  EXPECT_NEAR(stepOf(settings, gradient, memory)[0].x, -0.3 * 0.2, 1e-5) << "begins gently";
  Vectors step;
  for (int i = 0; i < 10; ++i) step = stepOf(settings, gradient, memory);
  EXPECT_NEAR(step[0].x, -0.3, 1e-4);
  EXPECT_NEAR(step[1].y, -0.3 * 0.25, 1e-4);
  EXPECT_NEAR(steadiness(memory.m1[0], memory.m2[0]), 1, 0.06)
      << "the moments are not bias corrected: 0.8^11 is missing";
}

TEST(Optimizers, jitterSlowsSteadyStepsAndSurprisesAreHeld) {
  const OptimizerSettings settings{Optimizer::SteadyAdam, 0.3, 0.8, 0.8};
  Memory memory;
  Vectors step;
  for (int i = 0; i < 40; ++i) step = stepOf(settings, {{i % 2 ? 1.0f : -1.0f, 0, 0}}, memory);
  EXPECT_LT(glm::length(step[0]), 0.3 * 0.15);
  EXPECT_LT(steadiness(memory.m1[0], memory.m2[0]), 0.15f);
  Memory calm;
  for (int i = 0; i < 20; ++i) stepOf(settings, {{1, 0, 0}}, calm);
  stepOf(settings, {{0, 1e6f, 0}}, calm);
  EXPECT_LT(glm::length(calm.m1[0]), 4) << "one wild gradient counts as ten usual ones";
}

TEST(Optimizers, allFindTheMinimumOfAQuadratic) {
  for (const Optimizer method : kAll) {
    Vectors x{{3, -2, 1}};
    Memory memory;
    for (int i = 0; i < 2000; ++i)
      x[0] += stepOf({method, 0.05 * std::pow(0.01, i / 2000.0)}, {x[0] * glm::vec3(1, 4, 9)}, memory)[0];
    EXPECT_LT(glm::length(x[0]), 1e-2) << int(method);
  }
}

}  // namespace
}  // namespace penumbra
