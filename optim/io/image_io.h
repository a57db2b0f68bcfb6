// PNG in and out (libpng), with limits checked before any allocation.
#pragma once
#include <filesystem>

#include "renderer/image.h"

namespace penumbra {

// Any PNG as 8-bit straight-alpha RGBA. Throws Error(Input): missing, not a PNG, damaged, larger than 16384 a side.
RgbaImage readPng(const std::filesystem::path& path);

// Writes atomically. Throws Error(Save).
void writePng(const std::filesystem::path& path, const RgbaImage& image);

}  // namespace penumbra
