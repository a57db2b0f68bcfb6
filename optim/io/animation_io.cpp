#include "optim/io/animation_io.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include <webp/encode.h>
#include <webp/mux.h>

#include "optim/io/atomic_file.h"
#include "optim/io/file_input.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kMaxSide = WEBP_MAX_DIMENSION;

[[noreturn]] void fail(const std::string& why) { throw Error(ExitCode::Save, "Could not make the animation: " + why + "."); }

struct Picture {
  WebPPicture webp;
  Picture() { if (!WebPPictureInit(&webp)) fail("another version of libwebp is installed"); }
  ~Picture() { WebPPictureFree(&webp); }
  Picture(const Picture&) = delete;
  Picture& operator=(const Picture&) = delete;
};

struct Assembled {
  WebPData data;
  Assembled() { WebPDataInit(&data); }
  ~Assembled() { WebPDataClear(&data); }
  Assembled(const Assembled&) = delete;
  Assembled& operator=(const Assembled&) = delete;
};

}  // namespace

struct AnimationWriter::State {
  int width = 0, height = 0;
  std::int64_t time = 0;  // milliseconds, end of the last frame
  WebPConfig config{};
  std::unique_ptr<WebPAnimEncoder, decltype(&WebPAnimEncoderDelete)> encoder{nullptr, &WebPAnimEncoderDelete};
};

AnimationWriter::AnimationWriter(int width, int height, float quality) : state_(std::make_unique<State>()) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide)
    fail("its size is " + std::to_string(width) + " x " + std::to_string(height) + ", the limit is " + std::to_string(kMaxSide) + " a side");
  WebPAnimEncoderOptions options;
  if (!WebPAnimEncoderOptionsInit(&options) || !WebPConfigInit(&state_->config)) fail("another version of libwebp is installed");
  options.anim_params.loop_count = 0;  // for ever
  state_->config.quality = quality;
  state_->config.lossless = quality >= 100 ? 1 : 0;
  state_->config.method = 4;
  if (!WebPValidateConfig(&state_->config)) fail("the quality is outside 0 .. 100");
  state_->width = width;
  state_->height = height;
  state_->encoder.reset(WebPAnimEncoderNew(width, height, &options));
  if (!state_->encoder) fail("not enough memory");
}

AnimationWriter::~AnimationWriter() = default;

void AnimationWriter::add(const RgbaImage& frame, int milliseconds) {
  if (!state_->encoder) fail("it was saved already");
  if (frame.width != state_->width || frame.height != state_->height)
    fail("a frame is " + std::to_string(frame.width) + " x " + std::to_string(frame.height) + ", the first one " +
         std::to_string(state_->width) + " x " + std::to_string(state_->height));
  Picture picture;
  picture.webp.use_argb = 1;
  picture.webp.width = frame.width;
  picture.webp.height = frame.height;
  if (!WebPPictureImportRGBA(&picture.webp, reinterpret_cast<const std::uint8_t*>(frame.pixels.data()), frame.width * 4))
    fail("not enough memory");
  if (state_->time > 0x7fffffff - milliseconds) fail("it is longer than 24 days");
  if (!WebPAnimEncoderAdd(state_->encoder.get(), &picture.webp, int(state_->time), &state_->config))
    fail(printableLine(WebPAnimEncoderGetError(state_->encoder.get())));
  state_->time += std::max(milliseconds, 1);
}

void AnimationWriter::save(const std::filesystem::path& path) {
  if (!state_->encoder || state_->time == 0) fail("it has no frames");
  Assembled result;
  WebPAnimEncoder* encoder = state_->encoder.get();
  if (!WebPAnimEncoderAdd(encoder, nullptr, int(state_->time), nullptr) || !WebPAnimEncoderAssemble(encoder, &result.data))
    fail(printableLine(WebPAnimEncoderGetError(encoder)));
  writeFileAtomically(path, std::as_bytes(std::span(result.data.bytes, result.data.size)));
  state_->encoder.reset();
}

void writeAnimation(const std::filesystem::path& path, std::span<const RgbaImage> frames, int milliseconds) {
  if (frames.empty()) fail("it has no frames");
  AnimationWriter writer(frames[0].width, frames[0].height);
  for (const RgbaImage& frame : frames) writer.add(frame, milliseconds);
  writer.save(path);
}

}  // namespace penumbra
