// A strip over the 3D view that says what the views cannot tell of the shape, and what to do about it.
#include "app/panels/panels.h"

#include "app/window/widgets.h"

namespace penumbra {
namespace {
constexpr float kBothFit = 300;  // height of a view that holds the banner and the report
}

void drawBanner(AppState& state, Ui& ui) {
  const Rect& v = ui.layout.viewport;
  const bool report = state.showReport && enabled(state, Action::MeshReport);
  if (report && v.height < ui.px(kBothFit)) return;  // it comes back when the report is closed
  const float width = std::min(ui.px(640), v.width - ui.px(24));
  // Below the switches, and below the axes where it would reach them.
  const float axes = ui.px(kGizmoSide + 2 * kGizmoGap);
  const bool meetsAxes = state.settings.display.gizmo && (v.width - width) / 2 < axes;
  const float top = std::max(ui.toolbarBottom + ui.px(10), v.y + (meetsAxes ? axes : ui.px(64)));
  beginCard(ui, "banner", {v.x + v.width / 2, top}, {0.5f, 0}, width, withAlpha(colour::kWarning, 150));
  const bool small = reportRoom(v, ui.scale) == CardRoom::Summary;
  ImGui::PushFont(small ? ui.fonts.small : ui.fonts.regular);
  iconText(ui, icon::kWarning, colour::kWarning);
  const float close = ImGui::GetFrameHeight();
  ImGui::BeginGroup();
  ImGui::PushTextWrapPos(ImGui::GetContentRegionMax().x - close - ui.px(8));
  for (const std::string& note : state.coverageNotes()) ImGui::TextUnformatted(note.c_str());
  ImGui::PopTextWrapPos();
  ImGui::EndGroup();
  ImGui::SameLine(ImGui::GetContentRegionMax().x - close);
  if (iconButton(ui, "close", icon::kClose, "x")) state.coverageNotesClosed = true;
  ImGui::PopFont();
  tip("Hide this, and the caps around the object that no view looks at, until the views change.");
  endCard();
}

}  // namespace penumbra
