// The inside points of a grid as bits, for morphology: 64 points an instruction.
//
// Points outside the grid count as outside. dilate() grows by the six neighbours in odd rounds and by all twenty-six in
// even ones, so that r rounds come near a ball of radius r; erode() does the same to the complement.
#pragma once
#include <cstdint>
#include <vector>

#include "optim/hull/hull_grid.h"

namespace penumbra {

class BitGrid {
 public:
  explicit BitGrid(const HullGrid& grid);  // of grid.inside

  void dilate(int rounds);
  void erode(int rounds);
  // Bytes 0 or 1 in the order of HullGrid; points on the border are 0.
  std::vector<std::uint8_t> bytes() const;
  // The same of the points set here and not in `other`.
  std::vector<std::uint8_t> without(const BitGrid& other) const;

 private:
  void grow(bool corners);
  void flip();
  std::size_t at(int y, int z) const { return (std::size_t(z) * std::size_t(points_.y) + std::size_t(y)) * std::size_t(words_); }

  glm::ivec3 points_;
  int words_;                        // of 64 points a row
  std::vector<std::uint64_t> bits_;  // x fastest
};

}  // namespace penumbra
