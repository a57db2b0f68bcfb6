// Pictures of views made from coverage in the card's memory: CUDA copies all of it into one buffer of OpenGL, registered
// once, which a shader reads (shaders/compose.frag). Masks come from the host, once each.
#pragma once
#include <map>
#include <memory>

#include "app/window/cuda_interop.h"
#include "app/window/drawing.h"
#include "app/window/gl_objects.h"

namespace penumbra {

// A context must be current now and whenever it is used.
class GlPictures {
 public:
  GlPictures();
  // Draws into `texture`, which gets the picture's size. False when it cannot be drawn from there: nothing has changed.
  // The framebuffer bound and the viewport are others afterwards.
  bool draw(int slot, const CardPicture& picture, GLuint texture, CudaInterop& interop);

 private:
  struct Target {
    std::shared_ptr<const Mask> mask;  // what the texture shows
    GlTexture texture;
  };

  bool bring(const std::shared_ptr<const PublishedPictures>& pictures, CudaInterop& interop);
  void reserve(std::size_t count, CudaInterop& interop);
  const GlTexture& targetTexture(int slot, const std::shared_ptr<const Mask>& mask);

  GlProgram program_;
  GlArray array_ = makeArray();
  GlFramebuffer framebuffer_ = makeFramebuffer();
  GlBuffer values_ = makeBuffer();
  GlTexture valuesTexture_ = makeTexture();
  std::size_t capacity_ = 0, most_ = 0;                // floats; what a shader can address
  std::shared_ptr<const PublishedPictures> brought_;   // whose values are in the buffer
  std::map<int, Target> targets_;
};

}  // namespace penumbra
