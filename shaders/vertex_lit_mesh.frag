#version 330 core
in vec4 vertexColour;
out vec4 colour;

void main() { colour = vertexColour; }
