// The left side: run controls at the top, the options below in groups, Export pinned to the bottom.
#include "app/panels/panels.h"

#include <cstring>
#include <set>

#include "app/cli/fit_progress.h"
#include "app/panels/option_rows.h"
#include "app/window/plot_axes.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

void primaryButton(AppState& state, Ui& ui) {
  const PrimaryButton primary = state.primary();
  const char* icon = primary.action == Action::OpenModel ? icon::kOpen : primary.action == Action::CancelLoad ? icon::kClose : state.running() ? icon::kPause : icon::kPlay;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ui.px(9, 8));
  const ButtonLook look = primary.action == Action::CancelLoad ? ButtonLook::Plain : ButtonLook::Primary;
  if (labelButton(ui, icon, primary.label.c_str(), look, -1, primary.enabled)) perform(state, primary.action);
  ImGui::PopStyleVar();
  tip(tooltip(primary.action));
  const float half = (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x) / 2;
  if (labelButton(ui, icon::kStep, "Step", ButtonLook::Plain, half, enabled(state, Action::Step)))
    perform(state, ImGui::GetIO().KeyShift ? Action::Step10 : Action::Step);
  tip(tooltip(Action::Step) + "\nShift: ten iterations.");
  ImGui::SameLine();
  if (labelButton(ui, icon::kReset, "Reset", ButtonLook::Plain, half, enabled(state, Action::Reset))) perform(state, Action::Reset);
  tip(tooltip(Action::Reset));
}

// What the line under the bar says at its left.
std::string progressText(const AppState& state) {
  if (!state.pending().empty()) return state.pending();
  const Snapshot& s = state.snapshot();
  switch (s.state) {
    case SessionState::Empty: return "Nothing open";
    case SessionState::Loading: return s.message.empty() ? "Loading..." : s.message;
    case SessionState::Done:
      if (s.converged) return "Converged after " + stepsText(s);
      break;
    default: break;
  }
  if (endsByItself(s)) return s.iteration > 0 ? stepsText(s) : std::string("Stops when converged");
  return shortNumber(s.iteration) + " / " + shortNumber(s.plannedIterations);
}

std::string paceText(const AppState& state) {
  const Snapshot& s = state.snapshot();
  if (!state.running() || s.iterationsPerSecond <= 0) return s.iteration > 0 && s.state != SessionState::Loading ? durationText(s.secondsFitting) : "";
  std::string text = fixedText(s.iterationsPerSecond, s.iterationsPerSecond < 10 ? 1 : 0) + " it/s   ";
  if (endsByItself(s)) return text + durationText(s.secondsFitting);
  return text + durationText(std::max(0, s.plannedIterations - s.iteration) / s.iterationsPerSecond) + " left";
}

void progress(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  ImGui::Dummy({0, ui.px(1)});
  if (s.state == SessionState::Loading) progressBar(ui, s.progress, colour::kAccent);
  else if (!state.pending().empty()) busyBar(ui, state.now(), colour::kWarning);
  else if (s.state == SessionState::Done) progressBar(ui, 1, colour::kGood);
  else if (state.running() && endsByItself(s)) busyBar(ui, state.now(), colour::kAccent);
  else progressBar(ui, endsByItself(s) ? 0 : double(s.iteration) / std::max(s.plannedIterations, 1), colour::kAccent);
  ImGui::PushFont(ui.fonts.small);
  const std::string right = paceText(state);
  const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(right.c_str()).x - ui.px(8);
  valueRow(elided(progressText(state), room).c_str(), right, colour::kDim);
  ImGui::PopFont();
}

// The group of photo sets shows for folders, that of models otherwise; of the others those with an option that has an
// effect.
bool groupApplies(const AppState& state, const char* group) {
  const auto& views = state.snapshot().views;
  const bool loading = state.snapshot().state == SessionState::Loading;
  const bool photos = loading ? state.openingFolder : views && !views->reference;
  if (std::strcmp(group, "Photo set") == 0) return photos;
  if (std::strcmp(group, "Target") == 0) return !photos;
  for (const Option& option : fitOptionTable())
    if (std::strcmp(option.group, group) == 0 && state.applies(option)) return true;
  return false;
}

int changedIn(const AppState& state, const char* group) {
  int changed = 0;
  for (const Option& option : fitOptionTable())
    if (std::strcmp(option.group, group) == 0 && state.applies(option) && !isDefault(state.options(), option)) ++changed;
  return changed;
}

bool groupHeader(AppState& state, Ui& ui, const char* group) {
  ImGui::PushFont(ui.fonts.bold);
  ImGui::PushStyleColor(ImGuiCol_Header, rgba(withAlpha(colour::kPanel, 0)));
  const bool open = ImGui::CollapsingHeader(group, ImGuiTreeNodeFlags_DefaultOpen);
  ImGui::PopStyleColor();
  ImGui::PopFont();
  if (const int changed = changedIn(state, group); changed > 0) {
    const ImVec2 upper = ImGui::GetItemRectMin(), lower = ImGui::GetItemRectMax();
    const std::string text = std::to_string(changed) + " changed";
    ImGui::PushFont(ui.fonts.small);
    const ImVec2 size = ImGui::CalcTextSize(text.c_str());
    ImGui::GetWindowDrawList()->AddText({lower.x - size.x - ui.px(10), (upper.y + lower.y - size.y) / 2}, rgba(colour::kAccent), text.c_str());
    ImGui::PopFont();
  }
  return open;
}

