// Colour of a lit surface, both sides alike; used by each pixel, or by each vertex where pixels are dear.
// mode: 0 clay, 1 normals, 2 heat, 3 ghost, 4 flat colour (wireframe).
uniform int mode;
uniform vec4 flatColour;
uniform bool parallel;  // parallel projection: every ray looks along -z

vec3 heatColour(float t) {
  vec3 cold = vec3(0.16, 0.20, 0.36), warm = vec3(0.93, 0.47, 0.18), hot = vec3(1.0, 0.95, 0.72);
  return t < 0.6 ? mix(cold, warm, t / 0.6) : mix(warm, hot, (t - 0.6) / 0.4);
}

vec4 litColour(vec3 eyePosition, vec3 eyeNormal, vec3 worldNormal, float heat) {
  if (mode == 4) return flatColour;
  vec3 toEye = parallel ? vec3(0.0, 0.0, 1.0) : normalize(-eyePosition);
  vec3 n = normalize(eyeNormal + vec3(0.0, 0.0, 1e-9));
  // Inner sides are lit as if turned over. Along an outline the smooth normal may lean away a little on either side:
  // there it is only laid flat, for turned over it would light up single pixels.
  float away = smoothstep(0.15, 0.4, -dot(n, toEye));
  vec3 level = n - min(dot(n, toEye), 0.0) * toEye;
  n = normalize(mix(level, -n, away));
  float facing = clamp(dot(n, toEye), 0.0, 1.0);
  if (mode == 3) return vec4(flatColour.rgb, flatColour.a * mix(0.22, 1.0, pow(1.0 - facing, 2.0)));
  vec3 base = vec3(0.80, 0.74, 0.68);
  if (mode == 1) base = 0.5 + 0.5 * normalize(away > 0.5 ? -worldNormal : worldNormal);
  if (mode == 2) base = heatColour(clamp(heat, 0.0, 1.0));
  float key = max(dot(n, normalize(vec3(-0.45, 0.65, 0.62))), 0.0);
  float fill = max(dot(n, normalize(vec3(0.75, 0.05, 0.45))), 0.0);
  float sky = 0.5 + 0.5 * n.y;
  vec3 light = vec3(0.16, 0.17, 0.20) + vec3(0.16, 0.17, 0.19) * sky + vec3(0.70, 0.68, 0.64) * key + vec3(0.14, 0.17, 0.24) * fill;
  float rim = 0.10 * pow(1.0 - facing, 3.0);
  if (mode == 1) light = mix(vec3(1.0), light, 0.35);
  return vec4(base * light + rim, 1.0);
}
