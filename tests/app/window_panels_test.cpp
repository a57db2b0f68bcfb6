// Every panel of the table drawn without graphics, in every state a session can be in; and the panels' effect on the
// state when mouse and keys are simulated.
#include <gtest/gtest.h>

#ifdef PENUMBRA_WITH_WINDOW
#include <imgui_internal.h>

#include <set>

#include "app/panels/option_rows.h"
#include "app/panels/panels.h"
#include "app/window/theme.h"
#include "tests/support/small_meshes.h"

namespace penumbra {
namespace {

std::shared_ptr<Snapshot> snapshotIn(SessionState state) {
  auto s = std::make_shared<Snapshot>();
  s->state = state;
  s->version = 1;
  s->backend = "CPU (2 threads)";
  s->message = "rendering 3 of 8 masks";
  s->progress = 0.4;
  if (state == SessionState::Empty || state == SessionState::Loading) return s;
  const Mesh torus = torusMesh(12, 8);
  auto views = std::make_shared<ViewSet>();
  views->name = "torus";
  views->reference = std::make_shared<Mesh>(torus);
  for (int i = 0; i < 5; ++i) {
    View view{"view " + std::to_string(i), lookAt({2 * std::cos(i), 1, 2 * std::sin(i)}, {0, 0, 0}, {0, 1, 0}, 40, 48, i == 2 ? 24 : 48), {}};
    view.mask = Mask(view.camera.width, view.camera.height, 0.f);
    view.mask.at(10, 10) = 1;
    views->train.push_back(view);
    if (i < 3) s->coverage[i] = std::make_shared<Mask>(view.mask);
  }
  views->heldOut = {views->train[0]};
  s->views = views;
  s->positions = std::make_shared<std::vector<glm::vec3>>(torus.positions);
  s->normals = std::make_shared<std::vector<glm::vec3>>(torus.positions);
  s->faces = std::make_shared<std::vector<Face>>(torus.faces);
  s->viewIoU = {0.9f, 0.5f, -1, 0.99f, 0.7f};
  s->plannedIterations = 500;
  if (state == SessionState::Ready) return s;
  s->iteration = 321;
  s->iterationsPerSecond = 42.5;
  s->secondsFitting = 7.5;
  std::vector<Metrics> history;
  for (int i = 0; i < 321; ++i) history.push_back({i, i * 0.02, 1.0 / (i + 1), 0.9 / (i + 1), 0, 0, 0, 0, 1 - 0.5 / (i + 1), -1, 0.1, 1e-4, 0.05});
  history[100].loss = std::nan("");
  s->history = std::make_shared<std::vector<Metrics>>(history);
  s->heldOut = std::make_shared<std::vector<HeldOutMetrics>>(std::vector<HeldOutMetrics>{{100, 0.9, 1.2}, {320, 0.97, 0.4}});
  s->edits = std::make_shared<std::vector<OptionEdit>>(std::vector<OptionEdit>{{150, "learning_rate", "0.05", "0.01"}, {150, "sigma", "0.0001", "1e-05"}});
  return s;
}

constexpr SessionState kStates[] = {SessionState::Empty, SessionState::Loading, SessionState::Ready, SessionState::Running,
                                    SessionState::Paused, SessionState::Done, SessionState::Failed};
constexpr Dialog kDialogs[] = {Dialog::None, Dialog::ConfirmReset, Dialog::ConfirmQuit, Dialog::ConfirmOpen, Dialog::KeySheet,
                               Dialog::About, Dialog::History, Dialog::Preferences, Dialog::Warnings};

class Panels : public ::testing::Test {
 protected:
  Panels() : images_(drawing_), state_(nullptr, Settings{}, FitOptions{}) {
    ImGui::CreateContext();
    ImGuiIO& io = ImGui::GetIO();
    io.IniFilename = nullptr;
    setWindow(1600, 900, 1);
    ui_.drawing = &drawing_;
    ui_.images = &images_;
  }
  ~Panels() override { ImGui::DestroyContext(); }

  void setWindow(float width, float height, float scale) {
    ImGui::GetIO().DisplaySize = {width, height};
    ui_.scale = scale;
    applyTheme(scale);
    ui_.fonts = loadFonts(scale);
    unsigned char* pixels = nullptr;
    int w = 0, h = 0;
    ImGui::GetIO().Fonts->GetTexDataAsRGBA32(&pixels, &w, &h);
    ASSERT_GT(w * h, 0);
  }

