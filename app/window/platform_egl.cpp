// Drawing into memory: EGL without a surface (EGL_KHR_surfaceless_context), the "screen" is a framebuffer object. Drawn by an
// NVIDIA card if EGL lists one (EGL_EXT_platform_device), as CUDA can then write into its buffers; else by what Mesa offers
// (EGL_MESA_platform_surfaceless).
#include <glad/gl.h>

#include <EGL/egl.h>
#include <EGL/eglext.h>

#include <chrono>
#include <cstring>
#include <thread>

#include <imgui.h>

#include "app/window/gl_objects.h"
#include "app/window/platform.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

[[noreturn]] void fail(const std::string& why) {
  throw Error(ExitCode::Display, "Cannot draw without a display: " + why + ".", "Install libegl1 and libgl1-mesa-dri, or run on a machine with a display.");
}

template <class Function> Function eglFunction(const char* name) { return reinterpret_cast<Function>(eglGetProcAddress(name)); }

// Cards that CUDA computes on; first the one it counts as 0, which the backend computes on.
std::vector<EGLDeviceEXT> cudaCards() {
  const auto list = eglFunction<PFNEGLQUERYDEVICESEXTPROC>("eglQueryDevicesEXT");
  const auto describe = eglFunction<PFNEGLQUERYDEVICESTRINGEXTPROC>("eglQueryDeviceStringEXT");
  const auto attribute = eglFunction<PFNEGLQUERYDEVICEATTRIBEXTPROC>("eglQueryDeviceAttribEXT");
  EGLDeviceEXT devices[16];
  EGLint count = 0;
  std::vector<EGLDeviceEXT> result;
  if (!list || !describe || !list(16, devices, &count)) return result;
  for (int i = 0; i < count; ++i)
    if (const char* extensions = describe(devices[i], EGL_EXTENSIONS); extensions && std::strstr(extensions, "EGL_NV_device_cuda")) {
      EGLAttrib card = -1;
      const bool first = attribute && attribute(devices[i], EGL_CUDA_DEVICE_NV, &card) && card == 0;
      result.insert(first ? result.begin() : result.end(), devices[i]);
    }
  return result;
}

// Initialised; EGL_NO_DISPLAY when there is none.
EGLDisplay startedDisplay() {
  const char* extensions = eglQueryString(EGL_NO_DISPLAY, EGL_EXTENSIONS);
  const auto platform = eglFunction<PFNEGLGETPLATFORMDISPLAYEXTPROC>("eglGetPlatformDisplayEXT");
  const auto offers = [&](const char* name) { return platform && extensions && std::strstr(extensions, name); };
  std::vector<EGLDisplay> displays;
  if (offers("EGL_EXT_platform_device"))
    for (const EGLDeviceEXT device : cudaCards()) displays.push_back(platform(EGL_PLATFORM_DEVICE_EXT, device, nullptr));
  if (offers("EGL_MESA_platform_surfaceless")) displays.push_back(platform(EGL_PLATFORM_SURFACELESS_MESA, EGL_DEFAULT_DISPLAY, nullptr));
  displays.push_back(eglGetDisplay(EGL_DEFAULT_DISPLAY));
  for (const EGLDisplay display : displays)
    if (display != EGL_NO_DISPLAY && eglInitialize(display, nullptr, nullptr)) return display;
  return EGL_NO_DISPLAY;
}

class EglPlatform final : public Platform {
 public:
  EglPlatform(int width, int height) : width_(width), height_(height) {
    display_ = startedDisplay();
    if (display_ == EGL_NO_DISPLAY) fail("EGL does not start");
    try {
      makeContext();
      makeScreen();
    } catch (...) {
      eglTerminate(display_);
      throw;
    }
    ImGui::GetIO().BackendPlatformName = "penumbra_memory";
  }

  ~EglPlatform() override {
    screen_.reset();
    colour_.reset();
    eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, EGL_NO_CONTEXT);
    eglDestroyContext(display_, context_);
    eglTerminate(display_);
  }

  void waitEvents(double seconds) override {
    if (seconds > 0) std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
  }
  bool hadEvents() override { return false; }
  void newFrame() override {
    ImGuiIO& io = ImGui::GetIO();
    io.DisplaySize = {float(width_), float(height_)};
    const auto now = std::chrono::steady_clock::now();
    io.DeltaTime = std::max(1e-4f, std::chrono::duration<float>(now - last_).count());
    last_ = now;
  }
  void endFrame() override { glFinish(); }
  bool closeRequested() override { return false; }
  float contentScale() const override { return 1; }
  int width() const override { return width_; }
  int height() const override { return height_; }
  bool minimised() const override { return false; }
  void setTitle(const std::string&) override {}
  void setFullScreen(bool) override {}
  void setVsync(bool) override {}
  std::vector<std::filesystem::path> takeDropped() override { return {}; }
  std::vector<Chord> takePressed() override { return {}; }
  void bindScreen() override { glBindFramebuffer(GL_FRAMEBUFFER, screen_.get()); }

  RgbaImage readPixels() override {
    RgbaImage image(width_, height_);
    std::vector<Rgba> rows(image.pixels.size());
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    glReadPixels(0, 0, width_, height_, GL_RGBA, GL_UNSIGNED_BYTE, rows.data());
    for (int y = 0; y < height_; ++y)
      for (int x = 0; x < width_; ++x)
        image.at(x, y) = rows[std::size_t(height_ - 1 - y) * std::size_t(width_) + std::size_t(x)], image.at(x, y).a = 255;
    return image;
  }

 private:
  void makeContext() {
    if (!eglBindAPI(EGL_OPENGL_API)) fail("EGL offers no OpenGL");
    const EGLint wanted[] = {EGL_SURFACE_TYPE, EGL_DONT_CARE, EGL_RENDERABLE_TYPE, EGL_OPENGL_BIT, EGL_NONE};
    EGLConfig config = nullptr;
    EGLint count = 0;
    if (!eglChooseConfig(display_, wanted, &config, 1, &count) || count == 0) config = EGL_NO_CONFIG_KHR;
    const EGLint version[] = {EGL_CONTEXT_MAJOR_VERSION, 3, EGL_CONTEXT_MINOR_VERSION, 3,
                              EGL_CONTEXT_OPENGL_PROFILE_MASK, EGL_CONTEXT_OPENGL_CORE_PROFILE_BIT, EGL_NONE};
    context_ = eglCreateContext(display_, config, EGL_NO_CONTEXT, version);
    if (context_ == EGL_NO_CONTEXT) fail("there is no OpenGL 3.3 context");
    if (!eglMakeCurrent(display_, EGL_NO_SURFACE, EGL_NO_SURFACE, context_)) fail("a context without a surface is not possible");
    if (!gladLoadGL(eglGetProcAddress)) fail("OpenGL 3.3 cannot be loaded");
  }

  void makeScreen() {
    colour_ = makeRenderbuffer();
    glBindRenderbuffer(GL_RENDERBUFFER, colour_.get());
    glRenderbufferStorage(GL_RENDERBUFFER, GL_RGBA8, width_, height_);
    screen_ = makeFramebuffer();
    bindScreen();
    glFramebufferRenderbuffer(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_RENDERBUFFER, colour_.get());
    if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) fail("the framebuffer is refused");
  }

  int width_, height_;
  EGLDisplay display_ = EGL_NO_DISPLAY;
  EGLContext context_ = EGL_NO_CONTEXT;
  GlRenderbuffer colour_;
  GlFramebuffer screen_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

}  // namespace

std::unique_ptr<Platform> openEgl(int width, int height) { return std::make_unique<EglPlatform>(width, height); }

}  // namespace penumbra
