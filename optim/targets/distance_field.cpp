#include "optim/targets/distance_field.h"

#include <algorithm>
#include <cmath>

#include "renderer/core/mask_outline.h"

namespace penumbra {
namespace {

// Carries the nearest piece from pixel to pixel in two sweeps (Danielsson's scheme, on segments instead of points).
class Propagation {
 public:
  // Pixels that are `reach` or farther from the outline keep its square.
  Propagation(int width, int height, const std::vector<OutlineSegment>& outline, float reach)
      : width_(width), height_(height), nearest_(std::size_t(width) * height, -1),
        squared_(std::size_t(width) * height, reach * reach) {
    pieces_.reserve(outline.size());
    for (const OutlineSegment& s : outline) {
      pieces_.push_back(maskPiece(s.a, s.b));
      seed(int(pieces_.size()) - 1, 0.5f * (s.a + s.b));
    }
  }

  const std::vector<float>& run() {
    for (int y = 0; y < height_; ++y) {
      if (y > 0) fromRow(y, y - 1);
      alongRow(y);
    }
    for (int y = height_ - 2; y >= 0; --y) {
      fromRow(y, y + 1);
      alongRow(y);
    }
    return squared_;
  }

 private:
  // The four pixel centres around the segment's square
  void seed(int piece, const glm::vec2& middle) {
    const int x0 = std::clamp(int(middle.x - 0.5f), 0, width_ - 1);
    const int y0 = std::clamp(int(middle.y - 0.5f), 0, height_ - 1);
    for (int y = y0; y <= std::min(y0 + 1, height_ - 1); ++y)
      for (int x = x0; x <= std::min(x0 + 1, width_ - 1); ++x) offer(std::size_t(y) * width_ + x, x, y, piece);
  }

  void offer(std::size_t at, int x, int y, int piece) {
    if (piece < 0 || piece == nearest_[at]) return;
    const float d = pieces_[piece].squaredDistance(float(x) + 0.5f, float(y) + 0.5f);
    if (d < squared_[at]) {
      squared_[at] = d;
      nearest_[at] = piece;
    }
  }

  void fromRow(int y, int other) {
    const int* source = nearest_.data() + std::size_t(other) * width_;
    for (int x = 0; x < width_; ++x) {
      const std::size_t at = std::size_t(y) * width_ + x;
      const int middle = source[x], left = x > 0 ? source[x - 1] : -1, right = x + 1 < width_ ? source[x + 1] : -1;
      offer(at, x, y, middle);
      if (left != middle) offer(at, x, y, left);
      if (right != middle) offer(at, x, y, right);
    }
  }

  void alongRow(int y) {
    const std::size_t row = std::size_t(y) * width_;
    for (int x = 1; x < width_; ++x) offer(row + x, x, y, nearest_[row + x - 1]);
    for (int x = width_ - 2; x >= 0; --x) offer(row + x, x, y, nearest_[row + x + 1]);
  }

  int width_, height_;
  std::vector<MaskPiece> pieces_;
  std::vector<int> nearest_;
  std::vector<float> squared_;
};

}  // namespace

std::vector<OutlineSegment> traceOutline(const Mask& mask) {
  std::vector<OutlineSegment> outline;
  const CoverageImage coverage{mask.pixels.data(), mask.width, mask.height};
  for (int y = 0; y + 1 < mask.height; ++y)
    for (int x = 0; x + 1 < mask.width; ++x) {
      const SquareOutline square = squareOutline(coverage, x, y);
      for (int k = 0; k < square.count; ++k)
        outline.push_back({sideCrossing(coverage, x, y, square.from(k)), sideCrossing(coverage, x, y, square.to(k))});
    }
  return outline;
}

Mask signedDistance(const Mask& mask) { return signedDistance(mask, traceOutline(mask)); }

Mask signedDistance(const Mask& mask, const std::vector<OutlineSegment>& outline, float band) {
  Mask distance(mask.width, mask.height);
  const float diagonal = std::sqrt(float(mask.width) * float(mask.width) + float(mask.height) * float(mask.height));
  if (outline.empty()) {
    for (std::size_t i = 0; i < mask.pixels.size(); ++i)
      distance.pixels[i] = mask.pixels[i] >= 0.5f ? diagonal : -diagonal;
    return distance;
  }
  const float reach = band > 0 ? band : 1e19f;
  Propagation propagation(mask.width, mask.height, outline, reach);
  const std::vector<float>& squared = propagation.run();
  for (std::size_t i = 0; i < squared.size(); ++i) {
    const float d = squared[i] < reach * reach ? std::sqrt(squared[i]) : diagonal;
    distance.pixels[i] = mask.pixels[i] >= 0.5f ? d : -d;
  }
  return distance;
}

}  // namespace penumbra
