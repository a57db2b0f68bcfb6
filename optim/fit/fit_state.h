// Everything a fit needs to go on exactly from where it was; plain values. optim/session/recovery.cpp keeps them on
// disk: a new member is written and read there too.
#pragma once
#include <vector>

#include "renderer/core/types.h"

namespace penumbra {

// Where the Gauss-Newton solver stands, see optim/newton/newton_solver.h.
struct NewtonState {
  int level = -1;                 // of mesh density; -1: not begun on this mesh
  int steps = 0;                  // taken on this level
  int stalls = 0;                 // of them, in a row up to now, that hardly lowered the energy
  double damping = 1e-3;
  bool relaxed = false;           // the prior was lowered, as outlines stayed rougher than the masks
  bool levelDone = false, converged = false;

  void restartLevel() { steps = stalls = 0, damping = 1e-3, relaxed = levelDone = converged = false; }  // the problem has changed
};

// How long the gradient solver has gained nothing, see optim/fit/stall.h.
struct StallState {
  double outlinePx = -1;          // when it last gained, px; -1: not begun
  double outlineLength = 0;       // likewise, px
  int faces = 0;                  // likewise
  int iterations = 0;             // since then
  bool converged = false;
};

// What the gradient solver carries from step to step beside the moments, see optim/fit/adaptation.h.
struct GrowthState {
  std::vector<float> wanted;      // edge length by vertex, world units; empty: not begun on this mesh
  std::vector<glm::vec3> anchor;  // positions when it was last adapted; empty: not begun on this mesh
  double sigma = 0;               // in force while it follows the outlines; 0: not begun
  double outlinePx = -1;          // mean distance of the outlines to the masks' when last measured, px
  StallState stall;
};

struct FitState {
  std::vector<glm::vec3> positions;
  std::vector<Face> faces;
  std::vector<glm::vec3> moment1, moment2;
  double stepScale = 1;           // halved by the guard after a break-down
  int iteration = 0, optimizerStep = 0;
  NewtonState newton;
  GrowthState growth;
};

}  // namespace penumbra
