#include "app/panels/panels.h"

#include "app/window/widgets.h"

namespace penumbra {
namespace {

bool always(const AppState&) { return true; }
bool nothingOpen(const AppState& s) { return s.snapshot().state == SessionState::Empty || (!s.snapshot().views && s.snapshot().state == SessionState::Failed); }
bool somethingOpen(const AppState& s) { return !nothingOpen(s); }
bool welcoming(const AppState& s) { return nothingOpen(s) && !s.notices.error(); }
bool sides(const AppState& s) { return !s.panelsHidden && !nothingOpen(s); }
bool bannered(const AppState& s) { return somethingOpen(s) && !s.coverageNotes().empty() && !s.coverageNotesClosed && !s.camera.lockedView(); }
bool exporting(const AppState& s) { return s.exporting.isOpen() && !s.browser.isOpen(); }
bool browsing(const AppState& s) { return s.browser.isOpen(); }
bool confirming(const AppState& s) { return s.dialog == Dialog::ConfirmReset || s.dialog == Dialog::ConfirmQuit || s.dialog == Dialog::ConfirmOpen; }
template <Dialog kDialog> bool showing(const AppState& s) { return s.dialog == kDialog; }

constexpr Panel kPanels[] = {{"menu bar", always, drawMenuBar},
                             {"left", sides, drawLeftPanel},
                             {"viewport", always, drawViewport},
                             {"toolbar", somethingOpen, drawViewportToolbar},
                             {"welcome", welcoming, drawWelcome},
                             {"views", sides, drawViews},
                             {"plot", sides, drawPlot},
                             {"status bar", always, drawStatusBar},
                             {"banner", bannered, drawBanner},
                             {"cards", always, drawCards},
                             {"toasts", always, drawToasts},
                             {"export", exporting, drawExportDialog},
                             {"file browser", browsing, drawFileBrowser},
                             {"confirm", confirming, drawConfirm},
                             {"key sheet", showing<Dialog::KeySheet>, drawKeySheet},
                             {"about", showing<Dialog::About>, drawAbout},
                             {"history", showing<Dialog::History>, drawHistory},
                             {"preferences", showing<Dialog::Preferences>, drawPreferences},
                             {"warnings", showing<Dialog::Warnings>, drawWarnings}};

// An invisible strip between two parts; returns how far it was dragged this frame.
float splitter(const char* name, const Rect& strip, bool upright) {
  if (strip.empty()) return 0;
  ImGui::SetNextWindowPos({strip.x, strip.y});
  ImGui::SetNextWindowSize({strip.width, strip.height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
  ImGui::Begin(name, nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoBackground | ImGuiWindowFlags_NoSavedSettings |
                                  ImGuiWindowFlags_NoNav | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoFocusOnAppearing |
                                  ImGuiWindowFlags_NoBringToFrontOnFocus);
  ImGui::InvisibleButton("grip", {strip.width, strip.height});
  const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  if (active || hovered) {
    ImGui::SetMouseCursor(upright ? ImGuiMouseCursor_ResizeEW : ImGuiMouseCursor_ResizeNS);
    const float third = (upright ? strip.width : strip.height) / 3;
    const ImVec2 a{strip.x + (upright ? third : 0), strip.y + (upright ? 0 : third)};
    const ImVec2 b{strip.right() - (upright ? third : 0), strip.bottom() - (upright ? 0 : third)};
    ImGui::GetWindowDrawList()->AddRectFilled(a, b, rgba(withAlpha(colour::kAccent, active ? 220 : 130)));
  }
  ImGui::End();
  ImGui::PopStyleVar(2);
  if (!active) return 0;
  return upright ? ImGui::GetIO().MouseDelta.x : ImGui::GetIO().MouseDelta.y;
}

void splitters(AppState& state, Ui& ui, float height) {
  LayoutSizes& sizes = state.settings.sizes;
  const float left = splitter("left splitter", ui.layout.leftSplitter, true);
  const float right = splitter("right splitter", ui.layout.rightSplitter, true);
  const float bottom = splitter("bottom splitter", ui.layout.bottomSplitter, false);
  if (left != 0) sizes = dragLeft(sizes, left, ui.scale);
  if (right != 0) sizes = dragRight(sizes, right, ui.scale);
  if (bottom != 0) sizes = dragBottom(sizes, bottom, ui.scale, height);
  state.settingsChanged |= left != 0 || right != 0 || bottom != 0;
}

}  // namespace

std::span<const Panel> panelTable() { return kPanels; }

void drawPanels(AppState& state, Ui& ui, float width, float height) {
  ui.underlays.clear();
  ui.layout = computeLayout(width, height, ui.scale, state.settings.sizes, !sides(state));
  // Splitters come first: their strips lie over the parts created after them.
  splitters(state, ui, height);
  for (const Panel& panel : kPanels)
    if (panel.visible(state)) panel.draw(state, ui);
}

void handleKeys(AppState& state, std::span<const Chord> pressed) {
  const ImGuiIO& io = ImGui::GetIO();
  state.offerKeys({});
  // Dialogs, menus and text boxes take their keys themselves.
  if (io.WantTextInput || ImGui::IsPopupOpen("", ImGuiPopupFlags_AnyPopupId | ImGuiPopupFlags_AnyPopupLevel)) return state.offerKeys(pressed);
  // Characters that need different keys on different keyboards.
  for (const ImWchar character : io.InputQueueCharacters)
    if (character == '?' || character == '[' || character == ']')
      perform(state, character == '?' ? Action::KeySheet : character == '[' ? Action::PreviousView : Action::NextView);
  for (const Chord& chord : pressed) {
    const bool asCharacter = chord.key == key::kSlash || chord.key == key::kLeftBracket || chord.key == key::kRightBracket;
    if (const ActionInfo* row = findAction(chord); row && !asCharacter) perform(state, row->action);
  }
}

}  // namespace penumbra
