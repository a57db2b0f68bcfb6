#include "optim/io/mask_reading.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "optim/io/image_io.h"

namespace penumbra {
namespace {

// Target pixel i is the weighted sum of source pixels first .. first + weights.size() - 1.
struct Window {
  int first = 0;
  std::vector<double> weights;
};

std::vector<Window> areaWindows(int from, int to) {
  std::vector<Window> windows;
  windows.reserve(std::size_t(to));
  const double ratio = double(from) / to;
  for (int i = 0; i < to; ++i) {
    const double begin = i * ratio, end = (i + 1) * ratio;
    Window window{int(begin), {}};
    for (int s = window.first; s < from && s < end; ++s)
      window.weights.push_back((std::min(end, s + 1.0) - std::max(begin, double(s))) / ratio);
    windows.push_back(std::move(window));
  }
  return windows;
}

}  // namespace

LoadedMask loadMask(const std::filesystem::path& path) {
  LoadedMask result;
  const RgbaImage image = readPng(path, &result.hasAlpha);
  result.fileWidth = image.width;
  result.fileHeight = image.height;
  result.fromAlpha = std::any_of(image.pixels.begin(), image.pixels.end(), [](const Rgba& p) { return p.a != 255; });
  result.mask = Mask(image.width, image.height);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    const Rgba& p = image.pixels[i];
    const int luminance = (299 * p.r + 587 * p.g + 114 * p.b + 500) / 1000;
    result.mask.pixels[i] = float(result.fromAlpha ? p.a : luminance) / 255.0f;
  }
  return result;
}

Mask reduced(const Mask& mask, int width, int height) {
  const std::vector<Window> columns = areaWindows(mask.width, width), rows = areaWindows(mask.height, height);
  Mask result(width, height);
  std::vector<double> line(static_cast<std::size_t>(mask.width));
  for (int y = 0; y < height; ++y) {
    std::fill(line.begin(), line.end(), 0.0);
    const Window& row = rows[std::size_t(y)];
    for (std::size_t k = 0; k < row.weights.size(); ++k)
      for (int x = 0; x < mask.width; ++x) line[std::size_t(x)] += row.weights[k] * mask.at(x, row.first + int(k));
    for (int x = 0; x < width; ++x) {
      const Window& column = columns[std::size_t(x)];
      double sum = 0;
      for (std::size_t k = 0; k < column.weights.size(); ++k) sum += column.weights[k] * line[std::size_t(column.first) + k];
      result.at(x, y) = float(std::clamp(sum, 0.0, 1.0));
    }
  }
  return result;
}

PixelSize reducedSize(int width, int height, int maxSize) {
  const int longer = std::max(width, height);
  if (maxSize <= 0 || longer <= maxSize) return {width, height};
  const auto scaled = [&](int side) { return std::max(1, int(std::lround(double(side) * maxSize / longer))); };
  return {scaled(width), scaled(height)};
}

MaskFacts examine(const Mask& mask) {
  std::size_t covered = 0, grey = 0, border = 0, borderCovered = 0;
  for (int y = 0; y < mask.height; ++y)
    for (int x = 0; x < mask.width; ++x) {
      const float value = mask.at(x, y);
      const bool inside = value > 0.5f;
      covered += inside;
      grey += value > 0.1f && value < 0.9f;
      if (x > 0 && y > 0 && x < mask.width - 1 && y < mask.height - 1) continue;
      ++border;
      borderCovered += inside;
    }
  MaskFacts facts;
  facts.borderCovered = double(borderCovered) / double(border);
  facts.grey = double(grey) / double(mask.pixels.size());
  facts.empty = covered == 0;
  facts.full = covered == mask.pixels.size();
  return facts;
}

}  // namespace penumbra
