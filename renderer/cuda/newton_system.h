// Gauss-Newton, stage 2: the linear system of optim/newton/normal_equations.h and its solution by conjugate gradients.
//
//   A p = prior B p + sum over terms of their rows + E p,   E the damping's 3 x 3 blocks
// No matrix is made: each term first finds how its ends move (`CoupleTerms`), then each vertex gathers from its terms, in
// order, and from its neighbours (`ApplyMatrix`). Dot products are sums over chunks, then over chunks' sums, in order. The
// test to stop runs on the card; iterations after it do nothing. Bounds: 7 x 12 + 24 + 4 x 12 bytes a vertex and
// iteration, 12 + 108 a term.
#pragma once
#include "renderer/core/symmetric3.h"
#include "renderer/cuda/newton_terms.h"

namespace penumbra::device {

struct PlateView {
  const int* start;
  const int* neighbours;
  const int* centreStart;
  const int* centres;
  const float* inverseDegree;
  const float* diagonal;

  PENUMBRA_HD Vec3<float> umbrella(Index i, const Vec3<float>* x) const {
    const int begin = start[i], end = start[i + 1];
    if (begin == end) return Vec3<float>(0.0f);
    Vec3<float> sum(0.0f);
    for (int k = begin; k < end; ++k) sum += x[neighbours[k]];
    return x[i] - inverseDegree[i] * sum;
  }
  PENUMBRA_HD Vec3<float> product(Index i, const Vec3<float>* u) const {
    Vec3<float> sum(0.0f);
    for (int k = centreStart[i]; k < centreStart[i + 1]; ++k) sum += inverseDegree[centres[k]] * u[centres[k]];
    return u[i] - sum;
  }
};

// Two dot products at once.
struct Dots {
  double first, second;
  Dots() = default;
  PENUMBRA_HD Dots(int) : first(0), second(0) {}
  PENUMBRA_HD Dots(double a, double b) : first(a), second(b) {}
  PENUMBRA_HD Dots& operator+=(const Dots& o) {
    first += o.first, second += o.second;
    return *this;
  }
};

PENUMBRA_HD inline double dot3(const Vec3<float>& a, const Vec3<float>& b) {
  return double(a.x * b.x + a.y * b.y + a.z * b.z);
}

// Numbers of the step under way, and what is reported of it.
struct NewtonProgress {
  double doubleArea, bendingHere, bendingThere, squaredGradient;  // sums
  double prior;                                                   // with thin_plate.h's weight
  MisfitSums here, there;
  double rz, left, norm2;
  float alpha, beta;
  int iterations, solved;  // solved: the iterations after do nothing
  std::uint32_t turned;    // bit r: a face would turn over in round r
  std::uint32_t largestMove2, farthest2;  // bits of squared lengths
  int accepted;
};

// Twice the area of a face, as a number to be summed.
struct FaceAreas {
  MeshView mesh;
  double* values;
  PENUMBRA_HD void operator()(Index f) const {
    const Face& v = mesh.faces[f];
    const Vec3<float> a = mesh.positions[v.x];
    const Vec3<float> cross = glm::cross(mesh.positions[v.y] - a, mesh.positions[v.z] - a);
    values[f] = double(sqrtf(glm::dot(cross, cross)));
  }
};

// The weight of the prior, see plateWeight() of thin_plate.h. One thread.
struct WeighPrior {
  const NewtonRecord* now;
  NewtonProgress* progress;
  int faceCount;
  PENUMBRA_HD void operator()(Index) const {
    const double h2 = 0.5 * progress->doubleArea / double(faceCount) * 4 / 1.7320508075688772;
    const double edge = now->referenceEdge;
    progress->prior = now->prior * (progress->doubleArea > 0 ? edge * edge / h2 : 1.0);
    progress->turned = progress->largestMove2 = progress->farthest2 = 0;
    progress->accepted = 0;
  }
};

// u = U x and |u|^2; in double for the place that a step leads to, as ThinPlate::energy.
struct BendVertices {
  PlateView plate;
  const Vec3<float>* x;
  Vec3<float>* bent;  // null: not kept
  double* values;
  PENUMBRA_HD void operator()(Index v) const {
    const Vec3<float> u = plate.umbrella(v, x);
    if (bent) {
      bent[v] = u;
      values[v] = double(glm::dot(u, u));
    } else {
      const glm::dvec3 exact(u);
      values[v] = glm::dot(exact, exact);
    }
  }
};

// Gradient, damping blocks and preconditioner of one vertex.
struct GatherTerms {
  PlateView plate;
  TermLists lists;
  const NewtonTerm* terms;
  const Vec3<float>* bent;
  const NewtonRecord* now;
  const NewtonProgress* progress;
  Vec3<float>* gradient;
  Symmetric3 *extra, *inverse;
  double* values;

