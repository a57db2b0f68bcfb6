// The in-app file browser, always there when the desktop offers no dialog of its own.
#include "app/panels/panels.h"

#include <imgui_stdlib.h>

#include "app/window/widgets.h"

namespace penumbra {
namespace {

const char* titleOf(BrowsePurpose purpose) {
  switch (purpose) {
    case BrowsePurpose::OpenModel: return "Open model";
    case BrowsePurpose::OpenFolder: return "Open folder of masks";
    case BrowsePurpose::SaveMesh: return "Choose where to save";
    case BrowsePurpose::StartMesh: return "Choose the start mesh";
  }
  return "";
}

void places(AppState& state, Ui& ui) {
  ImGui::BeginChild("places", {ui.px(150), -ui.px(46)});
  std::filesystem::path wanted;
  for (const Bookmark& mark : FileBrowser::bookmarks(samplesFolder()))
    if (ImGui::Selectable(mark.label.c_str(), mark.path == state.browser.folder(), ImGuiSelectableFlags_DontClosePopups)) wanted = mark.path;
  if (!wanted.empty()) state.browser.enter(wanted);
  ImGui::EndChild();
}

// The path as a text box; returns a file when one was typed.
std::optional<std::filesystem::path> pathRow(AppState& state, Ui& ui) {
  FileBrowser& browser = state.browser;
  if (iconButton(ui, "back", icon::kBack, "<", false, browser.canGoBack())) browser.back();
  tip("Back");
  ImGui::SameLine(0, ui.px(2));
  if (iconButton(ui, "up", icon::kUp, "Up")) browser.up();
  tip("Folder above");
  ImGui::SameLine(0, ui.px(2));
  if (iconButton(ui, "refresh", icon::kRefresh, "R")) browser.refresh();
  tip("Read the folder again");
  ImGui::SameLine();
  static std::string typed;
  static std::filesystem::path shownFolder;
  if (shownFolder != browser.folder()) shownFolder = browser.folder(), typed = browser.folder().string();
  ImGui::SetNextItemWidth(-ui.px(190));
  std::optional<std::filesystem::path> answer;
  if (ImGui::InputText("##path", &typed, ImGuiInputTextFlags_EnterReturnsTrue)) answer = browser.acceptTyped(typed);
  if (!ImGui::IsItemActive()) tip("Type a path and press Enter.");  // not over what is typed
  ImGui::SameLine();
  std::string filter = browser.filter();
  ImGui::SetNextItemWidth(-1);
  if (ImGui::InputTextWithHint("##filter", "Filter", &filter)) browser.setFilter(filter);
  return answer;
}

std::optional<std::filesystem::path> list(AppState& state, Ui& ui) {
  FileBrowser& browser = state.browser;
  std::optional<std::filesystem::path> answer;
  ImGui::BeginChild("list", {0, -ui.px(46)}, true);
  if (!browser.problem().empty()) wrappedText(browser.problem(), colour::kBad);
  else if (browser.entries().empty()) dimText(browser.filter().empty() ? "Nothing here that can be opened." : "Nothing matches the filter.");
  bool activated = false;
  ImGuiListClipper clipper;
  clipper.Begin(int(browser.entries().size()));
  while (clipper.Step())
    for (int i = clipper.DisplayStart; i < clipper.DisplayEnd; ++i) {
      const BrowserEntry& entry = browser.entries()[std::size_t(i)];
      ImGui::PushID(i);
      const int flags = ImGuiSelectableFlags_AllowDoubleClick | ImGuiSelectableFlags_DontClosePopups;
      const bool selected = browser.selected() == i;
      if (selected) ImGui::PushStyleColor(ImGuiCol_HeaderHovered, rgba(withAlpha(colour::kAccentDeep, 150)));
      if (ImGui::Selectable("##entry", selected, flags)) browser.select(i), activated = ImGui::IsMouseDoubleClicked(0);
      if (selected) ImGui::PopStyleColor();
      const float left = ImGui::GetStyle().WindowPadding.x;
      ImGui::SameLine(left + ui.px(4));
      const char* icon = entry.dataset ? icon::kImages : entry.folder ? icon::kFolder : entry.model ? icon::kModel : icon::kFile;
      const Rgba tint = entry.dataset || entry.model ? colour::kAccent : colour::kDim;
      ImGui::TextColored(toVec(tint), "%s", ui.fonts.hasIcons ? icon : entry.folder ? "/" : " ");
      ImGui::SameLine(left + ui.px(30));
      ImGui::TextUnformatted((entry.folder ? entry.name + "/" : entry.name).c_str());
      const std::string note = entry.dataset ? "set of masks" : entry.folder ? "" : fileSizeText(entry.bytes);
      ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::CalcTextSize(note.c_str()).x - ui.px(6));
      dimText(note.c_str());
      ImGui::PopID();
    }
  ImGui::EndChild();
  if (activated) answer = browser.activate();
  return answer;
}

// Keys have their own numbers from Dear ImGui 1.87 on; before, those of the platform.
bool pressed(ImGuiKey key, bool repeated = true) {
#if IMGUI_VERSION_NUM < 18700
  return ImGui::IsKeyPressed(ImGui::GetKeyIndex(key), repeated);
#else
  return ImGui::IsKeyPressed(key, repeated);
#endif
}

std::optional<std::filesystem::path> keys(AppState& state) {
  if (ImGui::IsAnyItemActive()) return std::nullopt;
  if (pressed(ImGuiKey_DownArrow)) state.browser.moveSelection(1);
  if (pressed(ImGuiKey_UpArrow)) state.browser.moveSelection(-1);
  if (pressed(ImGuiKey_Backspace)) state.browser.up();
  if (pressed(ImGuiKey_Enter, false)) return state.browser.activate();
  return std::nullopt;
}

std::optional<std::filesystem::path> footer(AppState& state, Ui& ui, bool& open) {
  FileBrowser& browser = state.browser;
  ImGui::Dummy({0, ui.px(4)});
  bool hidden = browser.showHidden(), all = browser.showAll();
  if (ImGui::Checkbox("Hidden", &hidden)) browser.setShowHidden(hidden);
  ImGui::SameLine();
  if (ImGui::Checkbox("All files", &all)) browser.setShowAll(all);
  const auto candidate = browser.candidate();
  const char* label = browser.purpose() == BrowsePurpose::SaveMesh ? "Save here" : browser.purpose() == BrowsePurpose::OpenFolder ? "Open folder" : "Open";
  const float width = ui.px(120), gap = ImGui::GetStyle().ItemSpacing.x;
  ImGui::SameLine(ImGui::GetContentRegionMax().x - 2 * width - gap);
  if (labelButton(ui, "", "Cancel", ButtonLook::Quiet, width) || (state.dialog == Dialog::None && state.takeKey(key::kEscape))) open = false;
  ImGui::SameLine();
  if (!labelButton(ui, icon::kOpen, label, ButtonLook::Primary, width, candidate || browser.canEnter())) return std::nullopt;
  return candidate ? candidate : browser.activate();
}

}  // namespace

void drawFileBrowser(AppState& state, Ui& ui) {
  bool open = true;
  const BrowsePurpose purpose = state.browser.purpose();
  const float height = std::min(ui.px(560), ImGui::GetIO().DisplaySize.y - ui.px(120));
  if (!beginModal(ui, titleOf(purpose), 820, &open)) return;
  ImGui::BeginChild("browser", {0, height});
  std::optional<std::filesystem::path> answer = pathRow(state, ui);
  places(state, ui);
  ImGui::SameLine();
  if (auto chosen = list(state, ui)) answer = chosen;
  if (auto chosen = footer(state, ui, open)) answer = chosen;
  ImGui::EndChild();
  if (auto chosen = keys(state)) answer = chosen;
  if (answer || !open) ImGui::CloseCurrentPopup();
  if (answer) state.browsed(purpose, *answer);
  else if (!open) state.browser.close();
  endModal();
}

}  // namespace penumbra