  // Draws one frame; returns the number of vertices.
  int frame(std::vector<Chord> keys = {}) {
    ImGuiIO& io = ImGui::GetIO();
    io.DeltaTime = 1 / 60.f;
    images_.beginFrame(state_.snapshot(), now_);
    state_.update(now_ += 1 / 60.0);
    ImGui::NewFrame();
    handleKeys(state_, keys);
    drawPanels(state_, ui_, io.DisplaySize.x, io.DisplaySize.y);
    ImGui::Render();
    return ImGui::GetDrawData()->TotalVtxCount;
  }

  void click(float x, float y, int button = 0) {
    ImGui::GetIO().MousePos = {x, y};
    frame();
    ImGui::GetIO().MouseDown[button] = true;
    frame();
    ImGui::GetIO().MouseDown[button] = false;
    frame();
  }

  void drag(float x, float y, float dx, float dy, int button = 0) {
    ImGuiIO& io = ImGui::GetIO();
    io.MousePos = {x, y};
    frame();
    io.MouseDown[button] = true;
    frame();
    for (int i = 1; i <= 4; ++i) io.MousePos = {x + dx * float(i) / 4, y + dy * float(i) / 4}, frame();
    io.MouseDown[button] = false;
    frame();
  }

  NullDrawing drawing_;
  ViewImages images_;
  AppState state_;
  Ui ui_;
  double now_ = 0;
};

TEST_F(Panels, DrawInEveryStateAndWithEveryDialog) {
  for (const SessionState state : kStates) {
    state_.setSnapshot(snapshotIn(state));
    state_.showReport = true;
    for (const Dialog dialog : kDialogs) {
      state_.dialog = dialog;
      frame();
      EXPECT_GT(frame(), 500) << toString(state) << ", dialog " << int(dialog);
    }
    state_.dialog = Dialog::None;
    frame();
  }
}

// Each panel alone adds something to the picture in some state: none is dead.
TEST_F(Panels, EachDrawsSomething) {
  std::set<std::string> drawn;
  state_.notices.toast(NoticeKind::Good, "saved", "", 0, "/tmp/a.glb");
  state_.notices.error("Could not open it", "because", "try another");
  for (const SessionState state : kStates)
    for (const Dialog dialog : kDialogs) {
      state_.setSnapshot(snapshotIn(state));
      state_.dialog = dialog;
      if (state == SessionState::Done) state_.openExportDialog();
      if (state == SessionState::Paused) state_.exporting.close(), state_.browser.open(BrowsePurpose::OpenModel, PENUMBRA_SOURCE_DIR);
      else state_.browser.close();
      if (dialog == Dialog::About) state_.notices.dismissError();
      for (const Panel& panel : panelTable()) {
        if (!panel.visible(state_)) continue;
        const auto alone = [&] {  // popups appear a frame after they are opened
          ImGui::GetIO().DeltaTime = 1 / 60.f;
          ui_.layout = computeLayout(1600, 900, 1, {}, false);
          ImGui::NewFrame();
          panel.draw(state_, ui_);
          ImGui::Render();
          return ImGui::GetDrawData()->TotalVtxCount + int(ui_.underlays.size());
        };
        ui_.underlays.clear();
        alone();
        alone();
        if (alone() > 0) drawn.insert(panel.name);
      }
    }
  for (const Panel& panel : panelTable()) EXPECT_TRUE(drawn.count(panel.name)) << panel.name;
}

TEST_F(Panels, DrawInSmallAndScaledWindows) {
  state_.setSnapshot(snapshotIn(SessionState::Running));
  for (const auto& [width, height, scale] : {std::tuple{640.f, 480.f, 1.f}, {1366.f, 768.f, 1.f}, {1600.f, 900.f, 2.f}, {640.f, 480.f, 3.f}}) {
    setWindow(width, height, scale);
    frame();
    EXPECT_GT(frame(), 300);
    state_.panelsHidden = true;
    frame();
    state_.panelsHidden = false;
  }
}

// Cards lie between the menu and the plot, the banner beside or below what else lies over the view.
TEST_F(Panels, CardsStayInsideTheView) {
  auto done = std::make_shared<Snapshot>(*snapshotIn(SessionState::Done));
  auto views = std::make_shared<ViewSet>(*done->views);
  views->train.resize(2);  // too few: the banner shows
  done->views = views;
  state_.setSnapshot(done);
  ASSERT_FALSE(state_.coverageNotes().empty());
  state_.showReport = state_.settings.reportDetails = true;
  int both = 0;
  const auto rectOf = [](const char* name) { return ImGui::FindWindowByName(name)->Rect(); };
  for (const auto& [width, height, scale] : {std::tuple{960.f, 600.f, 1.f}, {1600.f, 900.f, 1.f}, {1600.f, 900.f, 2.f}}) {
    setWindow(width, height, scale);
    for (int i = 0; i < 3; ++i) frame();
    const Rect& v = ui_.layout.viewport;
    const ImRect card = rectOf("report"), banner = rectOf("banner");
    EXPECT_GE(card.Min.y, v.y) << width << " x " << height << " at " << scale;
    EXPECT_LE(card.Max.y, v.bottom());
    EXPECT_LE(card.GetHeight(), 0.55f * v.height) << "the mesh is still seen";
    if (!ImGui::FindWindowByName("banner")->Active) continue;
    ++both;
    EXPECT_GE(v.height, 300 * scale) << "there is room for both";
    EXPECT_FALSE(banner.Overlaps(rectOf("gizmo"))) << width << " x " << height << " at " << scale;
    EXPECT_FALSE(banner.Overlaps(rectOf("toolbar")));
    EXPECT_FALSE(banner.Overlaps(card)) << width << " x " << height << " at " << scale;
  }
  EXPECT_EQ(both, 2);
}

TEST_F(Panels, DrawEveryComparison) {
  state_.setSnapshot(snapshotIn(SessionState::Running));
  for (int mode = 0; mode < kCompareModes; ++mode)
    for (int view = 0; view < state_.viewCount(); ++view) {
      state_.compare = CompareMode(mode);
      state_.lookThrough(view);
      EXPECT_GT(frame(), 500);
    }
  EXPECT_EQ(images_.visible().size(), 5u);
}

TEST_F(Panels, KeysPerformTheirActions) {
  state_.setSnapshot(snapshotIn(SessionState::Paused));
  frame({{'W', kNoModifier}});
  EXPECT_TRUE(state_.settings.display.wireframe);
  frame({{'C', kNoModifier}});
  EXPECT_EQ(state_.compare, CompareMode::Contour);
  frame({{key::kEnter, kNoModifier}});
  EXPECT_EQ(state_.camera.lockedView(), 0);
  ImGui::GetIO().AddInputCharacter(']');
  frame();
  EXPECT_EQ(state_.camera.lockedView(), 1);
  frame({{key::kEscape, kNoModifier}});
  EXPECT_FALSE(state_.camera.lockedView());
  ImGui::GetIO().AddInputCharacter('?');
  frame();
  EXPECT_EQ(state_.dialog, Dialog::KeySheet);
  frame();
  frame({{'W', kNoModifier}});  // a dialog is open: not meant for the view
  EXPECT_TRUE(state_.settings.display.wireframe);
}

// Esc comes as an event, here without the key ever being seen as held down: a tap shorter than a frame.
TEST_F(Panels, ATapOfEscClosesWhatIsOpen) {
  state_.setSnapshot(snapshotIn(SessionState::Running));
  for (const Dialog dialog : kDialogs) {
    state_.dialog = dialog;
    frame();
    frame();
    frame({{key::kEscape, kNoModifier}});
    EXPECT_EQ(state_.dialog, Dialog::None) << int(dialog);
    frame();
  }
  state_.openExportDialog();
  state_.dialog = Dialog::ConfirmQuit;  // what lies on top first
  frame();
  frame();
  frame({{key::kEscape, kNoModifier}});
  EXPECT_EQ(state_.dialog, Dialog::None);
  EXPECT_TRUE(state_.exporting.isOpen());
  state_.browser.open(BrowsePurpose::SaveMesh, PENUMBRA_SOURCE_DIR);
  frame();
  frame();
  frame({{key::kEscape, kNoModifier}});
  EXPECT_FALSE(state_.browser.isOpen());
  EXPECT_TRUE(state_.exporting.isOpen());
  frame();
  frame({{key::kEscape, kNoModifier}});
  EXPECT_FALSE(state_.exporting.isOpen());
  EXPECT_FALSE(state_.quit);
}

TEST_F(Panels, EnterAgreesToAQuestion) {
  state_.setSnapshot(snapshotIn(SessionState::Running));
  state_.dialog = Dialog::ConfirmQuit;
  frame();
  frame();
  EXPECT_FALSE(state_.quit);
  frame({{key::kEnter, kNoModifier}});
  EXPECT_TRUE(state_.quit);
  EXPECT_EQ(state_.dialog, Dialog::None);
}

TEST_F(Panels, ATapOfEscClosesAnOpenMenu) {
  const auto popupOpen = [] { return ImGui::GetIO().WantCaptureMouse && ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel); };
  state_.setSnapshot(snapshotIn(SessionState::Running));
  state_.lookThrough(1);
  frame();
  click(24, 14);  // "File"
  frame();
  ASSERT_TRUE(popupOpen());
  ImGui::GetIO().MousePos = {800, 500};
  frame({{key::kEscape, kNoModifier}});
  frame();
  EXPECT_FALSE(ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel));
  EXPECT_EQ(state_.camera.lockedView(), 1);  // Esc was the menu's
}

