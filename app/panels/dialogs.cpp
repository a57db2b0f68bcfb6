// Small dialogs: questions before work is lost, the key sheet, about, history, preferences, warnings.
#include "app/panels/panels.h"

#include "app/window/file_browser.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

void closeIf(AppState& state, bool close) {
  if (!close && !state.takeKey(key::kEscape)) return;
  state.dialog = Dialog::None;
  ImGui::CloseCurrentPopup();
}

struct Question {
  const char* title;
  std::string text;
  const char* confirm;
};

Question questionOf(const AppState& state) {
  const std::string done = state.unsavedText();
  switch (state.dialog) {
    case Dialog::ConfirmReset: return {"Start over?", done + " A checkpoint is kept: Undo brings this mesh back.", "Reset"};
    case Dialog::ConfirmQuit: return {"Quit without exporting?", done, "Quit"};
    default: return {"Open another?", done + " Opening " + displayName(state.pendingOpen.filename()) + " discards them.", "Open"};
  }
}

void carryOut(AppState& state, Dialog question) {
  if (question == Dialog::ConfirmReset) state.resetNow();
  else if (question == Dialog::ConfirmQuit) state.quit = true;
  else state.openPending();
}

void keyTable(AppState& state, Ui& ui, Menu menu) {
  heading(ui, toString(menu));
  if (!ImGui::BeginTable(toString(menu), 2, ImGuiTableFlags_SizingFixedFit)) return;
  for (const ActionInfo& row : actionTable()) {
    const std::string keys = shortcutText(row.action);
    if (row.menu != menu || keys.empty()) continue;
    ImGui::TableNextColumn();
    ImGui::TextColored(toVec(colour::kAccent), "%s", keys.c_str());
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(row.action == Action::StartPause ? "Start / pause" : row.label);
    tip(row.doc);
  }
  ImGui::EndTable();
  ImGui::Dummy({0, ui.px(4)});
  (void)state;
}

void mouseTable(AppState& state, Ui& ui) {
  const bool blender = state.settings.navigation == NavigationStyle::Blender;
  const std::pair<const char*, const char*> rows[] = {
      {blender ? "Middle drag" : "Left drag", "orbit"},
      {blender ? "Shift+middle drag" : "Right drag", "pan (also Shift+left)"},
      {blender ? "Ctrl+middle drag" : "Wheel", "zoom"},
      {"Double-click", "turn about that point"},
      {"Ctrl+click", "type an option's value"},
      {"Right-click", "reset or copy an option"}};
  heading(ui, "Mouse");
  if (!ImGui::BeginTable("mouse", 2, ImGuiTableFlags_SizingFixedFit)) return;
  for (const auto& [what, effect] : rows) {
    ImGui::TableNextColumn();
    ImGui::TextColored(toVec(colour::kAccent), "%s", what);
    ImGui::TableNextColumn();
    ImGui::TextUnformatted(effect);
  }
  ImGui::EndTable();
}

}  // namespace

void drawConfirm(AppState& state, Ui& ui) {
  const Question question = questionOf(state);
  const Dialog asked = state.dialog;
  if (!beginModal(ui, question.title, 420, nullptr)) return;
  wrappedText(question.text, colour::kDim);
  ImGui::Dummy({0, ui.px(6)});
  bool close = false;
  if (labelButton(ui, "", question.confirm, ButtonLook::Danger, ui.px(120)) || state.takeKey(key::kEnter)) close = true, state.dialog = Dialog::None, carryOut(state, asked);
  ImGui::SameLine();
  if (state.hasMesh() && asked != Dialog::ConfirmReset) {
    if (labelButton(ui, icon::kExport, "Export...", ButtonLook::Plain, ui.px(120))) close = true, state.dialog = Dialog::None, perform(state, Action::Export);
    ImGui::SameLine();
  }
  if (labelButton(ui, "", "Cancel", ButtonLook::Quiet, ui.px(100)) || state.takeKey(key::kEscape)) close = true, state.dialog = Dialog::None;
  if (close) ImGui::CloseCurrentPopup();
  endModal();
}

void drawKeySheet(AppState& state, Ui& ui) {
  bool open = true;
  if (!beginModal(ui, "Keys and mouse", 900, &open)) return;
  ImGui::PushFont(ui.fonts.small);
  ImGui::PushStyleVar(ImGuiStyleVar_CellPadding, ui.px(6, 2));
  if (ImGui::BeginTable("columns", 3, ImGuiTableFlags_SizingStretchSame)) {
    ImGui::TableNextColumn();
    for (Menu menu : {Menu::File, Menu::Edit, Menu::Run}) keyTable(state, ui, menu);
    ImGui::TableNextColumn();
    keyTable(state, ui, Menu::View);
    ImGui::TableNextColumn();
    mouseTable(state, ui);
    ImGui::Dummy({0, ui.px(4)});
    keyTable(state, ui, Menu::Help);
    ImGui::EndTable();
  }
  ImGui::PopStyleVar();
  ImGui::PopFont();
  closeIf(state, !open);
  endModal();
}

