// What the import program hands back: the triangles of a whole scene, as raw numbers that nobody has checked yet.
//
// Wire form, native byte order (both ends run on one machine):
//   u32 magic, u32 status (0 scene, 1 refused), u32 parts, u32 otherPrimitives, u64 vertices, u64 faces,
//   u32 textBytes | text | f32 x y z per vertex | i32 a b c per face
// `text` is the reason when refused, else notes, one a line.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "renderer/core/types.h"

namespace penumbra {

struct ImportedScene {
  std::uint32_t parts = 0;            // meshes of the scene, every instance counted
  std::uint32_t otherPrimitives = 0;  // points and lines, left out
  std::vector<glm::vec3> positions;
  std::vector<Face> faces;
  std::string text;
};

struct SceneHeader {
  static constexpr std::uint32_t kMagic = 0x31424e50;  // "PNB1"
  std::uint32_t magic = kMagic, status = 0, parts = 0, otherPrimitives = 0;
  std::uint64_t vertices = 0, faces = 0;
  std::uint32_t textBytes = 0, padding = 0;
};
static_assert(sizeof(SceneHeader) == 40);

constexpr std::uint64_t kMaxModelBytes = 512ull << 20;
constexpr std::uint64_t kMaxModelFaces = 20'000'000;
constexpr std::uint64_t kMaxModelVertices = 3 * kMaxModelFaces;
constexpr std::uint32_t kMaxSceneText = 1 << 16;

}  // namespace penumbra
