// What a dataset reader finds: which images there are and what their cameras say, before any image is opened.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "renderer/camera.h"

namespace penumbra {

// Intrinsics as a file states them; several ways to say the same, most left out.
struct StatedIntrinsics {
  std::optional<double> width, height;      // pixels the numbers below refer to; else the image's own size
  std::optional<double> focalX, focalY;     // pixels
  std::optional<double> centreX, centreY;   // pixels, pixel centres at +0.5; else the middle
  std::optional<double> angleX, angleY;     // whole field of view, radians
};

// Intrinsics for an image of the given size. A missing y copies x and the other way round; stated pixels are scaled
// when the image has another size. Throws std::runtime_error with the reason: no focal length, not positive.
Camera resolveIntrinsics(const StatedIntrinsics& stated, int imageWidth, int imageHeight);

struct DatasetFrame {
  std::string name;                 // as shown: the path in the file without "./" and extension
  std::filesystem::path image;      // where the mask comes from; found to exist, or listed in `missing`
  StatedIntrinsics intrinsics;
  glm::dmat4 worldFromGlCamera{1};  // OpenGL axes
};

struct DatasetListing {
  std::vector<DatasetFrame> train, heldOut;
  bool hasSplit = false;            // the files themselves name held-out views
};

// Faults found on the way, reported together.
class FaultList {
 public:
  void add(std::string fault) { faults_.push_back(std::move(fault)); }
  bool empty() const { return faults_.empty(); }
  // Throws Error(Input) naming up to five faults and how many more there are; nothing when there are none.
  void throwIfAny(const std::filesystem::path& folder) const;

 private:
  std::vector<std::string> faults_;
};

}  // namespace penumbra
