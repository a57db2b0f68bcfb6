#include "optim/remesh/vertex_channels.h"

#include <string>

#include "renderer/error.h"

namespace penumbra {
namespace {

template <class Value> bool carries(const std::vector<Value>* channel, std::size_t vertices) {
  if (channel->empty()) return false;
  if (channel->size() == vertices) return true;
  throw Error(ExitCode::Internal, "A channel of " + std::to_string(channel->size()) + " values does not fit " +
                                      std::to_string(vertices) + " vertices.");
}

}  // namespace

PackedChannels::PackedChannels(const VertexChannels& channels, std::size_t vertices) {
  for (const auto* scalar : channels.scalars) width_ += carries(scalar, vertices);
  for (const auto* vector : channels.vectors) width_ += 3 * carries(vector, vertices);
  data_.resize(vertices * std::size_t(width_));
  for (std::size_t v = 0; v < vertices; ++v) {
    float* out = at(int(v));
    for (const auto* scalar : channels.scalars)
      if (!scalar->empty()) *out++ = (*scalar)[v];
    for (const auto* vector : channels.vectors)
      if (!vector->empty())
        for (int k = 0; k < 3; ++k) *out++ = (*vector)[v][k];
  }
}

void PackedChannels::appendMean(int a, int b) {
  const std::size_t end = data_.size();
  data_.resize(end + std::size_t(width_));
  for (int i = 0; i < width_; ++i) data_[end + std::size_t(i)] = 0.5f * (at(a)[i] + at(b)[i]);
}

void PackedChannels::average(int into, int other) {
  for (int i = 0; i < width_; ++i) at(into)[i] = 0.5f * (at(into)[i] + at(other)[i]);
}

void PackedChannels::blendTo(PackedChannels& target, int into, const glm::ivec3& corners, const glm::vec3& weights) const {
  for (int i = 0; i < width_; ++i)
    target.at(into)[i] = weights.x * at(corners.x)[i] + weights.y * at(corners.y)[i] + weights.z * at(corners.z)[i];
}

void PackedChannels::unpack(const VertexChannels& channels, const std::vector<int>& kept) const {
  int offset = 0;
  for (auto* scalar : channels.scalars) {
    if (scalar->empty()) continue;
    scalar->resize(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) (*scalar)[i] = at(kept[i])[offset];
    ++offset;
  }
  for (auto* vector : channels.vectors) {
    if (vector->empty()) continue;
    vector->resize(kept.size());
    for (std::size_t i = 0; i < kept.size(); ++i) {
      const float* from = at(kept[i]) + offset;
      (*vector)[i] = glm::vec3(from[0], from[1], from[2]);
    }
    offset += 3;
  }
}

}  // namespace penumbra
