// OpenGL objects that free themselves, and a shader program with its uniforms. A context must be current throughout.
#pragma once
#include <glad/gl.h>

#include <string>

#include <glm/glm.hpp>

namespace penumbra {

// A name made by glGen*, freed by the matching glDelete*.
template <void (*kDelete)(GLuint)> class GlName {
 public:
  GlName() = default;
  explicit GlName(GLuint id) : id_(id) {}
  ~GlName() { reset(); }
  GlName(GlName&& other) noexcept : id_(other.id_) { other.id_ = 0; }
  GlName& operator=(GlName&& other) noexcept {
    if (this != &other) reset(other.id_), other.id_ = 0;
    return *this;
  }
  GLuint get() const { return id_; }
  void reset(GLuint id = 0) {
    if (id_) kDelete(id_);
    id_ = id;
  }

 private:
  GLuint id_ = 0;
};

inline void deleteBuffer(GLuint id) { glDeleteBuffers(1, &id); }
inline void deleteArray(GLuint id) { glDeleteVertexArrays(1, &id); }
inline void deleteTexture(GLuint id) { glDeleteTextures(1, &id); }
inline void deleteFramebuffer(GLuint id) { glDeleteFramebuffers(1, &id); }
inline void deleteRenderbuffer(GLuint id) { glDeleteRenderbuffers(1, &id); }
inline void deleteProgram(GLuint id) { glDeleteProgram(id); }

using GlBuffer = GlName<deleteBuffer>;
using GlArray = GlName<deleteArray>;
using GlTexture = GlName<deleteTexture>;
using GlFramebuffer = GlName<deleteFramebuffer>;
using GlRenderbuffer = GlName<deleteRenderbuffer>;

GlBuffer makeBuffer();
GlArray makeArray();
GlTexture makeTexture();
GlFramebuffer makeFramebuffer();
GlRenderbuffer makeRenderbuffer();

class GlProgram {
 public:
  // Throws Error(Display) with the driver's message when the sources do not compile.
  GlProgram(const char* vertexSource, const char* fragmentSource, const char* name);
  void use() const { glUseProgram(program_.get()); }
  void set(const char* uniform, const glm::mat4& value) const;
  void set(const char* uniform, const glm::vec4& value) const;
  void set(const char* uniform, int value) const;
  void set(const char* uniform, float value) const;

 private:
  GlName<deleteProgram> program_;
};

}  // namespace penumbra
