#include "renderer/cpu/softras_prepare.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

void addToPose(const Vec3<double>& x, const Vec3<double>& dL_dx, CameraGradient<double>& dL_dcamera) {
  dL_dcamera.translation += dL_dx;
  dL_dcamera.rotation += glm::cross(x, dL_dx);
}

}  // namespace

template <class Real>
void SoftRasPreparation<Real>::prepare(const MeshRef<Real>& mesh, const CameraT<Real>& camera,
                                       const CoverageOptions& options) {
  mesh_ = mesh;
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
  projectVertices();
  classifyFaces();
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

template <class Real> std::size_t SoftRasPreparation<Real>::bytes(const MeshRef<Real>& mesh) {
  return 32 * mesh.positions.size() + 16 * mesh.topology->faces.size();
}

template <class Real> void SoftRasPreparation<Real>::projectVertices() {
  pixels_.resize(mesh_.positions.size());
  for (std::size_t v = 0; v < pixels_.size(); ++v) {
    const Vec3<double> x = point(v);
    pixels_[v] = x.z >= near_ ? project(camera_, x) : Vec2<double>(std::numeric_limits<double>::quiet_NaN());
  }
}

// Notes for each face whether it is left out, whole or cut, and counts the faces of each tile in tileStart_[tile + 1].
template <class Real> void SoftRasPreparation<Real>::classifyFaces() {
  cuts_.clear();
  for (int f = 0; f < faces(); ++f) {
    const std::int32_t* c = corners(f);
    const int count = int(seen(c[0])) + int(seen(c[1])) + int(seen(c[2]));
    kinds_[f] = count == 3 ? kFaceWhole : kFaceLeftOut;
    if (count == 1 || count == 2) cutFace(f);
  }
}

template <class Real> void SoftRasPreparation<Real>::cutFace(int face) {
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
    const bool seenA = seen(v[a]), seenB = seen(v[b]);
    if (seenA) add(pixels_[v[a]], a, a);
    if (seenA == seenB) continue;
    double s;
    add(project(camera_, cutAtNear(point(v[a]), point(v[b]), near_, s)), a, b);
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

template <class Real> void SoftRasPreparation<Real>::clearSums() {
  dL_dcamera_ = {};
  dL_dpixels_.assign(pixels_.size(), Vec2<double>(0));
  cutPulls_.clear();
  cutPulls_.reserve(kCutPulls * cuts_.size());
}

template <class Real>
void SoftRasPreparation<Real>::sumFaces(int beginFace, int endFace, const Real* gradients) {
  for (int f = beginFace; f < endFace; ++f, gradients += kFaceNumbers) {
    if (kinds_[f] >= 0) sumCut(cuts_[kinds_[f]], gradients);
    if (kinds_[f] != kFaceWhole) continue;
    for (int c = 0; c < 3; ++c) dL_dpixels_[corners(f)[c]] += Vec2<double>(gradients[2 * c], gradients[2 * c + 1]);
  }
}

template <class Real> void SoftRasPreparation<Real>::sumCut(const SoftRasCut& cut, const Real* gradient) {
  const std::int32_t* v = corners(cut.face);
  CameraGradient<double>& k = dL_dcamera_;
  for (int c = 0; c < cut.corners; ++c) {
    const int a = v[cut.from[c]], b = v[cut.to[c]];
    const Vec3<double> pointA = point(a), pointB = point(b);
    const Vec2<double> dL_dpixel(gradient[2 * c], gradient[2 * c + 1]);
    if (cut.from[c] == cut.to[c]) {
      cutPulls_.push_back({a, pointA, projectBackward(camera_, pointA, dL_dpixel, k.fx, k.fy, k.cx, k.cy)});
      continue;
    }
    double s;
    const Vec3<double> x = cutAtNear(pointA, pointB, near_, s);
    const Vec3<double> dL_dx = projectBackward(camera_, x, dL_dpixel, k.fx, k.fy, k.cx, k.cy);
    Vec3<double> dL_da(0), dL_db(0);
    cutAtNearBackward(pointA, pointB, near_, s, dL_dx, dL_da, dL_db);
    cutPulls_.push_back({a, pointA, dL_da});
    cutPulls_.push_back({b, pointB, dL_db});
  }
}

template <class Real> CameraGradient<Real> SoftRasPreparation<Real>::cameraGradient() {
  CameraGradient<double>& k = dL_dcamera_;
  for (std::size_t v = 0; v < pixels_.size(); ++v) {
    if (dL_dpixels_[v] == Vec2<double>(0)) continue;
    const Vec3<double> x = point(v);
    addToPose(x, projectBackward(camera_, x, dL_dpixels_[v], k.fx, k.fy, k.cx, k.cy), k);
  }
  for (const Pull& pull : cutPulls_) addToPose(pull.x, pull.dL_dx, k);
  return {Vec3<Real>(k.rotation), Vec3<Real>(k.translation), Real(k.fx), Real(k.fy), Real(k.cx), Real(k.cy)};
}

template <class Real>
void SoftRasPreparation<Real>::addVertices(std::size_t begin, std::size_t end,
                                           std::vector<Vec3<Real>>& dL_dpositions) const {
  const Mat3<double> worldFromCamera = glm::transpose(camera_.rotation);
  CameraGradient<double> unused;
  for (std::size_t v = begin; v < std::min(end, pixels_.size()); ++v) {
    if (dL_dpixels_[v] == Vec2<double>(0)) continue;
    const Vec3<double> dL_dx =
        projectBackward(camera_, point(v), dL_dpixels_[v], unused.fx, unused.fy, unused.cx, unused.cy);
    dL_dpositions[v] += Vec3<Real>(worldFromCamera * dL_dx);
  }
}

template <class Real> void SoftRasPreparation<Real>::addCuts(std::vector<Vec3<Real>>& dL_dpositions) const {
  const Mat3<double> worldFromCamera = glm::transpose(camera_.rotation);
  for (const Pull& pull : cutPulls_)
    dL_dpositions[pull.vertex] += Vec3<Real>(worldFromCamera * pull.dL_dx);
}

template class SoftRasPreparation<float>;
template class SoftRasPreparation<double>;

}  // namespace penumbra
