// What a fit is given: views (camera + mask), some of them held out for measuring only.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "renderer/camera.h"
#include "renderer/image.h"
#include "renderer/mesh.h"

namespace penumbra {

// x_normalised = scale * (x - centre). Fits run in normalised coordinates; every export undoes it.
struct Similarity {
  double scale = 1;
  glm::dvec3 centre{0};
  glm::dvec3 apply(const glm::dvec3& x) const { return scale * (x - centre); }
  glm::dvec3 undo(const glm::dvec3& x) const { return x / scale + centre; }
};

struct View {
  std::string name;
  Camera camera;
  Mask mask;  // camera.width x camera.height, 1 inside the object
  double width = 0;  // pixels that the mask is thought to be too wide by all round, see optim/newton/view_correction.h
};

struct ViewSet {
  std::string name;                      // shown to the person, e.g. the file's stem
  std::vector<View> train, heldOut;      // cameras in the coordinates of `normalisation`'s output
  Similarity normalisation;              // input coordinates -> coordinates of the cameras above
  std::shared_ptr<const Mesh> reference; // the model the masks were rendered from, normalised; null for photo sets
  glm::dvec3 up{0, 1, 0};                // best guess of "up" in these coordinates, for display only
  std::vector<std::string> notes;        // lines a person should see (views skipped, masks inverted, ...)
};

}  // namespace penumbra
