// PNG files of every kind become 8-bit RGBA; damaged ones give one sentence.
#include "optim/io/image_io.h"

#include <gtest/gtest.h>

#include <array>
#include <csetjmp>
#include <functional>

#include <png.h>

#include "renderer/error.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

RgbaImage gradientImage(int width, int height) {
  RgbaImage image(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x)
      image.at(x, y) = {std::uint8_t(x * 7), std::uint8_t(y * 5), std::uint8_t(x ^ y), std::uint8_t(x * y)};
  return image;
}

bool equal(const RgbaImage& a, const RgbaImage& b) {
  return a.width == b.width && a.height == b.height &&
         std::equal(a.pixels.begin(), a.pixels.end(), b.pixels.begin(), b.pixels.end(), [](const Rgba& p, const Rgba& q) {
           return p.r == q.r && p.g == q.g && p.b == q.b && p.a == q.a;
         });
}

// Writes a PNG of any kind with libpng. `rows` holds the raw bytes of every row.
void writeRawPng(const fs::path& path, int width, int height, int depth, int type, int interlace, const std::string& rows,
                 const std::function<void(png_structp, png_infop)>& more = {}) {
  FILE* file = std::fopen(path.c_str(), "wb");
  ASSERT_NE(file, nullptr);
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, file);
  png_set_IHDR(png, info, png_uint_32(width), png_uint_32(height), depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (more) more(png, info);
  png_write_info(png, info);
  std::vector<png_bytep> pointers;
  const std::size_t rowBytes = rows.size() / std::size_t(height);
  for (int y = 0; y < height; ++y)
    pointers.push_back(reinterpret_cast<png_bytep>(const_cast<char*>(rows.data())) + std::size_t(y) * rowBytes);
  png_write_image(png, pointers.data());
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
  std::fclose(file);
}

std::string messageOf(const fs::path& path) {
  try {
    readPng(path);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::Input);
    return error.full();
  }
  return "no error";
}

TEST(ImageIo, pixelsComeBackExactly) {
  const TemporaryFolder folder;
  for (const auto& [width, height] : {std::pair(1, 1), {3, 200}, {257, 5}, {640, 480}}) {
    const RgbaImage image = gradientImage(width, height);
    writePng(folder / "a.png", image);
    bool hasAlpha = false;
    EXPECT_TRUE(equal(readPng(folder / "a.png", &hasAlpha), image)) << width;
    EXPECT_TRUE(hasAlpha);
  }
}

TEST(ImageIo, readsSixteenBitGreyPaletteAndTransparentColour) {
  const TemporaryFolder folder;
  bool hasAlpha = true;
  writeRawPng(folder / "grey16.png", 2, 1, 16, PNG_COLOR_TYPE_GRAY, PNG_INTERLACE_NONE, std::string("\x80\x80\xff\xff", 4));
  RgbaImage image = readPng(folder / "grey16.png", &hasAlpha);
  EXPECT_FALSE(hasAlpha);
  EXPECT_EQ(image.at(0, 0).r, 128);
  EXPECT_EQ(image.at(1, 0).g, 255);
  EXPECT_EQ(image.at(0, 0).a, 255);

  const png_color colours[2] = {{10, 20, 30}, {200, 100, 50}};
  const png_byte alphas[1] = {77};
  writeRawPng(folder / "palette.png", 8, 1, 1, PNG_COLOR_TYPE_PALETTE, PNG_INTERLACE_NONE, "\x55", [&](png_structp png, png_infop info) {
    png_set_PLTE(png, info, colours, 2);
    png_set_tRNS(png, info, alphas, 1, nullptr);
  });
  image = readPng(folder / "palette.png", &hasAlpha);
  EXPECT_TRUE(hasAlpha);
  EXPECT_EQ(image.at(0, 0).b, 30);
  EXPECT_EQ(image.at(0, 0).a, 77);
  EXPECT_EQ(image.at(1, 0).r, 200);
  EXPECT_EQ(image.at(1, 0).a, 255);

  writeRawPng(folder / "key.png", 2, 1, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, "\x01\x02\x03\x04\x05\x06", [&](png_structp png, png_infop info) {
    const png_color_16 key{0, 4, 5, 6, 0};
    png_set_tRNS(png, info, nullptr, 0, &key);
  });
  image = readPng(folder / "key.png", &hasAlpha);
  EXPECT_TRUE(hasAlpha);
  EXPECT_EQ(image.at(0, 0).a, 255);
  EXPECT_EQ(image.at(1, 0).a, 0);

  writeRawPng(folder / "greyalpha.png", 1, 1, 8, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_INTERLACE_NONE, "\x40\x60");
  image = readPng(folder / "greyalpha.png");
  EXPECT_EQ(image.at(0, 0).b, 0x40);
  EXPECT_EQ(image.at(0, 0).a, 0x60);
}

