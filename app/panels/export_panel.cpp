// The export dialog: format, file, axes and units, what will happen.
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

void axesRow(AppState& state, Ui& ui) {
  ExportFrame& frame = state.settings.exportFrame;
  const char* labels[] = {"As the input", "Y up", "Z up"};
  int up = int(frame.up);
  dimText("Axes");
  if (segments(ui, "axes", labels, 3, up, ImGui::GetContentRegionAvail().x)) frame.up = UpAxis(up), state.settingsChanged = true;
  constexpr const char* kMeaning[] = {"The coordinates of the model or of the cameras, unchanged.", "For glTF viewers, Unity, Maya.",
                                      "For Blender's own files, CAD, 3D printing, robotics."};
  dimText(kMeaning[up]);
}

void scaleRow(AppState& state, Ui& ui) {
  ExportFrame& frame = state.settings.exportFrame;
  ImGui::AlignTextToFramePadding();
  dimText("One unit of the input becomes");
  ImGui::SameLine();
  ImGui::SetNextItemWidth(ui.px(110));
  double scale = frame.scale;
  if (ImGui::InputDouble("##scale", &scale, 0, 0, "%.6g") && scale > 0)
    frame.scale = std::clamp(scale, kLeastExportScale, kMostExportScale), state.settingsChanged = true;
  ImGui::SameLine();
  dimText(frame.scale == 1 ? "unit: sizes as in the input." : "units.");
  if (frame.scale == 1) return;
  ImGui::SameLine();
  if (labelButton(ui, icon::kReset, "As the input", ButtonLook::Quiet)) frame.scale = 1, state.settingsChanged = true;
}

void facesRow(AppState& state, Ui& ui) {
  ExportFrame& frame = state.settings.exportFrame;
  bool limited = frame.mostFaces > 0;
  if (ImGui::Checkbox("Decimate to at most", &limited)) frame.mostFaces = limited ? 10000 : 0, state.settingsChanged = true;
  ImGui::SameLine();
  if (!limited) return dimText("... all faces are written.");
  ImGui::SetNextItemWidth(ui.px(110));
  int faces = frame.mostFaces;
  if (ImGui::InputInt("##faces", &faces, 0, 0))
    frame.mostFaces = std::clamp(faces, kFewestExportFaces, kMostExportFaces), state.settingsChanged = true;
  ImGui::SameLine();
  dimText("faces.");
}

void meshRow(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  wrappedText("Iteration " + std::to_string(s.iteration) + ": " + factsText(meshFacts(s, state.settings.exportFrame)) + "." +
                  (state.running() ? " Fitting goes on; the newest state is saved." : ""), colour::kDim);
  const auto& report = state.reporter.newest();
  if (state.reporter.isOf(s)) {
    const bool sound = report->quality.closed() && report->quality.selfIntersectingFaces == 0;
    iconText(ui, sound ? icon::kDone : icon::kWarning, sound ? colour::kGood : colour::kWarning);
    wrappedText(surfaceText(report->quality) + ", " + intersectionText(report->quality), sound ? colour::kGood : colour::kWarning);
  } else if (state.reporter.working()) {
    dimText("Examining the mesh...");
  }
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
  axesRow(state, ui);
  scaleRow(state, ui);
  facesRow(state, ui);
  ImGui::Dummy({0, ui.px(4)});
  if (state.hasMesh()) meshRow(state, ui);
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
