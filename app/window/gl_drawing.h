// The OpenGL side of Drawing: the 3D view in a framebuffer of its own, drawn only when something of it changed, and
// pictures as textures.
#pragma once
#include <map>
#include <memory>

#include "app/window/cuda_interop.h"
#include "app/window/drawing.h"
#include "app/window/ui.h"

namespace penumbra {

// A context must be current now and whenever it is used.
class GlDrawing final : public Drawing {
 public:
  explicit GlDrawing(InteropMode interop = InteropMode::Auto);
  ~GlDrawing() override;
  TextureId scene(const SceneFrame& frame) override;
  TextureId image(int slot, const RgbaImage* content) override;
  TextureId cardImage(int slot, const CardPicture& picture) override;
  bool software() const override;
  std::string description() const override;
  bool readsTheCard() const override;
  std::string whyHostCopies() const override;
  // Colours and the scene's texture onto the bound framebuffer of `height` pixels; `scale` is its pixels per unit.
  void drawUnderlays(const std::vector<Underlay>& underlays, int height, float scale);
  void setAlwaysFine(bool fine);  // smooth edges even while moving (pictures for people to keep)

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Smooth vertex normals, area weighted; zero where no face has an area.
std::vector<glm::vec3> smoothNormals(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces);

}  // namespace penumbra
