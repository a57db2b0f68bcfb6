#include "optim/fit/smooth_steps.h"

#include <Eigen/SparseCholesky>

#include "renderer/error.h"

namespace penumbra {
namespace {

using Matrix = Eigen::SparseMatrix<double>;

Matrix systemMatrix(const Topology& topology, double lambda) {
  std::vector<Eigen::Triplet<double>> entries;
  entries.reserve(std::size_t(topology.vertexCount) + 4 * topology.edges.size());
  for (int v = 0; v < topology.vertexCount; ++v) entries.emplace_back(v, v, 1.0);
  for (const glm::ivec2& e : topology.edges) {
    entries.emplace_back(e.x, e.x, lambda);
    entries.emplace_back(e.y, e.y, lambda);
    entries.emplace_back(e.x, e.y, -lambda);
    entries.emplace_back(e.y, e.x, -lambda);
  }
  Matrix matrix(topology.vertexCount, topology.vertexCount);
  matrix.setFromTriplets(entries.begin(), entries.end());
  return matrix;
}

}  // namespace

SmoothSteps::SmoothSteps(const Topology& topology, double lambda) : lambda_(lambda), edges_(topology.edges) {
  const Eigen::SimplicialLLT<Matrix> solver(systemMatrix(topology, lambda));
  if (solver.info() != Eigen::Success)
    throw Error(ExitCode::Numeric, "The smoothing matrix could not be factored.", "Use a smaller lambda.");
  const Matrix factor = solver.matrixL();
  const int count = topology.vertexCount;
  order_.resize(std::size_t(count));
  for (int row = 0; row < count; ++row) order_[std::size_t(row)] = solver.permutationPinv().indices()[row];
  columnStart_.push_back(0);
  for (int column = 0; column < count; ++column) {
    for (Matrix::InnerIterator it(factor, column); it; ++it) {
      if (it.row() == column) {
        inverseDiagonal_.push_back(float(1 / it.value()));
      } else {
        rows_.push_back(int(it.row()));
        entries_.push_back(float(it.value()));
      }
    }
    columnStart_.push_back(int(rows_.size()));
  }
  scratch_.resize(std::size_t(count));
}

void SmoothSteps::solve(std::span<glm::vec3> values) {
  const std::size_t count = order_.size();
  glm::vec4* const y = scratch_.data();
  for (std::size_t i = 0; i < count; ++i) y[i] = glm::vec4(values[std::size_t(order_[i])], 0);
  // C y = values, then C^T x = y.
  for (std::size_t c = 0; c < count; ++c) {
    const glm::vec4 known = y[c] *= inverseDiagonal_[c];
    for (int k = columnStart_[c]; k < columnStart_[c + 1]; ++k) y[rows_[std::size_t(k)]] -= entries_[std::size_t(k)] * known;
  }
  for (std::size_t c = count; c-- > 0;) {
    glm::vec4 sum = y[c];
    for (int k = columnStart_[c]; k < columnStart_[c + 1]; ++k) sum -= entries_[std::size_t(k)] * y[rows_[std::size_t(k)]];
    y[c] = sum * inverseDiagonal_[c];
  }
  for (std::size_t i = 0; i < count; ++i) values[std::size_t(order_[i])] = glm::vec3(y[i]);
}

std::vector<glm::vec3> SmoothSteps::apply(std::span<const glm::vec3> values) const {
  std::vector<glm::vec3> result(values.begin(), values.end());
  for (const glm::ivec2& e : edges_) {
    const glm::vec3 difference = float(lambda_) * (values[std::size_t(e.x)] - values[std::size_t(e.y)]);
    result[std::size_t(e.x)] += difference;
    result[std::size_t(e.y)] -= difference;
  }
  return result;
}

}  // namespace penumbra
