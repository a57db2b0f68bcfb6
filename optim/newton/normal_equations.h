// The linear system of one Gauss-Newton step, and its solution by preconditioned conjugate gradients.
//
//   (D + mu B + damping diagonal) d = g,   D = sum_s w a a^T,   g = sum_s w a r - mu B x
// `diagonal` are the 3 x 3 diagonal blocks of D + mu B. D couples the ends of contour edges only: 3 x 3 blocks on the diagonal and on those edges. B (thin_plate.h) is the same
// for x, y and z. The preconditioner inverts the 3 x 3 diagonal blocks of the whole matrix (block Jacobi).
// Views that may be wrong as a whole (view_motion.h) add seven unknowns q each,
//   [ A  C ] [d]   [g  ]
//   [ C' M ] [q] = [g_q],   M = sum w b b^T + their own prior,   C = sum w a b^T
// which are eliminated: (A - C M^-1 C') d = g - C M^-1 g_q is what is solved, then q = M^-1 (g_q - C' d).
// Matrix and vectors in float, sums of dot products in double and in fixed chunks: the same bits for any number of
// threads.
#pragma once
#include <span>
#include <vector>

#include "optim/newton/contour_terms.h"
#include "optim/newton/thin_plate.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct EliminatedView {
  const std::vector<ViewTerms::Coupling>* coupling;  // C; kept by reference
  ViewMatrix inverse;                                // M^-1
  ViewVector pull;                                   // g_q
  ViewVector solve(std::span<const glm::vec3> moves) const;  // q for given moves d of the vertices
};

class NormalEquations {
 public:
  explicit NormalEquations(ThreadPool& pool) : pool_(pool) {}

  struct Weights {
    double prior = 1;        // mu
    double damping = 1e-4;
  };
  // `terms` of all views, in order. `plate` is kept by reference until solve() is done.
  void build(const ThinPlate& plate, const std::vector<glm::vec3>& positions, std::span<const std::vector<ContourTerm>> terms,
             const Weights& weights, std::vector<EliminatedView> views = {});

  double priorEnergy() const { return priorEnergy_; }       // mu/2 x^T B x
  const std::vector<glm::vec3>& gradient() const { return gradient_; }  // of the energy: -g

  struct Solution {
    int iterations = 0;
    double residual = 0;     // |g - A d| / |g|
  };
  // From d = 0, until the residual falls below `tolerance` or so many iterations are done.
  Solution solve(int maxIterations, double tolerance, std::vector<glm::vec3>& step);

 private:
  struct Pair {
    int row, column;         // row < column
    const glm::mat3* block;
  };
  void addTerms(std::span<const std::vector<ContourTerm>> terms);
  void sortPairs(std::span<const Pair> pairs);
  void invertDiagonal(double damping);
  double beginSolve(double& squares);
  double applyMatrix();
  double advance(float alpha, double& squares);
  void subtractViews(const std::vector<glm::vec4>& x);
  int chunks() const;
  template <class Work> double sumOverChunks(const Work& work);

  ThreadPool& pool_;
  const ThinPlate* plate_ = nullptr;
  float prior_ = 1;
  double priorEnergy_ = 0;
  std::vector<Symmetric3> diagonal_, inverse_;
  std::vector<int> pairStart_, pairColumn_;
  std::vector<glm::mat3> pairBlock_;
  std::vector<glm::vec3> gradient_;
  std::vector<glm::vec3> data_, bent_;
  std::vector<EliminatedView> views_;
  std::vector<Eigen::Matrix<float, kViewUnknowns, 1>> viewSums_;  // M^-1 C' x
  std::vector<glm::vec3> fromViews_;                              // C M^-1 C' x; empty without views
  std::vector<glm::vec4> x_, r_, z_, p_, q_, u_;
  std::vector<double> partial_, squares_;
};

}  // namespace penumbra
