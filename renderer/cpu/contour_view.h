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

  // After forward with the same mesh and camera; dL_dalpha is lossScratch(), filled. Appends the pulls on vertices, adds to the camera's gradient.
  void backward(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real nearPlane,
                std::vector<WorldPull<Real>>& pulls, CameraGradient<Real>& dL_dcamera);

  // Where the loss of a view of so many pixels is to write dL/dalpha.
  std::span<Real> lossScratch(std::size_t pixels) {
    dL_dalpha_.resize(pixels + kLanes);
    return {dL_dalpha_.data(), pixels};
  }

 private:
  void listStrips();
  void arrangePieces();
  void growPieces();
  DistanceStrip<Real> prepareStrip(int strip);
  void growBand(int blocks);
  void fillRow(const DistanceStrip<Real>& strip, int y, Real perPixel, std::span<Real> rest);
  void pullSegments();
  void pullEnd(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real nearPlane, const ContourEnd<Real>& end,
               const Vec2<Real>& dL_dpixel, std::vector<WorldPull<Real>>& pulls, CameraGradient<Real>& dL_dcamera);

  struct PieceEnd {
    int vertex, vertex2, slot;  // of ContourEnd; slot 2 i is the start of piece i, 2 i + 1 its end
  };

  ContourOutline<Real> outline_;
  int width_ = 0, height_ = 0, stride_ = 0;
  Real reach_ = 0;
  const ContourKernels<Real>* kernels_ = nullptr;
  std::vector<int> stripStart_, stripPieces_, stripFill_;
  std::vector<Real> best_;          // of one strip, see DistanceStrip
  std::vector<int> nearest_;
  std::vector<std::uint64_t> marks_;
  std::vector<Real> row_;           // coverage of one row, room for whole blocks
  Band<Real> band_;
  PieceArrays<Real> arrays_;
  std::vector<PieceEnd> ends_;
  std::vector<Real> grow_;          // see DistanceStrip
  std::vector<PieceSum<Real>> sums_;
  std::vector<Vec2<Real>> pullA_, pullB_;   // by segment, pixels
  std::vector<Real> dL_dalpha_;
};

}  // namespace penumbra