TEST(ImageIo, interlacedEqualsPlain) {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 13 * 11 * 3; ++i) rows += char(i * 37);
  writeRawPng(folder / "plain.png", 13, 11, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE, rows);
  writeRawPng(folder / "laced.png", 13, 11, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_ADAM7, rows);
  EXPECT_TRUE(equal(readPng(folder / "plain.png"), readPng(folder / "laced.png")));
}

// Signature, header chunk with a right checksum, nothing else.
std::string headerOnly(std::uint32_t width, std::uint32_t height) {
  const auto big = [](std::uint32_t v) { return std::string{char(v >> 24), char(v >> 16), char(v >> 8), char(v)}; };
  const std::string chunk = "IHDR" + big(width) + big(height) + std::string("\x08\x06\0\0\0", 5);
  std::uint32_t crc = 0xffffffffu;
  for (const char c : chunk) {
    crc ^= static_cast<unsigned char>(c);
    for (int k = 0; k < 8; ++k) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
  }
  return "\x89PNG\r\n\x1a\n" + big(13) + chunk + big(~crc) + std::string("\0\0\0\0IDAT", 8);
}

TEST(ImageIo, refusesBombsFromTheHeader) {
  const TemporaryFolder folder;
  EXPECT_NE(messageOf(folder.write("a.png", headerOnly(60000, 60000))).find("60000 x 60000 pixels, the limit is 16384"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", headerOnly(16384, 16384))).find("100 million"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", headerOnly(9000, 9000))).find("cannot hold"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", headerOnly(0x7fffffff, 1))).find("16384"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", headerOnly(0, 5))).find("not a usable PNG"), std::string::npos);
}

TEST(ImageIo, saysWhatIsWrong) {
  const TemporaryFolder folder;
  EXPECT_NE(messageOf(folder / "absent.png").find("no such file"), std::string::npos);
  EXPECT_NE(messageOf(folder.path()).find("folder"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", "")).find("empty"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", "\xff\xd8\xff\xe0 a photo")).find("does not start like a PNG"), std::string::npos);
  EXPECT_NE(messageOf(folder.write("a.png", "version https://git-lfs.github.com/spec/v1\nsize 3\n")).find("git lfs pull"), std::string::npos);
  writePng(folder / "whole.png", gradientImage(50, 50));
  std::string bytes = contentOf(folder / "whole.png");
  for (const double part : {0.1, 0.5, 0.9})
    EXPECT_NE(messageOf(folder.write("a.png", bytes.substr(0, std::size_t(part * double(bytes.size()))))).find("PNG"), std::string::npos);
  bytes[bytes.size() / 2] = char(bytes[bytes.size() / 2] ^ 0x10);
  EXPECT_NE(messageOf(folder.write("a.png", bytes)).find("damaged"), std::string::npos);
}

TEST(ImageIo, refusesAnImageWithoutPixels) {
  const TemporaryFolder folder;
  EXPECT_THROW(writePng(folder / "a.png", RgbaImage{}), Error);
  RgbaImage wrong(4, 4);
  wrong.pixels.pop_back();
  EXPECT_THROW(writePng(folder / "a.png", wrong), Error);
  EXPECT_FALSE(fs::exists(folder / "a.png"));
}

TEST(ImageIo, everyImageOfTheCollectionLoadsOrGivesOneSentence) {
  const fs::path collection = fs::path(PENUMBRA_SOURCE_DIR) / "../shared/data/broken/images";
  if (!fs::exists(collection)) GTEST_SKIP() << "no collection of broken images beside the repository";
  for (const auto& entry : fs::recursive_directory_iterator(collection)) {
    if (entry.path().extension() != ".png") continue;
    const bool broken = entry.path().parent_path().filename() == "corrupt" || entry.path().parent_path().filename() == "git_lfs_pointers";
    EXPECT_EQ(messageOf(entry.path()) != "no error", broken) << entry.path();
  }
}

}  // namespace
}  // namespace penumbra
