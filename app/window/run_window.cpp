#include "app/window/run_window.h"

#include <glad/gl.h>
#include <imgui.h>
#include <backends/imgui_impl_opengl3.h>

#include <chrono>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <thread>

#include "app/panels/panels.h"
#include "app/window/frame_times.h"
#include "app/window/gl_drawing.h"
#include "app/window/platform.h"
#include "app/window/theme.h"
#include "app/window/widgets.h"
#include "optim/io/image_io.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

using Clock = std::chrono::steady_clock;
constexpr double kScreenshotPace = 1.0 / 30, kSaveDelay = 1;
constexpr int kFramesAfterInput = 5;     // a press and its release take two; what they open needs a few more to settle

struct ImGuiContextOwner {
  ImGuiContextOwner() { ImGui::CreateContext(); }
  ~ImGuiContextOwner() { ImGui::DestroyContext(); }
};

struct ImGuiGlOwner {
  ImGuiGlOwner() { ImGui_ImplOpenGL3_Init("#version 330 core"); }
  ~ImGuiGlOwner() { ImGui_ImplOpenGL3_Shutdown(); }
};

std::unique_ptr<Platform> openPlatform(const WindowArguments& a, int width, int height) {
  const bool withoutWindow = !a.screenshot.empty() || a.benchUiSeconds > 0;
  const char* display = std::getenv("DISPLAY");
  const char* wayland = std::getenv("WAYLAND_DISPLAY");
  const bool hasDisplay = (display && *display) || (wayland && *wayland);
  if (a.display == DisplayBackend::Egl || (a.display == DisplayBackend::Auto && withoutWindow && !hasDisplay)) return openEgl(width, height);
  return openGlfw(width, height);
}

std::filesystem::path screenshotPath(const Settings& settings) {
  std::error_code failed;
  std::filesystem::path folder = settings.exportFolder;
  if (folder.empty() || !std::filesystem::is_directory(folder, failed)) folder = std::filesystem::current_path(failed);
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  localtime_r(&now, &local);
  char name[64];
  std::strftime(name, sizeof name, "penumbra_%Y%m%d_%H%M%S.png", &local);
  return folder / name;
}

// Frame times are those of a fit: without a file, of a bundled model's.
WindowArguments withModel(WindowArguments arguments) {
  const auto samples = sampleModels();
  if (arguments.benchUiSeconds > 0 && arguments.open.empty() && !samples.empty()) arguments.open = samples.front();
  return arguments;
}

class Window {
 public:
  explicit Window(const WindowArguments& arguments)
      : arguments_(withModel(arguments)), unattended_(!arguments.screenshot.empty() || arguments.benchUiSeconds > 0),
        settings_(unattended_ ? Settings{} : loadSettings(settingsPath())), session_(std::make_unique<Session>()) {
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    io.LogFilename = nullptr;
    const int width = arguments.width > 0 ? arguments.width : settings_.windowWidth;
    const int height = arguments.height > 0 ? arguments.height : settings_.windowHeight;
    platform_ = openPlatform(arguments, width, height);
    imguiGl_ = std::make_unique<ImGuiGlOwner>();
    drawing_ = std::make_unique<GlDrawing>(arguments.interop);
    images_ = std::make_unique<ViewImages>(*drawing_);
    state_ = std::make_unique<AppState>(session_.get(), settings_, arguments.options);
    if (arguments.uiScale > 0) state_->settings.uiScale = arguments.uiScale;
    if (!unattended_) {
      recovery_ = std::make_unique<RecoveryStore>(recoveryFolder());
      state_->useRecovery(*recovery_);
    }
    state_->setClipboard = [](const std::string& text) { ImGui::SetClipboardText(text.c_str()); };
    state_->getClipboard = [] { const char* text = ImGui::GetClipboardText(); return std::string(text ? text : ""); };
    ui_.drawing = drawing_.get();
    ui_.images = images_.get();
    platform_->setVsync(!unattended_);
    if (!arguments_.open.empty()) {
      state_->startWhenLoaded = arguments.start || arguments.benchUiSeconds > 0;
      state_->openNow(arguments_.open);
      state_->offerRecovery();
    }
  }

  int run() {
    if (arguments_.benchUiSeconds > 0) return runBench();
    if (!arguments_.screenshot.empty()) return runScreenshot();
    runInteractive();
    return 0;
  }

