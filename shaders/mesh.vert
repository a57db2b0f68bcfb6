#version 330 core
// Position and smooth normal of a mesh vertex; `heat` is 0..1.
layout(location = 0) in vec3 position;
layout(location = 1) in vec3 normal;
layout(location = 2) in float heat;
uniform mat4 clipFromWorld;
uniform mat4 eyeFromWorld;
out vec3 eyePosition;
out vec3 eyeNormal;
out vec3 worldNormal;
out float vertexHeat;

void main() {
  gl_Position = clipFromWorld * vec4(position, 1.0);
  eyePosition = (eyeFromWorld * vec4(position, 1.0)).xyz;
  eyeNormal = mat3(eyeFromWorld) * normal;
  worldNormal = normal;
  vertexHeat = heat;
}
