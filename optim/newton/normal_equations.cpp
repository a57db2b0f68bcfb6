#include "optim/newton/normal_equations.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

constexpr int kChunk = 1024;  // rows a piece of parallel work

void addOuter(std::array<float, 6>& sum, const glm::vec3& a, float w) {
  sum[0] += w * a.x * a.x, sum[1] += w * a.x * a.y, sum[2] += w * a.x * a.z;
  sum[3] += w * a.y * a.y, sum[4] += w * a.y * a.z, sum[5] += w * a.z * a.z;
}

glm::vec4 times(const std::array<float, 6>& m, const glm::vec4& v) {
  return {m[0] * v.x + m[1] * v.y + m[2] * v.z, m[1] * v.x + m[3] * v.y + m[4] * v.z,
          m[2] * v.x + m[4] * v.y + m[5] * v.z, 0};
}

double dot3(const glm::vec4& a, const glm::vec4& b) {
  return double(a.x) * double(b.x) + double(a.y) * double(b.y) + double(a.z) * double(b.z);
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
      for (int i = 0; i < term.count; ++i) {
        const std::size_t v = std::size_t(term.vertex[i]);
        addOuter(diagonal_[v], term.row[i], term.weight);
        data_[v] += double(term.weight * term.residual) * glm::dvec3(term.row[i]);
        for (int j = 0; j < term.count; ++j) {
          if (j == i) continue;
          const glm::mat3 block = glm::outerProduct(term.row[i] * term.weight, term.row[j]);
          if (!pairs.empty() && pairs.size() > 1) {
            // Neighbouring samples of one edge follow each other.
            Pair& last = pairs[pairs.size() - std::size_t(term.count == 2 ? 2 : 1)];
            if (term.count == 2 && last.row == term.vertex[i] && last.column == term.vertex[j]) {
              last.block += block;
              continue;
            }
            Pair& newest = pairs.back();
            if (term.count == 2 && newest.row == term.vertex[i] && newest.column == term.vertex[j]) {
              newest.block += block;
              continue;
            }
          }
          pairs.push_back({term.vertex[i], term.vertex[j], block});
        }
      }
    }
  sortPairs(pairs);
}

// By row and column, in the order they came; blocks of the same place are summed.
void NormalEquations::sortPairs(std::vector<Pair>& pairs) {
  std::vector<int> order(pairs.size()), start(diagonal_.size() + 1, 0);
  for (const Pair& p : pairs) ++start[std::size_t(p.row) + 1];
  for (std::size_t i = 0; i + 1 < start.size(); ++i) start[i + 1] += start[i];
  std::vector<int> fill(start.begin(), start.end() - 1);
  for (int k = 0; k < int(pairs.size()); ++k) order[std::size_t(fill[std::size_t(pairs[std::size_t(k)].row)]++)] = k;
  pairStart_.assign(1, 0);
  pairColumn_.clear();
  pairBlock_.clear();
  for (std::size_t row = 0; row < diagonal_.size(); ++row) {
    const auto begin = order.begin() + start[row], end = order.begin() + start[row + 1];
    std::sort(begin, end, [&](int a, int b) {
      const int ca = pairs[std::size_t(a)].column, cb = pairs[std::size_t(b)].column;
      return ca != cb ? ca < cb : a < b;
    });
    for (auto k = begin; k != end; ++k) {
      const Pair& pair = pairs[std::size_t(*k)];
      if (int(pairColumn_.size()) > pairStart_.back() && pairColumn_.back() == pair.column) {
        pairBlock_.back() += pair.block;
      } else {
        pairColumn_.push_back(pair.column);
        pairBlock_.push_back(pair.block);
      }
    }
    pairStart_.push_back(int(pairColumn_.size()));
  }
}

