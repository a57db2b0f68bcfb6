// Hard supersampled masks by scan conversion of whole faces: the judge that the differentiable renderer never sees.
//
// A pixel is cut into S sub-rows of S point samples. Each face fills, on every sub-row it meets, the closed interval
// between its two edge crossings; the union over faces is a bitmap, its box filter the mask.
//
//   X = S x, Y = S y            sample units of a pixel position (x, y)
//   sub-row r lies at Y = r + 1/2; its sample i at X = i + 1/2 + shift(r mod S)
//   crossing of edge a-b:       X = a.X + (Y - a.Y) (b.X - a.X) / (b.Y - a.Y), a the upper end
//
// The sub-rows of a pixel are shifted against each other by 1/S of a sample, so that an upright edge meets S^2
// different positions instead of S. An edge is always walked from its upper to its lower end, so two faces that share
// it get the same crossing to the last bit and, intervals being closed, leave no crack. Faces are cut at the near
// plane; an edge is cut from its front to its back end, again the same for both faces.
#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <string>

#include "optim/targets/targets.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

// Rounding that keeps to the integer unit: std::floor is a call without SSE4.1.
int ceilOf(double v) { const int i = int(v); return i + (v > i); }
int floorOf(double v) { const int i = int(v); return i - (v < i); }

class SampleBitmap {
 public:
  SampleBitmap(int width, int height, int supersample)
      : supersample_(supersample), columns_(width * supersample), rows_(height * supersample),
        words_((columns_ + 63) / 64), bits_(std::size_t(words_) * rows_, 0) {}

  // Corners in sample units.
  void fillTriangle(glm::dvec2 a, glm::dvec2 b, glm::dvec2 c) {
    if (!std::isfinite(a.x + a.y + b.x + b.y + c.x + c.y)) return;
    if (below(a, b)) std::swap(a, b);
    if (below(b, c)) std::swap(b, c);
    if (below(a, b)) std::swap(a, b);
    if (!(c.y > a.y)) return;
    const int first = ceilOf(std::clamp(a.y - 0.5, 0.0, double(rows_)));
    const int last = floorOf(std::clamp(c.y - 0.5, -1.0, rows_ - 1.0));
    if (first > last) return;
    const Edge whole(a, c), upper(a, b), lower(b, c);
    for (int row = first; row <= last; ++row) {
      const double y = row + 0.5;
      const double x0 = whole.at(y), x1 = y < b.y ? upper.at(y) : lower.at(y);
      fillRow(row, std::min(x0, x1), std::max(x0, x1));
    }
  }

  Mask boxFiltered() const {
    Mask mask(columns_ / supersample_, rows_ / supersample_);
    const float weight = 1.0f / float(supersample_ * supersample_);
    const std::uint64_t field = supersample_ == 64 ? ~0ull : (1ull << supersample_) - 1;
    const int perWord = 64 / supersample_;
    for (int row = 0; row < rows_; ++row) {
      float* out = mask.pixels.data() + std::size_t(row / supersample_) * mask.width;
      for (int w = 0; w < words_; ++w) {
        const std::uint64_t word = bits_[std::size_t(row) * words_ + w];
        if (word == 0) continue;
        const std::uint64_t counts = fieldCounts(word);
        const int count = std::min(perWord, mask.width - w * perWord);
        for (int k = 0; k < count; ++k)
          out[w * perWord + k] += weight * float((counts >> (k * supersample_)) & field);
      }
    }
    return mask;
  }

 private:
  struct Edge {
    double x, y, slope, endX, endY;
    Edge(const glm::dvec2& a, const glm::dvec2& b)
        : x(a.x), y(a.y), slope((b.x - a.x) / (b.y - a.y)), endX(b.x), endY(b.y) {}
    double at(double row) const { return row >= endY ? endX : x + (row - y) * slope; }
  };

  static bool below(const glm::dvec2& a, const glm::dvec2& b) { return a.y > b.y || (a.y == b.y && a.x > b.x); }

