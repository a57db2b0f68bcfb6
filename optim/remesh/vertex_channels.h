// Values per vertex that follow the vertices through a remeshing: moments of an optimiser, velocities, residuals.
//
// A new vertex on an edge gets the mean of its ends, a collapsed edge the mean as well; a vertex that slides over the
// surface gets what the old surface has at its new place (linear in each face).
#pragma once
#include <cstddef>
#include <vector>

#include <glm/glm.hpp>

namespace penumbra {

// Lists of V values each, rewritten in place. Empty ones stay empty.
struct VertexChannels {
  std::vector<std::vector<float>*> scalars;
  std::vector<std::vector<glm::vec3>*> vectors;
};

// The channels of one vertex side by side: `width` floats.
class PackedChannels {
 public:
  // Throws Error(Internal) when a channel that is not empty has another length.
  PackedChannels(const VertexChannels& channels, std::size_t vertices);

  int width() const { return width_; }
  void appendMean(int a, int b);                        // for a new last vertex
  void average(int into, int other);
  // Of `into` in `target`: the blend of three vertices here. `target` is a copy of this.
  void blendTo(PackedChannels& target, int into, const glm::ivec3& corners, const glm::vec3& weights) const;
  void unpack(const VertexChannels& channels, const std::vector<int>& kept) const;

 private:
  float* at(int v) { return data_.data() + std::size_t(v) * std::size_t(width_); }
  const float* at(int v) const { return data_.data() + std::size_t(v) * std::size_t(width_); }

  int width_ = 0;
  std::vector<float> data_;
};

}  // namespace penumbra
