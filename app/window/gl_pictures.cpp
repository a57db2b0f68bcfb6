#include "app/window/gl_pictures.h"

#include <cmath>

#include <penumbra_shaders.h>

#include "app/window/colours.h"

namespace penumbra {
namespace {

glm::vec4 vectorOf(Rgba c) { return glm::vec4(c.r, c.g, c.b, c.a) / 255.f; }

}  // namespace

GlPictures::GlPictures() : program_(shader::compose_vert, shader::compose_frag, "compose") {
  GLint most = 0;
  glGetIntegerv(GL_MAX_TEXTURE_BUFFER_SIZE, &most);
  most_ = std::size_t(most);
  program_.use();
  program_.set("coverage", 0);
  program_.set("target", 1);
  program_.set("background", vectorOf(colour::kPictureBackground));
  program_.set("object", vectorOf(colour::kPictureObject));
  program_.set("agreed", vectorOf(colour::kAgreed));
  program_.set("faintFill", vectorOf(colour::kFaintFill));
  program_.set("tooMuch", vectorOf(colour::kTooMuch));
  program_.set("tooLittle", vectorOf(colour::kTooLittle));
}

// CUDA lets go of the buffer before its storage is replaced.
void GlPictures::reserve(std::size_t count, CudaInterop& interop) {
  if (count <= capacity_) return;
  interop.forgetBuffer(values_.get());
  capacity_ = count + count / 2;
  glBindBuffer(GL_TEXTURE_BUFFER, values_.get());
  glBufferData(GL_TEXTURE_BUFFER, GLsizeiptr(capacity_ * sizeof(float)), nullptr, GL_STREAM_DRAW);
  glBindTexture(GL_TEXTURE_BUFFER, valuesTexture_.get());
  glTexBuffer(GL_TEXTURE_BUFFER, GL_R32F, values_.get());
}

bool GlPictures::bring(const std::shared_ptr<const PublishedPictures>& pictures, CudaInterop& interop) {
  if (pictures == brought_) return true;
  if (!interop.usable() || pictures->count > most_) return false;
  reserve(pictures->count, interop);
  brought_.reset();
  if (!interop.copy(pictures, values_.get())) return false;
  brought_ = pictures;
  return true;
}

const GlTexture& GlPictures::targetTexture(int slot, const std::shared_ptr<const Mask>& mask) {
  Target& target = targets_[slot];
  if (target.mask == mask) return target.texture;
  if (!target.texture.get()) target.texture = makeTexture();
  glBindTexture(GL_TEXTURE_2D, target.texture.get());
  for (GLenum parameter : {GL_TEXTURE_MIN_FILTER, GL_TEXTURE_MAG_FILTER}) glTexParameteri(GL_TEXTURE_2D, parameter, GL_NEAREST);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 4);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_R32F, mask->width, mask->height, 0, GL_RED, GL_FLOAT, mask->pixels.data());
  target.mask = mask;
  return target.texture;
}

bool GlPictures::draw(int slot, const CardPicture& p, GLuint texture, CudaInterop& interop) {
  if (!bring(p.pictures, interop)) return false;
  const int width = p.place.width, height = p.place.height;
  const GLuint target = targetTexture(slot, p.target).get();
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, width, height, 0, GL_RGBA, GL_UNSIGNED_BYTE, nullptr);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_.get());
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, texture, 0);
  for (GLenum off : {GL_BLEND, GL_DEPTH_TEST, GL_SCISSOR_TEST, GL_CULL_FACE}) glDisable(off);
  glViewport(0, 0, width, height);
  program_.use();
  program_.set("first", int(p.place.offset));
  program_.set("width", width);
  program_.set("mode", int(p.mode));
  program_.set("gain", edgeGain(p.sigma, width, height));
  program_.set("splitAt", int(std::ceil(p.split * width)));
  glActiveTexture(GL_TEXTURE1);
  glBindTexture(GL_TEXTURE_2D, target);
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_BUFFER, valuesTexture_.get());
  glBindVertexArray(array_.get());
  glDrawArrays(GL_TRIANGLES, 0, 3);
  glBindVertexArray(0);
  return true;
}

}  // namespace penumbra
