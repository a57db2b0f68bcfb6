#include "renderer/cpu/contour_view.h"

#include <algorithm>
#include <cmath>

#include "renderer/core/profile.h"
#include "renderer/core/projection.h"

namespace penumbra {
namespace {

constexpr int kStripRows = 16;  // rows handled together, so that their distances stay in the first-level cache

int paddedTo(int count, int lanes) { return (count + lanes - 1) / lanes * lanes; }

}  // namespace

template <class Real>
void ContourView<Real>::forward(const MeshRef<Real>& mesh, const CameraT<Real>& camera,
                                const ContourClassifier<Real>& classifier, int viewIndex,
                                const CoverageOptions& options, std::span<Real> alpha) {
  width_ = camera.width;
  height_ = camera.height;
  stride_ = paddedTo(width_, kLanes) + kLanes;
  kernels_ = &contourKernels<Real>();
  const Real scale = Real(std::sqrt(options.sigma)) * camera.pixelsPerNdc();
  reach_ = Real(kProfileReach) * scale;
  outline_.build(mesh, camera, classifier, viewIndex, Real(options.nearPlane), reach_);
  listStrips();
  arrangePieces();
  growPieces();
  row_.resize(stride_);
  band_.blocks = 0;
  for (int strip = 0; strip * kStripRows < height_; ++strip) {
    const DistanceStrip<Real> target = prepareStrip(strip);
    for (int i = stripStart_[strip]; i < stripStart_[strip + 1]; ++i)
      kernels_->distancePiece(target, outline_.pieces()[stripPieces_[i]], stripPieces_[i]);
    for (int y = target.firstRow; y <= target.lastRow; ++y) {
      growBand(stride_ / kLanes);
      fillRow(target, y, Real(1) / scale, alpha.subspan(std::size_t(y) * width_));
    }
  }
}

// `rest` is the image from row y on. Whole blocks are written: into the rows below, which come later, or where these end
// into a row of their own.
template <class Real>
void ContourView<Real>::fillRow(const DistanceStrip<Real>& strip, int y, Real perPixel, std::span<Real> rest) {
  const bool room = rest.size() >= std::size_t(stride_);
  Real* row = room ? rest.data() : row_.data();
  std::fill(row, row + width_, Real(0));
  for (const glm::ivec2& run : outline_.coveredRuns(y)) std::fill(row + run.x, row + run.y, Real(1));
  kernels_->emitRow(strip, y - strip.firstRow, y, perPixel, row, band_);
  if (!room) std::copy(row, row + width_, rest.begin());
}

template <class Real> void ContourView<Real>::arrangePieces() {
  const auto& pieces = outline_.pieces();
  for (auto* array : {&arrays_.ax, &arrays_.ay, &arrays_.ex, &arrays_.ey, &arrays_.inverse})
    array->resize(std::max<std::size_t>(pieces.size(), 1));
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    arrays_.ax[i] = pieces[i].ax;
    arrays_.ay[i] = pieces[i].ay;
    arrays_.ex[i] = pieces[i].ex;
    arrays_.ey[i] = pieces[i].ey;
    arrays_.inverse[i] = pieces[i].inverse;
  }
}