  void fillRow(int row, double x0, double x1) {
    const int k = row & (supersample_ - 1);
    const double origin = 0.5 + (k + 0.5) / supersample_ - 0.5;  // 1/2 + shift
    const int first = ceilOf(std::clamp(x0 - origin, 0.0, double(columns_)));
    const int last = floorOf(std::clamp(x1 - origin, -1.0, columns_ - 1.0));
    if (first > last) return;
    std::uint64_t* line = bits_.data() + std::size_t(row) * words_;
    const int w0 = first >> 6, w1 = last >> 6;
    const std::uint64_t from = ~0ull << (first & 63), upTo = ~0ull >> (63 - (last & 63));
    if (w0 == w1) {
      line[w0] |= from & upTo;
      return;
    }
    line[w0] |= from;
    for (int w = w0 + 1; w < w1; ++w) line[w] = ~0ull;
    line[w1] |= upTo;
  }

  // Number of set bits in each field of `supersample_` bits, all fields of a word at once.
  std::uint64_t fieldCounts(std::uint64_t v) const {
    if (supersample_ >= 2) v = v - ((v >> 1) & 0x5555555555555555ull);
    if (supersample_ >= 4) v = (v & 0x3333333333333333ull) + ((v >> 2) & 0x3333333333333333ull);
    if (supersample_ >= 8) v = (v + (v >> 4)) & 0x0f0f0f0f0f0f0f0full;
    if (supersample_ >= 16) v = (v + (v >> 8)) & 0x00ff00ff00ff00ffull;
    return v;
  }

  int supersample_, columns_, rows_, words_;
  std::vector<std::uint64_t> bits_;
};

void checkInput(const Mesh& mesh, const Camera& camera, int supersample) {
  if (camera.width < 1 || camera.height < 1 || camera.width > 16384 || camera.height > 16384)
    throw Error(ExitCode::Input, "A mask of " + std::to_string(camera.width) + " x " + std::to_string(camera.height) +
                                     " pixels was asked for; each side must be in [1, 16384].");
  if (supersample < 1 || supersample > 16 || !std::has_single_bit(unsigned(supersample)))
    throw Error(ExitCode::Input, "supersample is " + std::to_string(supersample) + ", must be 1, 2, 4, 8 or 16.");
  const int count = int(mesh.positions.size());
  for (const Face& face : mesh.faces)
    for (int k = 0; k < 3; ++k)
      if (face[k] < 0 || face[k] >= count)
        throw Error(ExitCode::Input, "A face names vertex " + std::to_string(face[k]) + ", but the mesh has " +
                                         std::to_string(count) + " vertices.");
}

}  // namespace

Mask renderHardMask(const Mesh& mesh, const Camera& camera, int supersample, double nearPlane) {
  checkInput(mesh, camera, supersample);

  // Project every vertex once
  const auto toSamples = [&](const glm::dvec3& x) {
    return double(supersample) *
           glm::dvec2(camera.fx * x.x / x.z + camera.cx, camera.fy * x.y / x.z + camera.cy);
  };
  std::vector<glm::dvec3> seen(mesh.positions.size());
  std::vector<glm::dvec2> samples(mesh.positions.size());
  for (std::size_t i = 0; i < seen.size(); ++i) {
    seen[i] = camera.toCamera(glm::dvec3(mesh.positions[i]));
    samples[i] = seen[i].z >= nearPlane ? toSamples(seen[i]) : glm::dvec2(0);
  }

  // Fill faces, cut where they cross the near plane
  const auto cut = [&](int front, int back) {
    const glm::dvec3 &a = seen[front], &b = seen[back];
    glm::dvec3 c = a + (nearPlane - a.z) / (b.z - a.z) * (b - a);
    c.z = nearPlane;
    return toSamples(c);
  };
  SampleBitmap bitmap(camera.width, camera.height, supersample);
  for (const Face& face : mesh.faces) {
    glm::dvec2 corners[4];
    int count = 0, inFront = 0;
    for (int k = 0; k < 3; ++k) inFront += seen[face[k]].z >= nearPlane;
    if (inFront == 0) continue;
    for (int k = 0; k < 3; ++k) {
      const int i = face[k], j = face[(k + 1) % 3];
      const bool frontI = seen[i].z >= nearPlane, frontJ = seen[j].z >= nearPlane;
      if (frontI) corners[count++] = samples[i];
      if (frontI != frontJ) corners[count++] = frontI ? cut(i, j) : cut(j, i);
    }
    bitmap.fillTriangle(corners[0], corners[1], corners[2]);
    if (count == 4) bitmap.fillTriangle(corners[0], corners[2], corners[3]);
  }
  return bitmap.boxFiltered();
}

}  // namespace penumbra