  PENUMBRA_HD void operator()(Index v) const {
    const int* const list = lists.of(v);
    Symmetric3 diagonal{};
    Vec3<float> data(0.0f);
    for (int e = 0; e < lists.counts[v]; ++e) {
      const NewtonTerm& term = terms[list[e] / 4];
      const Vec3<float>&a = term.a[list[e] % 4], &b = term.b[list[e] % 4];
      Symmetric3 own{};
      addOuter(own, a, term.sums.aa);
      addOuter(own, b, term.sums.bb);
      addOuterBoth(own, a, b, term.sums.ab);
      for (int c = 0; c < 6; ++c) diagonal[std::size_t(c)] += own[std::size_t(c)];
      data += term.sums.a * a + term.sums.b * b;
    }
    const float prior = float(progress->prior);
    const Vec3<float> g = prior * plate.product(v, bent) - data;
    gradient[v] = g;
    const glm::dvec3 exact(g);
    values[v] = glm::dot(exact, exact);
    precondition(v, diagonal, prior * plate.diagonal[v]);
  }
  PENUMBRA_HD void precondition(Index v, const Symmetric3& diagonal, float plateBlock) const {
    const float damping = float(now->damping), floor = 1e-8f;  // a vertex that nothing holds stays where it is
    Symmetric3 more, block;
    for (std::size_t c = 0; c < 6; ++c) {
      const bool onDiagonal = c == 0 || c == 3 || c == 5;
      more[c] = damping * diagonal[c] + (onDiagonal ? damping * plateBlock + floor : 0.0f);
      block[c] = diagonal[c] + more[c] + (onDiagonal ? plateBlock : 0.0f);
    }
    extra[v] = more;
    inverse[v] = inverseOf(block);
  }
};

// Vectors of the solution, V each.
struct SolveVectors {
  Vec3<float>*x, *r, *z, *p, *q, *u;
  Dots* dots;
};

// x = 0, r = -gradient, p = z = M^-1 r.
struct StartSolve {
  SolveVectors to;
  const Vec3<float>* gradient;
  const Symmetric3* inverse;
  PENUMBRA_HD void operator()(Index v) const {
    const Vec3<float> r = -gradient[v], z = times(inverse[v], r);
    to.x[v] = Vec3<float>(0.0f);
    to.r[v] = r;
    to.z[v] = to.p[v] = z;
    to.dots[v] = Dots(dot3(r, z), dot3(r, r));
  }
};

// How the ends of terms move, weighted; and u = U p. Threads: vertices, then terms.
struct CoupleTerms {
  PlateView plate;
  SolveVectors of;
  const NewtonTerm* terms;
  Vec2<float>* coupled;
  const NewtonProgress* progress;
  int vertexCount;
  PENUMBRA_HD void operator()(Index i) const {
    if (progress->solved) return;
    if (i < vertexCount) {
      of.u[i] = plate.umbrella(i, of.p);
      return;
    }
    const NewtonTerm& term = terms[i - vertexCount];
    float a = 0, b = 0;
    for (int k = 0; k < term.count; ++k) {
      a += glm::dot(term.a[k], of.p[term.vertex[k]]);
      b += glm::dot(term.b[k], of.p[term.vertex[k]]);
    }
    const FitSums& s = term.sums;
    coupled[i - vertexCount] = {s.aa * a + s.ab * b, s.ab * a + s.bb * b};
  }
};

// q = A p.
struct ApplyMatrix {
  PlateView plate;
  SolveVectors of;
  TermLists lists;
  const NewtonTerm* terms;
  const Vec2<float>* coupled;
  const Symmetric3* extra;
  const NewtonProgress* progress;
  PENUMBRA_HD void operator()(Index v) const {
    if (progress->solved) return;
    const Vec3<float> p = of.p[v];
    Vec3<float> q = float(progress->prior) * plate.product(v, of.u) + times(extra[v], p);
    const int* const list = lists.of(v);
    for (int e = 0; e < lists.counts[v]; ++e) {
      const NewtonTerm& term = terms[list[e] / 4];
      const Vec2<float>& c = coupled[list[e] / 4];
      q += c.x * term.a[list[e] % 4] + c.y * term.b[list[e] % 4];
    }
    of.q[v] = q;
    of.dots[v] = Dots(dot3(p, q), 0);
  }
};

// x += alpha p, r -= alpha q, z = M^-1 r.
struct AdvanceSolve {
  SolveVectors of;
  const Symmetric3* inverse;
  const NewtonProgress* progress;
  PENUMBRA_HD void operator()(Index v) const {
    if (progress->solved) return;
    const float alpha = progress->alpha;
    of.x[v] += alpha * of.p[v];
    const Vec3<float> r = of.r[v] - alpha * of.q[v], z = times(inverse[v], r);
    of.r[v] = r;
    of.z[v] = z;
    of.dots[v] = Dots(dot3(r, z), dot3(r, r));
  }
};

// p = z + beta p.
struct TurnSolve {
  SolveVectors of;
  const NewtonProgress* progress;
  PENUMBRA_HD void operator()(Index v) const {
    if (!progress->solved) of.p[v] = of.z[v] + progress->beta * of.p[v];
  }
};

enum class SolveStage : int { Begin, Curvature, Residual };

// What follows from the dot products, of which `chunks` are given. One thread.
struct SteerSolve {
  const Dots* chunks;
  Index count;
  const NewtonRecord* now;
  NewtonProgress* progress;
  SolveStage stage;
  PENUMBRA_HD void operator()(Index) const {
    NewtonProgress& p = *progress;
    if (stage != SolveStage::Begin && p.solved) return;
    Dots sum(0);
    inOrder(chunks, 0, count, [&](Index, const Dots& dots) { sum += dots; });
    if (stage == SolveStage::Curvature) {
      p.alpha = float(p.rz / sum.first);
      if (!(sum.first > 0)) p.solved = 1;
      return;
    }
    if (stage == SolveStage::Begin) {
      p.norm2 = sum.second;
      p.iterations = 0;
    } else {
      p.beta = float(sum.first / p.rz);
      ++p.iterations;
    }
    p.rz = sum.first;
    p.left = sum.second;
    p.solved = !(p.left > now->tolerance * now->tolerance * p.norm2 && p.rz > 0);
  }
};

}  // namespace penumbra::device
