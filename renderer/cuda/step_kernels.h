// From the gradient to the next positions. Definitions: optim/fit/smooth_steps.h, optimizer.h and Fitter::move.
//
// Smoothing, x = M^-1 b with M = I + lambda L, comes in two ways:
//   dense      x = G b with G = M^-1 kept whole, V^2 * 4 bytes: for small meshes, two launches. Bound: reading G once.
//   Chebyshev  K steps of one launch each, on D^-1 M with D = diag(M). Its eigenvalues lie within 1 - c .. 1 + c,
//              c = lambda d / (1 + lambda d), d the largest degree (row sums of lambda D^-1 A), so the condition number
//              is at most 1 + 2 lambda d, and after K steps the error has fallen to 1 / cosh(K acosh(1 / c)) of b's: K
//              = acosh(1 / epsilon) / acosh(1 / c). lambda = 5, d = 6, epsilon = 1e-6: K = 57. No sum over the mesh is
//              needed, unlike conjugate gradients, so nothing waits and the bits do not depend on a reduction.
//              Source: Golub and Varga, Numerische Mathematik 3, 1961; Saad, Iterative Methods, algorithm 12.1.
// G itself is found by Chebyshev steps on all columns of the identity.
#pragma once
#include <cmath>

#include "renderer/cuda/mesh_terms.h"

