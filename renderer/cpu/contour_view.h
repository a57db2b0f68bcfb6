// One view of the Contour model: outline -> pixels -> (loss) -> gradient. Scratch of one worker, reused.
#pragma once
#include "renderer/cpu/contour_outline.h"

namespace penumbra {

// World-space gradient of one vertex; several entries may name the same vertex.
template <class Real> struct WorldPull {
  int vertex;
  Vec3<Real> dL_dX;
};

template <class Real> class ContourView {
 public:
  // Writes coverage (H*W). `sigma` as in CoverageOptions.
  void forward(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const ContourClassifier<Real>& classifier,
               int viewIndex, const CoverageOptions& options, std::span<Real> alpha);

  // After forward with the same mesh and camera: appends the pulls on vertices, adds to the camera's gradient.
  void backward(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real nearPlane,
                std::span<const Real> dL_dalpha, std::vector<WorldPull<Real>>& pulls, CameraGradient<Real>& dL_dcamera);

  std::vector<Real>& lossScratch() { return dL_dalpha_; }

 private:
  void listStrips();
  void distances(int strip);
  void distancesOf(int piece, int firstRow, int lastRow);
  void emitRow(int y, int stripRow, Real* alpha);
  void applyProfile(std::span<Real> alpha, Real perPixel);
  void pullPieces(std::span<const Real> dL_dalpha);
  void pullSegments();
  void pullEnd(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real nearPlane, const ContourEnd<Real>& end,
               const Vec2<Real>& dL_dpixel, std::vector<WorldPull<Real>>& pulls, CameraGradient<Real>& dL_dcamera);

  // Sums over the pixels that see one piece: weights, weights times parameter, and vectors on its two ends.
  struct PieceSum {
    Real weight = 0, weightT = 0;
    Vec2<Real> end0{0}, end1{0};
  };

  ContourOutline<Real> outline_;
  int width_ = 0, height_ = 0, stride_ = 0;
  Real reach_ = 0;
  const ContourKernels<Real>* kernels_ = nullptr;
  std::vector<int> stripStart_, stripPieces_, stripFill_;
  std::vector<Real> best_;          // squared distances of one strip, kStripRows x stride
  std::vector<int> nearest_;
  std::vector<glm::ivec2> touched_; // columns of each strip row that some piece reached
  std::vector<int> bandPixel_, bandPiece_;  // pixels near the outline, in order
  std::vector<Real> bandDistance_, bandAlpha_, bandSlope_;
  std::vector<PieceSum> sums_;
  std::vector<Vec2<Real>> pullA_, pullB_;   // by segment, pixels
  std::vector<Real> dL_dalpha_;
};

}  // namespace penumbra
