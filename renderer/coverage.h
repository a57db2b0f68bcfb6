// Coverage of a batch of (mesh, camera) pairs, and its gradient: the one entry to the renderer.
//
// Contour (default): alpha(p) = logistic(d(p) / sqrt(sigma)), d the signed distance (inside positive) from the pixel
//   centre to the outline of the union of the projected faces. See renderer/core/contour.h.
// SoftRas (Liu et al., ICCV 2019, section 3.2): alpha = 1 - prod_j (1 - logistic(+-d_j^2 / sigma)) over all faces.
//   See renderer/core/softras.h.
// Distances in both are in isotropic NDC: one unit is half the shorter image side.
//
// Meshes are any triangle soup. Geometry in front of `nearPlane` only is seen; gradients flow through the points
// where faces are cut. What lies outside the image neither pulls nor breaks. Results do not depend, bit for bit, on
// the number of threads or on the instruction set.
#pragma once
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "renderer/camera.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/topology.h"

namespace penumbra {

enum class CoverageModel { Contour, SoftRas };

struct CoverageOptions {
  CoverageModel model = CoverageModel::Contour;
  double sigma = 1e-4;       // squared length in isotropic NDC; band width in px is sqrt(sigma) * min(W, H) / 2
  double nearPlane = 1e-2;   // camera space depth, world units
};

// A borrowed mesh; positions.size() == topology->vertexCount.
template <class Real> struct MeshRef {
  std::span<const Vec3<Real>> positions;
  const Topology* topology = nullptr;
};

// One image to render: meshes[mesh] seen by camera.
template <class Real> struct ViewRef {
  int mesh = 0;
  CameraT<Real> camera;
};

// dL/d camera. Pose: rotation by w in camera axes, R <- exp([w]x) R and t <- exp([w]x) t; translation t <- t + d.
template <class Real> struct CameraGradient {
  Vec3<Real> rotation{0}, translation{0};
  Real fx = 0, fy = 0, cx = 0, cy = 0;  // per pixel of each intrinsic
};

template <class Real> struct CoverageGradients {
  std::vector<std::vector<Vec3<Real>>> positions;  // [mesh][vertex], world units
  std::vector<CameraGradient<Real>> cameras;       // [view]
};

// Called once a view, from any thread: reads alpha (H*W, row 0 at the top), writes dL/dalpha (same shape, all of it).
template <class Real>
using PixelLoss = std::function<void(int view, std::span<const Real> alpha, std::span<Real> dL_dalpha)>;

// Scratch memory is kept between calls, so one renderer serves one thread of control; the pool is borrowed.
template <class Real> class CoverageRenderer {
 public:
  explicit CoverageRenderer(ThreadPool& pool);
  ~CoverageRenderer();

  // alpha[v] receives the H*W coverage of view v, values in [0, 1].
  void forward(std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
               const CoverageOptions& options, std::span<const std::span<Real>> alpha);

  // The same, then `loss` is asked for dL/dalpha of each view (while its coverage is still in cache) and the
  // gradient is carried back to positions and cameras. `gradients` is overwritten.
  void forwardBackward(std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
                       const CoverageOptions& options, std::span<const std::span<Real>> alpha,
                       const PixelLoss<Real>& loss, CoverageGradients<Real>& gradients);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penumbra