namespace penumbra::device {

// Zero of a right-hand side: a row of the identity, or a vector given.
template <class Value>
struct RightSide {
  const Value* values;  // [row][column]; null: the identity
  PENUMBRA_HD Value at(Index row, Index column, Index columns) const {
    if (values) return values[row * columns + column];
    return Value(row == column ? 1.0f : 0.0f);
  }
};

// x_1 = d_0 = D^-1 b / theta; theta = 1 for eigenvalues around 1.
template <class Value>
struct ChebyshevStart {
  AroundView around;
  RightSide<Value> b;
  Value *x, *d;
  Index columns;
  float lambda;
  PENUMBRA_HD void operator()(Index i) const {
    const Index row = i / columns;
    x[i] = d[i] = b.at(row, i % columns, columns) * (1.0f / (1.0f + lambda * float(around.degree(row))));
  }
};

// d <- keep d + take D^-1 (b - M x);  next = x + d.
template <class Value>
struct ChebyshevStep {
  AroundView around;
  RightSide<Value> b;
  const Value* x;
  Value *next, *d;
  Index columns;
  float lambda, keep, take;
  PENUMBRA_HD void operator()(Index i) const {
    const Index row = i / columns, column = i % columns;
    const int degree = around.degree(row);
    const int* neighbours = around.neighbours + around.neighbourStart[row];
    Value spread(0.0f);
    for (int k = 0; k < degree; ++k) spread += x[i] - x[Index(neighbours[k]) * columns + column];
    const Value residual = b.at(row, column, columns) - x[i] - lambda * spread;
    const Value step = keep * d[i] + (take / (1.0f + lambda * float(degree))) * residual;
    d[i] = step;
    next[i] = x[i] + step;
  }
};

// Part of G b: rows times one chunk of columns. G is symmetric: neighbouring threads read neighbouring numbers.
struct DenseProduct {
  static constexpr int kChunk = 64;
  const float* inverse;  // n x n
  const Vec3<float>* b;  // n
  Vec3<float>* parts;    // [chunk][row]
  Index n;
  PENUMBRA_HD void operator()(Index index) const {
    const Index chunk = index / n, row = index % n, end = (chunk + 1) * kChunk < n ? (chunk + 1) * kChunk : n;
    Vec3<float> sum(0.0f);
    for (Index j = chunk * kChunk; j < end; ++j) sum += inverse[j * n + row] * b[j];
    parts[index] = sum;
  }
};
struct DenseSum {
  const Vec3<float>* parts;
  Vec3<float>* x;
  Index n, chunks;
  PENUMBRA_HD void operator()(Index row) const {
    Vec3<float> sum(0.0f);
    for (Index c = 0; c < chunks; ++c) sum += parts[c * n + row];
    x[row] = sum;
  }
};

// |g|^2 of each vertex.
struct SquareGradient {
  const Vec3<float>* gradient;
  double* values;
  PENUMBRA_HD void operator()(Index v) const {
    const Vec3<float> g = gradient[v];
    values[v] = double(g.x) * double(g.x) + double(g.y) * double(g.y) + double(g.z) * double(g.z);
  }
};

struct AdamMoments {
  const Vec3<float>* gradient;
  Vec3<float>*moment1, *moment2;
  Counters* counters;
  Index count;
  float beta1, beta2;
  PENUMBRA_HD void operator()(Index v) const {  // launched for whole warps
    float most = 0;
    if (v < count && !counters->trouble) {
      const Vec3<float> g = gradient[v], m = beta2 * moment2[v] + (1 - beta2) * g * g;
      moment1[v] = beta1 * moment1[v] + (1 - beta1) * g;
      moment2[v] = m;
      most = larger(m.x, larger(m.y, larger(m.z, 0.0f)));
    }
    mostTogether(&counters->largestMoment, bitsOf(most));
  }
};

struct AdamStep {
  const Vec3<float>*moment1, *moment2;
  Vec3<float>* step;
  const IterationRecord* table;
  const Counters* counters;
  int uniform;
  PENUMBRA_HD void operator()(Index v) const {
    const IterationRecord& now = table[counters->iteration];
    const float epsilon = 1e-12f;
    if (uniform) {
      step[v] = (now.rate / (sqrtf(floatOf(counters->largestMoment)) * now.root + epsilon)) * moment1[v];
      return;
    }
    const Vec3<float> m = moment2[v], root(sqrtf(m.x), sqrtf(m.y), sqrtf(m.z));
    step[v] = now.rate * moment1[v] / (root * now.root + epsilon);
  }
};

// Moves a vertex by at most maxStep of the mean length of its edges, into `next`.
struct MoveVertices {
  MeshView mesh;
  AroundView around;
  const Vec3<float>* step;
  Vec3<float>* next;
  Counters* counters;
  float maxStep, sceneRadius;
  PENUMBRA_HD void operator()(Index v) const {
    const int degree = around.degree(v);
    float sum = 0;
    for (int k = 0; k < degree; ++k) sum += edgeLength(mesh, int(v), around.neighbours[around.neighbourStart[v] + k]);
    const float limit = degree > 0 ? maxStep * sum / float(degree) : 0.0f;
    const Vec3<float> s = step[v];
    const float length = sqrtf(glm::dot(s, s));
    const Vec3<float> moved = mesh.positions[v] + (length > limit ? s * (limit / length) : s);
    next[v] = moved;
    const float distance2 = glm::dot(moved, moved);
    if (!(distance2 < 1e30f)) unite(&counters->trouble, kNotFinite);
    else if (distance2 > sceneRadius * sceneRadius) unite(&counters->trouble, kLeftScene);
  }
};

// Makes the new positions the present ones, and goes on to the next row of the table.
struct CommitPositions {
  const Vec3<float>* next;
  Vec3<float>* positions;
  Counters* counters;
  PENUMBRA_HD void operator()(Index v) const {
    if (counters->trouble) return;
    positions[v] = next[v];
    if (v == 0) ++counters->iteration;
  }
};

// Positions and moments of the iteration before: copies that a break-down leaves alone.
struct KeepState {
  const Vec3<float>*positions, *moment1, *moment2;
  Vec3<float>*keptPositions, *keptMoment1, *keptMoment2;
  const Counters* counters;
  PENUMBRA_HD void operator()(Index v) const {
    if (counters->trouble) return;
    keptPositions[v] = positions[v];
    keptMoment1[v] = moment1[v];
    keptMoment2[v] = moment2[v];
  }
};

}  // namespace penumbra::device
