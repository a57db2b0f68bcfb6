#version 330 core
// A mesh lit at its vertices only: inputs as in mesh.vert.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in float heat;
#include "lighting.glsl"
uniform mat4 clipFromWorld;
uniform mat4 eyeFromWorld;
out vec4 vertexColour;

void main() {
  gl_Position = clipFromWorld * vec4(position, 1.0);
  vertexColour = litColour((eyeFromWorld * vec4(position, 1.0)).xyz, mat3(eyeFromWorld) * normal, normal, heat);
}
