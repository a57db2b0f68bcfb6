#include "optim/io/image_io.h"

#include <algorithm>
#include <new>
#include <span>
#include <string>

#include "optim/io/atomic_file.h"
#include "optim/io/file_input.h"
#include "optim/io/png_codec.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

static_assert(sizeof(Rgba) == 4, "pixels are handed to libpng as bytes");
constexpr std::uint64_t kMaxFileBytes = 512ull << 20;
constexpr std::uint64_t kMaxPixels = 100'000'000;

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why) {
  throw Error(ExitCode::Input, "Cannot read image '" + shownPath(path) + "': " + why + ".",
              "Export it again as an 8-bit PNG.");
}

struct DecoderScope {
  PngDecoder decoder;
  DecoderScope() = default;
  DecoderScope(const DecoderScope&) = delete;
  DecoderScope& operator=(const DecoderScope&) = delete;
  ~DecoderScope() { pngEnd(decoder); }
};

std::string sizeText(const PngHeader& header) {
  return std::to_string(header.width) + " x " + std::to_string(header.height) + " pixels";
}

void checkHeader(const std::filesystem::path& path, const PngHeader& header, std::uint64_t fileBytes) {
  if (header.width > kPngMaxSide || header.height > kPngMaxSide)
    refuse(path, "it claims " + sizeText(header) + ", the limit is " + std::to_string(kPngMaxSide) + " a side");
  if (std::uint64_t(header.width) * header.height > kMaxPixels)
    refuse(path, "it claims " + sizeText(header) + ", the limit is 100 million pixels");
  if (fileBytes < header.fileBytesNeeded)
    refuse(path, "it claims " + sizeText(header) + ", but " + byteText(fileBytes) + " cannot hold them");
}

bool appendBytes(void* context, const unsigned char* data, std::size_t size) {
  try {
    static_cast<std::string*>(context)->append(reinterpret_cast<const char*>(data), size);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

}  // namespace

RgbaImage readPng(const std::filesystem::path& path, bool* hasAlpha) {
  const std::string bytes = readInputFile(path, kMaxFileBytes, "image");
  DecoderScope scope;
  PngDecoder& decoder = scope.decoder;
  if (!pngBegin(decoder, bytes.data(), bytes.size())) refuse(path, "not a usable PNG (" + printableLine(decoder.message) + ")");
  checkHeader(path, decoder.header, bytes.size());
  RgbaImage image(int(decoder.header.width), int(decoder.header.height));
  if (!pngReadRgba(decoder, reinterpret_cast<unsigned char*>(image.pixels.data())))
    refuse(path, "the PNG is damaged (" + printableLine(decoder.message) + ")");
  if (hasAlpha != nullptr) *hasAlpha = decoder.header.hasAlpha;
  return image;
}

void writePng(const std::filesystem::path& path, const RgbaImage& image) {
  if (image.width <= 0 || image.height <= 0 || image.pixels.size() != std::size_t(image.width) * image.height)
    throw Error(ExitCode::Save, "Could not save '" + shownPath(path) + "': the image has no pixels.");
  std::string bytes;
  char message[200] = {};
  if (!pngWriteRgba(reinterpret_cast<const unsigned char*>(image.pixels.data()), std::uint32_t(image.width),
                    std::uint32_t(image.height), {appendBytes, &bytes}, message))
    throw Error(ExitCode::Save, "Could not encode '" + shownPath(path) + "': " + printableLine(message) + ".");
  writeFileAtomically(path, std::as_bytes(std::span(bytes)));
}

}  // namespace penumbra
