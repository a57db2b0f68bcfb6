// Keeps a step from tearing the mesh: no vertex moves far, no face turns over.
//
//   cap    |d_i| <= maxEdges * mean length of the edges at i
//   flips  a face whose normal would turn by more than acos(kLeastCosine) halves the moves of its corners; what still
//          turns after kTries halvings stays where it is
#pragma once
#include <span>
#include <vector>

#include "renderer/topology.h"

namespace penumbra {

inline constexpr float kLeastCosine = 0.2f;
inline constexpr int kTries = 3;

struct GuardReport {
  int capped = 0, halved = 0, frozen = 0;  // vertices
};

// Shortens `step` where needed. Faces that are degenerate before the step do not count.
GuardReport guardStep(const Topology& topology, std::span<const glm::vec3> positions, float maxEdges,
                      std::span<glm::vec3> step);

}  // namespace penumbra
