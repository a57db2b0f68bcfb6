// A rectangle of values, row 0 at the top.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace penumbra {

template <class Value> struct ImageT {
  int width = 0, height = 0;
  std::vector<Value> pixels;  // height * width, row major

  ImageT() = default;
  ImageT(int w, int h, Value value = {}) : width(w), height(h), pixels(std::size_t(w) * h, value) {}
  Value& at(int x, int y) { return pixels[std::size_t(y) * width + x]; }
  const Value& at(int x, int y) const { return pixels[std::size_t(y) * width + x]; }
  bool empty() const { return pixels.empty(); }
};

using Mask = ImageT<float>;                 // 0 background .. 1 object
struct Rgba { std::uint8_t r = 0, g = 0, b = 0, a = 255; };
using RgbaImage = ImageT<Rgba>;

}  // namespace penumbra
