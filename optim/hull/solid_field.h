// A solid given by a continuous field, negative inside, that grids are sampled from and surfaces are pulled to.
//
// The field is the maximum of numbered pieces (the views of a visual hull, say). Far from most pieces' surfaces only few
// decide, so classify() tells which may have both signs in a ball, and the other functions look at those alone.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include <glm/glm.hpp>

namespace penumbra {

using HullViews = std::vector<std::uint16_t>;  // indices of pieces, ascending

struct HullSample {
  float value = 0;        // world units
  glm::vec3 gradient{0};  // of the piece that decides
};

class SolidField {
 public:
  virtual ~SolidField() = default;

  virtual int pieceCount() const = 0;
  virtual double radius() const = 0;               // of the ball around the origin that holds the solid
  virtual double pixelAt(const glm::vec3& x) const = 0;  // world units that details at x are known to
  virtual float value(const glm::vec3& x, std::span<const std::uint16_t> pieces) const = 0;
  virtual HullSample sample(const glm::vec3& x, std::span<const std::uint16_t> pieces) const = 0;

  // value() at the kCube^3 points start + step * (x, y, z), x fastest.
  static constexpr int kCube = 4;
  virtual void values(const glm::vec3& start, float step, std::span<const std::uint16_t> pieces, std::span<float> out) const = 0;

  enum class Side { In, Out, Mixed };
  // Of the ball around c; `undecided` gets those of `pieces` that may have both signs in it.
  virtual Side classify(const glm::vec3& c, float r, std::span<const std::uint16_t> pieces, HullViews& undecided) const = 0;
};

}  // namespace penumbra
