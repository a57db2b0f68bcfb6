// Where the window is drawn: a real one through GLFW, or memory through EGL without any display.
#pragma once
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "app/window/actions.h"
#include "app/window/run_window.h"
#include "renderer/image.h"

namespace penumbra {

class Platform {
 public:
  virtual ~Platform() = default;
  virtual void waitEvents(double seconds) = 0;  // returns at once when there are some; 0 only collects them
  virtual bool hadEvents() = 0;                 // since the last call
  virtual void newFrame() = 0;                  // tells Dear ImGui the sizes, the time and the input
  virtual void endFrame() = 0;                  // shows what was drawn
  virtual bool closeRequested() = 0;            // once per request
  virtual float contentScale() const = 0;       // of the monitor, 1 for an ordinary one
  virtual int width() const = 0;                // in the pixels that layout and mouse use
  virtual int height() const = 0;
  virtual bool minimised() const = 0;
  virtual void setTitle(const std::string& title) = 0;
  virtual void setFullScreen(bool on) = 0;
  virtual void setVsync(bool on) = 0;
  virtual std::vector<std::filesystem::path> takeDropped() = 0;
  // Keys pressed since the last call, in order; none is lost however long a frame takes.
  virtual std::vector<Chord> takePressed() = 0;
  virtual RgbaImage readPixels() = 0;           // of the frame drawn, before endFrame
  virtual void bindScreen() = 0;                // draw to the window from now on
};

// Both throw Error(Display). A Dear ImGui context must exist; the GL context is current afterwards.
std::unique_ptr<Platform> openGlfw(int width, int height);
std::unique_ptr<Platform> openEgl(int width, int height);

}  // namespace penumbra
