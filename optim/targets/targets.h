// Views made from a model: cameras placed around it, masks by an independent hard supersampled rasteriser.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "optim/options.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

// Coverage of the image by the mesh: exact point sampling, supersample x supersample samples in every pixel (1, 2, 4,
// 8 or 16), box filtered. Shares no code with the differentiable renderer: it is the judge. Cut at `nearPlane`
// (camera space depth). Throws Error(Input) on an impossible size, supersample or vertex index.
Mask renderHardMask(const Mesh& mesh, const Camera& camera, int supersample = 4, double nearPlane = 1e-2);

// The same for many cameras at once, shared out over the pool.
std::vector<Mask> renderHardMasks(const Mesh& mesh, std::span<const Camera> cameras, ThreadPool& pool,
                                  int supersample = 4);

// Samples a pixel side that makeViewSet uses: target edges are known to about 1/16 px or better.
inline constexpr int kTargetSupersample = 8;

// Cameras of `options` (placement, views, elevation, field of view, seed) looking at the origin from a distance at
// which the unit sphere fits the frame with 3 % to spare. +y is up; elevation is the angle above the xz plane.
//   Fibonacci  spread evenly over the elevation range     Ring  one circle at the middle of the range
//   SixAxes    the six axis directions; `views` and the elevation range do not matter
// Held-out cameras are Fibonacci over the range, turned about the up axis to where they are farthest from any train
// camera.
std::vector<Camera> placeCameras(const FitOptions& options);
std::vector<Camera> placeHeldOutCameras(const FitOptions& options);

// Distance from which a sphere of radius 1 fills all but `margin` of a field of view (degrees).
double distanceForUnitSphere(double fieldOfView, double margin = 0.03);

// Normalises the model (bounding box centre to 0, farthest vertex to radius 1; only vertices that a face uses count)
// and renders all masks. Throws Error(Input) when the model has no faces, no extent or numbers that are not finite.
ViewSet makeViewSet(const Mesh& model, const std::string& name, const FitOptions& options, ThreadPool& pool);

// The similarity of makeViewSet alone.
Similarity normalisationOf(const Mesh& model);

// Moves the cameras of a photo set so that what all masks agree on (the intersection of their visual cones) fits the
// unit ball. Cameras and `normalisation` of `views` are replaced, `up` is guessed from the cameras, notes are added.
// Throws Error(Input) when there is no view or no mask shows anything.
void normaliseViews(ViewSet& views);

}  // namespace penumbra
