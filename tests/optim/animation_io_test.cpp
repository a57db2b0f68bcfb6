// Animated pictures: the frames and times that went in are in the file.
#include "optim/io/animation_io.h"

#include <gtest/gtest.h>

#include <vector>

#include <webp/decode.h>
#include <webp/mux.h>

#include "renderer/error.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

RgbaImage disc(int size, double radius) {
  RgbaImage image(size, size, Rgba{20, 30, 40, 255});
  for (int y = 0; y < size; ++y)
    for (int x = 0; x < size; ++x) {
      const double dx = x + 0.5 - 0.5 * size, dy = y + 0.5 - 0.5 * size;
      if (dx * dx + dy * dy < radius * radius) image.at(x, y) = {240, 200, 90, 255};
    }
  return image;
}

TEST(AnimationIo, holdsEveryFrameForItsTime) {
  const TemporaryFolder folder;
  AnimationWriter writer(64, 64);
  for (int i = 0; i < 5; ++i) writer.add(disc(64, 5 + 5 * i), 40 + i);
  writer.save(folder / "a.webp");
  const std::string bytes = contentOf(folder / "a.webp");
  const WebPData data{reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()};
  WebPMux* mux = WebPMuxCreate(&data, 0);
  ASSERT_NE(mux, nullptr);
  int frames = 0;
  ASSERT_EQ(WebPMuxNumChunks(mux, WEBP_CHUNK_ANMF, &frames), WEBP_MUX_OK);
  EXPECT_EQ(frames, 5);
  for (int i = 0; i < frames; ++i) {
    WebPMuxFrameInfo info;
    ASSERT_EQ(WebPMuxGetFrame(mux, std::uint32_t(i + 1), &info), WEBP_MUX_OK);
    EXPECT_EQ(info.duration, 40 + i);
    WebPDataClear(&info.bitstream);
  }
  int width = 0, height = 0;
  EXPECT_EQ(WebPMuxGetCanvasSize(mux, &width, &height), WEBP_MUX_OK);
  EXPECT_EQ(width, 64);
  WebPMuxDelete(mux);
}

TEST(AnimationIo, losslessKeepsThePixelsOfTheFirstFrame) {
  const TemporaryFolder folder;
  const RgbaImage image = disc(32, 9);
  AnimationWriter writer(32, 32, 100);
  writer.add(image, 100);
  writer.save(folder / "a.webp");
  const std::string bytes = contentOf(folder / "a.webp");
  std::vector<std::uint8_t> pixels(32 * 32 * 4);
  ASSERT_NE(WebPDecodeRGBAInto(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size(), pixels.data(), pixels.size(), 32 * 4), nullptr);
  for (std::size_t i = 0; i < image.pixels.size(); ++i) {
    EXPECT_EQ(pixels[4 * i], image.pixels[i].r);
    EXPECT_EQ(pixels[4 * i + 2], image.pixels[i].b);
  }
}

TEST(AnimationIo, refusesWhatMakesNoAnimation) {
  const TemporaryFolder folder;
  EXPECT_THROW(AnimationWriter(0, 5), Error);
  EXPECT_THROW(AnimationWriter(5, 20000), Error);
  AnimationWriter writer(8, 8);
  EXPECT_THROW(writer.add(RgbaImage(8, 9), 10), Error);
  EXPECT_THROW(writer.save(folder / "a.webp"), Error);
  EXPECT_THROW(writeAnimation(folder / "a.webp", {}, 10), Error);
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace penumbra
