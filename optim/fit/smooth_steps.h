// Steps that spread smoothly over the mesh: differential coordinates u and the solves they need.
//
//   u = M x,  M = I + lambda L,  L = D - A the combinatorial Laplacian (degree on the diagonal, -1 for each edge)
//   dE/du = M^-1 dE/dx,   dx = M^-1 du
// A step taken in u is the step in x low-passed twice; the minimum itself is not smoothed.
// Source: Nicolet, Jacobson, Jakob, "Large Steps in Inverse Rendering of Geometry", SIGGRAPH Asia 2021, section 3.
//
// NOTE As M is linear the fit keeps x and adds M^-1 du: u itself is never stored, so lambda can change at any time
// without moving the mesh, and a state is restored exactly from positions alone.
//
// M is symmetric positive definite (a vertex without edges has the row of I). It is factored once, P M P^T = C C^T
// (sparse Cholesky, fill-reducing order), in double; solves run in float on three right-hand sides at once, on one
// thread, in a fixed order. The condition number is at most 1 + 2 lambda max(degree).
#pragma once
#include <span>
#include <vector>

#include "renderer/topology.h"

namespace penumbra {

class SmoothSteps {
 public:
  SmoothSteps(const Topology& topology, double lambda);

  double lambda() const { return lambda_; }
  // values <- M^-1 values.
  void solve(std::span<glm::vec3> values);
  // M values, from the definition.
  std::vector<glm::vec3> apply(std::span<const glm::vec3> values) const;

 private:
  double lambda_;
  std::vector<glm::ivec2> edges_;
  std::vector<int> order_;                // row of the factor -> vertex
  std::vector<int> columnStart_, rows_;   // strictly lower part of C by columns
  std::vector<float> entries_, inverseDiagonal_;
  std::vector<glm::vec4> scratch_;
};

}  // namespace penumbra