// Where two pieces meet in a vertex that no third one shares, each is nearest no farther past its end than half the
// fan between their normals: reach * sin(angle / 2). Everywhere else `reach` is assumed.
template <class Real> void ContourView<Real>::growPieces() {
  const auto& pieces = outline_.pieces();
  const auto& segments = outline_.segments();
  grow_.assign(2 * pieces.size() + 2, reach_);
  ends_.clear();
  for (int i = 0; i < int(pieces.size()); ++i) {
    const auto& owner = segments[pieces[i].owner];
    if (pieces[i].t0 == 0) ends_.push_back({owner.endA.vertex, owner.endA.vertex2, 2 * i});
    if (pieces[i].t1 == 1) ends_.push_back({owner.endB.vertex, owner.endB.vertex2, 2 * i + 1});
  }
  std::sort(ends_.begin(), ends_.end(), [](const PieceEnd& p, const PieceEnd& q) {
    if (p.vertex != q.vertex) return p.vertex < q.vertex;
    return p.vertex2 != q.vertex2 ? p.vertex2 < q.vertex2 : p.slot < q.slot;
  });
  auto same = [&](std::size_t i, std::size_t j) {
    return j < ends_.size() && ends_[i].vertex == ends_[j].vertex && ends_[i].vertex2 == ends_[j].vertex2;
  };
  for (std::size_t i = 0; i < ends_.size();) {
    std::size_t next = i + 1;
    while (same(i, next)) ++next;
    if (next == i + 2) {
      const auto &p = pieces[ends_[i].slot / 2], &q = pieces[ends_[i + 1].slot / 2];
      // cos(angle) between the outward normals; 1 - cos = 2 sin^2(angle / 2).
      const Real half = std::sqrt(std::max(Real(0), (Real(1) - p.nx * q.nx - p.ny * q.ny) / 2));
      for (std::size_t k : {i, i + 1}) grow_[ends_[k].slot] = std::min(reach_, reach_ * half + Real(0.01));
    }
    i = next;
  }
}

template <class Real> DistanceStrip<Real> ContourView<Real>::prepareStrip(int strip) {
  const int markWords = stride_ / kLanes / 64 + 1, first = strip * kStripRows;
  best_.resize(std::size_t(kStripRows) * stride_);
  nearest_.resize(best_.size());
  marks_.assign(std::size_t(kStripRows) * markWords, 0);
  return {best_.data(), nearest_.data(), marks_.data(), stride_, markWords, first,
          std::min(height_, first + kStripRows) - 1, width_, reach_,
          grow_.data()};
}

template <class Real> void ContourView<Real>::growBand(int blocks) {
  const std::size_t need = std::size_t(band_.blocks) + blocks;
  if (band_.x.size() >= need) return;
  const std::size_t size = 2 * need;
  band_.x.resize(size);
  band_.y.resize(size);
  band_.piece.resize(size * kLanes);
  band_.distance.resize(size * kLanes);
  band_.slope.resize(size * kLanes);
}

// Pieces by strip of rows (counting sort), each strip's in order.
template <class Real> void ContourView<Real>::listStrips() {
  const int strips = (height_ + kStripRows - 1) / kStripRows;
  auto range = [&](const OutlinePiece<Real>& p) {
    const Real low = std::min(p.ay, p.ay + p.ey) - reach_, high = std::max(p.ay, p.ay + p.ey) + reach_;
    const Real last = Real(height_) - Real(0.5);
    if (high < Real(0.5) || low > last) return std::pair(0, -1);
    return std::pair(int(std::max(low, Real(0))) / kStripRows, int(std::min(high, last)) / kStripRows);
  };
  stripStart_.assign(strips + 1, 0);
  for (const auto& piece : outline_.pieces())
    for (auto [s, last] = range(piece); s <= last; ++s) ++stripStart_[s + 1];
  for (int s = 0; s < strips; ++s) stripStart_[s + 1] += stripStart_[s];
  stripPieces_.resize(stripStart_[strips]);
  stripFill_.assign(stripStart_.begin(), stripStart_.end() - 1);
  for (int i = 0; i < int(outline_.pieces().size()); ++i)
    for (auto [s, last] = range(outline_.pieces()[i]); s <= last; ++s) stripPieces_[stripFill_[s]++] = i;
}

