#include "optim/targets/distance_field.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace penumbra {
namespace {

// Coverage around a pixel, and where the straight line through a partly covered pixel runs.
class Coverage {
 public:
  explicit Coverage(const Mask& mask) : mask_(mask) {}

  float at(int x, int y) const { return mask_.at(x, y); }
  float clamped(int x, int y) const {
    return mask_.at(std::clamp(x, 0, mask_.width - 1), std::clamp(y, 0, mask_.height - 1));
  }

  // Unit normal, towards more coverage; zero when there is no slope.
  glm::vec2 normal(int x, int y) const {
    const float w = 1.41421356f;
    const auto column = [&](int i) { return clamped(i, y - 1) + w * clamped(i, y) + clamped(i, y + 1); };
    const auto row = [&](int j) { return clamped(x - 1, j) + w * clamped(x, j) + clamped(x + 1, j); };
    glm::vec2 g(column(x + 1) - column(x - 1), row(y + 1) - row(y - 1));
    if (x == 0 || x == mask_.width - 1) g.x *= 2;  // one-sided difference at the frame
    if (y == 0 || y == mask_.height - 1) g.y *= 2;
    const float length = std::sqrt(g.x * g.x + g.y * g.y);
    return length > 1e-6f ? g / length : glm::vec2(0);
  }

  // Position along p -> q, in [0, 1], of the outline; p is inside and q = p + e outside.
  float crossing(int px, int py, int ex, int ey) const {
    const int qx = px + ex, qy = py + ey;
    const float p = at(px, py), q = at(qx, qy);
    const float beforeP = clamped(px - ex, py - ey), behindQ = clamped(qx + ex, qy + ey);
    const bool strip = beforeP < 0.5f, gap = behindQ >= 0.5f;
    if (strip && gap) return 0.5f;
    if (strip) return stripEdge(p, q, beforeP);
    if (gap) return 1 - stripEdge(1 - q, 1 - p, 1 - behindQ);
    return lineCrossing(px, py, ex, ey, p, q);
  }

 private:
  // How far an inside strip of one pixel's width reaches towards `next`, from the pixel's centre.
  static float stripEdge(float own, float next, float previous) {
    if (next > 0) return std::min(1.0f, 0.5f + next);
    return previous > 0 ? own - 0.5f : 0.5f * own;
  }

  // Distance of a line with unit normal n from the centre of a pixel it covers by c, inside positive.
  static float lineDistance(float c, const glm::vec2& n) {
    const float a = std::max(std::abs(n.x), std::abs(n.y)), b = std::min(std::abs(n.x), std::abs(n.y));
    const float small = std::min(c, 1 - c);
    const float d = 2 * a * small < b ? 0.5f * (a + b) - std::sqrt(2 * a * b * small) : (0.5f - small) * a;
    return c >= 0.5f ? d : -d;
  }

  float lineCrossing(int px, int py, int ex, int ey, float p, float q) const {
    const bool partP = p < 1, partQ = q > 0;
    if (!partP && !partQ) return 0.5f;
    const glm::vec2 nP = partP ? normal(px, py) : glm::vec2(0), nQ = partQ ? normal(px + ex, py + ey) : glm::vec2(0);
    const float dP = lineDistance(p, nP), dQ = lineDistance(q, nQ);
    float t = 0.5f;
    if (partP && partQ) {
      if (dP - dQ > 1e-6f) t = dP / (dP - dQ);
    } else {
      const glm::vec2 n = partP ? nP : nQ;
      const float along = std::abs(n.x * float(ex) + n.y * float(ey));
      const float reach = std::abs(partP ? dP : dQ) / std::max(along, 0.1f);
      t = partP ? reach : 1 - reach;
    }
    return std::clamp(t, 0.0f, 1.0f);
  }

  const Mask& mask_;
};

enum Side { kTop, kRight, kBottom, kLeft };

// The square of the pixel centres (x, y) .. (x + 1, y + 1).
class Square {
 public:
  Square(const Coverage& coverage, int x, int y) : coverage_(coverage), x_(x), y_(y) {}

  glm::vec2 point(Side side) const {
    switch (side) {
      case kTop: return between(x_, y_, 1, 0);
      case kRight: return between(x_ + 1, y_, 0, 1);
      case kBottom: return between(x_, y_ + 1, 1, 0);
      case kLeft: break;
    }
    return between(x_, y_, 0, 1);
  }

 private:
  glm::vec2 between(int x, int y, int ex, int ey) const {
    const bool firstInside = coverage_.at(x, y) >= 0.5f;
    const float t = firstInside ? coverage_.crossing(x, y, ex, ey) : 1 - coverage_.crossing(x + ex, y + ey, -ex, -ey);
    return {float(x) + 0.5f + t * float(ex), float(y) + 0.5f + t * float(ey)};
  }

