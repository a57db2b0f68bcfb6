#include "optim/eval/exam_views.h"

#include <algorithm>
#include <cmath>

#include "optim/targets/targets.h"

namespace penumbra {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr double kGoldenAngle = 2.39996322972865332;
constexpr int kRaster = 2048, kHeldOutViews = 16, kHeldOutSize = 512;
constexpr double kHeldOutOffset = 1.234;

Mask eightBit(Mask mask) {
  for (float& v : mask.pixels) v = std::round(255 * v) / 255;
  return mask;
}

}  // namespace

double examFieldOfView() { return 360 / kPi * std::atan(std::tan(std::asin(0.25)) / 0.97); }

glm::dvec3 examDirection(double height, double azimuth) {
  const double radius = std::sqrt(std::max(0.0, 1 - height * height));
  return {radius * std::cos(azimuth), height, radius * std::sin(azimuth)};
}

Camera examCamera(const glm::dvec3& direction, double distance, double fieldOfView, int size) {
  return lookAt(distance * direction, glm::dvec3(0), glm::dvec3(0, 1, 0), fieldOfView, size, size);
}

std::vector<Camera> fibonacciExamCameras(int count, double offset, int size) {
  std::vector<Camera> cameras;
  for (int i = 0; i < count; ++i) {
    const glm::dvec3 direction = examDirection(1 - 2 * (i + 0.5) / count, i * kGoldenAngle + offset);
    cameras.push_back(examCamera(direction, 4, examFieldOfView(), size));
  }
  return cameras;
}

std::vector<Camera> heldOutCameras() { return fibonacciExamCameras(kHeldOutViews, kHeldOutOffset, kHeldOutSize); }

int examSupersample(int width) { return std::clamp(kRaster / width, 1, 16); }

std::vector<View> examViews(const Mesh& shape, std::span<const Camera> cameras, const std::string& kind, ThreadPool& pool) {
  std::vector<View> views(cameras.size());
  pool.parallelFor(int(cameras.size()), [&](int index, int) {
    const auto i = std::size_t(index);
    Mask mask = eightBit(renderHardMask(shape, cameras[i], examSupersample(cameras[i].width)));
    views[i] = {kind + "_" + std::to_string(i), cameras[i], std::move(mask)};
  });
  return views;
}

}  // namespace penumbra
