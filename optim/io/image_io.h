// PNG in and out (libpng), with limits checked before any allocation.
#pragma once
#include <filesystem>

#include "renderer/image.h"

namespace penumbra {

// Any PNG as 8-bit straight-alpha RGBA. Throws Error(Input): missing, not a PNG, damaged, larger than 16384 a side
// or 100 million pixels. `hasAlpha` tells whether the file has an alpha channel or a transparent colour.
RgbaImage readPng(const std::filesystem::path& path, bool* hasAlpha = nullptr);

// Writes atomically. Throws Error(Save).
void writePng(const std::filesystem::path& path, const RgbaImage& image);

}  // namespace penumbra
