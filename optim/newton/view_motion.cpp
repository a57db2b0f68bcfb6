#include "optim/newton/view_motion.h"

#include <cmath>

#include <Eigen/Dense>
#include <glm/gtc/matrix_transform.hpp>

#include "renderer/core/projection.h"

namespace penumbra {
namespace {

double focalOf(const Camera& camera) { return std::sqrt(camera.fx * camera.fy); }

glm::dvec3 part(const ViewVector& v, int first) { return {v[first], v[first + 1], v[first + 2]}; }

void setPart(ViewVector& v, int first, const glm::dvec3& value) {
  for (int k = 0; k < 3; ++k) v[first + k] = value[k];
}

// Unknowns per unit of: turning the world about x, y, z, shifting it, growing it.
Eigen::Matrix<double, kViewUnknowns, 7> commonMotion(const Camera& camera, const ViewVector& units) {
  Eigen::Matrix<double, kViewUnknowns, 7> columns;
  for (int k = 0; k < 7; ++k) {
    ViewVector q = ViewVector::Zero();
    glm::dvec3 axis(0);
    if (k < 6) axis[k % 3] = 1;
    const glm::dvec3 turned = camera.rotation * axis;
    if (k < 3) {  // R (a x X) + R X + t = (1 + (R a) x) (R X + t) + t x (R a)
      setPart(q, 0, turned);
      setPart(q, 3, glm::cross(camera.translation, turned));
    } else if (k < 6) {
      setPart(q, 3, turned);
    } else {  // s R X + R X + t projects like R X + t - s t
      setPart(q, 3, -camera.translation);
    }
    for (int i = 0; i < 6; ++i) q[i] /= units[i];
    columns.col(k) = q;
  }
  return columns;
}

}  // namespace

ViewVector viewUnits(const Camera& camera) {
  const double depth = camera.translation.z, focal = focalOf(camera);
  ViewVector units = ViewVector::Zero();
  if (!(depth > 0)) return units;
  const double radius = kMeanRadius * focal / depth;
  units << 1 / focal, 1 / focal, 1 / radius, depth / focal, depth / focal, depth / radius, 1;
  return units;
}

Camera movedCamera(const Camera& camera, const ViewVector& q) {
  const ViewVector scaled = q.cwiseProduct(viewUnits(camera));
  const glm::dvec3 omega = part(scaled, 0);
  const double angle = glm::length(omega);
  Camera moved = camera;
  if (angle > 0) {
    const glm::dmat3 turn(glm::rotate(glm::dmat4(1), angle, omega / angle));
    moved.rotation = turn * camera.rotation;
    moved.translation = turn * camera.translation;
  }
  moved.translation += part(scaled, 3);
  return moved;
}

template <class Real>
Eigen::Matrix<Real, kViewUnknowns, 1> viewRow(const CameraT<Real>& camera, const ViewVector& units, const Vec3<Real>& x,
                                              const Vec2<Real>& n) {
  Real ignored[4] = {};
  const Vec3<Real> g = projectBackward(camera, x, n, ignored[0], ignored[1], ignored[2], ignored[3]);
  const Vec3<Real> turn = glm::cross(x, g);
  Eigen::Matrix<Real, kViewUnknowns, 1> row;
  row << turn.x, turn.y, turn.z, g.x, g.y, g.z, Real(1);
  return row.cwiseProduct(units.cast<Real>());
}

template Eigen::Matrix<float, kViewUnknowns, 1> viewRow(const CameraT<float>&, const ViewVector&, const Vec3<float>&,
                                                        const Vec2<float>&);
template Eigen::Matrix<double, kViewUnknowns, 1> viewRow(const CameraT<double>&, const ViewVector&, const Vec3<double>&,
                                                         const Vec2<double>&);

std::vector<ViewVector> withoutCommonMotion(std::span<const Camera> cameras, std::span<const ViewVector> motions) {
  Eigen::Matrix<double, 7, 7> normal = Eigen::Matrix<double, 7, 7>::Identity() * 1e-9;  // fewer than three views leave some open
  Eigen::Matrix<double, 7, 1> right = Eigen::Matrix<double, 7, 1>::Zero();
  double width = 0;
  int count = 0;
  for (std::size_t v = 0; v < cameras.size(); ++v) {
    const ViewVector units = viewUnits(cameras[v]);
    if (units[0] == 0) continue;
    const auto columns = commonMotion(cameras[v], units);
    normal += columns.transpose() * columns;
    right += columns.transpose() * motions[v];
    width += motions[v][6];
    ++count;
  }
  const Eigen::Matrix<double, 7, 1> common = normal.ldlt().solve(right);
  std::vector<ViewVector> left(motions.begin(), motions.end());
  for (std::size_t v = 0; v < cameras.size(); ++v) {
    const ViewVector units = viewUnits(cameras[v]);
    if (units[0] == 0) continue;
    left[v] -= commonMotion(cameras[v], units) * common;
    left[v][6] -= width / count;
  }
  return left;
}

}  // namespace penumbra
