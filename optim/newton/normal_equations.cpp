#include "optim/newton/normal_equations.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace penumbra {
namespace {

constexpr int kChunk = 2048;  // rows a piece of parallel work

double dot3(const glm::vec4& a, const glm::vec4& b) {
  return double(a.x * b.x + a.y * b.y + a.z * b.z);
}

}  // namespace

int NormalEquations::chunks() const { return (int(diagonal_.size()) + kChunk - 1) / kChunk; }

// Sum over the chunks, in order, of what work(begin, end) returns.
template <class Work> double NormalEquations::sumOverChunks(const Work& work) {
  partial_.assign(std::size_t(chunks()), 0);
  const int count = int(diagonal_.size());
  pool_.parallelFor(chunks(), [&](int chunk, int) {
    partial_[std::size_t(chunk)] = work(std::size_t(chunk * kChunk), std::size_t(std::min(count, (chunk + 1) * kChunk)));
  });
  double sum = 0;
  for (const double part : partial_) sum += part;
  return sum;
}

void NormalEquations::addTerms(std::span<const std::vector<ContourTerm>> terms) {
  std::vector<Pair> pairs;
  for (const auto& view : terms)
    for (const ContourTerm& term : view) {
      for (int k = 0; k < term.count; ++k) {
        const std::size_t v = std::size_t(term.vertex[k]);
        for (int c = 0; c < 6; ++c) diagonal_[v][std::size_t(c)] += term.diagonal[k][std::size_t(c)];
        data_[v] += term.pull[k];
      }
      for (int p = 0; p < term.count * (term.count - 1) / 2; ++p)
        pairs.push_back({term.vertex[kTermPairs[p][0]], term.vertex[kTermPairs[p][1]], &term.pair[p]});
    }
  sortPairs(pairs);
}

// Both halves of the matrix by row, each row by column; blocks of the same place are summed in the order they came.
void NormalEquations::sortPairs(std::span<const Pair> pairs) {
  struct Entry {
    int column, pair;
  };
  std::vector<int> start(diagonal_.size() + 1, 0);
  for (const Pair& p : pairs) ++start[std::size_t(p.row) + 1], ++start[std::size_t(p.column) + 1];
  for (std::size_t i = 0; i + 1 < start.size(); ++i) start[i + 1] += start[i];
  std::vector<int> fill(start.begin(), start.end() - 1);
  std::vector<Entry> entries(2 * pairs.size());
  for (int i = 0; i < int(pairs.size()); ++i) {
    const Pair& p = pairs[std::size_t(i)];
    entries[std::size_t(fill[std::size_t(p.row)]++)] = {p.column, i};
    entries[std::size_t(fill[std::size_t(p.column)]++)] = {p.row, i};
  }
  pairStart_.assign(1, 0);
  pairColumn_.clear();
  pairBlock_.clear();
  for (std::size_t row = 0; row < diagonal_.size(); ++row) {
    const auto begin = entries.begin() + start[row], end = entries.begin() + start[row + 1];
    std::sort(begin, end, [](const Entry& a, const Entry& b) { return a.column != b.column ? a.column < b.column : a.pair < b.pair; });
    for (auto e = begin; e != end; ++e) {
      const Pair& pair = pairs[std::size_t(e->pair)];
      const glm::mat3 block = pair.row == int(row) ? *pair.block : glm::transpose(*pair.block);
      if (int(pairColumn_.size()) > pairStart_.back() && pairColumn_.back() == e->column) {
        pairBlock_.back() += block;
      } else {
        pairColumn_.push_back(e->column);
        pairBlock_.push_back(block);
      }
    }
    pairStart_.push_back(int(pairColumn_.size()));
  }
}

// Adds the damping to the diagonal blocks of D and inverts those of the whole matrix.
void NormalEquations::invertDiagonal(double damping) {
  const float more = 1 + float(damping), floor = 1e-8f;  // a vertex that nothing holds stays where it is
  sumOverChunks([&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) {
      Symmetric3& m = diagonal_[v];
      const float plate = prior_ * plate_->diagonal()[v];
      for (float& value : m) value *= more;
      for (const std::size_t c : {0u, 3u, 5u}) m[c] += float(damping) * plate + floor;
      inverse_[v] = inverseOf({m[0] + plate, m[1], m[2], m[3] + plate, m[4], m[5] + plate});
    }
    return 0.0;
  });
}

void NormalEquations::build(const ThinPlate& plate, const std::vector<glm::vec3>& positions,
                            std::span<const std::vector<ContourTerm>> terms, const Weights& weights,
                            std::vector<EliminatedView> views) {
  plate_ = &plate;
  views_ = std::move(views);
  viewSums_.resize(views_.size());
  fromViews_.assign(views_.empty() ? 0 : positions.size(), glm::vec3(0));
  prior_ = float(weights.prior);
  const std::size_t count = positions.size();
  diagonal_.assign(count, {});
  inverse_.resize(count);
  data_.assign(count, glm::vec3(0));
  addTerms(terms);
  bent_.resize(count);
  gradient_.resize(count);
  priorEnergy_ = 0.5 * weights.prior * sumOverChunks([&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t v = begin; v < end; ++v) {
      bent_[v] = plate.umbrella(v, positions);
      sum += double(glm::dot(bent_[v], bent_[v]));
    }
    return sum;
  });
  sumOverChunks([&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) gradient_[v] = prior_ * plate.product(v, bent_) - data_[v];
    return 0.0;
  });
  for (const EliminatedView& view : views_) {
    const ViewVector share = view.inverse * view.pull;
    for (const ViewTerms::Coupling& c : *view.coupling)
      for (int k = 0; k < kViewUnknowns; ++k) gradient_[std::size_t(c.vertex)] += float(share[k]) * c.column[k];
  }
  invertDiagonal(weights.damping);
}

