#include <glad/gl.h>
// glad first: GLFW then leaves the OpenGL headers alone.
#include <GLFW/glfw3.h>

#include <cstdlib>
#include <cstring>
#include <utility>

#include <imgui.h>
#include <backends/imgui_impl_glfw.h>

#include "app/window/actions.h"
#include "app/window/layout.h"
#include "app/window/platform.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

static_assert(key::kSpace == GLFW_KEY_SPACE && key::kEscape == GLFW_KEY_ESCAPE && key::kEnter == GLFW_KEY_ENTER && key::kTab == GLFW_KEY_TAB &&
              key::kHome == GLFW_KEY_HOME && key::kF1 == GLFW_KEY_F1 && key::kF11 == GLFW_KEY_F11 && key::kF12 == GLFW_KEY_F12 &&
              key::kMinus == GLFW_KEY_MINUS && key::kEqual == GLFW_KEY_EQUAL && key::kSlash == GLFW_KEY_SLASH &&
              key::kLeftBracket == GLFW_KEY_LEFT_BRACKET && key::kRightBracket == GLFW_KEY_RIGHT_BRACKET);

constexpr const char* kWithoutWindow = "To run without a window: penumbra fit FILE -o out.glb";

std::string lastGlfwError() {
  const char* text = nullptr;
  return glfwGetError(&text) != GLFW_NO_ERROR && text ? text : "unknown reason";
}

Error displayError() {
  const char* display = std::getenv("DISPLAY");
  const char* wayland = std::getenv("WAYLAND_DISPLAY");
  if ((!display || !*display) && (!wayland || !*wayland)) return {ExitCode::Display, "Cannot open a window: no display (DISPLAY is not set).", kWithoutWindow};
  return {ExitCode::Display, "Cannot open a window: " + lastGlfwError() + ".", kWithoutWindow};
}

class GlfwPlatform final : public Platform {
 public:
  GlfwPlatform(int width, int height) {
    if (!glfwInit()) throw displayError();
    glfwWindowHint(GLFW_CONTEXT_VERSION_MAJOR, 3);
    glfwWindowHint(GLFW_CONTEXT_VERSION_MINOR, 3);
    glfwWindowHint(GLFW_OPENGL_PROFILE, GLFW_OPENGL_CORE_PROFILE);
    glfwWindowHint(GLFW_OPENGL_FORWARD_COMPAT, GLFW_TRUE);
    glfwWindowHint(GLFW_DEPTH_BITS, 0);
    glfwWindowHint(GLFW_STENCIL_BITS, 0);
    if (GLFWmonitor* monitor = glfwGetPrimaryMonitor()) {  // no larger than the screen
      int x = 0, y = 0, w = 0, h = 0;
      glfwGetMonitorWorkarea(monitor, &x, &y, &w, &h);
      if (w > 0 && h > 0) width = std::min(width, w), height = std::min(height, h);
    }
    window_ = glfwCreateWindow(width, height, "Penumbra", nullptr, nullptr);
    if (!window_) {
      const Error error(ExitCode::Display, "Cannot open a window with OpenGL 3.3: " + lastGlfwError() + ".", kWithoutWindow);
      glfwTerminate();
      throw error;
    }
    glfwSetWindowSizeLimits(window_, kLeastWidth, kLeastHeight, GLFW_DONT_CARE, GLFW_DONT_CARE);
    glfwMakeContextCurrent(window_);
    if (!gladLoadGL(glfwGetProcAddress)) {
      glfwDestroyWindow(window_);
      glfwTerminate();
      throw Error(ExitCode::Display, "Cannot load OpenGL 3.3 from the graphics driver.", kWithoutWindow);
    }
    installCallbacks();
  }

  ~GlfwPlatform() override {
    ImGui_ImplGlfw_Shutdown();
    glfwDestroyWindow(window_);
    glfwTerminate();
  }

  void waitEvents(double seconds) override {
    if (seconds > 0) glfwWaitEventsTimeout(seconds);
    else glfwPollEvents();
  }
  bool hadEvents() override { return std::exchange(events_, false); }
  void newFrame() override { ImGui_ImplGlfw_NewFrame(); }
  void endFrame() override { glfwSwapBuffers(window_); }
  bool closeRequested() override {
    const bool wanted = glfwWindowShouldClose(window_);
    glfwSetWindowShouldClose(window_, GLFW_FALSE);
    return wanted;
  }
  float contentScale() const override {
    float x = 1, y = 1;
    glfwGetWindowContentScale(window_, &x, &y);
    int framebuffer = 0, unused = 0;
    glfwGetFramebufferSize(window_, &framebuffer, &unused);
    // Where window units are not pixels the system scales by itself.
    return framebuffer > 0 ? std::max(x, y) * float(width()) / float(framebuffer) : 1;
  }
  int width() const override { return size().first; }
  int height() const override { return size().second; }
  bool minimised() const override { return glfwGetWindowAttrib(window_, GLFW_ICONIFIED) || width() <= 0 || height() <= 0; }
  void setTitle(const std::string& title) override { glfwSetWindowTitle(window_, title.c_str()); }
  void setVsync(bool on) override { glfwSwapInterval(on ? 1 : 0); }
  std::vector<std::filesystem::path> takeDropped() override { return std::exchange(dropped_, {}); }
  std::vector<Chord> takePressed() override { return std::exchange(pressed_, {}); }
  void bindScreen() override { glBindFramebuffer(GL_FRAMEBUFFER, 0); }

