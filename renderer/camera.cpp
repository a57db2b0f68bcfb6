#include "renderer/camera.h"

#include <cmath>

#include <glm/gtc/matrix_inverse.hpp>

namespace penumbra {

Camera lookAt(const glm::dvec3& eye, const glm::dvec3& target, const glm::dvec3& up, double fieldOfView, int width,
              int height) {
  const glm::dvec3 forward = glm::normalize(target - eye);
  glm::dvec3 right = glm::cross(forward, up);
  if (glm::length(right) < 1e-9 * glm::length(up)) {
    const glm::dvec3 other = std::abs(forward.x) < 0.9 ? glm::dvec3(1, 0, 0) : glm::dvec3(0, 1, 0);
    right = glm::cross(forward, other);
  }
  right = glm::normalize(right);
  const glm::dvec3 down = glm::cross(forward, right);
  Camera camera;
  camera.rotation = glm::transpose(glm::dmat3(right, down, forward));
  camera.translation = -(camera.rotation * eye);
  const double pi = 3.14159265358979323846;
  camera.fx = camera.fy = 0.5 * std::min(width, height) / std::tan(fieldOfView * pi / 360.0);
  camera.cx = 0.5 * width;
  camera.cy = 0.5 * height;
  camera.width = width;
  camera.height = height;
  return camera;
}

void setFromOpenGlPose(Camera& camera, const glm::dmat4& worldFromGlCamera) {
  const glm::dmat3 axes(worldFromGlCamera);
  const glm::dmat3 worldFromCamera(axes[0], -axes[1], -axes[2]);
  camera.rotation = glm::transpose(worldFromCamera);
  camera.translation = -(camera.rotation * glm::dvec3(worldFromGlCamera[3]));
}

glm::dmat4 toOpenGlPose(const Camera& camera) {
  const glm::dmat3 axes = glm::transpose(camera.rotation);
  glm::dmat4 pose(1.0);
  pose[0] = glm::dvec4(axes[0], 0);
  pose[1] = glm::dvec4(-axes[1], 0);
  pose[2] = glm::dvec4(-axes[2], 0);
  pose[3] = glm::dvec4(camera.centre(), 1);
  return pose;
}

Camera transformed(const Camera& camera, double scale, const glm::dvec3& centre) {
  // x_cam = R X + t with X = Y / scale + centre; camera space may be scaled freely, so x_cam' = scale * x_cam.
  Camera result = camera;
  result.translation = scale * (camera.rotation * centre + camera.translation);
  return result;
}

Camera resized(const Camera& camera, int width, int height) {
  Camera result = camera;
  const double sx = double(width) / camera.width, sy = double(height) / camera.height;
  result.fx *= sx;
  result.cx *= sx;
  result.fy *= sy;
  result.cy *= sy;
  result.width = width;
  result.height = height;
  return result;
}

}  // namespace penumbra