TEST_F(Panels, DraggingTheViewOrbits) {
  state_.setSnapshot(snapshotIn(SessionState::Ready));
  state_.coverageNotesClosed = true;
  frame();
  const OrbitPose before = state_.camera.pose();
  const Rect v = ui_.layout.viewport;
  drag(v.x + 200, v.bottom() - 120, 60, 20);
  EXPECT_NE(state_.camera.pose().yaw, before.yaw);
  EXPECT_EQ(state_.camera.pose().distance, before.distance);
  const glm::dvec3 pivot = state_.camera.pose().pivot;
  drag(v.x + 200, v.bottom() - 120, 60, 20, 1);
  EXPECT_NE(state_.camera.pose().pivot, pivot);
  ImGui::GetIO().MouseWheel = 1;
  frame();
  EXPECT_LT(state_.camera.pose().distance, before.distance);
}

// On slow frames the mouse has come a long way when its button is seen pressed.
TEST_F(Panels, TheWayToAPressIsNoDrag) {
  state_.setSnapshot(snapshotIn(SessionState::Ready));
  frame();
  const OrbitPose before = state_.camera.pose();
  const Rect v = ui_.layout.viewport;
  ImGuiIO& io = ImGui::GetIO();
  io.MousePos = {v.x + 60, v.y + 30};
  frame();
  io.MousePos = {v.x + 260, v.bottom() - 100};
  io.MouseDown[0] = true;
  frame();
  io.MouseDown[0] = false;
  frame();
  EXPECT_EQ(state_.camera.pose().yaw, before.yaw);
  EXPECT_EQ(state_.camera.pose().pitch, before.pitch);
}

