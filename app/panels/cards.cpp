// Cards over the 3D view: loading, an error with what to do, the summary when a fit is done; and the toasts.
#include "app/panels/panels.h"

#include <filesystem>

#include "app/window/widgets.h"

namespace penumbra {
namespace {

void beginCard(Ui& ui, const char* name, ImVec2 at, ImVec2 pivot, float width, Rgba edge) {
  ImGui::SetNextWindowPos(at, ImGuiCond_Always, pivot);
  ImGui::SetNextWindowSizeConstraints({width, 0}, {width, ui.layout.viewport.height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ui.px(16, 14));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, ui.px(6));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowBorderSize, ui.px(1));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, rgba(withAlpha(colour::kPanel, 248)));
  ImGui::PushStyleColor(ImGuiCol_Border, rgba(edge));
  ImGui::Begin(name, nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                                  ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoFocusOnAppearing);
}

void endCard() {
  ImGui::End();
  ImGui::PopStyleColor(2);
  ImGui::PopStyleVar(3);
}

void iconHeading(Ui& ui, const char* icon, Rgba c, const char* text) {
  if (ui.fonts.hasIcons) {
    ImGui::TextColored(toVec(c), "%s", icon);
    ImGui::SameLine();
  }
  heading(ui, text);
}

void loadingCard(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  const Rect& v = ui.layout.viewport;
  beginCard(ui, "loading", {v.x + v.width / 2, v.y + v.height / 2}, {0.5f, 0.5f}, std::min(ui.px(340), v.width - ui.px(20)), colour::kBorder);
  heading(ui, "Loading");
  wrappedText(s.message.empty() ? "Reading the file." : s.message, colour::kDim);
  progressBar(ui, s.progress, colour::kAccent);
  endCard();
}

void errorCard(AppState& state, Ui& ui) {
  const ErrorCard card = *state.notices.error();
  const Rect& v = ui.layout.viewport;
  beginCard(ui, "error card", {v.x + v.width / 2, v.y + v.height / 2}, {0.5f, 0.5f}, std::min(ui.px(480), v.width - ui.px(20)), colour::kBad);
  iconHeading(ui, icon::kError, colour::kBad, card.title.c_str());
  wrappedText(card.what, colour::kText);
  if (!card.advice.empty()) wrappedText(card.advice, colour::kDim);
  ImGui::Dummy({0, ui.px(4)});
  if (labelButton(ui, icon::kDone, "Dismiss", ButtonLook::Primary)) state.notices.dismissError();
  ImGui::SameLine();
  if (labelButton(ui, icon::kCopy, "Copy details", ButtonLook::Plain)) state.setClipboard(card.details()), state.toast(NoticeKind::Info, "Details copied.");
  ImGui::SameLine();
  const auto checkpoints = state.checkpoints();
  if (state.viewCount() > 0 && !checkpoints.empty()) {
    if (labelButton(ui, icon::kHistory, "Back to last good mesh", ButtonLook::Plain)) {
      state.notices.dismissError();
      state.restoreCheckpoint(checkpoints.back().id);
    }
  } else if (labelButton(ui, icon::kOpen, "Open another...", ButtonLook::Plain)) {
    state.notices.dismissError();
    perform(state, Action::OpenModel);
  }
  endCard();
}

void doneCard(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  const Rect& v = ui.layout.viewport;
  beginCard(ui, "done", {v.right() - ui.px(14), v.bottom() - ui.px(14)}, {1, 1}, std::min(ui.px(290), v.width - ui.px(20)), colour::kGood);
  iconHeading(ui, icon::kDone, colour::kGood, "Reconstruction done");
  ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::GetFrameHeight());
  if (iconButton(ui, "close", icon::kClose, "x")) state.showDoneCard = false;
  if (s.heldOut && !s.heldOut->empty()) {
    const HeldOutMetrics& h = s.heldOut->back();
    valueRow("Held-out IoU", fixedText(h.iou, 4), iouColour(h.iou));
    valueRow("Outline error", fixedText(h.contourErrorPx, 2) + " px");
  }
  if (s.history && !s.history->empty()) valueRow("Training IoU", fixedText(s.history->back().trainIoU, 4), iouColour(s.history->back().trainIoU));
  valueRow("Time", durationText(s.secondsFitting) + ", " + std::to_string(s.iteration) + " iterations");
  ImGui::Dummy({0, ui.px(2)});
  const float half = (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x) / 2;
  if (labelButton(ui, icon::kExport, "Export...", ButtonLook::Primary, half)) perform(state, Action::Export);
  ImGui::SameLine();
  if (labelButton(ui, icon::kPlay, "Continue", ButtonLook::Plain, half)) perform(state, Action::StartPause);
  endCard();
}

Rgba noticeColour(NoticeKind kind) {
  return kind == NoticeKind::Good ? colour::kGood : kind == NoticeKind::Warning ? colour::kWarning : colour::kAccent;
}

// Returns the toast's height.
float toastCard(AppState& state, Ui& ui, std::size_t index, ImVec2 at, float width) {
  const Toast toast = state.notices.toasts()[index];
  beginCard(ui, ("toast " + std::to_string(index)).c_str(), at, {0, 1}, width, withAlpha(noticeColour(toast.kind), 150));
  const char* icon = toast.kind == NoticeKind::Good ? icon::kDone : toast.kind == NoticeKind::Warning ? icon::kWarning : icon::kInfo;
  if (ui.fonts.hasIcons) {
    ImGui::TextColored(toVec(noticeColour(toast.kind)), "%s", icon);
    ImGui::SameLine();
  }
  ImGui::BeginGroup();
  wrappedText(toast.repeats > 1 ? toast.text + "  (" + std::to_string(toast.repeats) + " times)" : toast.text, colour::kText);
  if (!toast.advice.empty()) wrappedText(toast.advice, colour::kDim);
  if (!toast.path.empty()) {
    if (labelButton(ui, icon::kFolder, "Show in folder", ButtonLook::Plain) && !openInFileManager(std::filesystem::path(toast.path).parent_path()))
      state.toast(NoticeKind::Warning, "There is no program to show folders (xdg-open).");
    ImGui::SameLine();
    if (labelButton(ui, icon::kCopy, "Copy path", ButtonLook::Plain)) state.setClipboard(toast.path);
  }
  ImGui::EndGroup();
  const float height = ImGui::GetWindowHeight();
  endCard();
  return height;
}

}  // namespace

void drawCards(AppState& state, Ui& ui) {
  if (state.snapshot().state == SessionState::Loading) loadingCard(state, ui);
  if (state.notices.error()) errorCard(state, ui);
  if (state.showDoneCard && state.snapshot().state == SessionState::Done) doneCard(state, ui);
}

void drawToasts(AppState& state, Ui& ui) {
  const Rect& v = ui.layout.viewport;
  const float width = std::min(ui.px(400), v.width - ui.px(24));
  float y = v.bottom() - ui.px(14);
  for (std::size_t i = state.notices.toasts().size(); i-- > 0;) {
    const float height = toastCard(state, ui, i, {v.x + ui.px(14), y}, width);
    y -= height + ui.px(8);
  }
}

}  // namespace penumbra
