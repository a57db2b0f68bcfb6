// The launches from the gradient to the next positions.
#pragma once
#include <algorithm>

#include "renderer/cuda/mesh_pass.h"
#include "renderer/cuda/step_kernels.h"

namespace penumbra::device {

// Steps that bring the error down to `epsilon` (see step_kernels.h); at least 2.
inline int chebyshevSteps(double lambda, int maxDegree, double epsilon = 1e-6) {
  const double c = lambda * maxDegree / (1 + lambda * maxDegree);
  return c > 0 ? std::max(2, int(std::ceil(std::acosh(1 / epsilon) / std::acosh(1 / c)))) : 2;
}

template <class Executor>
class SmoothPass {
 public:
  // `denseVertices`: up to so many the inverse is kept whole.
  void prepare(Executor& executor, const AroundView& around, int maxDegree, Index vertices, double lambda,
               Index denseVertices) {
    around_ = around;
    vertices_ = vertices;
    lambda_ = lambda;
    maxDegree_ = maxDegree;
    inverse_.clear();
    for (auto* buffer : {&x_, &next_, &d_}) buffer->allocate(executor, vertices);
    parts_.clear();
    if (vertices > denseVertices) return;
    parts_.allocate(executor, vertices * chunks());
    Buffer<float> inverse, other, d;
    for (auto* buffer : {&inverse, &other, &d}) buffer->allocate(executor, vertices * vertices);
    const bool inOther =
        iterate<float>(executor, {nullptr}, inverse.data(), other.data(), d.data(), vertices) == other.data();
    inverse_ = std::move(inOther ? other : inverse);
  }
  // values <- M^-1 values.
  void run(Executor& executor, Vec3<float>* values) {
    if (inverse_.data()) {
      executor.launch("denseProduct", DenseProduct{inverse_.data(), values, parts_.data(), vertices_},
                      vertices_ * chunks());
      executor.launch("denseSum", DenseSum{parts_.data(), values, vertices_, chunks()}, vertices_);
      return;
    }
    const Vec3<float>* x = iterate<Vec3<float>>(executor, {values}, x_.data(), next_.data(), d_.data(), 1);
    executor.copy(values, x, sizeof(Vec3<float>) * std::size_t(vertices_));
  }
  std::size_t bytes() const { return x_.bytes() + next_.bytes() + d_.bytes() + inverse_.bytes() + parts_.bytes(); }

 private:
  Index chunks() const { return (vertices_ + DenseProduct::kChunk - 1) / DenseProduct::kChunk; }

  // Returns which of x and next holds the result.
  template <class Value>
  Value* iterate(Executor& executor, RightSide<Value> b, Value* x, Value* next, Value* d, Index columns) {
    const float lambda = float(lambda_);
    const double c = lambda_ * maxDegree_ / (1 + lambda_ * maxDegree_);
    executor.launch("chebyshevStart", ChebyshevStart<Value>{around_, b, x, d, columns, lambda}, vertices_ * columns);
    double rho = c;  // delta / theta, with theta = 1 and delta = c
    for (int k = 1; c > 0 && k < chebyshevSteps(lambda_, maxDegree_); ++k) {
      const double nextRho = 1 / (2 / c - rho);
      executor.launch(
          "chebyshevStep",
          ChebyshevStep<Value>{around_, b, x, next, d, columns, lambda, float(nextRho * rho), float(2 * nextRho / c)},
          vertices_ * columns);
      std::swap(x, next);
      rho = nextRho;
    }
    return x;
  }

  AroundView around_{};
  Index vertices_ = 0;
  double lambda_ = 0;
  int maxDegree_ = 0;
  Buffer<Vec3<float>> x_, next_, d_, parts_;
  Buffer<float> inverse_;
};

// What a step starts from and changes.
struct StepInput {
  MeshView mesh;
  AroundView around;
  const IterationRecord* table;
  Counters* counters;
  Vec3<float>*gradient, *positions;
};

// Optimiser state and the step.
template <class Executor>
class StepPass {
 public:
  void setMoments(Executor& executor, Index vertices, std::span<const Vec3<float>> moment1,
                  std::span<const Vec3<float>> moment2) {
    for (auto* buffer : {&moment1_, &moment2_, &next_, &keptPositions_, &keptMoment1_, &keptMoment2_})
      buffer->allocate(executor, vertices);
    moment1_.fill(0);
    moment2_.fill(0);
    if (!moment1.empty()) moment1_.upload(executor, moment1);
    if (!moment2.empty()) moment2_.upload(executor, moment2);
  }
  // Uses up the gradient.
  void run(Executor& executor, const StepInput& in, const DeviceOptions& o, SmoothPass<Executor>& smooth) {
    const Index n = in.mesh.vertexCount;
    if (o.differential) smooth.run(executor, in.gradient);
    executor.launch(
        "adamMoments",
        AdamMoments{in.gradient, moment1_.data(), moment2_.data(), in.counters, n, float(o.beta1), float(o.beta2)},
        (n + kBlock - 1) / kBlock * kBlock);
    executor.launch("adamStep",
                    AdamStep{moment1_.data(), moment2_.data(), in.gradient, in.table, in.counters, o.adamUniform}, n);
    if (o.differential) smooth.run(executor, in.gradient);
    executor.launch("moveVertices",
                    MoveVertices{in.mesh, in.around, in.gradient, next_.data(), in.counters, float(o.maxStep),
                                 float(o.sceneRadius)},
                    n);
    executor.launch("commitPositions", CommitPositions{next_.data(), in.positions, in.counters}, n);
  }
  // Unless an iteration has run into trouble.
  void keep(Executor& executor, const Vec3<float>* positions, const Counters* counters) {
    executor.launch("keepState",
                    KeepState{positions, moment1_.data(), moment2_.data(), keptPositions_.data(), keptMoment1_.data(),
                              keptMoment2_.data(), counters},
                    moment1_.size());
  }
  DeviceState state(const Buffer<Vec3<float>>& positions) const { return downloaded(positions, moment1_, moment2_); }
  DeviceState kept() const { return downloaded(keptPositions_, keptMoment1_, keptMoment2_); }
  std::size_t bytes() const { return 6 * moment1_.bytes(); }

 private:
  using Points = Buffer<Vec3<float>>;
  static DeviceState downloaded(const Points& positions, const Points& moment1, const Points& moment2) {
    const Index n = moment1.size();
    return {positions.download(n), moment1.download(n), moment2.download(n)};
  }

  Points moment1_, moment2_, next_, keptPositions_, keptMoment1_, keptMoment2_;
};

}  // namespace penumbra::device