 private:
  double seconds() const { return std::chrono::duration<double>(Clock::now() - began_).count(); }

  // Fonts are made anew when the scale changes, so that text stays sharp.
  void followScale() {
    const float wanted = std::clamp(platform_->contentScale(), 1.f, 3.f) * float(state_->settings.uiScale);
    if (wanted == ui_.scale && ui_.fonts.regular) return;
    ui_.scale = wanted;
    applyTheme(wanted);
    ui_.fonts = loadFonts(wanted);
    ImGui_ImplOpenGL3_DestroyFontsTexture();
    ImGui_ImplOpenGL3_CreateFontsTexture();
  }

  // The session publishes meshes and pictures on the card as long as they can be drawn from there.
  void followInterop() {
    session_->shareGeometry(drawing_->readsTheCard());
    if (const auto& wishes = images_->wishes(); !state_->panelsHidden && wishes != wishes_) session_->sharePictures(wishes_ = wishes);
    if (arguments_.interop != InteropMode::On || interopNoted_ || !state_->snapshot().onCard || drawing_->whyHostCopies().empty()) return;
    interopNoted_ = true;
    state_->toast(NoticeKind::Warning, "Mesh and pictures are copied through the host: " + drawing_->whyHostCopies(), "");
  }

  // One frame up to, but without, showing it.
  void draw() {
    const auto begin = Clock::now();
    followScale();
    state_->update(seconds());
    images_->beginFrame(state_->snapshot(), seconds());
    platform_->newFrame();
    ImGui_ImplOpenGL3_NewFrame();
    ImGui::NewFrame();
    handleKeys(*state_, platform_->takePressed());
    drawPanels(*state_, ui_, ImGui::GetIO().DisplaySize.x, ImGui::GetIO().DisplaySize.y);
    ImGui::Render();
    platform_->bindScreen();
    const ImGuiIO& io = ImGui::GetIO();
    glViewport(0, 0, int(io.DisplaySize.x * io.DisplayFramebufferScale.x), int(io.DisplaySize.y * io.DisplayFramebufferScale.y));
    drawing_->drawUnderlays(ui_.underlays, int(io.DisplaySize.y * io.DisplayFramebufferScale.y), io.DisplayFramebufferScale.y);
    ImGui_ImplOpenGL3_RenderDrawData(ImGui::GetDrawData());
    if (!state_->panelsHidden) state_->watch(images_->visible());
    followInterop();
    if (drawing_->software()) glFinish();
    const float took = std::chrono::duration<float, std::milli>(Clock::now() - begin).count();
    ui_.frameMilliseconds = ++framesDrawn_ < 4 ? took : 0.9f * ui_.frameMilliseconds + 0.1f * took;
  }

  void runInteractive() {
    double lastFrame = -1, lastInput = 0, changedAt = -1;
    int due = kFramesAfterInput;
    std::string title;
    while (!state_->quit) {
      const auto snapshot = session_->snapshot();
      const Pacing pacing{isBusy(*snapshot), seconds() - lastInput < 0.3 || due > 0, drawing_->software()};
      platform_->waitEvents(pacing.sleep(seconds() - lastFrame));
      if (platform_->hadEvents()) lastInput = seconds(), due = kFramesAfterInput;
      if (platform_->closeRequested()) perform(*state_, Action::Quit), due = kFramesAfterInput;
      if (auto dropped = platform_->takeDropped(); !dropped.empty()) state_->dropFiles(dropped);
      if (state_->settingsChanged && changedAt < 0) changedAt = seconds();
      if (changedAt >= 0 && seconds() - changedAt > kSaveDelay) saveAll(), changedAt = -1;
      const bool soon = seconds() - lastFrame < (drawing_->software() ? 1.0 / 40 : 1.0 / 250);
      const bool stale = session_->snapshot()->version != state_->snapshot().version;
      if (platform_->minimised() || soon || !(due > 0 || stale || isBusy(*snapshot))) {
        if (platform_->minimised()) state_->update(seconds()), platform_->waitEvents(Pacing::kIdleWait);
        continue;
      }
      lastFrame = seconds();
      due = stale || isBusy(*snapshot) ? kFramesAfterInput : std::max(0, due - 1);  // what it changed settles, too
      draw();
      saveScreenshot();
      platform_->endFrame();
      platform_->setFullScreen(state_->fullScreen);
      if (state_->title() != title) platform_->setTitle(title = state_->title());
    }
    saveAll();
  }