void drawAbout(AppState& state, Ui& ui) {
  bool open = true;
  if (!beginModal(ui, "About Penumbra", 460, &open)) return;
  wrappedText("Penumbra " PENUMBRA_VERSION, colour::kText);
  wrappedText("Reconstructs a triangle mesh from silhouettes by differentiable rasterisation: a mesh is bent, step by step, "
              "until its outlines match the masks in every view.", colour::kDim);
  ImGui::Separator();
  if (!state.snapshot().backend.empty()) valueRow("Fit", state.snapshot().backend);
  if (!state.snapshot().backendReason.empty()) wrappedText(("Not the graphics card: " + state.snapshot().backendReason).c_str(), colour::kDim);
  valueRow("Window", ui.drawing->description());
  valueRow("Interface", std::string("Dear ImGui ") + ImGui::GetVersion());
  valueRow("Licence", "MIT");
  closeIf(state, !open);
  endModal();
}

void drawHistory(AppState& state, Ui& ui) {
  bool open = true;
  if (!beginModal(ui, "History", 480, &open)) return;
  const auto checkpoints = state.checkpoints();
  if (checkpoints.empty()) dimText("Nothing yet. States are kept while a fit runs and before each reset.");
  else dimText("Going back pauses the fit, and can itself be undone.");
  int chosen = -1;
  const float rows = std::min(12.f, float(checkpoints.size()));
  if (rows > 0 && ImGui::BeginTable("checkpoints", 4, ImGuiTableFlags_RowBg | ImGuiTableFlags_ScrollY | ImGuiTableFlags_SizingStretchProp,
                                    {0, (rows + 1) * (ImGui::GetFrameHeightWithSpacing() + ui.px(2))})) {
    for (const char* column : {"Iteration", "Kept", "IoU", ""}) ImGui::TableSetupColumn(column);
    ImGui::TableHeadersRow();
    for (auto it = checkpoints.rbegin(); it != checkpoints.rend(); ++it) {
      ImGui::PushID(it->id);
      ImGui::TableNextColumn();
      ImGui::AlignTextToFramePadding();
      ImGui::TextUnformatted(std::to_string(it->iteration).c_str());
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(it->reason.c_str());
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(it->trainIoU > 0 ? fixedText(it->trainIoU, 4).c_str() : "-");
      ImGui::TableNextColumn();
      if (labelButton(ui, icon::kHistory, "Go back", ButtonLook::Plain, -1)) chosen = it->id;
      ImGui::PopID();
    }
    ImGui::EndTable();
  }
  if (chosen >= 0) state.restoreCheckpoint(chosen);
  closeIf(state, !open || chosen >= 0);
  endModal();
}

void drawPreferences(AppState& state, Ui& ui) {
  bool open = true;
  if (!beginModal(ui, "Preferences", 460, &open)) return;
  dimText("Size of text and controls");
  const double sizes[] = {0.8, 0.9, 1, 1.1, 1.25, 1.5, 2};
  const char* labels[] = {"80 %", "90 %", "100 %", "110 %", "125 %", "150 %", "200 %"};
  int size = -1;
  for (int i = 0; i < 7; ++i)
    if (std::abs(sizes[i] - state.settings.uiScale) < 0.01) size = i;
  if (segments(ui, "scale", labels, 7, size, ImGui::GetContentRegionAvail().x)) state.setScale(sizes[size]);
  ImGui::Dummy({0, ui.px(4)});
  dimText("Mouse in the 3D view");
  const char* styles[] = {"Left drag orbits", "Blender: middle drag orbits"};
  int style = int(state.settings.navigation);
  if (segments(ui, "style", styles, 2, style, ImGui::GetContentRegionAvail().x)) state.settings.navigation = NavigationStyle(style), state.settingsChanged = true;
  ImGui::Dummy({0, ui.px(4)});
  state.settingsChanged |= ImGui::Checkbox("Use the desktop's file dialogs when there are any", &state.settings.nativeDialogs);
  state.settingsChanged |= ImGui::Checkbox("Show the axes in the 3D view", &state.settings.display.gizmo);
  ImGui::Dummy({0, ui.px(4)});
  dimText(("Kept in " + displayName(settingsPath())).c_str());
  closeIf(state, !open);
  endModal();
}

void drawWarnings(AppState& state, Ui& ui) {
  bool open = true;
  if (!beginModal(ui, "Warnings", 560, &open)) return;
  ImGui::BeginChild("warnings", {0, ui.px(280)});
  for (const std::string& warning : state.notices.warnings()) {
    wrappedText(warning, colour::kText);
    ImGui::Separator();
  }
  ImGui::EndChild();
  closeIf(state, !open);
  endModal();
}

}  // namespace penumbra
