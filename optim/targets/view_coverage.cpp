#include "optim/targets/view_coverage.h"

#include <algorithm>
#include <cmath>

#include <Eigen/Eigenvalues>

namespace penumbra {
namespace {

constexpr int kAxes = 2000;

// Unit vectors from the origin, where normalised objects are, to the cameras.
std::vector<glm::dvec3> directionsOf(std::span<const View> views) {
  std::vector<glm::dvec3> directions;
  for (const View& view : views) {
    const glm::dvec3 centre = view.camera.centre();
    const double length = glm::length(centre);
    if (length > 1e-9) directions.push_back(centre / length);
  }
  return directions;
}

bool onOneRing(std::span<const View> views) {
  if (views.size() < 4) return false;  // three cameras always share a plane
  glm::dvec3 mean(0);
  for (const View& view : views) mean += view.camera.centre() / double(views.size());
  Eigen::Matrix3d spread = Eigen::Matrix3d::Zero();
  for (const View& view : views) {
    const glm::dvec3 d = view.camera.centre() - mean;
    const Eigen::Vector3d v(d.x, d.y, d.z);
    spread += v * v.transpose();
  }
  const Eigen::Vector3d values = Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d>(spread).eigenvalues();
  return values(0) <= kRingSpread * kRingSpread * values(2);
}

}  // namespace

ViewCoverage viewCoverage(std::span<const View> views) {
  ViewCoverage coverage;
  coverage.singleRing = onOneRing(views);
  const std::vector<glm::dvec3> directions = directionsOf(views);
  if (directions.empty()) return coverage;
  double least = 2;
  for (int i = 0; i < kAxes; ++i) {  // Fibonacci spiral over the upper half sphere
    const double height = (i + 0.5) / kAxes, turn = 2.39996322972865332 * i, r = std::sqrt(1 - height * height);
    const glm::dvec3 axis(r * std::cos(turn), height, r * std::sin(turn));
    double nearest = 0;
    for (const glm::dvec3& d : directions) nearest = std::max(nearest, std::abs(glm::dot(axis, d)));
    if (nearest < least) least = nearest, coverage.emptiest = axis;
  }
  coverage.widestGap = std::acos(std::clamp(least, 0.0, 1.0)) * 180 / 3.14159265358979323846;
  return coverage;
}

std::vector<std::string> viewCoverageNotes(std::span<const View> views) {
  const ViewCoverage coverage = viewCoverage(views);
  const std::string gap = std::to_string(int(std::lround(coverage.widestGap)));
  if (coverage.singleRing)
    return {"All cameras stand on one ring: seen from above or below, up to " + gap +
            " degrees from any view, the shape is a guess. Add views from other heights."};
  if (coverage.widestGap > kWideGap)
    return {"Some directions are " + gap + " degrees from the nearest view: there the shape is a guess. Add views."};
  return {};
}

}  // namespace penumbra