  void setFullScreen(bool on) override {
    GLFWmonitor* monitor = glfwGetPrimaryMonitor();
    const bool is = glfwGetWindowMonitor(window_) != nullptr;
    if (on == is || !monitor) return;
    if (!on) return glfwSetWindowMonitor(window_, nullptr, saved_[0], saved_[1], saved_[2], saved_[3], GLFW_DONT_CARE);
    glfwGetWindowPos(window_, &saved_[0], &saved_[1]);
    glfwGetWindowSize(window_, &saved_[2], &saved_[3]);
    const GLFWvidmode* mode = glfwGetVideoMode(monitor);
    glfwSetWindowMonitor(window_, monitor, 0, 0, mode->width, mode->height, mode->refreshRate);
  }

  RgbaImage readPixels() override {
    int w = 0, h = 0;
    glfwGetFramebufferSize(window_, &w, &h);
    RgbaImage image(w, h);
    glPixelStorei(GL_PACK_ALIGNMENT, 1);
    std::vector<Rgba> rows(image.pixels.size());
    glReadPixels(0, 0, w, h, GL_RGBA, GL_UNSIGNED_BYTE, rows.data());
    for (int y = 0; y < h; ++y)
      for (int x = 0; x < w; ++x) image.at(x, y) = rows[std::size_t(h - 1 - y) * std::size_t(w) + std::size_t(x)], image.at(x, y).a = 255;
    return image;
  }

 private:
  static GlfwPlatform& self(GLFWwindow* window) { return *static_cast<GlfwPlatform*>(glfwGetWindowUserPointer(window)); }

  std::pair<int, int> size() const {
    int w = 0, h = 0;
    glfwGetWindowSize(window_, &w, &h);
    return {w, h};
  }

  // GLFW numbers keys by their place on a US keyboard; shortcuts mean what is printed on the key.
  static int printedKey(int pressed, int scancode) {
    const char* name = pressed >= GLFW_KEY_APOSTROPHE && pressed <= GLFW_KEY_GRAVE_ACCENT ? glfwGetKeyName(pressed, scancode) : nullptr;
    if (!name || std::strlen(name) != 1) return pressed;
    const char c = name[0];
    if (c >= 'a' && c <= 'z') return c - 'a' + 'A';
    if (c == '+') return GLFW_KEY_EQUAL;
    return (c >= '0' && c <= '9') || c == '-' || c == '=' ? c : pressed;
  }

  void installCallbacks() {
    glfwSetWindowUserPointer(window_, this);
    glfwSetDropCallback(window_, [](GLFWwindow* w, int count, const char** paths) {
      for (int i = 0; i < count; ++i) self(w).dropped_.emplace_back(paths[i]);
      self(w).events_ = true;
    });
    glfwSetWindowRefreshCallback(window_, [](GLFWwindow* w) { self(w).events_ = true; });
    glfwSetWindowSizeCallback(window_, [](GLFWwindow* w, int, int) { self(w).events_ = true; });
    glfwSetWindowContentScaleCallback(window_, [](GLFWwindow* w, float, float) { self(w).events_ = true; });
    ImGui_ImplGlfw_InitForOpenGL(window_, false);
    glfwSetWindowFocusCallback(window_, [](GLFWwindow* w, int focused) { self(w).events_ = true, ImGui_ImplGlfw_WindowFocusCallback(w, focused); });
    glfwSetCursorEnterCallback(window_, [](GLFWwindow* w, int entered) { self(w).events_ = true, ImGui_ImplGlfw_CursorEnterCallback(w, entered); });
    glfwSetCursorPosCallback(window_, [](GLFWwindow* w, double, double) { self(w).events_ = true; });
    glfwSetMouseButtonCallback(window_, [](GLFWwindow* w, int b, int a, int m) { self(w).events_ = true, ImGui_ImplGlfw_MouseButtonCallback(w, b, a, m); });
    glfwSetScrollCallback(window_, [](GLFWwindow* w, double x, double y) { self(w).events_ = true, ImGui_ImplGlfw_ScrollCallback(w, x, y); });
    glfwSetCharCallback(window_, [](GLFWwindow* w, unsigned c) { self(w).events_ = true, ImGui_ImplGlfw_CharCallback(w, c); });
    glfwSetKeyCallback(window_, [](GLFWwindow* w, int pressed, int scancode, int a, int m) {
      self(w).events_ = true;
      const int printed = printedKey(pressed, scancode);
      const int modifiers = (m & GLFW_MOD_CONTROL ? kCtrl : 0) | (m & GLFW_MOD_SHIFT ? kShift : 0);
      if (a == GLFW_PRESS && !(m & (GLFW_MOD_ALT | GLFW_MOD_SUPER))) self(w).pressed_.push_back({printed, std::uint8_t(modifiers)});
      ImGui_ImplGlfw_KeyCallback(w, printed, scancode, a, m);
    });
  }

  GLFWwindow* window_ = nullptr;
  bool events_ = true;
  int saved_[4] = {60, 60, 1600, 900};
  std::vector<std::filesystem::path> dropped_;
  std::vector<Chord> pressed_;
};

}  // namespace

std::unique_ptr<Platform> openGlfw(int width, int height) { return std::make_unique<GlfwPlatform>(width, height); }

}  // namespace penumbra
