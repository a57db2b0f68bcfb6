// Pictures of a fit: the mesh as clay, still or growing.
#pragma once
#include <filesystem>
#include <memory>
#include <vector>

#include "optim/session/session.h"

namespace penumbra {

// Writes a PNG of the mesh of a snapshot. Throws Error(Save).
void writePicture(const std::filesystem::path& path, const Snapshot& snapshot);

// The same of any mesh; `up` is the direction that points up in the picture.
void writePicture(const std::filesystem::path& path, const Mesh& mesh, const glm::dvec3& up);

// The mesh at up to kFrames + 1 moments of a fit, more of them early, when most happens.
class Timelapse {
 public:
  static constexpr int kFrames = 60;
  // The iteration to be shown by frame 0 .. kFrames of a fit of `planned` iterations.
  static int iterationOfFrame(int frame, int planned);

  void add(const Snapshot& snapshot);  // keeps the positions, draws nothing yet
  // Draws all frames, the camera going once around, and writes an animated WebP. `threads` 0: one per processor.
  // Throws Error(Save).
  void write(const std::filesystem::path& path, int threads) const;

 private:
  struct Frame {
    std::shared_ptr<const std::vector<glm::vec3>> positions;
    std::shared_ptr<const std::vector<Face>> faces;
    glm::dvec3 up;
  };
  std::vector<Frame> frames_;
};

}  // namespace penumbra
