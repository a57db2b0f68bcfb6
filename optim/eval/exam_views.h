// Views that results are judged by: where their cameras stand, and how their masks are drawn. The same on every machine;
// no fit ever sees the held-out ones.
//
// Frame: the shape's bounding box centred at 0, its farthest vertex at radius 1 (normalisationOf).
//   camera     distance 4, looking at 0, tan(fov / 2) = tan(asin(1 / 4)) / 0.97: the unit sphere fits with 3 % to spare
//   Fibonacci  direction i of N is (r cos a, y, r sin a): height y = 1 - 2 (i + 1/2) / N, azimuth a = i * golden angle + offset
//   held out   16 of them, 512 x 512 pixels, offset 1.234
//   masks      point samples on 2048^2 boxed down to the size of the image, rounded to 8 bits; drawn by renderHardMask,
//              which shares no code with what any method fits with
#pragma once
#include <span>
#include <string>
#include <vector>

#include "optim/view_set.h"
#include "renderer/cpu/thread_pool.h"

namespace penumbra {

double examFieldOfView();                                // degrees, as above
glm::dvec3 examDirection(double height, double azimuth);  // of length 1; azimuth in radians
Camera examCamera(const glm::dvec3& direction, double distance, double fieldOfView, int size);
std::vector<Camera> fibonacciExamCameras(int count, double offset, int size);
std::vector<Camera> heldOutCameras();

// Samples a pixel side of the masks of images so wide: 4 for 512 pixels.
int examSupersample(int width);
// `shape` in the frame above; the views are named kind_0, kind_1, ...
std::vector<View> examViews(const Mesh& shape, std::span<const Camera> cameras, const std::string& kind, ThreadPool& pool);

}  // namespace penumbra
