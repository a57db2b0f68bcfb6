#include "optim/targets/metrics.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "renderer/error.h"

namespace penumbra {
namespace {

void checkShapes(const Mask& a, const Mask& b) {
  if (a.width != b.width || a.height != b.height)
    throw Error(ExitCode::Internal, "Masks of " + std::to_string(a.width) + " x " + std::to_string(a.height) + " and " +
                                        std::to_string(b.width) + " x " + std::to_string(b.height) +
                                        " cannot be compared.");
}

// Bilinear between pixel centres, clamped at the frame.
float sampleAt(const Mask& image, const glm::vec2& p) {
  const float x = std::clamp(p.x - 0.5f, 0.0f, float(image.width - 1));
  const float y = std::clamp(p.y - 0.5f, 0.0f, float(image.height - 1));
  const int x0 = int(x), y0 = int(y), x1 = std::min(x0 + 1, image.width - 1), y1 = std::min(y0 + 1, image.height - 1);
  const float u = x - float(x0), v = y - float(y0);
  return (1 - v) * ((1 - u) * image.at(x0, y0) + u * image.at(x1, y0)) +
         v * ((1 - u) * image.at(x0, y1) + u * image.at(x1, y1));
}

// Length-weighted mean of |distance| along an outline, taken at the middle of each segment (under 1.5 px long); nothing
// when it is `most` or more somewhere.
std::optional<double> meanDistance(const std::vector<OutlineSegment>& outline, const Mask& distance, float most = 3e38f) {
  double sum = 0, length = 0;
  for (const OutlineSegment& s : outline) {
    const double weight = double(glm::length(s.b - s.a));
    const float there = std::abs(sampleAt(distance, 0.5f * (s.a + s.b)));
    if (there >= most) return {};
    sum += weight * double(there);
    length += weight;
  }
  return length > 0 ? sum / length : 0;
}

// Of an outline from that of a mask, which seldom is far.
double meanDistanceTo(const std::vector<OutlineSegment>& outline, const Mask& mask, const std::vector<OutlineSegment>& own) {
  constexpr float kBand = 8;
  // Two pixels less: between four pixels of which one lies beyond the band every distance is more than that
  if (const auto near = meanDistance(outline, signedDistance(mask, own, kBand), kBand - 2)) return *near;
  return *meanDistance(outline, signedDistance(mask, own));
}

double diagonalOf(const Mask& mask) { return std::hypot(double(mask.width), double(mask.height)); }

}  // namespace

double maskIoU(std::span<const float> a, std::span<const float> b) {
  if (a.size() != b.size())
    throw Error(ExitCode::Internal, "Masks of " + std::to_string(a.size()) + " and " + std::to_string(b.size()) +
                                        " pixels cannot be compared.");
  long both = 0, either = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const bool inA = a[i] >= 0.5f, inB = b[i] >= 0.5f;
    both += inA & inB;
    either += inA | inB;
  }
  return either == 0 ? 1.0 : double(both) / double(either);
}

double maskIoU(const Mask& a, const Mask& b) {
  checkShapes(a, b);
  return maskIoU(a.pixels, b.pixels);
}

double softMaskIoU(const Mask& a, const Mask& b) {
  checkShapes(a, b);
  double both = 0, either = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) {
    both += double(std::min(a.pixels[i], b.pixels[i]));
    either += double(std::max(a.pixels[i], b.pixels[i]));
  }
  return either > 0 ? both / either : 1.0;
}

MeasuredMask measure(const Mask& mask) {
  MeasuredMask measured;
  measured.outline = traceOutline(mask);
  measured.distance = signedDistance(mask, measured.outline);
  return measured;
}

double contourErrorPx(const Mask& a, const MeasuredMask& b) {
  checkShapes(a, b.distance);
  const std::vector<OutlineSegment> outline = traceOutline(a);
  if (outline.empty() && b.outline.empty()) return 0;
  if (outline.empty() || b.outline.empty()) return diagonalOf(a);
  return 0.5 * (*meanDistance(outline, b.distance) + meanDistanceTo(b.outline, a, outline));
}

double contourErrorPx(const Mask& a, const Mask& b) {
  checkShapes(a, b);
  const std::vector<OutlineSegment> outlineA = traceOutline(a), outlineB = traceOutline(b);
  if (outlineA.empty() && outlineB.empty()) return 0;
  if (outlineA.empty() || outlineB.empty()) return diagonalOf(a);
  return 0.5 * (meanDistanceTo(outlineA, b, outlineB) + meanDistanceTo(outlineB, a, outlineA));
}

double pixelAtMiddle(std::span<const View> views, double ifNone) {
  double sum = 0;
  int count = 0;
  for (const View& view : views)
    if (const double depth = view.camera.toCamera(glm::dvec3(0)).z; depth > 0)
      sum += depth / std::sqrt(view.camera.fx * view.camera.fy), ++count;
  return count > 0 ? sum / count : ifNone;
}

}  // namespace penumbra
