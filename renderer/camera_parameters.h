// The ten numbers of a camera that gradients are taken by, all of the size of a length in the world:
//   0..2 rotation by w in camera axes (radians): R <- exp([w]x) R, t <- exp([w]x) t
//   3..5 translation: t <- t + d
//   6, 7 log fx, log fy;   8, 9 cx / fx, cy / fy
#pragma once
#include "renderer/coverage.h"

namespace penumbra {

inline constexpr int kCameraParameters = 10;

// The camera moved by h along one of its parameters.
Camera movedCamera(Camera camera, int parameter, double h);

// dL/d parameter from the renderer's gradient.
double cameraDerivative(const CameraGradient<double>& gradient, const Camera& camera, int parameter);

}  // namespace penumbra
