#include "app/window/gl_objects.h"

#include <glm/gtc/type_ptr.hpp>

#include "renderer/error.h"

namespace penumbra {
namespace {

GLuint compile(GLenum kind, const char* source, const char* name) {
  const GLuint shader = glCreateShader(kind);
  glShaderSource(shader, 1, &source, nullptr);
  glCompileShader(shader);
  GLint ok = 0;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &ok);
  if (ok) return shader;
  char log[2048] = "";
  glGetShaderInfoLog(shader, sizeof log, nullptr, log);
  glDeleteShader(shader);
  throw Error(ExitCode::Display, std::string("The graphics driver refuses the shader '") + name + "': " + log,
              "Update the graphics driver, or run without a window: penumbra fit FILE -o out.glb");
}

template <class Name, class Generate> Name generate(Generate function) {
  GLuint id = 0;
  function(1, &id);
  return Name(id);
}

}  // namespace

GlBuffer makeBuffer() { return generate<GlBuffer>(glGenBuffers); }
GlArray makeArray() { return generate<GlArray>(glGenVertexArrays); }
GlTexture makeTexture() { return generate<GlTexture>(glGenTextures); }
GlFramebuffer makeFramebuffer() { return generate<GlFramebuffer>(glGenFramebuffers); }
GlRenderbuffer makeRenderbuffer() { return generate<GlRenderbuffer>(glGenRenderbuffers); }

GlProgram::GlProgram(const char* vertexSource, const char* fragmentSource, const char* name) {
  const GLuint vertex = compile(GL_VERTEX_SHADER, vertexSource, name);
  const GLuint fragment = compile(GL_FRAGMENT_SHADER, fragmentSource, name);
  program_.reset(glCreateProgram());
  glAttachShader(program_.get(), vertex);
  glAttachShader(program_.get(), fragment);
  glLinkProgram(program_.get());
  glDeleteShader(vertex);
  glDeleteShader(fragment);
  GLint ok = 0;
  glGetProgramiv(program_.get(), GL_LINK_STATUS, &ok);
  if (!ok) throw Error(ExitCode::Display, std::string("The graphics driver cannot link the shader '") + name + "'.", "Update the graphics driver.");
}

void GlProgram::set(const char* uniform, const glm::mat4& value) const {
  glUniformMatrix4fv(glGetUniformLocation(program_.get(), uniform), 1, GL_FALSE, glm::value_ptr(value));
}
void GlProgram::set(const char* uniform, const glm::vec4& value) const {
  glUniform4fv(glGetUniformLocation(program_.get(), uniform), 1, glm::value_ptr(value));
}
void GlProgram::set(const char* uniform, int value) const { glUniform1i(glGetUniformLocation(program_.get(), uniform), value); }
void GlProgram::set(const char* uniform, float value) const { glUniform1f(glGetUniformLocation(program_.get(), uniform), value); }

}  // namespace penumbra
