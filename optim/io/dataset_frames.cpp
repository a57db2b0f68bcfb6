#include "optim/io/dataset_frames.h"

#include <cmath>
#include <stdexcept>

#include "optim/io/file_input.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr std::size_t kShownFaults = 5;
constexpr double kMaxPixels = 1e9;  // far beyond any camera; keeps the arithmetic finite

// Focal length in pixels from whichever way it is stated, 0 when it is not.
double focalOf(const std::optional<double>& focal, const std::optional<double>& angle, double side) {
  if (focal) return *focal;
  if (!angle) return 0;
  if (!(*angle > 0 && *angle < 3.14159)) throw std::runtime_error("its field of view is not between 0 and 180 degrees");
  return 0.5 * side / std::tan(0.5 * *angle);
}

}  // namespace

Camera resolveIntrinsics(const StatedIntrinsics& stated, int imageWidth, int imageHeight) {
  const double width = stated.width.value_or(imageWidth), height = stated.height.value_or(imageHeight);
  if (!(width >= 1 && height >= 1)) throw std::runtime_error("its image size (w, h) is not positive");
  for (const auto& value : {stated.width, stated.height, stated.focalX, stated.focalY, stated.centreX, stated.centreY})
    if (value && std::abs(*value) > kMaxPixels) throw std::runtime_error("its intrinsics are out of range");
  const double scaleX = imageWidth / width, scaleY = imageHeight / height;
  if (std::abs(scaleX / scaleY - 1) > 0.02)
    throw std::runtime_error("its image is " + std::to_string(imageWidth) + " x " + std::to_string(imageHeight) +
                             ", the camera says " + std::to_string(std::lround(width)) + " x " +
                             std::to_string(std::lround(height)));
  double fx = focalOf(stated.focalX, stated.angleX, width), fy = focalOf(stated.focalY, stated.angleY, height);
  if (!stated.focalX && !stated.angleX) fx = fy;
  if (!stated.focalY && !stated.angleY) fy = fx;
  if (!stated.focalX && !stated.angleX && !stated.focalY && !stated.angleY)
    throw std::runtime_error("it has no focal length (fl_x or camera_angle_x)");
  if (!(fx > 0 && fy > 0)) throw std::runtime_error("its focal length is not positive");
  Camera camera;
  camera.width = imageWidth;
  camera.height = imageHeight;
  camera.fx = fx * scaleX;
  camera.fy = fy * scaleY;
  camera.cx = stated.centreX.value_or(0.5 * width) * scaleX;
  camera.cy = stated.centreY.value_or(0.5 * height) * scaleY;
  return camera;
}

void FaultList::throwIfAny(const std::filesystem::path& folder) const {
  if (faults_.empty()) return;
  std::string text;
  for (std::size_t i = 0; i < std::min(faults_.size(), kShownFaults); ++i) text += (i > 0 ? "; " : "") + faults_[i];
  if (faults_.size() > kShownFaults) text += "; and " + std::to_string(faults_.size() - kShownFaults) + " more problems";
  throw Error(ExitCode::Input, "Cannot use the dataset '" + shownPath(folder) + "': " + text + ".");
}

}  // namespace penumbra
