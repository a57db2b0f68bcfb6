// What a coverage model must provide on the CPU. To add one: implement this, add a row in coverage.cpp.
#pragma once
#include <memory>

#include "renderer/coverage.h"

namespace penumbra {

template <class Real> class CoverageEngine {
 public:
  virtual ~CoverageEngine() = default;
  // `loss` and `gradients` are both null (forward only) or both set. Shapes have been checked by the caller and
  // gradients are allocated and zero.
  virtual void run(ThreadPool& pool, std::span<const MeshRef<Real>> meshes, std::span<const ViewRef<Real>> views,
                   const CoverageOptions& options, std::span<const std::span<Real>> alpha,
                   const PixelLoss<Real>* loss, CoverageGradients<Real>* gradients) = 0;
};

template <class Real> std::unique_ptr<CoverageEngine<Real>> makeContourEngine();
template <class Real> std::unique_ptr<CoverageEngine<Real>> makeSoftRasEngine();

}  // namespace penumbra
