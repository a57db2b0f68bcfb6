#include "renderer/cpu/softras_prepare.h"

#include <algorithm>
#include <cmath>

#include "renderer/core/projection.h"

namespace penumbra {
namespace {

// Tiles touched by a polygon grown by the reach; empty when it is degenerate or too far outside the image.
struct TileRange {
  int beginX = 0, beginY = 0, endX = 0, endY = 0;
  bool empty() const { return beginX >= endX || beginY >= endY; }
};

struct Frame {
  double reach;
  int width, height, tilesX, tilesY;
};

TileRange tilesOf(const Vec2<double>* corner, int corners, double flat, const Frame& frame) {
  // Bounds, twice the area, longest edge.
  Vec2<double> low = corner[0], high = corner[0];
  double area = 0, longest = 0;
  for (int c = 0; c < corners; ++c) {
    const Vec2<double> a = corner[c], b = corner[(c + 1) % corners];
    low = glm::min(low, a);
    high = glm::max(high, a);
    longest = std::max(longest, glm::dot(b - a, b - a));
    const Vec2<double> u = a - corner[0], v = b - corner[0];
    area += u.x * v.y - u.y * v.x;
  }
  // Written so that numbers that are not finite fail.
  const bool solid = std::abs(area) > flat * longest && std::abs(area) < 1e300;
  const bool near = high.x + frame.reach > 0 && high.y + frame.reach > 0 && low.x - frame.reach < frame.width &&
                    low.y - frame.reach < frame.height;
  if (!solid || !near) return {};
  const auto tile = [](double pixel, int tiles) { return int(std::clamp(pixel / kTileSide, 0.0, double(tiles - 1))); };
  return {tile(low.x - frame.reach, frame.tilesX), tile(low.y - frame.reach, frame.tilesY),
          tile(high.x + frame.reach, frame.tilesX) + 1, tile(high.y + frame.reach, frame.tilesY) + 1};
}

}  // namespace

template <class Real>
void SoftRasPreparation<Real>::prepare(const MeshRef<Real>& mesh, const CameraT<Real>& camera,
                                       const CoverageOptions& options) {
  camera_ = CameraT<double>(camera);
  near_ = options.nearPlane;
  // Sizes.
  const double perNdc = camera_.pixelsPerNdc(), sigmaPixels = options.sigma * perNdc * perNdc;
  view_ = {};
  view_.width = camera.width;
  view_.height = camera.height;
  view_.blocksX = (camera.width + kBlockSide - 1) / kBlockSide;
  view_.blocksY = (camera.height + kBlockSide - 1) / kBlockSide;
  view_.tilesX = (camera.width + kTileSide - 1) / kTileSide;
  view_.tilesY = (camera.height + kTileSide - 1) / kTileSide;
  view_.inverseSigma = Real(1 / sigmaPixels);
  view_.reach = std::sqrt(kSoftRasReach * sigmaPixels);
  const std::size_t blocks = std::size_t(view_.blocksX) * view_.blocksY;
  blocks_.resize(blocks * kBlockPixels);
  stops_.resize(blocks);
  view_.faces = mesh.topology->faces.empty() ? nullptr : &mesh.topology->faces[0].x;
  kinds_.resize(mesh.topology->faces.size());
  // Work.
  projectVertices(mesh);
  classifyFaces(options.nearPlane);
  fillTiles();
  // Borrowed storage.
  view_.pixels = pixels_.empty() ? nullptr : &pixels_[0].x;
  view_.kinds = kinds_.data();
  view_.cuts = cuts_.data();
  view_.tileStart = tileStart_.data();
  view_.tileFaces = tileFaces_.data();
  view_.blocks = blocks_.data();
  view_.stops = stops_.data();
}

template <class Real> void SoftRasPreparation<Real>::projectVertices(const MeshRef<Real>& mesh) {
  points_.resize(mesh.positions.size());
  pixels_.resize(mesh.positions.size());
  for (std::size_t v = 0; v < points_.size(); ++v) {
    points_[v] = camera_.toCamera(Vec3<double>(mesh.positions[v]));
    if (points_[v].z >= near_) pixels_[v] = project(camera_, points_[v]);
  }
}

// Notes for each face whether it is left out, whole or cut, and counts the faces of each tile in tileStart_[tile + 1].
template <class Real> void SoftRasPreparation<Real>::classifyFaces(double near) {
  cuts_.clear();
  for (int f = 0; f < faces(); ++f) {
    const std::int32_t* c = corners(f);
    const int seen = int(points_[c[0]].z >= near) + int(points_[c[1]].z >= near) + int(points_[c[2]].z >= near);
    kinds_[f] = seen == 3 ? kFaceWhole : kFaceLeftOut;
    if (seen == 1 || seen == 2) cutFace(f, near);
  }
}

template <class Real> void SoftRasPreparation<Real>::cutFace(int face, double near) {
  const std::int32_t* v = corners(face);
  SoftRasCut cut;
  cut.face = face;
  const auto add = [&](const Vec2<double>& pixel, int from, int to) {
    cut.corner[cut.corners][0] = pixel.x;
    cut.corner[cut.corners][1] = pixel.y;
    cut.from[cut.corners] = from;
    cut.to[cut.corners] = to;
    ++cut.corners;
  };
  for (int a = 0; a < 3; ++a) {
    const int b = (a + 1) % 3;
    const bool seenA = points_[v[a]].z >= near, seenB = points_[v[b]].z >= near;
    if (seenA) add(pixels_[v[a]], a, a);
    if (seenA == seenB) continue;
    double s;
    add(project(camera_, cutAtNear(points_[v[a]], points_[v[b]], near, s)), a, b);
  }
  kinds_[face] = int(cuts_.size());
  cuts_.push_back(cut);
}

// Counting pass, prefix sum, filling pass: each tile gets its faces in index order, however many there are.
template <class Real> void SoftRasPreparation<Real>::fillTiles() {
  const Frame frame{view_.reach, view_.width, view_.height, view_.tilesX, view_.tilesY};
  const auto range = [&](int f) -> TileRange {
    Vec2<double> corner[4];
    if (kinds_[f] == kFaceLeftOut) return {};
    if (kinds_[f] == kFaceWhole) {
      for (int c = 0; c < 3; ++c) corner[c] = pixels_[corners(f)[c]];
      return tilesOf(corner, 3, kFlat<Real>, frame);
    }
    const SoftRasCut& cut = cuts_[kinds_[f]];
    for (int c = 0; c < cut.corners; ++c) corner[c] = {cut.corner[c][0], cut.corner[c][1]};
    return tilesOf(corner, cut.corners, kFlat<Real>, frame);
  };
  const auto forTiles = [&](const TileRange& r, auto&& visit) {
    for (int y = r.beginY; y < r.endY; ++y)
      for (int x = r.beginX; x < r.endX; ++x) visit(y * view_.tilesX + x);
  };
  tileStart_.assign(std::size_t(tiles()) + 1, 0);
  for (int f = 0; f < faces(); ++f) {
    const TileRange r = range(f);
    if (r.empty()) kinds_[f] = kFaceLeftOut;
    forTiles(r, [&](int tile) { ++tileStart_[tile + 1]; });
  }
  for (int tile = 0; tile < tiles(); ++tile) tileStart_[tile + 1] += tileStart_[tile];
  tileFaces_.resize(tileStart_.back());
  for (int f = 0; f < faces(); ++f) forTiles(range(f), [&](int tile) { tileFaces_[tileStart_[tile]++] = f; });
  for (int tile = tiles(); tile > 0; --tile) tileStart_[tile] = tileStart_[tile - 1];
  tileStart_[0] = 0;
}

template <class Real> void SoftRasPreparation<Real>::allocateGradients() {
  faceGradients_.resize(6 * kinds_.size());
  cutGradients_.resize(8 * cuts_.size());
  view_.faceGradients = faceGradients_.data();
  view_.cutGradients = cutGradients_.data();
}

template <class Real> void SoftRasPreparation<Real>::backward() {
  dL_dcamera_ = {};
  dL_dpositions_.assign(points_.size(), Vec3<double>(0));
  pulls_.clear();
  sumCorners(pulls_);
  for (int f = 0; f < faces(); ++f)
    if (kinds_[f] >= 0) sumCut(cuts_[kinds_[f]], &cutGradients_[8 * std::size_t(kinds_[f])], pulls_);
  addPulls(pulls_, camera_, dL_dpositions_, dL_dcamera_);
}

// Whole faces: sums of pixels per vertex, then one step to camera space each.
template <class Real> void SoftRasPreparation<Real>::sumCorners(std::vector<VertexPull<double>>& pulls) {
  dL_dpixels_.assign(points_.size(), Vec2<double>(0));
  for (int f = 0; f < faces(); ++f) {
    if (kinds_[f] != kFaceWhole) continue;
    const Real* g = &faceGradients_[6 * std::size_t(f)];
    for (int c = 0; c < 3; ++c) dL_dpixels_[corners(f)[c]] += Vec2<double>(g[2 * c], g[2 * c + 1]);
  }
  CameraGradient<double>& k = dL_dcamera_;
  for (std::size_t v = 0; v < points_.size(); ++v) {
    const Vec2<double> dL_dpixel = dL_dpixels_[v];
    if (dL_dpixel.x == 0 && dL_dpixel.y == 0) continue;
    pulls.push_back({int(v), points_[v], projectBackward(camera_, points_[v], dL_dpixel, k.fx, k.fy, k.cx, k.cy)});
  }
}

template <class Real>
void SoftRasPreparation<Real>::sumCut(const SoftRasCut& cut, const Real* gradient,
                                      std::vector<VertexPull<double>>& pulls) {
  const std::int32_t* v = corners(cut.face);
  CameraGradient<double>& k = dL_dcamera_;
  for (int c = 0; c < cut.corners; ++c) {
    const int a = v[cut.from[c]], b = v[cut.to[c]];
    const Vec2<double> dL_dpixel(gradient[2 * c], gradient[2 * c + 1]);
    if (cut.from[c] == cut.to[c]) {
      pulls.push_back({a, points_[a], projectBackward(camera_, points_[a], dL_dpixel, k.fx, k.fy, k.cx, k.cy)});
      continue;
    }
    double s;
    const Vec3<double> x = cutAtNear(points_[a], points_[b], near_, s);
    const Vec3<double> dL_dx = projectBackward(camera_, x, dL_dpixel, k.fx, k.fy, k.cx, k.cy);
    Vec3<double> dL_da(0), dL_db(0);
    cutAtNearBackward(points_[a], points_[b], near_, s, dL_dx, dL_da, dL_db);
    pulls.push_back({a, points_[a], dL_da});
    pulls.push_back({b, points_[b], dL_db});
  }
}

template class SoftRasPreparation<float>;
template class SoftRasPreparation<double>;

}  // namespace penumbra
