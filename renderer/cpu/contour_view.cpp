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
  best_.resize(std::size_t(kStripRows) * stride_);
  nearest_.resize(best_.size());
  touched_.resize(kStripRows);
  bandPixel_.clear();
  bandPiece_.clear();
  bandDistance_.clear();
  for (int strip = 0; strip * kStripRows < height_; ++strip) {
    distances(strip);
    const int end = std::min(height_, (strip + 1) * kStripRows);
    for (int y = strip * kStripRows; y < end; ++y) {
      Real* row = alpha.data() + std::size_t(y) * width_;
      std::fill(row, row + width_, Real(0));
      for (const glm::ivec2& run : outline_.coveredRuns(y)) std::fill(row + run.x, row + run.y, Real(1));
      emitRow(y, y - strip * kStripRows, row);
    }
  }
  applyProfile(alpha, Real(1) / scale);
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

template <class Real> void ContourView<Real>::distances(int strip) {
  const int first = strip * kStripRows, last = std::min(height_, first + kStripRows) - 1;
  std::fill(touched_.begin(), touched_.end(), glm::ivec2(width_, 0));
  if (stripStart_[strip] == stripStart_[strip + 1]) return;
  std::fill(best_.begin(), best_.end(), reach_ * reach_);
  std::fill(nearest_.begin(), nearest_.end(), -1);
  for (int i = stripStart_[strip]; i < stripStart_[strip + 1]; ++i) distancesOf(stripPieces_[i], first, last);
}

// All pixels of these rows within reach of the piece: its bounding box grown by a disc, and, for slanted pieces, the
// band of half width `reach` around its line.
template <class Real> void ContourView<Real>::distancesOf(int index, int firstRow, int lastRow) {
  const auto& piece = outline_.pieces()[index];
  const Real low = std::min(piece.ay, piece.ay + piece.ey), high = std::max(piece.ay, piece.ay + piece.ey);
  const Real left = std::min(piece.ax, piece.ax + piece.ex), right = std::max(piece.ax, piece.ax + piece.ex);
  const int begin = std::max(firstRow, int(std::floor(std::max(low - reach_, Real(0)))));
  const int end = std::min(lastRow, int(std::floor(std::min(high + reach_, Real(lastRow + 1)))));
  const bool slanted = std::abs(piece.ey) > Real(4) && std::abs(piece.ex) > Real(4);
  const Real halfWidth = slanted ? reach_ / std::abs(piece.nx) : Real(0);
  for (int y = begin; y <= end; ++y) {
    const Real centre = Real(y) + Real(0.5);
    const Real beyond = std::max(std::max(low - centre, centre - high), Real(0));
    const Real inside = reach_ * reach_ - beyond * beyond;
    if (inside <= 0) continue;
    const Real grow = std::sqrt(inside);
    Real from = left - grow, to = right + grow;
    if (slanted) {
      const Real x = piece.ax + (centre - piece.ay) * (piece.ex / piece.ey);
      from = std::max(from, x - halfWidth);
      to = std::min(to, x + halfWidth);
    }
    const int x0 = int(std::max(std::floor(from), Real(0)));
    const int x1 = std::min(width_, int(std::min(std::ceil(to), Real(width_))));
    if (x0 >= x1) continue;
    glm::ivec2& touched = touched_[y - firstRow];
    touched = {std::min(touched.x, x0), std::max(touched.y, x1)};
    const std::size_t offset = std::size_t(y - firstRow) * stride_ + x0;
    kernels_->distanceRow(best_.data() + offset, nearest_.data() + offset, paddedTo(x1 - x0, kLanes),
                          Real(x0) + Real(0.5) - piece.ax, centre - piece.ay, piece.ex, piece.ey, piece.inverse,
                          index);
  }
}

// Lists the pixels of a row that saw a piece, with their signed distance (the row holds 0 or 1 so far).
template <class Real> void ContourView<Real>::emitRow(int y, int stripRow, Real* row) {
  const glm::ivec2 touched = touched_[stripRow];
  if (touched.x >= touched.y) return;
  const std::size_t base = std::size_t(stripRow) * stride_;
  const std::size_t used = bandPixel_.size(), most = used + (touched.y - touched.x);
  bandPixel_.resize(most);
  bandPiece_.resize(most);
  bandDistance_.resize(most);
  std::size_t n = used;
  // Blocks round up to whole lanes, so pixels past `touched` may hold distances too; they are left out alike.
  for (int x = touched.x; x < touched.y; ++x) {
    const int piece = nearest_[base + x];
    bandPixel_[n] = y * width_ + x;
    bandPiece_[n] = piece;
    bandDistance_[n] = row[x] > 0 ? best_[base + x] : -best_[base + x];
    n += piece >= 0;
  }
  bandPixel_.resize(n);
  bandPiece_.resize(n);
  bandDistance_.resize(n);
}

template <class Real> void ContourView<Real>::applyProfile(std::span<Real> alpha, Real perPixel) {
  const std::size_t count = bandPixel_.size(), padded = paddedTo(int(count), kLanes);
  bandDistance_.resize(padded, Real(0));
  bandAlpha_.resize(padded);
  bandSlope_.resize(padded);
  for (std::size_t i = 0; i < padded; ++i) {
    const Real d2 = bandDistance_[i];
    bandDistance_[i] = d2 < 0 ? -std::sqrt(-d2) : std::sqrt(d2);
  }
  kernels_->profile(bandDistance_.data(), int(padded), perPixel, bandAlpha_.data(), bandSlope_.data());
  for (std::size_t i = 0; i < count; ++i) alpha[bandPixel_[i]] = bandAlpha_[i];
}

template <class Real> void ContourView<Real>::pullPieces(std::span<const Real> dL_dalpha) {
  const auto& pieces = outline_.pieces();
  sums_.assign(pieces.size(), {});
  int y = 0;
  for (std::size_t i = 0; i < bandPixel_.size(); ++i) {
    const int pixel = bandPixel_[i];
    const Real weight = dL_dalpha[pixel] * bandSlope_[i];
    while (pixel >= (y + 1) * width_) ++y;
    if (weight == 0) continue;
    const auto pull = pixelPull(pieces[bandPiece_[i]], Real(pixel - y * width_) + Real(0.5), Real(y) + Real(0.5),
                                bandDistance_[i], weight);
    PieceSum& sum = sums_[bandPiece_[i]];
    if (pull.onEnd == 0) {
      sum.weight += pull.weight;
      sum.weightT += pull.weight * pull.t;
    } else {
      (pull.onEnd < 0 ? sum.end0 : sum.end1) += Vec2<Real>(pull.gx, pull.gy);
    }
  }
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
    const PieceSum& sum = sums_[i];
    const Vec2<Real> normal(piece.nx, piece.ny);
    const Real weightT = piece.t0 * sum.weight + (piece.t1 - piece.t0) * sum.weightT;
    pullA_[piece.owner] += (sum.weight - weightT) * normal;
    pullB_[piece.owner] += weightT * normal;
    if (sum.end0 != Vec2<Real>(0)) atEnd(piece, piece.t0, piece.other0, sum.end0);
    if (sum.end1 != Vec2<Real>(0)) atEnd(piece, piece.t1, piece.other1, sum.end1);
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
                                 std::span<const Real> dL_dalpha, std::vector<WorldPull<Real>>& pulls,
                                 CameraGradient<Real>& dL_dcamera) {
  pullPieces(dL_dalpha);
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
