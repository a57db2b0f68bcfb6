#version 330 core
// Lit at every pixel.
#include "lighting.glsl"
in vec3 eyePosition;
in vec3 eyeNormal;
in vec3 worldNormal;
in float vertexHeat;
out vec4 colour;

void main() { colour = litColour(eyePosition, eyeNormal, worldNormal, vertexHeat); }
