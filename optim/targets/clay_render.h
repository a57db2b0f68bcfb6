// Pictures of a mesh as a clay model, without OpenGL: for galleries, animations and reports.
//
// A supersampled z-buffer stores, per sample, the nearest face and where on it the sample lies. Each sample is then lit
// by three lights fixed to the camera (a warm key from the upper left, a cool fill from the right, a rim light from
// behind), a sky-and-ground ambient term and screen-space ambient occlusion; samples are averaged in linear light.
// Corner normals are area-weighted means over the faces around a vertex that bend by less than `creaseAngle`.
// Both sides of a face are lit alike. Limits: faces that reach behind the near plane are left out; lights cast no
// shadow other than the occlusion.
#pragma once
#include "renderer/camera.h"
#include "renderer/image.h"
#include "renderer/mesh.h"

namespace penumbra {

struct ClayStyle {
  glm::vec3 clay{0.88f, 0.68f, 0.54f};             // colour of the model, sRGB 0..1
  glm::vec3 backgroundMiddle{0.20f, 0.23f, 0.28f}; // sRGB, fades outwards to ...
  glm::vec3 backgroundCorner{0.07f, 0.08f, 0.10f};
  bool transparent = false;                        // leave the background out, alpha = coverage
  bool wireframe = false;
  glm::vec3 wire{0.13f, 0.16f, 0.22f};             // sRGB
  float wireWidth = 0.9f;                          // pixels
  float creaseAngle = 40;                          // degrees
  float occlusion = 1;                             // strength of the ambient occlusion, 0: off
};

// `supersample` samples a pixel side, 1..8. Throws Error(Input) as renderHardMask does.
RgbaImage renderClay(const Mesh& mesh, const Camera& camera, const ClayStyle& style = {}, int supersample = 3);

}  // namespace penumbra
