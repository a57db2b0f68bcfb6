// How long edges should be at each vertex of a mesh that is being fitted: short where the outline is still off or the
// surface curved, long where nothing asks for more.
//
//   kappa_i = max over neighbours j of |(n_j - n_i).(x_j - x_i)| / |x_j - x_i|^2        curvature of the surface, 1/world
//   c_i     = sqrt(8 C p_i / kappa_i)                                                  chord error of C pixels
//   g_i     = clamp(sqrt(T / r_i), refine, coarsen)                                    error of a mesh falls with length^2
//             at least 1 where v_i > veto * median v or v_i > settled * l_i: what still moves is not refined
//   l_i    <- min(g_i l_i, c_i)  into  [max(minEdge, minPixels p_i), min(maxEdge, maxPixels p_i)]
//   l_j    <= l_i + gradation |x_j - x_i|                                              along edges, shortest lengths first
// l wanted edge length [world], p pixel size [world], r residual: distance of outline and mask [px], T tolerance [px],
// v motion in one step [world]. Vertices of unknown residual (negative: on no outline lately) keep g = 1.
// Why residuals: of all criteria tried on the same loop the image residual with this veto refined best, velocity alone
// worst; curvature keeps round parts round where no outline passes.
// Limits: c_i trusts the normals: a noisy mesh asks for fine edges everywhere, so smooth before or raise C.
#pragma once
#include <span>
#include <vector>

#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

struct SizingOptions {
  float tolerance = 0.15f;                 // T, px
  float chord = 0.1f;                      // C, px
  float minPixels = 1.3f, maxPixels = 30;  // px; below about 1.3 px masks tell nothing
  float minEdge = 0, maxEdge = 1e30f;      // world, the person's limits
  float refine = 0.7f, coarsen = 1.1f;     // factors of one update
  float veto = 2;                          // times the median motion
  float settled = 0.1f;                    // edge lengths a step; a coarse mesh first goes as far as it can
  float gradation = 0.3f;
};

// V values each; residual and motion may be empty: then g = 1, or coarsen without any residual; and no veto.
struct SizingSignals {
  std::span<const float> pixel, residual, motion;
};

// One update of `wanted` (V lengths > 0; empty: starts from c_i). Throws Error(Internal) when lengths do not fit.
void updateWantedLengths(const Mesh& mesh, const SizingSignals& signals, const SizingOptions& options, ThreadPool& pool,
                         std::vector<float>& wanted);

// World units of one pixel at each vertex: mean over the cameras in front of which it lies; 0 when there is none.
std::vector<float> pixelSizes(std::span<const glm::vec3> positions, std::span<const View> views, ThreadPool& pool);

// Lets no length exceed a neighbour's by more than slope times the distance, by lowering the longer ones.
void limitGradation(const Mesh& mesh, float slope, std::vector<float>& lengths);

// kappa of the formula above, 0 for unused vertices.
std::vector<float> edgeCurvatures(const Mesh& mesh);

}  // namespace penumbra
