#version 330 core
// Coloured line ends.
layout(location = 0) in vec3 position;
layout(location = 1) in vec4 colour;
uniform mat4 clipFromWorld;
out vec4 lineColour;

void main() {
  gl_Position = clipFromWorld * vec4(position, 1.0);
  lineColour = colour;
}
