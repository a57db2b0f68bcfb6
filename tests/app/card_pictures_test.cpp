// Pictures of views drawn from the card's memory: the same as those the host makes, through a real OpenGL (in software) and
// a card made of host memory; and when the host's coverage is asked for instead.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <glad/gl.h>
#include <imgui.h>

#include <algorithm>
#include <cstdlib>

#include "app/window/gl_mesh.h"
#include "app/window/gl_pictures.h"
#include "app/window/platform.h"
#include "app/window/view_images.h"
#include "renderer/core/reduce.h"
#include "renderer/error.h"
#include "tests/support/fake_cuda.h"

// Under AddressSanitizer: the software driver leaves a few hundred bytes of its own behind when it is unloaded.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

namespace penumbra {
namespace {

Mask blob(int width, int height, float shift) {
  Mask mask(width, height);
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const float u = (float(x) + 0.5f) / float(width) - 0.5f - shift, v = (float(y) + 0.5f) / float(height) - 0.4f;
      mask.at(x, y) = std::clamp(8 * (0.3f - std::sqrt(u * u + v * v)) + 0.5f, 0.f, 1.f);
    }
  return mask;
}

// Coverage of one view as if it had been published by the optimiser.
std::shared_ptr<const PublishedPictures> published(device::BufferRing& ring, const std::vector<Mask>& coverage) {
  std::vector<float> values;
  DevicePictures pictures;
  for (const Mask& mask : coverage) {
    pictures.list.push_back({{int(pictures.list.size()), 0}, mask.width, mask.height, values.size()});
    values.insert(values.end(), mask.pixels.begin(), mask.pixels.end());
  }
  pictures.values = values.data();
  pictures.count = values.size();
  return device::publish(ring, pictures);
}

std::vector<Rgba> pixelsOf(GLuint texture, int width, int height) {
  std::vector<Rgba> pixels(std::size_t(width) * std::size_t(height));
  glBindTexture(GL_TEXTURE_2D, texture);
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glGetTexImage(GL_TEXTURE_2D, 0, GL_RGBA, GL_UNSIGNED_BYTE, pixels.data());
  return pixels;
}

int apart(Rgba a, Rgba b) {
  return std::max({std::abs(a.r - b.r), std::abs(a.g - b.g), std::abs(a.b - b.b), std::abs(a.a - b.a)});
}

class CardPictures : public testing::Test {
 protected:
  void SetUp() override {
    setenv("LIBGL_ALWAYS_SOFTWARE", "1", 1);
    ImGui::CreateContext();
    try {
      platform_ = openEgl(64, 64);
    } catch (const Error& error) {  // a machine without EGL: everything else of the pictures is tested without a context
      GTEST_SKIP() << error.what();
    }
    fake_.sizeOfGlBuffer = [](unsigned buffer) {
      GLint64 bytes = 0;
      glBindBuffer(GL_COPY_READ_BUFFER, buffer);
      glGetBufferParameteri64v(GL_COPY_READ_BUFFER, GL_BUFFER_SIZE, &bytes);
      return std::size_t(bytes);
    };
    fake_.onUnmap = [](unsigned buffer, const std::vector<char>& bytes) {
      glBindBuffer(GL_COPY_WRITE_BUFFER, buffer);
      glBufferSubData(GL_COPY_WRITE_BUFFER, 0, GLsizeiptr(bytes.size()), bytes.data());
    };
  }
  void TearDown() override {
    platform_.reset();
    ImGui::DestroyContext();
  }
  void probe(CudaInterop& interop) {
    const GlBuffer tiny = makeBuffer();
    glBindBuffer(GL_ARRAY_BUFFER, tiny.get());
    glBufferData(GL_ARRAY_BUFFER, 16, nullptr, GL_STREAM_DRAW);
    interop.probe(tiny.get());
  }

