// Gauss-Newton, stage 3: the guard of optim/newton/step_guard.h, the mesh that a step leads to, and whether it is kept.
//
// Rounds of the guard are all launched; one that no face needs does nothing. Bounds: about 40 bytes a vertex and 60 a face
// and round.
#pragma once
#include "renderer/cuda/mesh_terms.h"
#include "renderer/cuda/newton_system.h"

namespace penumbra::device {

inline constexpr int kFreezingRounds = 10;  // beside those that halve: freezing spreads by one ring each time

// A step held to a share of the mean length of the edges at its vertex.
struct CapMoves {
  MeshView mesh;
  AroundView around;
  const Vec3<float>* step;
  Vec3<float>* move;
  std::uint32_t* marked;  // bit r: a corner of a face that would turn over in round r
  const NewtonRecord* now;
  PENUMBRA_HD void operator()(Index v) const {
    const Vec3<float> x = mesh.positions[v], d = step[v];
    float sum = 0, count = 0;
    for (int k = around.neighbourStart[v]; k < around.neighbourStart[v + 1]; ++k) {
      const Vec3<float> e = mesh.positions[around.neighbours[k]] - x;
      sum += sqrtf(glm::dot(e, e));
      count += 1;
    }
    const float limit = count > 0 ? now->maxEdges * sum / count : 0.0f, length = sqrtf(glm::dot(d, d));
    move[v] = length <= limit ? d : d * (limit / length);
    marked[v] = 0;
  }
};

// Marks the corners of a face that would turn over.
struct MarkTurned {
  MeshView mesh;
  const Vec3<float>* move;
  std::uint32_t* marked;
  const NewtonRecord* now;
  NewtonProgress* progress;
  int round;
  PENUMBRA_HD void operator()(Index f) const {
    if (round > 0 && !(peek(&progress->turned) >> (round - 1) & 1)) return;
    const Face& v = mesh.faces[f];
    const Vec3<float> a = mesh.positions[v.x], b = mesh.positions[v.y], c = mesh.positions[v.z];
    const Vec3<float> before = glm::cross(b - a, c - a), p = a + move[v.x];
    const Vec3<float> after = glm::cross(b + move[v.y] - p, c + move[v.z] - p);
    const float before2 = glm::dot(before, before), after2 = glm::dot(after, after);
    if (!(before2 > 0) || glm::dot(before, after) >= now->leastCosine * sqrtf(before2 * after2)) return;
    const std::uint32_t bit = std::uint32_t(1) << round;
    for (int k = 0; k < 3; ++k) unite(&marked[v[k]], bit);
    unite(&progress->turned, bit);
  }
};

// Halves, or in the last rounds takes away, the moves of marked vertices.
struct ShortenMoves {
  Vec3<float>* move;
  const std::uint32_t* marked;
  const NewtonProgress* progress;
  int round, halvings;
  PENUMBRA_HD void operator()(Index v) const {
    if (!(progress->turned >> round & 1) || !(marked[v] >> round & 1)) return;
    move[v] = round >= halvings ? Vec3<float>(0.0f) : 0.5f * move[v];
  }
};

struct ApplyMoves {
  const Vec3<float>*positions, *move;
  Vec3<float>* moved;
  NewtonProgress* progress;
  PENUMBRA_HD void operator()(Index v) const {
    const Vec3<float> to = positions[v] + move[v];
    moved[v] = to;
    mostTogether(&progress->largestMove2, bitsOf(glm::dot(move[v], move[v])));
    mostTogether(&progress->farthest2, bitsOf(glm::dot(to, to)));
  }
};

// Takes the step when the energy does not grow. A thread a vertex; all come to the same decision.
struct TakeStep {
  const Vec3<float>* moved;
  Vec3<float>* positions;
  const Counters* counters;
  NewtonProgress* progress;
  PENUMBRA_HD void operator()(Index v) const {
    const NewtonProgress& p = *progress;
    const double before = p.here.energy + 0.5 * p.prior * p.bendingHere;
    const double after = p.there.energy + p.prior * (0.5 * p.bendingThere);
    const bool accepted = counters->trouble == 0 && after <= before;
    if (accepted) positions[v] = moved[v];
    if (v == 0) progress->accepted = accepted;
  }
};

}  // namespace penumbra::device