ViewVector EliminatedView::solve(std::span<const glm::vec3> moves) const {
  ViewVector left = pull;
  for (const ViewTerms::Coupling& c : *coupling)
    for (int k = 0; k < kViewUnknowns; ++k) left[k] -= double(glm::dot(c.column[k], moves[std::size_t(c.vertex)]));
  return inverse * left;
}

void NormalEquations::subtractViews(const std::vector<glm::vec4>& x) {
  pool_.parallelFor(int(views_.size()), [&](int index, int) {
    const EliminatedView& view = views_[std::size_t(index)];
    Eigen::Matrix<float, kViewUnknowns, 1> sum = Eigen::Matrix<float, kViewUnknowns, 1>::Zero();
    for (const ViewTerms::Coupling& c : *view.coupling) {
      const glm::vec3 moved(x[std::size_t(c.vertex)]);
      for (int k = 0; k < kViewUnknowns; ++k) sum[k] += glm::dot(c.column[k], moved);
    }
    viewSums_[std::size_t(index)] = view.inverse.cast<float>() * sum;
  });
  std::fill(fromViews_.begin(), fromViews_.end(), glm::vec3(0));
  for (std::size_t v = 0; v < views_.size(); ++v)  // in order: the same bits for any number of threads
    for (const ViewTerms::Coupling& c : *views_[v].coupling)
      for (int k = 0; k < kViewUnknowns; ++k) fromViews_[std::size_t(c.vertex)] += viewSums_[v][k] * c.column[k];
}

// r = -gradient, p = z = M^-1 r. Returns r . z, sets `squares` to r . r.
double NormalEquations::beginSolve(double& squares) {
  x_.assign(gradient_.size(), glm::vec4(0));
  for (auto* vector : {&r_, &z_, &p_, &q_, &u_}) vector->resize(gradient_.size());
  squares_.assign(std::size_t(chunks()), 0);
  const double rz = sumOverChunks([&](std::size_t begin, std::size_t end) {
    double sum = 0, square = 0;
    for (std::size_t v = begin; v < end; ++v) {
      r_[v] = glm::vec4(-gradient_[v], 0);
      p_[v] = z_[v] = times(inverse_[v], r_[v]);
      sum += dot3(r_[v], z_[v]);
      square += dot3(r_[v], r_[v]);
    }
    squares_[begin / kChunk] = square;
    return sum;
  });
  squares = std::accumulate(squares_.begin(), squares_.end(), 0.0);
  return rz;
}

// q = A p. Returns p . q.
double NormalEquations::applyMatrix() {
  if (!views_.empty()) subtractViews(p_);
  sumOverChunks([&](std::size_t begin, std::size_t end) {
    for (std::size_t v = begin; v < end; ++v) u_[v] = plate_->umbrella(v, p_);
    return 0.0;
  });
  return sumOverChunks([&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t v = begin; v < end; ++v) {
      glm::vec4 result = prior_ * plate_->product(v, u_) + times(diagonal_[v], p_[v]);
      for (int k = pairStart_[v]; k < pairStart_[v + 1]; ++k)
        result += glm::vec4(pairBlock_[std::size_t(k)] * glm::vec3(p_[std::size_t(pairColumn_[std::size_t(k)])]), 0);
      if (!views_.empty()) result -= glm::vec4(fromViews_[v], 0);
      q_[v] = result;
      sum += dot3(p_[v], result);
    }
    return sum;
  });
}

// x += alpha p, r -= alpha q, z = M^-1 r. Returns r . z, sets `squares` to r . r.
double NormalEquations::advance(float alpha, double& squares) {
  const double rz = sumOverChunks([&](std::size_t begin, std::size_t end) {
    double sum = 0, square = 0;
    for (std::size_t v = begin; v < end; ++v) {
      x_[v] += alpha * p_[v];
      r_[v] -= alpha * q_[v];
      z_[v] = times(inverse_[v], r_[v]);
      sum += dot3(r_[v], z_[v]);
      square += dot3(r_[v], r_[v]);
    }
    squares_[begin / kChunk] = square;
    return sum;
  });
  squares = std::accumulate(squares_.begin(), squares_.end(), 0.0);
  return rz;
}

NormalEquations::Solution NormalEquations::solve(int maxIterations, double tolerance, std::vector<glm::vec3>& step) {
  double norm2 = 0;
  double rz = beginSolve(norm2), left = norm2;
  Solution solution;
  while (solution.iterations < maxIterations && left > tolerance * tolerance * norm2 && rz > 0) {
    const double pq = applyMatrix();
    if (!(pq > 0)) break;
    const double next = advance(float(rz / pq), left);
    const float beta = float(next / rz);
    rz = next;
    for (std::size_t v = 0; v < p_.size(); ++v) p_[v] = z_[v] + beta * p_[v];
    ++solution.iterations;
  }
  step.resize(x_.size());
  for (std::size_t v = 0; v < x_.size(); ++v) step[v] = glm::vec3(x_[v]);
  solution.residual = norm2 > 0 ? std::sqrt(left / norm2) : 0;
  return solution;
}

}  // namespace penumbra
