// What glad 2 generates as <glad/gl.h>, on top of the header of glad 1 (Ubuntu 22.04, Debian 11): included as SYSTEM and
// only where glad 2 is not at hand.
#pragma once
#include <glad/glad.h>

// The version loaded, 0: none. `load` is glfwGetProcAddress or eglGetProcAddress.
inline int gladLoadGL(void (*(*load)(const char*))()) {
  return gladLoadGLLoader(reinterpret_cast<GLADloadproc>(load));
}