  const Coverage& coverage_;
  int x_, y_;
};

// Sides joined for each pattern of inside corners (1 top left, 2 top right, 4 bottom right, 8 bottom left), inside to
// the right. The saddles 5 and 10 have two segments: apart in the first row, joined through the middle in the second.
struct Pattern {
  int count;
  Side from[2], to[2];
};
constexpr Pattern kPatterns[16] = {
    {0, {}, {}}, {1, {kTop}, {kLeft}}, {1, {kRight}, {kTop}}, {1, {kRight}, {kLeft}},
    {1, {kBottom}, {kRight}}, {2, {kTop, kBottom}, {kLeft, kRight}}, {1, {kBottom}, {kTop}}, {1, {kBottom}, {kLeft}},
    {1, {kLeft}, {kBottom}}, {1, {kTop}, {kBottom}}, {2, {kRight, kLeft}, {kTop, kBottom}}, {1, {kRight}, {kBottom}},
    {1, {kLeft}, {kRight}}, {1, {kTop}, {kRight}}, {1, {kLeft}, {kTop}}, {0, {}, {}}};
constexpr Pattern kJoined5 = {2, {kTop, kBottom}, {kRight, kLeft}};
constexpr Pattern kJoined10 = {2, {kLeft, kRight}, {kTop, kBottom}};

// A segment ready for distances: nearest point a + clamp((p - a) . d inverse) d.
struct Piece {
  float ax, ay, dx, dy, inverse;
  float squaredDistance(float px, float py) const {
    const float rx = px - ax, ry = py - ay;
    const float t = std::min(1.0f, std::max(0.0f, (rx * dx + ry * dy) * inverse));
    const float ox = rx - t * dx, oy = ry - t * dy;
    return ox * ox + oy * oy;
  }
};

// Carries the nearest piece from pixel to pixel in two sweeps (Danielsson's scheme, on segments instead of points).
class Propagation {
 public:
  Propagation(int width, int height, const std::vector<OutlineSegment>& outline)
      : width_(width), height_(height), nearest_(std::size_t(width) * height, -1),
        squared_(std::size_t(width) * height, 3e38f) {
    pieces_.reserve(outline.size());
    for (const OutlineSegment& s : outline) {
      const glm::vec2 d = s.b - s.a;
      const float length2 = d.x * d.x + d.y * d.y;
      pieces_.push_back({s.a.x, s.a.y, d.x, d.y, length2 > 1e-12f ? 1 / length2 : 0});
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
  std::vector<Piece> pieces_;
  std::vector<int> nearest_;
  std::vector<float> squared_;
};

}  // namespace

std::vector<OutlineSegment> traceOutline(const Mask& mask) {
  std::vector<OutlineSegment> outline;
  const Coverage coverage(mask);
  for (int y = 0; y + 1 < mask.height; ++y) {
    const float* top = mask.pixels.data() + std::size_t(y) * mask.width;
    const float* bottom = top + mask.width;
    for (int x = 0; x + 1 < mask.width; ++x) {
      const int corners = int(top[x] >= 0.5f) | int(top[x + 1] >= 0.5f) << 1 | int(bottom[x + 1] >= 0.5f) << 2 |
                          int(bottom[x] >= 0.5f) << 3;
      if (corners == 0 || corners == 15) continue;
      const bool joined = top[x] + top[x + 1] + bottom[x] + bottom[x + 1] >= 2;
      const Pattern& pattern = corners == 5 && joined    ? kJoined5
                               : corners == 10 && joined ? kJoined10
                                                         : kPatterns[corners];
      const Square square(coverage, x, y);
      for (int k = 0; k < pattern.count; ++k)
        outline.push_back({square.point(pattern.from[k]), square.point(pattern.to[k])});
    }
  }
  return outline;
}

Mask signedDistance(const Mask& mask) { return signedDistance(mask, traceOutline(mask)); }

Mask signedDistance(const Mask& mask, const std::vector<OutlineSegment>& outline) {
  Mask distance(mask.width, mask.height);
  const float diagonal = std::sqrt(float(mask.width) * float(mask.width) + float(mask.height) * float(mask.height));
  if (outline.empty()) {
    for (std::size_t i = 0; i < mask.pixels.size(); ++i)
      distance.pixels[i] = mask.pixels[i] >= 0.5f ? diagonal : -diagonal;
    return distance;
  }
  Propagation propagation(mask.width, mask.height, outline);
  const std::vector<float>& squared = propagation.run();
  for (std::size_t i = 0; i < squared.size(); ++i) {
    const float d = std::sqrt(squared[i]);
    distance.pixels[i] = mask.pixels[i] >= 0.5f ? d : -d;
  }
  return distance;
}

}  // namespace penumbra
