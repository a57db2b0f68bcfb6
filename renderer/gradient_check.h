// Compares the gradients of a coverage model with central differences, on any mesh and cameras, in double precision.
//
//   L(theta) = sum over views v and pixels p of w_vp alpha_vp(theta),  w_vp fixed pseudo-random weights in [-1, 1]
//   numeric  = (L(theta + h) - L(theta - h)) / 2h
//
// theta are vertex coordinates (world units) and, for each camera, rotation (radians), translation (world units) and
// the logarithms of fx and fy and the principal point over the focal length, so that all entries are comparable.
// Random weights leave no direction in which a wrong gradient could hide, as it would in a loss near its minimum.
//
// Limits: coverage has kinks (the nearest outline edge of a pixel changes, a face turns away) and SoftRas small jumps
// (a face leaves a pixel's reach); a difference taken across one is wrong, not the gradient. Hence the small step, as
// small as rounding allows, and a median, not a largest, error.
#pragma once
#include <cstdint>
#include <span>

#include "renderer/coverage.h"
#include "renderer/mesh.h"

namespace penumbra {

struct GradientCheckOptions {
  int samples = 100;       // vertex coordinates tried: half of them where there is a gradient, half anywhere
  double step = 3e-8;      // h, world units and radians
  std::uint64_t seed = 0;  // of the weights and of the choice of coordinates
};

// Over the entries where either gradient exceeds 1e-6 of the largest one.
struct GradientAgreement {
  double cosine = 1;               // between the analytic and the numeric vector, over all tried entries
  double medianRelativeError = 0;  // |a - n| / max(|a|, |n|)
  int count = 0;                   // such entries
};

struct GradientCheck {
  GradientAgreement positions, cameras;
};

// Throws Error (Input) when the mesh has no faces or there is no camera.
GradientCheck checkGradients(ThreadPool& pool, const MeshT<double>& mesh, std::span<const Camera> cameras,
                             const CoverageOptions& coverage, const GradientCheckOptions& options = {});

}  // namespace penumbra
