#include "optim/fit/optimizer.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

constexpr float kEpsilon = 1e-12f;
constexpr float kMostSurprise = 10;  // SteadyAdam: times the mean gradient

float largest(const std::vector<glm::vec3>& values) {
  float result = 0;
  for (const glm::vec3& v : values) result = std::max({result, v.x, v.y, v.z});
  return result;
}

bool byVertex(Optimizer method) { return method == Optimizer::VectorAdam || method == Optimizer::SteadyAdam; }

}  // namespace

void optimizerStep(const OptimizerSettings& settings, std::span<glm::vec3> gradientToStep, std::vector<glm::vec3>& moment1,
                   std::vector<glm::vec3>& moment2, int& count) {
  const std::size_t size = gradientToStep.size();
  moment1.resize(size, glm::vec3(0));
  moment2.resize(size, glm::vec3(0));
  const bool steady = settings.method == Optimizer::SteadyAdam, vectors = byVertex(settings.method);
  const double beta1 = steady ? std::min(settings.beta1, settings.beta2) : settings.beta1;
  const double beta2 = steady ? beta1 : settings.beta2;
  // Moments.
  const float known = float(1 / (1 - std::pow(beta1, std::max(1, count))));
  const float b1 = float(beta1), b2 = float(beta2);
  for (std::size_t i = 0; i < size; ++i) {
    glm::vec3 g = gradientToStep[i];
    if (steady && count > 0) {
      const float limit = kMostSurprise * known * glm::length(moment1[i]);
      if (limit > 0) g = glm::length(g) > limit ? g * (limit / glm::length(g)) : g;
    }
    moment1[i] = b1 * moment1[i] + (1 - b1) * g;
    moment2[i] = b2 * moment2[i] + (1 - b2) * (vectors ? glm::vec3(glm::dot(g, g)) : g * g);
  }
  ++count;
  // Steps.
  const double unbias1 = 1 / (1 - std::pow(beta1, count)), unbias2 = 1 / (1 - std::pow(beta2, count));
  const double ramp = steady ? std::min(1.0, count * (1 - beta1)) : 1;
  const float rate = float(-settings.rate * ramp * unbias1), root = float(std::sqrt(unbias2));
  const float uniform = settings.method == Optimizer::AdamUniform ? std::sqrt(largest(moment2)) * root + kEpsilon : 0;
  for (std::size_t i = 0; i < size; ++i) {
    const float scale = settings.lengths.empty() ? rate : rate * settings.lengths[i];
    const glm::vec3 by = uniform > 0 ? glm::vec3(uniform) : glm::sqrt(moment2[i]) * root + kEpsilon;
    gradientToStep[i] = scale * moment1[i] / by;
  }
}

float steadiness(const glm::vec3& moment1, const glm::vec3& moment2) {
  return moment2.x > 0 ? std::min(1.0f, glm::length(moment1) / std::sqrt(moment2.x)) : 0.0f;
}

}  // namespace penumbra
