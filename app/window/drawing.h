// What the panels ask of the graphics side. The window has an OpenGL one, the tests a null one; panels know neither.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "app/window/orbit_camera.h"
#include "app/window/settings.h"
#include "app/window/view_compare.h"
#include "optim/session/session.h"
#include "renderer/cuda/published.h"

namespace penumbra {

using TextureId = std::uintptr_t;  // 0: nothing to show

struct LineVertex {
  glm::vec3 position;
  Rgba colour;
};

// Everything the 3D view shows; drawing is skipped when nothing of it changed.
struct SceneFrame {
  std::shared_ptr<const Snapshot> snapshot;
  ViewMatrices matrices;
  int width = 0, height = 0;     // pixels on the screen
  DisplayToggles display;
  std::vector<LineVertex> lines; // pairs of end points
  bool moving = false;           // the camera moves or the fit runs: speed before smoothness
};

// A view's mask against its coverage in the card's memory, to be drawn as composeView makes it.
struct CardPicture {
  std::shared_ptr<const PublishedPictures> pictures;
  DevicePicture place;                // of the view among them
  std::shared_ptr<const Mask> target; // of that size
  CompareMode mode = CompareMode::Difference;
  double split = 0;
  double sigma = 0;                   // softness of the coverage
};

class Drawing {
 public:
  virtual ~Drawing() = default;
  // The texture's first row is the bottom of the picture; it is shown as an underlay.
  virtual TextureId scene(const SceneFrame& frame) = 0;
  // A picture kept under a number; `content` replaces it when not null. The first row is the top.
  virtual TextureId image(int slot, const RgbaImage* content) = 0;
  // The same, made from what lies on the card; 0 when that is not possible.
  virtual TextureId cardImage(int, const CardPicture&) { return 0; }
  virtual bool software() const = 0;          // drawn by the processor: spare it
  virtual std::string description() const = 0;  // "OpenGL 4.5, llvmpipe"
  // While the graphics card computes: is the mesh drawn from its memory (cuda_interop.h), and if not, why?
  virtual bool readsTheCard() const { return false; }
  virtual std::string whyHostCopies() const { return {}; }
};

class NullDrawing final : public Drawing {
 public:
  TextureId scene(const SceneFrame&) override { return 0; }
  TextureId image(int, const RgbaImage*) override { return 0; }
  bool software() const override { return true; }
  std::string description() const override { return "no graphics"; }
};

}  // namespace penumbra
