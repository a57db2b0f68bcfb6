// The menus, all from the table of actions, and what is open at the right end.
#include "app/panels/panels.h"

#include <optional>

#include "app/window/file_browser.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

void drawRecent(AppState& state) {
  if (!ImGui::BeginMenu("Open recent", !state.settings.recent.empty())) return;
  std::filesystem::path chosen;
  for (const auto& path : state.settings.recent)
    if (ImGui::MenuItem((displayName(path.filename()) + "  ###" + path.string()).c_str(), nullptr)) chosen = path;
    else tip(displayName(path));
  ImGui::Separator();
  if (ImGui::MenuItem("Clear list")) state.settings.recent.clear(), state.settingsChanged = true;
  ImGui::EndMenu();
  if (!chosen.empty()) state.requestOpen(chosen);
}

void drawSamples(AppState& state) {
  if (!ImGui::BeginMenu("Open sample")) return;
  for (const auto& path : sampleModels())
    if (ImGui::MenuItem(displayName(path.stem()).c_str())) state.requestOpen(path);
  ImGui::EndMenu();
}

// Fits that were running when Penumbra last ended without being closed.
void drawRecoverable(AppState& state) {
  const auto fits = state.abandonedFits();
  if (fits.empty() || !ImGui::BeginMenu("Recover fit")) return;
  std::optional<std::size_t> chosen;
  for (std::size_t i = 0; i < fits.size(); ++i) {
    ImGui::PushID(int(i));
    if (ImGui::MenuItem(fits[i].info.name.c_str(), fits[i].progressText().c_str())) chosen = i;
    tip(displayName(fits[i].info.source));
    ImGui::PopID();
  }
  ImGui::EndMenu();
  if (chosen) state.requestRecover(*chosen);
}

std::string menuLabel(const AppState& state, const ActionInfo& row) {
  if (row.action == Action::StartPause) return state.primary().action == Action::StartPause ? state.primary().label : "Start";
  if (row.action == Action::Undo && state.undoStack.canUndo()) return "Undo " + state.undoStack.nextUndo()->label;
  if (row.action == Action::Redo && state.undoStack.canRedo()) return "Redo " + state.undoStack.nextRedo()->label;
  return row.label;
}

void drawMenu(AppState& state, Menu menu) {
  if (!ImGui::BeginMenu(toString(menu))) return;
  closeByEscape(state);
  for (const ActionInfo& row : actionTable()) {
    if (row.menu != menu) continue;
    if (row.separatorBefore) ImGui::Separator();
    if (row.action == Action::Export) drawRecent(state), drawSamples(state), drawRecoverable(state), ImGui::Separator();
    const std::string label = menuLabel(state, row) + "###" + row.label;
    if (ImGui::MenuItem(label.c_str(), shortcutText(row.action).c_str(), checked(state, row.action), enabled(state, row.action)))
      perform(state, row.action);
    tip(row.doc);
  }
  ImGui::EndMenu();
}

}  // namespace

void drawMenuBar(AppState& state, Ui& ui) {
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ui.px(9, 6.5f));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ui.px(10, 8));
  beginRegion(ui, "menu", ui.layout.menu, {0, 0}, colour::kWindow, ImGuiWindowFlags_MenuBar | ImGuiWindowFlags_NoScrollbar);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ui.px(12, 9));
  if (ImGui::BeginMenuBar()) {
    for (int menu = 0; menu < kMenus; ++menu) drawMenu(state, Menu(menu));
    const Snapshot& s = state.snapshot();
    std::string text = s.views ? s.views->name : "";
    if (s.views) text += "  \u00b7  " + std::to_string(s.views->train.size()) + (s.views->train.size() == 1 ? " view, " : " views, ") + std::to_string(s.views->heldOut.size()) + " held out";
    const float width = ImGui::CalcTextSize(text.c_str()).x;
    ImGui::SetCursorPosX(ImGui::GetWindowWidth() - width - ui.px(14));
    dimText(text.c_str());
    ImGui::EndMenuBar();
  }
  ImGui::PopStyleVar();
  endRegion();
  ImGui::PopStyleVar(2);
}

}  // namespace penumbra