// From pieces to the two ends of the contour segments they are part of, in pixels.
template <class Real> void ContourView<Real>::pullSegments() {
  const auto& segments = outline_.segments();
  const auto& pieces = outline_.pieces();
  pullA_.assign(segments.size(), Vec2<Real>(0));
  pullB_.assign(segments.size(), Vec2<Real>(0));
  auto atParameter = [&](int segment, Real t, const Vec2<Real>& g) {
    pullA_[segment] += (Real(1) - t) * g;
    pullB_[segment] += t * g;
  };
  auto atEnd = [&](const OutlinePiece<Real>& piece, Real t, int otherIndex, const Vec2<Real>& g) {
    if (otherIndex < 0) return atParameter(piece.owner, t, g);
    const auto &own = segments[piece.owner], &other = segments[otherIndex];
    const Vec2<Real> e = other.b - other.a, corner = own.a + t * (own.b - own.a);
    const Real length2 = glm::dot(e, e), length = std::sqrt(length2);
    if (length == 0) return atParameter(piece.owner, t, g);
    const Vec2<Real> n1(piece.nx, piece.ny), n2(e.y / length, -e.x / length);
    Real along1, along2;
    cornerShare(g, n1, n2, along1, along2);
    atParameter(piece.owner, t, along1 * n1);
    atParameter(otherIndex, glm::dot(corner - other.a, e) / length2, along2 * n2);
  };
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    const auto& piece = pieces[i];
    const PieceSum<Real>& sum = sums_[i];
    const Vec2<Real> normal(piece.nx, piece.ny);
    const Real weightT = piece.t0 * sum.weight + (piece.t1 - piece.t0) * sum.weightT;
    pullA_[piece.owner] += (sum.weight - weightT) * normal;
    pullB_[piece.owner] += weightT * normal;
    if (sum.end0x != 0 || sum.end0y != 0) atEnd(piece, piece.t0, piece.other0, {sum.end0x, sum.end0y});
    if (sum.end1x != 0 || sum.end1y != 0) atEnd(piece, piece.t1, piece.other1, {sum.end1x, sum.end1y});
  }
}

template <class Real>
void ContourView<Real>::pullEnd(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real nearPlane,
                                const ContourEnd<Real>& end, const Vec2<Real>& dL_dpixel,
                                std::vector<WorldPull<Real>>& pulls, CameraGradient<Real>& dL_dcamera) {
  if (dL_dpixel == Vec2<Real>(0)) return;
  const Vec3<Real> dL_dx = projectBackward(camera, end.x, dL_dpixel, dL_dcamera.fx, dL_dcamera.fy, dL_dcamera.cx,
                                           dL_dcamera.cy);
  auto pull = [&](int vertex, const Vec3<Real>& x, const Vec3<Real>& g) {
    pulls.push_back({vertex, g * camera.rotation});  // row vector times R is R^T g
    dL_dcamera.translation += g;
    dL_dcamera.rotation += glm::cross(x, g);
  };
  if (end.vertex2 < 0) return pull(end.vertex, end.x, dL_dx);
  const Vec3<Real> a = camera.toCamera(mesh.positions[end.vertex]), b = camera.toCamera(mesh.positions[end.vertex2]);
  Vec3<Real> dL_da(0), dL_db(0);
  cutAtNearBackward(a, b, nearPlane, end.s, dL_dx, dL_da, dL_db);
  pull(end.vertex, a, dL_da);
  pull(end.vertex2, b, dL_db);
}

template <class Real>
void ContourView<Real>::backward(const MeshRef<Real>& mesh, const CameraT<Real>& camera, Real nearPlane,
                                 std::vector<WorldPull<Real>>& pulls, CameraGradient<Real>& dL_dcamera) {
  sums_.assign(outline_.pieces().size(), {});
  kernels_->pullBand(band_, arrays_, dL_dalpha_.data(), width_, sums_.data());
  pullSegments();
  const auto& segments = outline_.segments();
  for (std::size_t i = 0; i < segments.size(); ++i) {
    pullEnd(mesh, camera, nearPlane, segments[i].endA, pullA_[i], pulls, dL_dcamera);
    pullEnd(mesh, camera, nearPlane, segments[i].endB, pullB_[i], pulls, dL_dcamera);
  }
}

template class ContourView<float>;
template class ContourView<double>;

}  // namespace penumbra