// Dragging along the options edits some of them, as one undo entry a drag.
TEST_F(Panels, DraggingASliderIsOneUndoEntry) {
  state_.setSnapshot(snapshotIn(SessionState::Running));
  frame();
  const FitOptions before = state_.options();
  float y = 0;
  for (y = ui_.layout.left.y + 190; y < ui_.layout.left.bottom() - 80 && state_.options() == before; y += 14) drag(200, y, 40, 0);
  ASSERT_FALSE(state_.options() == before);
  EXPECT_EQ(state_.undoStack.size(), 1u);
  state_.undo();
  EXPECT_TRUE(state_.options() == before);
}

// At the default width the rows are what padding, indent and scroll bar leave.
TEST_F(Panels, NoLabelIsCut) {
  ImGui::NewFrame();
  const float row = LayoutSizes{}.left - 2 * 12 - 10 - ImGui::GetStyle().ScrollbarSize;
  for (const Option& option : fitOptionTable()) EXPECT_LE(ImGui::CalcTextSize(option.label).x, kLabelShare * row - 8) << option.label;
  ImGui::Render();
}

// Every value that is there adds its curve and its label to the plot, and nothing else does.
TEST_F(Panels, ThePlotOffersTheCurvesThatHaveValues) {
  const auto verticesWith = [&](double Metrics::*member) {
    auto s = snapshotIn(SessionState::Running);
    std::vector<Metrics> history(*s->history);
    for (Metrics& m : history) m.outlinePx = -1, m.*member = 0.5;
    s->history = std::make_shared<const std::vector<Metrics>>(history);
    state_.setSnapshot(s);
    ui_.layout = computeLayout(1600, 900, 1, {}, false);
    ImGui::NewFrame();
    drawPlot(state_, ui_);
    ImGui::Render();
    return ImGui::GetDrawData()->TotalVtxCount;
  };
  verticesWith(&Metrics::seconds);
  const int plain = verticesWith(&Metrics::seconds);
  EXPECT_GT(verticesWith(&Metrics::outlinePx), plain + 300) << "shown from the start";
  EXPECT_GT(verticesWith(&Metrics::thinPlate), plain + 10) << "its label";
  EXPECT_EQ(verticesWith(&Metrics::seconds), plain);
}

TEST_F(Panels, SplittersResizeThePanels) {
  state_.setSnapshot(snapshotIn(SessionState::Ready));
  frame();
  const float before = ui_.layout.left.width;
  drag(ui_.layout.leftSplitter.x + 3, 400, 50, 0);
  EXPECT_NEAR(ui_.layout.left.width, before + 50, 2);
  EXPECT_TRUE(state_.settingsChanged);
}

}  // namespace
}  // namespace penumbra
#else
TEST(Window, IsNotBuilt) { GTEST_SKIP() << "this build has no window"; }
#endif
