// The export dialog: format, file, what will happen.
#include "app/panels/panels.h"

#include <imgui_stdlib.h>

#include "app/window/widgets.h"

namespace penumbra {
namespace {

void formatChoice(AppState& state, Ui& ui) {
  const auto formats = exportFormats();
  std::vector<const char*> labels;
  for (const ExportFormat& format : formats) labels.push_back(format.label);
  int chosen = state.exporting.format();
  if (segments(ui, "format", labels.data(), int(labels.size()), chosen, ImGui::GetContentRegionAvail().x)) state.exporting.setFormat(chosen);
  wrappedText(formats[std::size_t(state.exporting.format())].bestFor, colour::kDim);
}

void pathRow(AppState& state, Ui& ui) {
  dimText("File");
  const float button = ImGui::CalcTextSize("Browse...").x + ui.px(34);
  ImGui::SetNextItemWidth(std::max(ui.px(80), ImGui::GetContentRegionAvail().x - button - ImGui::GetStyle().ItemSpacing.x));
  ImGui::InputText("##path", &state.exporting.pathText());
  ImGui::SameLine();
  if (labelButton(ui, "", "Browse...", ButtonLook::Plain, -1)) state.browse(BrowsePurpose::SaveMesh);
  const std::string problem = state.exporting.problem();
  if (!problem.empty()) wrappedText(problem, colour::kBad);
  else if (state.exporting.overwrites()) wrappedText("This file exists and will be replaced.", colour::kWarning);
  else dimText("A new file.");
}

}  // namespace

void drawExportDialog(AppState& state, Ui& ui) {
  bool open = true;
  if (!beginModal(ui, "Export mesh", 560, &open)) return;
  const Snapshot& s = state.snapshot();
  if (state.hasMesh() && !ImGui::IsAnyItemActive()) state.exporting.follow(s.iteration);
  formatChoice(state, ui);
  ImGui::Dummy({0, ui.px(4)});
  pathRow(state, ui);
  ImGui::Dummy({0, ui.px(4)});
  if (state.hasMesh())
    wrappedText("Iteration " + std::to_string(s.iteration) + ": " + factsText(state.meshFacts.of(s)) + ". Position and size are those of the input. " +
                (state.running() ? "Fitting goes on; the newest state is saved." : ""), colour::kDim);
  ImGui::Dummy({0, ui.px(6)});
  const bool possible = state.exporting.problem().empty();
  const bool asked = state.dialog == Dialog::None, entered = asked && state.takeKey(key::kEnter) && possible;
  if (labelButton(ui, icon::kExport, "Export", ButtonLook::Primary, 0, possible) || entered) state.exportNow(false), ImGui::CloseCurrentPopup();
  ImGui::SameLine();
  if (labelButton(ui, icon::kFolder, "Export and open folder", ButtonLook::Plain, 0, possible)) state.exportNow(true), ImGui::CloseCurrentPopup();
  ImGui::SameLine();
  if (labelButton(ui, "", "Cancel", ButtonLook::Quiet) || (asked && state.takeKey(key::kEscape))) open = false, ImGui::CloseCurrentPopup();
  if (!open) state.exporting.close();
  endModal();
}

}  // namespace penumbra
