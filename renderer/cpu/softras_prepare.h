// One view made ready for the SoftRas loops: vertices projected, faces cut and sorted into tiles; and the way back
// from corners in pixels to the pulls at vertices.
//
// Left out are faces wholly in front of the near plane's camera side, faces further than the reach from the image
// (so nothing outside pulls), faces with a number that is not finite, and degenerate ones: twice the area in pixels at
// most kFlat times the longest edge squared.
#pragma once
#include <cmath>
#include <vector>

#include "renderer/cpu/softras_kernels.h"
#include "renderer/coverage.h"

namespace penumbra {

// Positions in float are flat only to their own rounding.
template <class Real> inline constexpr double kFlat = sizeof(Real) == 4 ? 1e-6 : 1e-12;

template <class Real> class SoftRasPreparation {
 public:
  // The mesh is borrowed until the next call. Memory: 32 bytes a vertex, 4 a face and 4 for each tile a face touches.
  void prepare(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const CoverageOptions& options);
  static std::size_t bytes(const MeshRef<Real>& mesh);  // about

  // The view of this preparation; alpha included.
  SoftRasView<Real>& view() { return view_; }
  int tiles() const { return view_.tilesX * view_.tilesY; }
  int faces() const { return int(kinds_.size()); }

  // The way back, in this order: clear; sum the gradients of all faces (kFaceNumbers each, from beginFace on) in their
  // order; the camera's gradient; what the vertices [begin, end) get from whole faces; what cut faces give.
  void clearSums();
  void sumFaces(int beginFace, int endFace, const Real* gradients);  // does not throw
  CameraGradient<Real> cameraGradient();
  void addVertices(std::size_t begin, std::size_t end, std::vector<Vec3<Real>>& dL_dpositions) const;
  void addCuts(std::vector<Vec3<Real>>& dL_dpositions) const;

 private:
  static constexpr std::size_t kCutPulls = 6;  // of a cut face, at most: each of two corners on cut edges has two
  struct Pull {  // of a cut face at a vertex
    int vertex;
    Vec3<double> x, dL_dx;  // camera space
  };
  void projectVertices();
  void classifyFaces();
  void cutFace(int face);
  void fillTiles();
  void sumCut(const SoftRasCut& cut, const Real* gradient);
  Vec3<double> point(std::size_t vertex) const { return camera_.toCamera(Vec3<double>(mesh_.positions[vertex])); }
  bool seen(int vertex) const { return !std::isnan(pixels_[std::size_t(vertex)].x); }
  const std::int32_t* corners(int face) const { return view_.faces + 3 * std::size_t(face); }

  MeshRef<Real> mesh_;
  CameraT<double> camera_;
  double near_ = 0;
  std::vector<Vec2<double>> pixels_;  // of vertices in front of the near plane, else not a number
  std::vector<std::int32_t> kinds_, tileStart_, tileFaces_, stops_;
  std::vector<SoftRasCut> cuts_;
  std::vector<Real> blocks_;
  std::vector<Vec2<double>> dL_dpixels_;      // of vertices, from whole faces
  std::vector<Pull> cutPulls_;
  CameraGradient<double> dL_dcamera_;         // intrinsics from cut faces until cameraGradient()
  SoftRasView<Real> view_;
};

}  // namespace penumbra
