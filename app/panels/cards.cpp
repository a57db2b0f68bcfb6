// Cards over the 3D view: loading, an error with what to do; and the toasts.
#include "app/panels/panels.h"

#include <filesystem>

#include "app/window/file_browser.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

void loadingCard(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  const Rect& v = ui.layout.viewport;
  // Below the preview of what is being loaded.
  beginCard(ui, "loading", {v.x + v.width / 2, v.bottom() - ui.px(14)}, {0.5f, 1}, std::min(ui.px(340), v.width - ui.px(20)), colour::kBorder);
  const std::string name = displayName(state.opening.filename());
  heading(ui, elided(name.empty() ? "Loading" : "Loading " + name, ImGui::GetContentRegionAvail().x).c_str());
  wrappedText(s.message.empty() ? "Reading the file." : s.message, colour::kDim);
  progressBar(ui, s.progress, colour::kAccent);
  ImGui::Dummy({0, ui.px(2)});
  if (labelButton(ui, icon::kClose, "Cancel", ButtonLook::Plain, -1)) perform(state, Action::CancelLoad);
  tip(tooltip(Action::CancelLoad));
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

Rgba noticeColour(NoticeKind kind) {
  return kind == NoticeKind::Good ? colour::kGood : kind == NoticeKind::Warning ? colour::kWarning : colour::kAccent;
}

// Returns the toast's height.
float toastCard(AppState& state, Ui& ui, std::size_t index, ImVec2 at, float width) {
  const Toast toast = state.notices.toasts()[index];
  beginCard(ui, ("toast " + std::to_string(index)).c_str(), at, {0, 1}, width, withAlpha(noticeColour(toast.kind), 150));
  const char* icon = toast.kind == NoticeKind::Good ? icon::kDone : toast.kind == NoticeKind::Warning ? icon::kWarning : icon::kInfo;
  iconText(ui, icon, noticeColour(toast.kind));
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
  if (state.showReport && enabled(state, Action::MeshReport)) drawReportCard(state, ui);
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
