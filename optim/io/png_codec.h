// PNG bytes to pixels and back through libpng, without exceptions and without objects that need a destructor:
// libpng reports errors by longjmp, which must never skip one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace penumbra {

struct PngHeader {
  std::uint32_t width = 0, height = 0;
  bool hasAlpha = false;             // an alpha channel or a transparent colour
  std::uint64_t fileBytesNeeded = 0; // no deflate stream of a complete image can be shorter
};

// One open decoder: `pngBegin`, look at the header, `pngReadRgba`, `pngEnd`. Each returns false on damage and
// leaves the reason in `message`.
struct PngDecoder {
  void* png = nullptr;
  void* info = nullptr;
  const unsigned char* data = nullptr;
  std::size_t size = 0, position = 0;
  PngHeader header;
  char message[200] = {};
};
constexpr std::uint32_t kPngMaxSide = 16384;

bool pngBegin(PngDecoder& decoder, const void* data, std::size_t size);
// `rgba` has 4 * width * height bytes; straight alpha, 8 bits.
bool pngReadRgba(PngDecoder& decoder, unsigned char* rgba);
void pngEnd(PngDecoder& decoder);

// Encodes 8-bit RGBA. `append` receives the file piece by piece and returns false to stop.
struct PngSink {
  bool (*append)(void* context, const unsigned char* data, std::size_t size);
  void* context;
};
bool pngWriteRgba(const unsigned char* rgba, std::uint32_t width, std::uint32_t height, PngSink sink,
                  char (&message)[200]);

}  // namespace penumbra
