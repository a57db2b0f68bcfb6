#include "optim/hull/bit_grid.h"

#include <algorithm>

namespace penumbra {

BitGrid::BitGrid(const HullGrid& grid) : points_(grid.points), words_((grid.points.x + 63) / 64) {
  bits_.assign(at(0, points_.z), 0);
  for (int z = 0; z < points_.z; ++z)
    for (int y = 0; y < points_.y; ++y) {
      const std::uint8_t* in = grid.inside.data() + grid.index(0, y, z);
      std::uint64_t* out = bits_.data() + at(y, z);
      for (int x = 0; x < points_.x; ++x) out[x / 64] |= std::uint64_t(in[x]) << x % 64;
    }
}

// Along x, then y, then z: the box of all 26; without corners each step starts from the points there were.
void BitGrid::grow(bool corners) {
  const std::vector<std::uint64_t> original = bits_;
  const std::size_t row = std::size_t(words_), slice = row * std::size_t(points_.y);
  for (std::size_t start = 0; start < bits_.size(); start += row)
    for (std::size_t i = 0; i < row; ++i) {
      const std::uint64_t* w = original.data() + start + i;
      const std::uint64_t before = i > 0 ? w[-1] >> 63 : 0, after = i + 1 < row ? w[1] << 63 : 0;
      bits_[start + i] |= w[0] << 1 | w[0] >> 1 | before | after;
    }
  for (const std::size_t stride : {row, slice}) {
    const std::vector<std::uint64_t> now = corners ? bits_ : original;
    const std::size_t length = stride == row ? slice : bits_.size();  // neighbours stay within this many words
    for (std::size_t start = 0; start < bits_.size(); start += length) {
      for (std::size_t i = start + stride; i < start + length; ++i) bits_[i] |= now[i - stride];
      for (std::size_t i = start; i + stride < start + length; ++i) bits_[i] |= now[i + stride];
    }
  }
}

void BitGrid::flip() {
  for (std::uint64_t& w : bits_) w = ~w;
}

void BitGrid::dilate(int rounds) {
  for (int i = 0; i < rounds; ++i) grow(i % 2 == 1);
}

// The outside grows; what lies beyond the grid need not be told of, as no inside point is on its border.
void BitGrid::erode(int rounds) {
  flip();
  dilate(rounds);
  flip();
}

std::vector<std::uint8_t> BitGrid::bytes() const {
  std::vector<std::uint8_t> result(std::size_t(points_.x) * std::size_t(points_.y) * std::size_t(points_.z));
  for (int z = 1; z + 1 < points_.z; ++z)
    for (int y = 1; y + 1 < points_.y; ++y) {
      const std::uint64_t* word = bits_.data() + at(y, z);
      std::uint8_t* out = result.data() + (std::size_t(z) * std::size_t(points_.y) + std::size_t(y)) * std::size_t(points_.x);
      for (int x = 1; x + 1 < points_.x; ++x) out[x] = std::uint8_t(word[x / 64] >> x % 64 & 1);
    }
  return result;
}

std::vector<std::uint8_t> BitGrid::without(const BitGrid& other) const {
  BitGrid difference = *this;
  for (std::size_t i = 0; i < bits_.size(); ++i) difference.bits_[i] &= ~other.bits_[i];
  return difference.bytes();
}

}  // namespace penumbra
