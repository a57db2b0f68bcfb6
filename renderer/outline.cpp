#include "renderer/outline.h"

#include <algorithm>
#include <cmath>

#include "renderer/core/contour_fit.h"
#include "renderer/core/projection.h"

namespace penumbra {
namespace {

template <class Real> void addToRow(OutlineRow<Real>& row, int vertex, const Vec3<Real>& value) {
  for (int i = 0; i < row.count; ++i)
    if (row.vertex[i] == vertex) {
      row.row[i] += value;
      return;
    }
  row.vertex[row.count] = vertex;
  row.row[row.count++] = value;
}

template <class Real>
void addEnd(OutlineRow<Real>& row, const MeshRef<Real>& mesh, const CameraT<Real>& camera, const ContourEnd<Real>& end,
            const Vec2<Real>& weight, Real nearPlane) {
  Real ignored[4] = {};
  const Vec3<Real> g = projectBackward(camera, end.x, weight, ignored[0], ignored[1], ignored[2], ignored[3]);
  if (end.vertex2 < 0) return addToRow(row, end.vertex, g * camera.rotation);  // row vector times R is R^T g
  const Vec3<Real> a = camera.toCamera(mesh.positions[end.vertex]), b = camera.toCamera(mesh.positions[end.vertex2]);
  Vec3<Real> toA(0), toB(0);
  cutAtNearBackward(a, b, nearPlane, end.s, g, toA, toB);
  addToRow(row, end.vertex, toA * camera.rotation);
  addToRow(row, end.vertex2, toB * camera.rotation);
}

template <class Real>
void sampleParts(const CameraT<Real>& camera, Real spacing, ViewOutline<Real>& outline) {
  outline.samples.clear();
  for (int i = 0; i < int(outline.parts.size()); ++i) {
    const OutlinePart<Real>& part = outline.parts[i];
    const Vec2<Real> e = part.b - part.a;
    const Real length = (part.t1 - part.t0) * glm::length(e);
    if (!(length > 0)) continue;
    const int count = std::max(1, int(std::ceil(length / spacing)));
    for (int k = 0; k < count; ++k) {
      const Real t = part.t0 + (part.t1 - part.t0) * (Real(k) + Real(0.5)) / Real(count);
      const Vec2<Real> p = part.a + t * e;
      if (p.x < 0 || p.y < 0 || p.x > Real(camera.width) || p.y > Real(camera.height)) continue;
      outline.samples.push_back({p, part.normal, length / Real(count), t, i});
    }
  }
}

template <class Real> void copyOutline(const ContourOutline<Real>& traced, int height, ViewOutline<Real>& outline) {
  outline.parts.clear();
  outline.parts.reserve(traced.pieces().size());
  for (const OutlinePiece<Real>& piece : traced.pieces()) {
    const ContourSegment<Real>& s = traced.segments()[piece.owner];
    outline.parts.push_back({s.a, s.b, {piece.nx, piece.ny}, piece.t0, piece.t1, s.endA, s.endB});
  }
  outline.runs.clear();
  outline.runStart.assign(1, 0);
  for (int y = 0; y < height; ++y) {
    const auto runs = traced.coveredRuns(y);
    outline.runs.insert(outline.runs.end(), runs.begin(), runs.end());
    outline.runStart.push_back(int(outline.runs.size()));
  }
}

}  // namespace

template <class Real>
OutlineRow<Real> outlineRow(const MeshRef<Real>& mesh, const CameraT<Real>& camera, const OutlinePart<Real>& part, Real t,
                            const Vec2<Real>& direction, Real nearPlane) {
  OutlineRow<Real> row;
  addEnd(row, mesh, camera, part.endA, (Real(1) - t) * direction, nearPlane);
  addEnd(row, mesh, camera, part.endB, t * direction, nearPlane);
  return row;
}

template <class Real> Real outlineDepth(const OutlinePart<Real>& part, Real t) {
  return depthBetween(part.endA.x.z, part.endB.x.z, t);
}

template <class Real>
void OutlineTracer<Real>::trace(const MeshRef<Real>& mesh, std::span<const CameraT<Real>> cameras,
                                const OutlineOptions& options, std::vector<ViewOutline<Real>>& outlines) {
  std::vector<ViewRef<Real>> views(cameras.size());
  std::vector<const ViewRef<Real>*> borrowed(cameras.size());
  for (std::size_t v = 0; v < cameras.size(); ++v) {
    views[v].camera = cameras[v];
    borrowed[v] = &views[v];
  }
  classifier_.classify(pool_, mesh, borrowed);
  workers_.resize(std::size_t(pool_.threads()));
  outlines.resize(cameras.size());
  pool_.parallelFor(int(cameras.size()), [&](int v, int worker) {
    ContourOutline<Real>& traced = workers_[std::size_t(worker)];
    traced.build(mesh, cameras[v], classifier_, v, Real(options.nearPlane), Real(options.margin));
    copyOutline(traced, cameras[v].height, outlines[v]);
    sampleParts(cameras[v], Real(options.spacing), outlines[v]);
  });
}

template class OutlineTracer<float>;
template class OutlineTracer<double>;
template OutlineRow<float> outlineRow(const MeshRef<float>&, const CameraT<float>&, const OutlinePart<float>&, float,
                                      const Vec2<float>&, float);
template OutlineRow<double> outlineRow(const MeshRef<double>&, const CameraT<double>&, const OutlinePart<double>&, double,
                                       const Vec2<double>&, double);
template float outlineDepth(const OutlinePart<float>&, float);
template double outlineDepth(const OutlinePart<double>&, double);

}  // namespace penumbra