void NormalEquations::invertDiagonal(const Weights& weights) {
  const float more = 1 + float(weights.damping);
  for (std::size_t v = 0; v < diagonal_.size(); ++v) {
    Symmetric& m = diagonal_[v];
    const float plate = prior_ * plate_->diagonal[v];
    const float floor = 1e-8f;  // a vertex that nothing holds stays where it is
    // The matrix keeps B apart: only the damping of its diagonal is added here.
    const float extra = float(weights.damping) * plate + floor;
    m[0] = m[0] * more + extra, m[3] = m[3] * more + extra, m[5] = m[5] * more + extra;
    const glm::dmat3 block(m[0] + plate, m[1], m[2], m[1], m[3] + plate, m[4], m[2], m[4], m[5] + plate);
    const glm::dmat3 inverse = glm::inverse(block);
    inverse_[v] = {float(inverse[0][0]), float(inverse[0][1]), float(inverse[0][2]),
                   float(inverse[1][1]), float(inverse[1][2]), float(inverse[2][2])};
  }
}

void NormalEquations::build(const ThinPlate& plate, std::span<const glm::vec3> positions,
                            std::span<const std::vector<ContourTerm>> terms, const Weights& weights) {
  plate_ = &plate;
  prior_ = float(weights.prior);
  const std::size_t count = positions.size();
  diagonal_.assign(count, {});
  inverse_.resize(count);
  data_.assign(count, glm::dvec3(0));
  addTerms(terms);
  priorEnergy_ = weights.prior * applyThinPlate(plate, positions, plateProduct_);
  gradient_.resize(count);
  for (std::size_t v = 0; v < count; ++v) gradient_[v] = glm::vec3(weights.prior * plateProduct_[v] - data_[v]);
  invertDiagonal(weights);
}

NormalEquations::Solution NormalEquations::solve(int maxIterations, double tolerance, std::vector<glm::vec3>& step) {
  const std::size_t count = gradient_.size();
  x_.assign(count, glm::vec4(0));
  q_.resize(count);
  r_.resize(count);
  z_.resize(count);
  double norm2 = 0;
  for (std::size_t v = 0; v < count; ++v) {
    r_[v] = glm::vec4(-gradient_[v], 0);
    z_[v] = times(inverse_[v], r_[v]);
    norm2 += dot3(r_[v], r_[v]);
  }
  p_ = z_;
  Solution solution;
  double rz = sumOverChunks([&](std::size_t begin, std::size_t end) {
    double sum = 0;
    for (std::size_t v = begin; v < end; ++v) sum += dot3(r_[v], z_[v]);
    return sum;
  });
  double left = norm2;
  while (solution.iterations < maxIterations && left > tolerance * tolerance * norm2 && rz > 0) {
    const double pAp = sumOverChunks([&](std::size_t begin, std::size_t end) {
      double sum = 0;
      for (std::size_t v = begin; v < end; ++v) {
        glm::vec4 bent(0);
        for (int k = plate_->start[v]; k < plate_->start[v + 1]; ++k)
          bent += plate_->value[std::size_t(k)] * p_[std::size_t(plate_->column[std::size_t(k)])];
        glm::vec4 result = prior_ * bent + times(diagonal_[v], p_[v]);
        for (int k = pairStart_[v]; k < pairStart_[v + 1]; ++k)
          result += glm::vec4(pairBlock_[std::size_t(k)] * glm::vec3(p_[std::size_t(pairColumn_[std::size_t(k)])]), 0);
        q_[v] = result;
        sum += dot3(p_[v], result);
      }
      return sum;
    });
    if (!(pAp > 0)) break;
    const float alpha = float(rz / pAp);
    std::vector<double> leftOf(std::size_t(chunks()), 0);
    const double rzNext = sumOverChunks([&](std::size_t begin, std::size_t end) {
      double sum = 0, rest = 0;
      for (std::size_t v = begin; v < end; ++v) {
        x_[v] += alpha * p_[v];
        r_[v] -= alpha * q_[v];
        z_[v] = times(inverse_[v], r_[v]);
        sum += dot3(r_[v], z_[v]);
        rest += dot3(r_[v], r_[v]);
      }
      leftOf[begin / kChunk] = rest;
      return sum;
    });
    left = 0;
    for (const double part : leftOf) left += part;
    const float beta = float(rzNext / rz);
    rz = rzNext;
    for (std::size_t v = 0; v < count; ++v) p_[v] = z_[v] + beta * p_[v];
    ++solution.iterations;
  }
  step.resize(count);
  for (std::size_t v = 0; v < count; ++v) step[v] = glm::vec3(x_[v]);
  solution.residual = norm2 > 0 ? std::sqrt(left / norm2) : 0;
  return solution;
}

}  // namespace penumbra
