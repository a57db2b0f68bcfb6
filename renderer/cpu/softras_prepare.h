// One view made ready for the SoftRas loops: vertices projected, faces cut and sorted into tiles; and the way back
// from corners in pixels to the pulls at vertices.
//
// Left out are faces wholly in front of the near plane's camera side, faces further than the reach from the image
// (so nothing outside pulls), faces with a number that is not finite, and degenerate ones: twice the area in pixels at
// most kFlat times the longest edge squared.
#pragma once
#include <vector>

#include "renderer/cpu/softras_kernels.h"
#include "renderer/cpu/view_gradient.h"

namespace penumbra {

// Positions in float are flat only to their own rounding.
template <class Real> inline constexpr double kFlat = sizeof(Real) == 4 ? 1e-6 : 1e-12;

template <class Real> class SoftRasPreparation {
 public:
  void prepare(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const CoverageOptions& options);

  // The view of this preparation; alpha and the gradients' storage included.
  SoftRasView<Real>& view() { return view_; }
  int tiles() const { return view_.tilesX * view_.tilesY; }
  int faces() const { return int(kinds_.size()); }

  // Room for gradients of faces.
  void allocateGradients();
  // Sums the gradients of faces, in their order, into world positions and the camera (both overwritten).
  void backward();
  const std::vector<Vec3<double>>& dL_dpositions() const { return dL_dpositions_; }
  const CameraGradient<double>& dL_dcamera() const { return dL_dcamera_; }

 private:
  void projectVertices(const MeshRef<Real>& mesh);
  void classifyFaces(double near);
  void cutFace(int face, double near);
  void fillTiles();
  void sumCorners(std::vector<VertexPull<double>>& pulls);
  void sumCut(const SoftRasCut& cut, const Real* gradient, std::vector<VertexPull<double>>& pulls);
  const std::int32_t* corners(int face) const { return view_.faces + 3 * std::size_t(face); }

  CameraT<double> camera_;
  double near_ = 0;
  std::vector<Vec3<double>> points_;  // camera space
  std::vector<Vec2<double>> pixels_;  // of points in front of the near plane
  std::vector<std::int32_t> kinds_, tileStart_, tileFaces_, stops_;
  std::vector<SoftRasCut> cuts_;
  std::vector<Real> blocks_, faceGradients_, cutGradients_;
  std::vector<Vec2<double>> dL_dpixels_;
  std::vector<VertexPull<double>> pulls_;
  std::vector<Vec3<double>> dL_dpositions_;
  CameraGradient<double> dL_dcamera_;
  SoftRasView<Real> view_;
};

}  // namespace penumbra
