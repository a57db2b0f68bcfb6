#include "optim/io/png_codec.h"

#include <csetjmp>
#include <cstring>

#include <png.h>

namespace penumbra {
namespace {

void copyMessage(char* to, const char* from) {
  std::strncpy(to, from != nullptr ? from : "unknown libpng error", 199);
  to[199] = '\0';
}

[[noreturn]] void onError(png_structp png, png_const_charp text) {
  copyMessage(static_cast<char*>(png_get_error_ptr(png)), text);
  png_longjmp(png, 1);
}

void onWarning(png_structp, png_const_charp) {}

void readBytes(png_structp png, png_bytep to, size_t count) {
  auto& decoder = *static_cast<PngDecoder*>(png_get_io_ptr(png));
  if (count > decoder.size - decoder.position) png_error(png, "the file ends too early");
  std::memcpy(to, decoder.data + decoder.position, count);
  decoder.position += count;
}

void writeBytes(png_structp png, png_bytep from, size_t count) {
  const auto& sink = *static_cast<const PngSink*>(png_get_io_ptr(png));
  if (!sink.append(sink.context, from, count)) png_error(png, "out of memory");
}

void flushNothing(png_structp) {}

// Chunks that carry no pixel are skipped unread: they are where decompression bombs hide.
void skipAncillary(png_structp png) {
  static const png_byte kSkipped[] =
      "iCCP\0zTXt\0iTXt\0tEXt\0sPLT\0eXIf\0hIST\0pCAL\0sCAL\0tIME\0oFFs\0pHYs\0bKGD\0sBIT\0cHRM\0gAMA\0sRGB";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, nullptr, 0);
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, kSkipped, int(sizeof(kSkipped) / 5));
}

}  // namespace

bool pngBegin(PngDecoder& decoder, const void* data, std::size_t size) {
  decoder.data = static_cast<const unsigned char*>(data);
  decoder.size = size;
  if (size < 8 || png_sig_cmp(decoder.data, 0, 8) != 0) {
    copyMessage(decoder.message, "it does not start like a PNG");
    return false;
  }
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, decoder.message, onError, onWarning);
  decoder.png = png;
  if (png == nullptr) return false;
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_infop info = png_create_info_struct(png);
  decoder.info = info;
  if (info == nullptr) png_error(png, "out of memory");
  png_set_user_limits(png, 0x7fffffff, 0x7fffffff);  // sides are judged by the caller, with a better sentence
  png_set_chunk_cache_max(png, 128);
  png_set_chunk_malloc_max(png, 8'000'000);
  png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_WARN_DISCARD);
  skipAncillary(png);
  png_set_read_fn(png, &decoder, readBytes);
  png_read_info(png, info);
  decoder.header.width = png_get_image_width(png, info);
  decoder.header.height = png_get_image_height(png, info);
  decoder.header.hasAlpha =
      (png_get_color_type(png, info) & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png, info, PNG_INFO_tRNS) != 0;
  // Deflate never shrinks by more than 1032 : 1.
  decoder.header.fileBytesNeeded = std::uint64_t(png_get_rowbytes(png, info)) * decoder.header.height / 1032;
  return true;
}

bool pngReadRgba(PngDecoder& decoder, unsigned char* rgba) {
  auto* png = static_cast<png_structp>(decoder.png);
  auto* info = static_cast<png_infop>(decoder.info);
  if (setjmp(png_jmpbuf(png)) != 0) return false;
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
  const int passes = png_set_interlace_handling(png);
  png_read_update_info(png, info);
  const std::size_t rowBytes = std::size_t(decoder.header.width) * 4;
  if (png_get_rowbytes(png, info) != rowBytes) png_error(png, "unexpected row size");
  for (int pass = 0; pass < passes; ++pass)
    for (std::uint32_t y = 0; y < decoder.header.height; ++y) png_read_row(png, rgba + y * rowBytes, nullptr);
  png_read_end(png, nullptr);
  return true;
}

void pngEnd(PngDecoder& decoder) {
  auto* png = static_cast<png_structp>(decoder.png);
  auto* info = static_cast<png_infop>(decoder.info);
  if (png != nullptr) png_destroy_read_struct(&png, info != nullptr ? &info : nullptr, nullptr);
  decoder.png = decoder.info = nullptr;
}

bool pngWriteRgba(const unsigned char* rgba, std::uint32_t width, std::uint32_t height, PngSink sink,
                  char (&message)[200]) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, onError, onWarning);
  if (png == nullptr) return false;
  png_infop info = png_create_info_struct(png);
  if (info == nullptr || setjmp(png_jmpbuf(png)) != 0) {
    png_destroy_write_struct(&png, &info);
    return false;
  }
  png_set_write_fn(png, &sink, writeBytes, flushNothing);
  png_set_IHDR(png, info, width, height, 8, PNG_COLOR_TYPE_RGBA, PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (std::uint32_t y = 0; y < height; ++y) png_write_row(png, rgba + std::size_t(y) * width * 4);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  return true;
}

}  // namespace penumbra
