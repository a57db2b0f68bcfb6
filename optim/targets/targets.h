// Views made from a model: cameras placed around it, masks by an independent hard supersampled rasteriser.
#pragma once
#include "optim/options.h"
#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

// Coverage of the image by the mesh: exact point sampling on a supersample x supersample grid in every pixel,
// box filtered. Shares no code with the differentiable renderer: it is the judge. Near plane clipped.
Mask renderHardMask(const Mesh& mesh, const Camera& camera, int supersample = 4);

// Cameras of `options` (placement, views, elevation, field of view, seed) looking at the origin from a distance at
// which the unit sphere fits the frame. Held-out cameras are Fibonacci, turned so that none coincides with a train one.
std::vector<Camera> placeCameras(const FitOptions& options);
std::vector<Camera> placeHeldOutCameras(const FitOptions& options);

// Normalises the model (bounding box centre to 0, farthest vertex to radius 1) and renders all masks.
ViewSet makeViewSet(const Mesh& model, const std::string& name, const FitOptions& options, ThreadPool& pool);

// The similarity that brings what the cameras of a photo set look at near the unit ball: centre is the point nearest
// all optical axes, scale from the tightest cone of the mask bounding boxes. Cameras of `views` are replaced.
void normaliseViews(ViewSet& views);

}  // namespace penumbra
