// First-order optimisers: a gradient and remembered moments in, a step out.
//
//   m1 <- b1 m1 + (1 - b1) g      m2 <- b2 m2 + (1 - b2) g^2 (by component)      hats: bias corrected, / (1 - b^t)
//   Adam         step = -rate * m1^ / (sqrt(m2^) + eps), by component        (Kingma and Ba, ICLR 2015, algorithm 1)
//   AdamUniform  step = -rate * m1^ / (max over all components of sqrt(m2^) + eps)
//                (Nicolet, Jacobson, Jakob, SIGGRAPH Asia 2021, section 4: one scale keeps a smooth field smooth)
//   VectorAdam   m2 <- b2 m2 + (1 - b2) |g|^2 by vertex, step = -rate * m1^ / (sqrt(m2^) + eps)
//                (Ling, Sharp, Jacobson, NeurIPS 2022: turning the scene turns the steps and changes nothing else)
//   SteadyAdam   VectorAdam with b1 = b2 = the smaller of the two, gradients no longer than 10 |m1|, and steps in
//                units l of each vertex's own edges:  v = m1^ / (sqrt(m2^) + eps),  step = -min(1, t (1 - b)) rate l v.
//                |v| in [0, 1] tells how steadily the gradient points one way: `steadiness`
//                (Palfinger, "Continuous remeshing for inverse rendering", 2022, section 3; held by length, not by
//                component, so that it too turns with the scene)
// eps is 1e-12 here: gradients of the normalised losses are far smaller than 1.
#pragma once
#include <span>
#include <vector>

#include "optim/options.h"

namespace penumbra {

struct OptimizerSettings {
  Optimizer method = Optimizer::AdamUniform;
  double rate = 1e-2, beta1 = 0.9, beta2 = 0.999;
  std::span<const float> lengths = {};  // by vertex, multiplies the rate; empty: 1
};

// Updates the moments (resized with zeros when of another size) and `count`, the number of steps they hold; writes
// the step over the gradient. VectorAdam and SteadyAdam keep |g|^2 in all three components of moment2.
void optimizerStep(const OptimizerSettings& settings, std::span<glm::vec3> gradientToStep, std::vector<glm::vec3>& moment1,
                   std::vector<glm::vec3>& moment2, int& count);

// |v| of SteadyAdam for one vertex, from moments that hold `count` steps with this beta.
float steadiness(const glm::vec3& moment1, const glm::vec3& moment2);

}  // namespace penumbra
