// One line at the bottom: state, size of the mesh, cost of a step and of a frame, what computes, warnings, a hint.
#include "app/panels/panels.h"

#include "app/window/backend_text.h"
#include "app/window/plot_axes.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

Rgba stateColour(SessionState state) {
  switch (state) {
    case SessionState::Running: return colour::kAccent;
    case SessionState::Done: return colour::kGood;
    case SessionState::Failed: return colour::kBad;
    case SessionState::Paused: case SessionState::Loading: return colour::kWarning;
    default: return colour::kDim;
  }
}

std::string stateText(const AppState& state) {
  if (!state.pending().empty()) return state.pending();
  const Snapshot& s = state.snapshot();
  const SessionState shown = state.shownState();
  if (shown == SessionState::Done && s.converged) return "Converged";
  constexpr const char* kNames[] = {"Nothing open", "Loading", "Ready", "Running", "Paused", "Done", "Failed"};
  return kNames[int(shown)];
}

std::string hint(const AppState& state) {
  if (state.camera.lockedView()) return "Esc leaves the view";
  switch (state.shownState()) {
    case SessionState::Empty: return "Ctrl+O opens a model, ? shows all keys";
    case SessionState::Ready: return "Space starts, ? shows all keys";
    case SessionState::Running: return "Space pauses, options may be changed while it runs";
    case SessionState::Paused: return "Space continues, N does one step";
    case SessionState::Loading: return "Esc cancels";
    case SessionState::Done: return "Ctrl+E exports, Space continues";
    default: return "? shows all keys";
  }
}

void part(Ui& ui, const std::string& text, const char* explanation) {
  ImGui::SameLine(0, ui.px(20));
  dimText(text.c_str());
  tip(explanation);
}

void backendParts(const Snapshot& s, Ui& ui) {
  if (s.backend.empty()) return;
  const BackendText text = backendText(s, *ui.drawing);
  part(ui, text.backend, text.backendTip.c_str());
  if (!text.transfer.empty()) part(ui, text.transfer, text.transferTip.c_str());
}

void newtonPart(const Snapshot& s, Ui& ui) {
  if (s.solver != SolverKind::Newton || s.history->empty() || s.history->back().damping <= 0) return;
  const Metrics& m = s.history->back();
  std::string text;
  if (m.level >= 0) text = "level " + std::to_string(m.level + 1) + " of " + std::to_string(m.levels) + ", ";
  text += "damping " + shortNumber(m.damping);
  if (m.heldBack >= 0) text += ", " + shortNumber(m.heldBack) + " held back";
  part(ui, text, "Of the last Newton step. Level: of the mesh's density; the last one is for rough outlines of surfaces that bend sharply.\n"
                 "Damping: rises where a step would have raised the loss, falls when steps succeed.\n"
                 "Held back: vertices that wanted to move more than half an edge and were stopped there.");
}

void warningBadge(AppState& state, Ui& ui) {
  if (state.notices.warnings().empty()) return;
  ImGui::SameLine(0, ui.px(20));
  const int unseen = state.notices.unseenWarnings();
  const std::string text = std::string(ui.fonts.hasIcons ? icon::kWarning : "!") + " " + std::to_string(unseen ? unseen : int(state.notices.warnings().size()));
  ImGui::PushStyleColor(ImGuiCol_Text, rgba(unseen ? colour::kWarning : colour::kFaint));
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
  if (ImGui::IsItemClicked()) state.dialog = Dialog::Warnings, state.notices.markSeen();
  tip("Warnings so far. Click to read them.");
}

}  // namespace

void drawStatusBar(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  beginRegion(ui, "status", ui.layout.status, {ui.px(12), 0}, colour::kWindow, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  ImGui::PushFont(ui.fonts.small);
  const float line = ImGui::GetTextLineHeight(), y = std::round((ui.layout.status.height - line) / 2);
  const ImVec2 at = ImGui::GetWindowPos();
  ImGui::GetWindowDrawList()->AddCircleFilled({at.x + ui.px(16), at.y + y + line / 2}, ui.px(4), rgba(state.pending().empty() ? stateColour(state.shownState()) : colour::kWarning));
  ImGui::SetCursorPos({ui.px(26), y});
  ImGui::TextUnformatted(stateText(state).c_str());
  if (state.hasMesh()) part(ui, shortNumber(double(s.positions->size())) + " vertices, " + shortNumber(double(s.faces->size())) + " triangles", "Of the mesh being fitted.");
  if (state.running() && s.iterationsPerSecond > 0) part(ui, "step " + fixedText(1000 / s.iterationsPerSecond, 1) + " ms", "Mean time of one iteration.");
  part(ui, "view " + fixedText(ui.frameMilliseconds, 0) + " ms", "Time to draw one frame of the window.");
  newtonPart(s, ui);
  backendParts(s, ui);
  part(ui, ui.drawing->description(), ui.drawing->software() ? "The window is drawn by the processor: it will be slower; results are not affected." : "What draws the window.");
  warningBadge(state, ui);
  const std::string text = hint(state);
  const float width = ImGui::CalcTextSize(text.c_str()).x, x = ui.layout.status.width - width - ui.px(14);
  ImGui::SameLine();
  if (ImGui::GetCursorPosX() + ui.px(10) < x) {
    ImGui::SetCursorPosX(x);
    ImGui::PushStyleColor(ImGuiCol_Text, rgba(colour::kFaint));
    ImGui::TextUnformatted(text.c_str());
    ImGui::PopStyleColor();
  }
  ImGui::PopFont();
  endRegion();
}

}  // namespace penumbra
