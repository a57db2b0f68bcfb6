// Animated WebP pictures (libwebp), written frame by frame.
#pragma once
#include <filesystem>
#include <memory>
#include <span>

#include "renderer/image.h"

namespace penumbra {

// Collects frames of one size in compressed form; nothing is on disk before `save`.
class AnimationWriter {
 public:
  // `quality` 0..100 is lossy; 100 is lossless. The animation loops for ever. Throws Error(Save) for a size outside
  // 1..16383, the limit of the format.
  AnimationWriter(int width, int height, float quality = 80);
  ~AnimationWriter();
  AnimationWriter(const AnimationWriter&) = delete;
  AnimationWriter& operator=(const AnimationWriter&) = delete;

  // Shows `frame` for `milliseconds` (at least 1). Throws Error(Save) when its size differs.
  void add(const RgbaImage& frame, int milliseconds);

  // Writes atomically; once, after at least one frame. Throws Error(Save).
  void save(const std::filesystem::path& path);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// All frames at once, each shown equally long.
void writeAnimation(const std::filesystem::path& path, std::span<const RgbaImage> frames, int milliseconds);

}  // namespace penumbra
