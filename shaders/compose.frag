#version 330 core
// A view's mask against its coverage, as composeView (app/window/view_compare.cpp) makes it on the processor. Row 0 of the
// picture is the texture's first. Colours are rounded to bytes where they are there.
uniform samplerBuffer coverage;  // pictures one after the other
uniform sampler2D target;
uniform int first;               // value of this picture in `coverage`
uniform int width;
uniform int mode;                // CompareMode
uniform float gain;              // that sharpens the coverage's edge, see edgeGain
uniform int splitAt;             // columns left of it show the target
uniform vec4 background, object, agreed, faintFill, tooMuch, tooLittle;
out vec4 colour;

vec4 mixed(vec4 a, vec4 b, float t) { return floor((a + (b - a) * t) * 255.0 + 0.5) / 255.0; }

vec4 difference(float t, float covered) {
  float render = clamp(gain * (covered - 0.5) + 0.5, 0.0, 1.0);
  vec4 both = mixed(background, agreed, clamp(min(t, render), 0.0, 1.0));
  return mixed(both, render > t ? tooMuch : tooLittle, sqrt(clamp(abs(render - t), 0.0, 1.0)));
}

void main() {
  ivec2 at = ivec2(gl_FragCoord.xy);
  float t = texelFetch(target, at, 0).r, render = texelFetch(coverage, first + at.y * width + at.x).r;
  if (mode == 0 || (mode == 4 && at.x < splitAt)) colour = mixed(background, object, clamp(t, 0.0, 1.0));
  else if (mode == 3) colour = mixed(background, faintFill, clamp(t, 0.0, 1.0));
  else if (mode == 2) colour = difference(t, render);
  else colour = mixed(background, object, clamp(render, 0.0, 1.0));
}
