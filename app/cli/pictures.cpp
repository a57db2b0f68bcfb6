#include "app/cli/pictures.h"

#include <algorithm>
#include <cmath>

#include "optim/io/animation_io.h"
#include "optim/io/image_io.h"
#include "optim/targets/clay_render.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kPictureSize = 640, kFrameSize = 320;
constexpr int kFrameMilliseconds = 70, kLastFrameMilliseconds = 1200;
constexpr double kFieldOfView = 30, kElevation = 18, kFirstAzimuth = 30;  // degrees

double radians(double degrees) { return degrees * 3.14159265358979323846 / 180; }

// A circle of cameras that frames a mesh, level with respect to `up`.
class Orbit {
 public:
  Orbit(const std::vector<glm::vec3>& positions, const glm::dvec3& up) : up_(glm::normalize(up)) {
    Bounds bounds;
    for (const auto& p : positions) bounds.add(glm::dvec3(p));
    centre_ = bounds.centre();
    double radius = 1e-9;
    for (const auto& p : positions) radius = std::max(radius, glm::length(glm::dvec3(p) - centre_));
    distance_ = 1.1 * radius / std::sin(radians(kFieldOfView / 2));
    const glm::dvec3 towards = std::abs(up_.z) < 0.7 ? glm::dvec3(0, 0, 1) : glm::dvec3(0, -1, 0);
    front_ = glm::normalize(towards - glm::dot(towards, up_) * up_);
    right_ = glm::cross(up_, front_);
  }

  Camera camera(double azimuth, int size) const {
    const double a = radians(azimuth), e = radians(kElevation);
    const glm::dvec3 level = std::cos(a) * front_ + std::sin(a) * right_;
    const glm::dvec3 eye = centre_ + distance_ * (std::cos(e) * level + std::sin(e) * up_);
    return lookAt(eye, centre_, up_, kFieldOfView, size, size);
  }

 private:
  glm::dvec3 up_, centre_, front_, right_;
  double distance_ = 1;
};

glm::dvec3 upOf(const Snapshot& s) { return s.views ? s.views->up : glm::dvec3(0, 1, 0); }

}  // namespace

void writePicture(const std::filesystem::path& path, const Snapshot& s) {
  writePicture(path, {*s.positions, *s.faces}, upOf(s));
}

void writePicture(const std::filesystem::path& path, const Mesh& mesh, const glm::dvec3& up) {
  const Orbit orbit(mesh.positions, up);
  writePng(path, renderClay(mesh, orbit.camera(kFirstAzimuth, kPictureSize), {}, 2));
}

int Timelapse::iterationOfFrame(int frame, int planned) {
  const double part = std::clamp(double(frame) / kFrames, 0.0, 1.0);
  return int(std::lround(planned * std::pow(part, 1.7)));
}

void Timelapse::add(const Snapshot& s) { frames_.push_back({s.positions, s.faces, upOf(s)}); }

void Timelapse::write(const std::filesystem::path& path, int threads) const {
  if (frames_.empty()) throw Error(ExitCode::Internal, "A timelapse without frames was to be written.");
  const Orbit orbit(*frames_.back().positions, frames_.back().up);
  AnimationWriter writer(kFrameSize, kFrameSize);
  ThreadPool pool(threads);
  const int count = int(frames_.size()), batch = 2 * pool.threads();
  for (int begin = 0; begin < count; begin += batch) {
    std::vector<RgbaImage> images(std::size_t(std::min(batch, count - begin)));
    pool.parallelFor(int(images.size()), [&](int i, int) {
      const Frame& frame = frames_[std::size_t(begin + i)];
      const double azimuth = kFirstAzimuth + 360.0 * (begin + i) / count;
      images[std::size_t(i)] = renderClay({*frame.positions, *frame.faces}, orbit.camera(azimuth, kFrameSize), {}, 2);
    });
    for (std::size_t i = 0; i < images.size(); ++i)
      writer.add(images[i], begin + int(i) + 1 == count ? kLastFrameMilliseconds : kFrameMilliseconds);
  }
  writer.save(path);
}

}  // namespace penumbra
