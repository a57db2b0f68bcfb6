#include "optim/fit/optimizer.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

constexpr float kEpsilon = 1e-12f;

float largest(const std::vector<glm::vec3>& values) {
  float result = 0;
  for (const glm::vec3& v : values) result = std::max({result, v.x, v.y, v.z});
  return result;
}

}  // namespace

void optimizerStep(const OptimizerSettings& settings, std::span<glm::vec3> gradientToStep, std::vector<glm::vec3>& moment1,
                   std::vector<glm::vec3>& moment2, int& count) {
  const std::size_t size = gradientToStep.size();
  moment1.resize(size, glm::vec3(0));
  moment2.resize(size, glm::vec3(0));
  ++count;
  const float b1 = float(settings.beta1), b2 = float(settings.beta2);
  const double unbias1 = 1 / (1 - std::pow(settings.beta1, count)), unbias2 = 1 / (1 - std::pow(settings.beta2, count));
  for (std::size_t i = 0; i < size; ++i) {
    const glm::vec3 g = gradientToStep[i];
    moment1[i] = b1 * moment1[i] + (1 - b1) * g;
    moment2[i] = b2 * moment2[i] + (1 - b2) * g * g;
  }
  const float rate = float(-settings.rate * unbias1), root = float(std::sqrt(unbias2));
  if (settings.method == Optimizer::AdamUniform) {
    const float scale = rate / (std::sqrt(largest(moment2)) * root + kEpsilon);
    for (std::size_t i = 0; i < size; ++i) gradientToStep[i] = scale * moment1[i];
  } else {
    for (std::size_t i = 0; i < size; ++i)
      gradientToStep[i] = rate * moment1[i] / (glm::sqrt(moment2[i]) * root + kEpsilon);
  }
}

}  // namespace penumbra