  bool isBusy(const Snapshot& s) const {
    return s.state == SessionState::Running || s.state == SessionState::Loading || state_->camera.moving() || !state_->pending().empty() || !state_->notices.toasts().empty() ||
           state_->native.isOpen() || state_->reporter.working();
  }

  void saveAll() {
    if (!state_->fullScreen) state_->settings.windowWidth = platform_->width(), state_->settings.windowHeight = platform_->height();
    saveSettings(settingsPath(), settingsToKeep(state_->settings, arguments_.uiScale, settings_.uiScale));
    state_->settingsChanged = false;
  }

  void saveScreenshot() {
    if (!state_->screenshotWanted) return;
    const auto path = state_->screenshotWanted->empty() ? screenshotPath(state_->settings) : *state_->screenshotWanted;
    state_->screenshotWanted.reset();
    try {
      writePng(path, platform_->readPixels());
      state_->notices.toast(NoticeKind::Good, "Saved " + displayName(path.filename()) + ".", "", seconds(), path.string());
    } catch (const Error& error) {
      state_->toast(NoticeKind::Warning, error.what(), error.advice());
    }
  }

  // Draws until the model is loaded. Throws what went wrong with it.
  void drawUntilLoaded() {
    while (!arguments_.open.empty()) {
      drawPaced();
      if (state_->notices.error()) throw Error(ExitCode::Input, state_->notices.error()->what, state_->notices.error()->advice);
      const SessionState s = state_->snapshot().state;
      if (s != SessionState::Empty && s != SessionState::Loading) return;
    }
  }

  void drawPaced() {
    const auto begin = Clock::now();
    platform_->waitEvents(0);
    draw();
    platform_->endFrame();
    const double left = kScreenshotPace - std::chrono::duration<double>(Clock::now() - begin).count();
    if (left > 0) std::this_thread::sleep_for(std::chrono::duration<double>(left));
  }

  int runScreenshot() {
    drawUntilLoaded();
    for (int i = 0; i + 1 < arguments_.frames; ++i) drawPaced();
    drawing_->setAlwaysFine(true);
    draw();
    writePng(arguments_.screenshot, platform_->readPixels());
    platform_->endFrame();
    return 0;
  }

  // The fit at full speed, frames without a pause between them; the camera turns, so that nothing can be skipped.
  int runBench() {
    drawUntilLoaded();
    FrameTimes times;
    const double begin = seconds();
    const int firstIteration = state_->snapshot().iteration;
    while (seconds() - begin < arguments_.benchUiSeconds) {
      const auto frame = Clock::now();
      platform_->waitEvents(0);
      state_->camera.orbit(2, 0, ui_.layout.viewport);
      if (state_->snapshot().state == SessionState::Done) session_->start();
      draw();
      platform_->endFrame();
      times.add(std::chrono::duration<double, std::milli>(Clock::now() - frame).count());
    }
    const double rate = (state_->snapshot().iteration - firstIteration) / (seconds() - begin);
    std::cout << times.summary() << "  fit " << fixedText(rate, 1) << " it/s  " << platform_->width() << " x " << platform_->height() << "  "
              << drawing_->description() << std::endl;
    return 0;
  }

  WindowArguments arguments_;
  bool unattended_;
  Settings settings_;
  Clock::time_point began_ = Clock::now();
  // Destroyed from the bottom up: the fit's threads stop last, graphics objects go before their context.
  std::unique_ptr<RecoveryStore> recovery_;  // outlives the session, which writes into it up to its end
  std::unique_ptr<Session> session_;
  ImGuiContextOwner imgui_;
  std::unique_ptr<Platform> platform_;
  std::unique_ptr<ImGuiGlOwner> imguiGl_;
  std::unique_ptr<GlDrawing> drawing_;
  std::unique_ptr<ViewImages> images_;
  std::unique_ptr<AppState> state_;
  Ui ui_;
  int framesDrawn_ = 0;
  std::vector<PictureWish> wishes_;  // told to the session
  bool interopNoted_ = false;
};

}  // namespace

int runWindow(const WindowArguments& arguments) {
  // Software OpenGL would take every processor for drawing; the fit needs them too.
  setenv("LP_NUM_THREADS", "2", 0);
  Window window(arguments);
  return window.run();
}

}  // namespace penumbra
