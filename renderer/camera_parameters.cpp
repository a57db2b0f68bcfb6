#include "renderer/camera_parameters.h"

#include <cmath>

namespace penumbra {

Camera movedCamera(Camera camera, int parameter, double h) {
  if (parameter < 3) {
    const int i = (parameter + 1) % 3, j = (parameter + 2) % 3;
    glm::dmat3 turn(1.0);  // column major
    turn[i][i] = turn[j][j] = std::cos(h);
    turn[i][j] = std::sin(h);
    turn[j][i] = -std::sin(h);
    camera.rotation = turn * camera.rotation;
    camera.translation = turn * camera.translation;
  } else if (parameter < 6) {
    camera.translation[parameter - 3] += h;
  } else {
    double* intrinsics[] = {&camera.fx, &camera.fy, &camera.cx, &camera.cy};
    const double scale = parameter % 2 == 0 ? camera.fx : camera.fy;
    *intrinsics[parameter - 6] += h * scale;
  }
  return camera;
}

double cameraDerivative(const CameraGradient<double>& gradient, const Camera& camera, int parameter) {
  if (parameter < 3) return gradient.rotation[parameter];
  if (parameter < 6) return gradient.translation[parameter - 3];
  const double intrinsics[] = {gradient.fx, gradient.fy, gradient.cx, gradient.cy};
  return intrinsics[parameter - 6] * (parameter % 2 == 0 ? camera.fx : camera.fy);
}

}  // namespace penumbra
