#include "app/window/orbit_camera.h"

#include <cmath>
#include <numbers>

#include <glm/gtc/matrix_transform.hpp>

namespace penumbra {
namespace {

constexpr double kPoleGap = 1e-3;      // radians kept between the eye and a pole
constexpr double kEaseSeconds = 0.25;
constexpr double kMinDistance = 1e-3, kMaxDistance = 1e3;
constexpr double kPi = std::numbers::pi;

double clampPitch(double pitch) { return std::clamp(pitch, -kPi / 2 + kPoleGap, kPi / 2 - kPoleGap); }

double nearestTurn(double angle, double reference) {
  return angle + 2 * kPi * std::round((reference - angle) / (2 * kPi));
}

}  // namespace

void OrbitCamera::setUp(const glm::dvec3& up) {
  glm::dvec3 u = glm::length(up) > 0 ? glm::normalize(up) : glm::dvec3(0, 1, 0);
  glm::dvec3 right(1, 0, 0);
  if (std::abs(u.x) > 0.9) right = glm::dvec3(0, 0, -1);
  right = glm::normalize(right - glm::dot(right, u) * u);
  frame_ = glm::dmat3(right, u, glm::cross(right, u));
}

void OrbitCamera::setPose(const OrbitPose& pose, bool eased) {
  locked_.reset();
  if (eased) return easeTo(pose);
  pose_ = pose;
  moved_ = 1;
}

void OrbitCamera::setHome(const Bounds& bounds) {
  home_ = OrbitPose{};
  if (bounds.empty()) return;
  home_.pivot = bounds.centre();
  home_.distance = 1.15 * 0.5 * std::max(bounds.diagonal(), 1e-6) / std::sin(glm::radians(kFieldOfView / 2));
}

void OrbitCamera::home() {
  leave();
  easeTo(home_);
}

void OrbitCamera::frameBounds(const Bounds& bounds) {
  if (bounds.empty()) return;
  takeOverFromLocked();
  OrbitPose target = pose_;
  target.pivot = bounds.centre();
  target.distance = 1.1 * 0.5 * std::max(bounds.diagonal(), 1e-6) / std::sin(glm::radians(kFieldOfView / 2));
  easeTo(target);
}

void OrbitCamera::lookAlong(AxisView axis) {
  takeOverFromLocked();
  OrbitPose target = pose_;
  target.pitch = 0;
  switch (axis) {
    case AxisView::Front: target.yaw = 0; break;
    case AxisView::Back: target.yaw = kPi; break;
    case AxisView::Right: target.yaw = kPi / 2; break;
    case AxisView::Left: target.yaw = -kPi / 2; break;
    case AxisView::Top: target.yaw = 0, target.pitch = kPi / 2; break;
    case AxisView::Bottom: target.yaw = 0, target.pitch = -kPi / 2; break;
  }
  target.pitch = clampPitch(target.pitch);
  easeTo(target);
}

void OrbitCamera::orbit(double dx, double dy, const Rect& area) {
  takeOverFromLocked();
  moved_ = 1;
  const double perPixel = kPi / std::max(1.f, std::min(area.width, area.height));
  pose_.yaw -= dx * perPixel;
  pose_.pitch = clampPitch(pose_.pitch + dy * perPixel);
}

void OrbitCamera::pan(double dx, double dy, const Rect& area) {
  takeOverFromLocked();
  moved_ = 1;
  const double scale = worldPerPixel(area);
  const auto view = glm::dmat3(glm::transpose(glm::dmat3(matrices(area).eyeFromWorld)));
  pose_.pivot -= scale * (dx * view[0] - dy * view[1]);
}

void OrbitCamera::zoom(double wheel, double x, double y, const Rect& area) {
  takeOverFromLocked();
  moved_ = 1;
  const double factor = std::pow(1.15, -wheel);
  const double distance = std::clamp(pose_.distance * factor, kMinDistance, kMaxDistance);
  // The point under the cursor on the plane through the pivot keeps its place on the screen.
  const Ray r = ray(x, y, area);
  const glm::dvec3 forward = -direction(pose_);
  const double along = glm::dot(pose_.pivot - r.origin, forward) / glm::dot(r.direction, forward);
  const glm::dvec3 anchor = r.origin + along * r.direction;
  pose_.pivot = anchor + (distance / pose_.distance) * (pose_.pivot - anchor);
  pose_.distance = distance;
}

void OrbitCamera::pivotAt(const glm::dvec3& point) {
  takeOverFromLocked();
  OrbitPose target = pose_;
  target.pivot = point;
  easeTo(target);
}

void OrbitCamera::lookThrough(int view, const Camera& camera) {
  moved_ = 1;
  locked_ = Locked{view, camera};
}

std::optional<int> OrbitCamera::lockedView() const {
  return locked_ ? std::optional<int>(locked_->view) : std::nullopt;
}

bool OrbitCamera::advance(double seconds) {
  if (moved_ >= 1) return false;
  moved_ = std::min(1.0, moved_ + seconds / kEaseSeconds);
  const double t = moved_ * moved_ * (3 - 2 * moved_);
  pose_.pivot = glm::mix(from_.pivot, to_.pivot, t);
  pose_.yaw = glm::mix(from_.yaw, to_.yaw, t);
  pose_.pitch = glm::mix(from_.pitch, to_.pitch, t);
  pose_.distance = std::exp(glm::mix(std::log(from_.distance), std::log(to_.distance), t));
  return true;
}

ViewMatrices OrbitCamera::matrices(const Rect& area) const {
  const double width = std::max(1.f, area.width), height = std::max(1.f, area.height);
  ViewMatrices m;
  if (locked_) {
    const Camera& c = locked_->camera;
    m.eyeFromWorld = glm::inverse(toOpenGlPose(c));
    const Rect image = imageArea({0, 0, float(width), float(height)});
    const double scale = image.width / c.width;  // viewport pixels per image pixel
    const double near = 0.01, far = 100;
    m.clipFromEye = glm::dmat4(0);
    m.clipFromEye[0][0] = 2 * c.fx * scale / width;
    m.clipFromEye[1][1] = 2 * c.fy * scale / height;
    m.clipFromEye[2][0] = 1 - 2 * (image.x + c.cx * scale) / width;
    m.clipFromEye[2][1] = 2 * (image.y + c.cy * scale) / height - 1;
    m.clipFromEye[2][2] = -(far + near) / (far - near);
    m.clipFromEye[2][3] = -1;
    m.clipFromEye[3][2] = -2 * far * near / (far - near);
    return m;
  }
  m.eyeFromWorld = glm::lookAt(eye(), pose_.pivot, frame_[1]);
  const double half = std::tan(glm::radians(kFieldOfView / 2)), side = std::min(width, height);
  const double hx = half * width / side, hy = half * height / side;
  if (pose_.orthographic) {
    const double reach = std::max(20.0, 4 * pose_.distance);
    m.clipFromEye = glm::ortho(-hx * pose_.distance, hx * pose_.distance, -hy * pose_.distance,
                               hy * pose_.distance, -reach, reach);
  } else {
    const double near = pose_.distance * 0.01, far = pose_.distance * 4 + 40;
    m.clipFromEye = glm::frustum(-hx * near, hx * near, -hy * near, hy * near, near, far);
  }
  return m;
}

Rect OrbitCamera::imageArea(const Rect& area) const {
  if (!locked_ || locked_->camera.width <= 0 || locked_->camera.height <= 0) return area;
  const float aspect = float(locked_->camera.width) / float(locked_->camera.height);
  const float width = std::min(area.width, area.height * aspect) * 0.94f;
  const float height = width / aspect;
  return {area.x + (area.width - width) / 2, area.y + (area.height - height) / 2, width, height};
}

Ray OrbitCamera::ray(double x, double y, const Rect& area) const {
  const glm::dmat4 worldFromClip = glm::inverse(matrices(area).clipFromWorld());
  const double u = 2 * (x - area.x) / std::max(1.f, area.width) - 1;
  const double v = 1 - 2 * (y - area.y) / std::max(1.f, area.height);
  const glm::dvec4 a = worldFromClip * glm::dvec4(u, v, -1, 1), b = worldFromClip * glm::dvec4(u, v, 0.5, 1);
  const glm::dvec3 origin = glm::dvec3(a) / a.w;
  return {origin, glm::normalize(glm::dvec3(b) / b.w - origin)};
}

glm::dvec3 OrbitCamera::eye() const {
  if (locked_) return locked_->camera.centre();
  return pose_.pivot + pose_.distance * direction(pose_);
}

double OrbitCamera::worldPerPixel(const Rect& area) const {
  return 2 * std::tan(glm::radians(kFieldOfView / 2)) * pose_.distance /
         std::max(1.f, std::min(area.width, area.height));
}

void OrbitCamera::easeTo(const OrbitPose& target) {
  from_ = pose_;
  to_ = target;
  to_.yaw = nearestTurn(to_.yaw, from_.yaw);
  pose_.orthographic = target.orthographic;
  moved_ = 0;
}

// Keeps the eye of the camera looked through, so that a drag goes on from what is seen.
void OrbitCamera::takeOverFromLocked() {
  if (!locked_) return;
  const Camera camera = locked_->camera;
  locked_.reset();
  const glm::dvec3 forward = glm::transpose(camera.rotation) * glm::dvec3(0, 0, 1);
  pose_.distance = std::clamp(glm::dot(home_.pivot - camera.centre(), forward), 0.2, kMaxDistance);
  pose_.pivot = camera.centre() + pose_.distance * forward;
  const glm::dvec3 d = glm::transpose(frame_) * -forward;
  pose_.pitch = clampPitch(std::asin(std::clamp(d.y, -1.0, 1.0)));
  pose_.yaw = std::atan2(d.x, d.z);
  pose_.orthographic = false;
}

glm::dvec3 OrbitCamera::direction(const OrbitPose& pose) const {
  return frame_ * glm::dvec3(std::cos(pose.pitch) * std::sin(pose.yaw), std::sin(pose.pitch),
                             std::cos(pose.pitch) * std::cos(pose.yaw));
}

std::optional<glm::dvec2> project(const ViewMatrices& matrices, const Rect& area, const glm::dvec3& world) {
  const glm::dvec4 clip = matrices.clipFromWorld() * glm::dvec4(world, 1);
  if (clip.w <= 1e-9) return std::nullopt;
  return glm::dvec2(area.x + (clip.x / clip.w + 1) / 2 * area.width, area.y + (1 - clip.y / clip.w) / 2 * area.height);
}

}  // namespace penumbra