  std::unique_ptr<Platform> platform_;
  FakeCuda fake_;
};

TEST_F(CardPictures, AreTheHosts) {
  {
    GlPictures pictures;
    CudaInterop interop(&fake_.api(), InteropMode::Auto);
    probe(interop);
    ASSERT_TRUE(interop.usable()) << interop.reason();
    device::BufferRing ring(fake_.api());
    const GlTexture texture = makeTexture();
    // Twice: the second time the buffer has to grow; a picture narrower than a row's alignment among them.
    for (const int scale : {1, 3}) {
      const std::vector<Mask> coverage = {blob(40 * scale, 30 * scale, 0.05f), blob(17 * scale, 23 * scale, -0.1f)};
      const auto shared = published(ring, coverage);
      for (std::size_t view = 0; view < coverage.size(); ++view)
        for (int mode = 0; mode < kCompareModes; ++mode)
          for (const double split : {0.0, 0.37, 1.0}) {
            const auto target = std::make_shared<const Mask>(blob(coverage[view].width, coverage[view].height, 0));
            const CardPicture picture{shared, shared->list[view], target, CompareMode(mode), split, scale * 1e-2};
            ASSERT_TRUE(pictures.draw(int(view), picture, texture.get(), interop)) << interop.reason();
            const RgbaImage expected = composeView(*target, &coverage[view], CompareMode(mode), split, 0, scale * 1e-2);
            const std::vector<Rgba> pixels = pixelsOf(texture.get(), target->width, target->height);
            for (std::size_t i = 0; i < pixels.size(); ++i)
              ASSERT_LE(apart(pixels[i], expected.pixels[i]), 1) << "mode " << mode << ", pixel " << i;
          }
    }
    EXPECT_EQ(fake_.registered, 1) << "one buffer for all pictures";
    EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
  }
  EXPECT_TRUE(fake_.clean());
}

// A mesh that is remeshed changes its size with every snapshot: its buffers are registered again only when they grow.
TEST_F(CardPictures, AMeshThatChangesItsSizeStaysRegistered) {
  {
    GlMesh mesh;
    CudaInterop interop(&fake_.api(), InteropMode::Auto);
    probe(interop);
    ASSERT_TRUE(interop.usable()) << interop.reason();
    device::BufferRing ring(fake_.api());
    fake_.keepLog = true;
    const auto registrations = [&] { return std::count(fake_.log.begin(), fake_.log.end(), "registerGlBuffer"); };
    for (const auto& [vertices, expected] : {std::pair{10, 2}, {13, 2}, {7, 2}, {15, 2}, {16, 4}, {24, 4}, {3, 4}}) {
      const std::vector<glm::vec3> points(std::size_t(vertices), glm::vec3(1));
      if (vertices == 7) mesh.setVertices(points, points);  // at rest the host's copy is shown
      ASSERT_TRUE(mesh.setVertices(device::publish(ring, DeviceGeometry{points.data(), points.data(), vertices, nullptr}), interop));
      EXPECT_EQ(registrations(), expected) << vertices;
      EXPECT_EQ(fake_.registered, 2);
    }
    mesh.setVertices(std::vector<glm::vec3>(100), std::vector<glm::vec3>(100));
    EXPECT_EQ(fake_.registered, 0) << "other storage";
    EXPECT_EQ(glGetError(), GLenum(GL_NO_ERROR));
  }
  EXPECT_TRUE(fake_.clean());
}

TEST_F(CardPictures, AreLeftToTheHostWhenTheCardFails) {
  GlPictures pictures;
  CudaInterop interop(&fake_.api(), InteropMode::Auto);
  probe(interop);
  device::BufferRing ring(fake_.api());
  const GlTexture texture = makeTexture();
  const auto target = std::make_shared<const Mask>(blob(16, 16, 0));
  const auto first = published(ring, {*target}), second = published(ring, {*target});
  EXPECT_TRUE(pictures.draw(0, {first, first->list[0], target, CompareMode::Render, 0}, texture.get(), interop));
  fake_.failAt = fake_.calls;
  EXPECT_FALSE(pictures.draw(0, {second, second->list[0], target, CompareMode::Render, 0}, texture.get(), interop));
  EXPECT_FALSE(interop.reason().empty());
  EXPECT_EQ(fake_.registered, 0);
  EXPECT_FALSE(pictures.draw(0, {second, second->list[0], target, CompareMode::Render, 0}, texture.get(), interop));
}

// Notes what it is asked to draw.
class NotingDrawing final : public Drawing {
 public:
  TextureId scene(const SceneFrame&) override { return 0; }
  TextureId image(int, const RgbaImage* content) override { return hostPictures += content != nullptr, 1; }
  TextureId cardImage(int, const CardPicture& picture) override {
    sizes.push_back({picture.target->width, picture.target->height});
    return works ? 2 : 0;
  }
  bool software() const override { return false; }
  std::string description() const override { return "noting"; }
  bool readsTheCard() const override { return works; }

  bool works = true;
  int hostPictures = 0;
  std::vector<PictureSize> sizes;
};

TEST(ViewImages, AskForTheHostsCoverageOnlyWithoutTheCards) {
  Snapshot s;
  auto views = std::make_shared<ViewSet>();
  views->train.resize(2);
  for (View& view : views->train) view.mask = blob(200, 100, 0);
  s.views = views;
  NotingDrawing drawing;
  ViewImages images(drawing);
  // Before the first publication: both are asked for.
  images.beginFrame(s, 1);
  images.thumbnail(s, 0);
  images.large(0, s, 1, CompareMode::Split, 0.5);
  const std::vector<PictureWish> wishes = images.wishes();
  ASSERT_EQ(wishes.size(), 2u);
  EXPECT_EQ(wishes[0].view, 0);
  EXPECT_EQ(images.visible(), (std::set<int>{0, 1}));
  EXPECT_TRUE(drawing.sizes.empty());
  // Published: nothing is asked of the host but what outlines need.
  auto pictures = std::make_shared<PublishedPictures>();
  for (const PictureWish& wish : wishes) {
    const PictureSize size = reducedSize({200, 100}, wish.maxSide);
    pictures->list.push_back({wish, size.width, size.height, 0});
  }
  s.pictures = pictures;
  drawing.hostPictures = 0;
  images.beginFrame(s, 2);
  EXPECT_EQ(images.thumbnail(s, 0), TextureId(2));
  EXPECT_EQ(images.large(0, s, 1, CompareMode::Split, 0.5), TextureId(2));
  EXPECT_EQ(images.wishes(), wishes);
  EXPECT_TRUE(images.visible().empty());
  EXPECT_EQ(drawing.hostPictures, 0);
  EXPECT_EQ(drawing.sizes.back(), (PictureSize{200, 100}));
  images.renderOutline(s, 1);
  EXPECT_EQ(images.visible(), std::set<int>{1});
  // Pictures of other views than those shown, as just after the masks have changed, are not used.
  pictures->list[0].width -= 1;
  images.beginFrame(s, 3);
  EXPECT_EQ(images.thumbnail(s, 0), TextureId(1));
  // Without the card the host's come back.
  drawing.works = false;
  images.beginFrame(s, 4);
  EXPECT_EQ(images.large(0, s, 1, CompareMode::Render, 0), TextureId(1));
  EXPECT_TRUE(images.wishes().empty());
  EXPECT_EQ(images.visible(), std::set<int>{1});
  EXPECT_GT(drawing.hostPictures, 0);
}

}  // namespace
}  // namespace penumbra
#endif