// Rarely needed options fold away behind one line at the end of their group.
void groupRows(AppState& state, Ui& ui, const char* group) {
  bool hasAdvanced = false;
  ImGui::Indent(ui.px(10));
  for (const Option& option : fitOptionTable())
    if (std::strcmp(option.group, group) == 0 && state.applies(option)) {
      if (option.advanced) hasAdvanced = true;
      else optionRow(state, ui, option);
    }
  if (hasAdvanced) {
    ImGui::PushStyleColor(ImGuiCol_Text, rgba(colour::kDim));
    const bool open = ImGui::TreeNodeEx((std::string("More###") + group).c_str(), ImGuiTreeNodeFlags_NoTreePushOnOpen | ImGuiTreeNodeFlags_FramePadding | ImGuiTreeNodeFlags_SpanAvailWidth);
    ImGui::PopStyleColor();
    if (open)
      for (const Option& option : fitOptionTable())
        if (std::strcmp(option.group, group) == 0 && option.advanced && state.applies(option)) optionRow(state, ui, option);
  }
  ImGui::Unindent(ui.px(10));
  ImGui::Dummy({0, ui.px(2)});
}

void presetRow(AppState& state, Ui& ui) {
  const auto& presets = state.presets();
  if (presets.empty()) return;
  const int current = matchingPreset(presets, state.options());
  ImGui::AlignTextToFramePadding();
  dimText("Preset");
  ImGui::SameLine(0, ui.px(12));
  ImGui::SetNextItemWidth(-1);
  const bool open = ImGui::BeginCombo("##preset", current < 0 ? "Custom" : presets[std::size_t(current)].label.c_str());
  if (!open) return tip(current < 0 ? "A set of options for a purpose. These options are of no preset." : presets[std::size_t(current)].description);
  closeByEscape(state);
  for (int i = 0; i < int(presets.size()); ++i) {
    if (ImGui::Selectable(presets[std::size_t(i)].label.c_str(), i == current)) state.choosePreset(i);
    tip(presets[std::size_t(i)].description);
  }
  ImGui::EndCombo();
}

// Says why options a person may look for are not there.
void hiddenOptions(AppState& state, Ui& ui) {
  const SolverKind solver = state.snapshot().solver;
  if (solver == SolverKind::Auto) return;
  const bool newton = solver == SolverKind::Newton;
  ImGui::PushFont(ui.fonts.small);
  ImGui::Indent(ui.px(10));
  wrappedText(newton ? "Coverage, optimiser, loss and regularisers belong to the gradient solver."
                     : "Smoothness and trust in the masks belong to the Newton solver.", colour::kFaint);
  ImGui::Unindent(ui.px(10));
  ImGui::PopFont();
}

// Below the rows of the start, so that none of them moves while it is being dragged.
void resetHint(AppState& state, Ui& ui) {
  if (!state.resetWanted()) return;
  ImGui::Indent(ui.px(10));
  wrappedText("Reset (" + shortcutText(Action::Reset) + ") to begin from the new start.", colour::kWarning);
  ImGui::Unindent(ui.px(10));
  ImGui::Dummy({0, ui.px(2)});
}

void options(AppState& state, Ui& ui) {
  std::set<std::string> seen;
  for (const Option& option : fitOptionTable()) {
    if (!seen.insert(option.group).second || !groupApplies(state, option.group)) continue;
    ImGui::PushID(option.group);
    if (groupHeader(state, ui, option.group)) groupRows(state, ui, option.group);
    if (std::strcmp(option.group, "Start") == 0) resetHint(state, ui);
    ImGui::PopID();
  }
  hiddenOptions(state, ui);
}

}  // namespace

void drawLeftPanel(AppState& state, Ui& ui) {
  beginRegion(ui, "left", ui.layout.left, ui.px(12, 12), colour::kPanel, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  primaryButton(state, ui);
  progress(state, ui);
  if (!state.optionProblem().empty()) wrappedText(state.optionProblem(), colour::kBad);
  ImGui::Separator();
  presetRow(state, ui);
  const float footer = ImGui::GetFrameHeight() + ui.px(22);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::BeginChild("options", {0, std::max(1.f, ImGui::GetContentRegionAvail().y - footer)});
  ImGui::PopStyleVar();
  options(state, ui);
  ImGui::EndChild();
  ImGui::Separator();
  ImGui::Dummy({0, ui.px(1)});
  if (labelButton(ui, icon::kExport, "Export mesh...", state.snapshot().state == SessionState::Done ? ButtonLook::Primary : ButtonLook::Plain, -1, enabled(state, Action::Export)))
    perform(state, Action::Export);
  tip(tooltip(Action::Export));
  endRegion();
}

}  // namespace penumbra
