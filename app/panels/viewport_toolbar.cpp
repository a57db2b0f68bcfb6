// Over the 3D view: the row of display switches at the top left and the axes gizmo at the top right.
#include "app/panels/panels.h"

#include <algorithm>

#include "app/window/widgets.h"

namespace penumbra {
namespace {

void separator(Ui& ui) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight();
  ImGui::GetWindowDrawList()->AddLine({at.x + ui.px(3), at.y + ui.px(5)}, {at.x + ui.px(3), at.y + height - ui.px(5)}, rgba(colour::kBorder), ui.px(1));
  ImGui::Dummy({ui.px(6), height});
  ImGui::SameLine();
}

bool beginOverlay(const char* name, ImVec2 at, ImVec2 padding, int extraFlags = 0) {
  ImGui::SetNextWindowPos(at);
  const int flags = ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_AlwaysAutoResize |
                    ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav | extraFlags;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
  ImGui::PushStyleColor(ImGuiCol_WindowBg, rgba(withAlpha(colour::kPanel, 225)));
  return ImGui::Begin(name, nullptr, flags);
}

void endOverlay() {
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar();
}

void toolbar(AppState& state, Ui& ui) {
  const Rect& area = ui.layout.viewport;
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, ui.px(6));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ui.px(3, 3));
  beginOverlay("toolbar", {area.x + ui.px(12), area.y + ui.px(12)}, ui.px(4, 4));
  const struct { Action action; const char* icon; const char* text; bool gapBefore; } kButtons[] = {
      {Action::ShadingClay, icon::kClay, "Clay", false},   {Action::ShadingNormals, icon::kNormals, "Nrm", false},
      {Action::ShadingHeat, icon::kHeat, "Heat", false},   {Action::Wireframe, icon::kWire, "Wire", true},
      {Action::Ghost, icon::kGhost, "Ghost", false},       {Action::Cameras, icon::kCamera, "Cams", false},
      {Action::Grid, icon::kGrid, "Grid", false},          {Action::Orthographic, icon::kOrtho, "Ortho", true},
      {Action::Frame, icon::kFrame, "Frame", false},       {Action::Home, icon::kHome, "Home", false},
      {Action::LookThrough, icon::kEye, "Look", false}};
  // In a narrow view the row breaks before it would reach the gizmo.
  const float room = area.width - ui.px(24 + 110);
  float used = 0;
  for (const auto& button : kButtons) {
    if (used > 0) ImGui::SameLine();
    if (button.gapBefore && used > 0) separator(ui);
    actionButton(state, ui, button.action, button.icon, button.text);
    const float width = ImGui::GetItemRectSize().x + ImGui::GetStyle().ItemSpacing.x;
    used += width + (button.gapBefore ? ui.px(12) : 0);
    if (used + 1.5f * width > room) used = 0;
  }
  ui.toolbarBottom = ImGui::GetCursorScreenPos().y + ui.px(4);
  endOverlay();
  ImGui::PopStyleVar(2);
}

struct GizmoEnd {
  glm::dvec3 eye;       // the axis in eye space
  int axis;
  bool positive;
  AxisView view;
};

// Which axis view shows a world axis end, given the scene's upright frame.
AxisView viewOf(const glm::dvec3& axis, const glm::dmat3& frame) {
  const glm::dvec3 d = glm::transpose(frame) * axis;
  if (std::abs(d.y) > 0.7) return d.y > 0 ? AxisView::Top : AxisView::Bottom;
  if (std::abs(d.x) > 0.7) return d.x > 0 ? AxisView::Right : AxisView::Left;
  return d.z > 0 ? AxisView::Front : AxisView::Back;
}

void gizmo(AppState& state, Ui& ui) {
  const Rect& area = ui.layout.viewport;
  const float side = ui.px(kGizmoSide), reach = ui.px(32), knob = ui.px(9.5f);
  ImGui::SetNextWindowSize({side, side});
  ImGui::SetNextWindowPos({area.right() - side - ui.px(kGizmoGap), area.y + ui.px(kGizmoGap)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {0, 0});
  ImGui::Begin("gizmo", nullptr, ImGuiWindowFlags_NoDecoration | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBackground |
                                     ImGuiWindowFlags_NoFocusOnAppearing | ImGuiWindowFlags_NoNav);
  const ImVec2 corner = ImGui::GetWindowPos(), centre{corner.x + side / 2, corner.y + side / 2};
  const glm::dmat3 eyeFromWorld(state.camera.matrices(area).eyeFromWorld);
  std::vector<GizmoEnd> ends;
  for (int axis = 0; axis < 3; ++axis)
    for (bool positive : {true, false}) {
      glm::dvec3 d(0);
      d[axis] = positive ? 1 : -1;
      ends.push_back({eyeFromWorld * d, axis, positive, viewOf(d, state.camera.frame())});
    }
  std::sort(ends.begin(), ends.end(), [](const GizmoEnd& a, const GizmoEnd& b) { return a.eye.z < b.eye.z; });
  constexpr Rgba kAxis[3] = {{240, 98, 96}, {126, 200, 96}, {92, 150, 255}};
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const GizmoEnd* hovered = nullptr;
  const auto place = [&](const GizmoEnd& e) { return ImVec2(centre.x + float(e.eye.x) * reach, centre.y - float(e.eye.y) * reach); };
  if (ImGui::IsWindowHovered()) {
    for (const GizmoEnd& e : ends)
      if (std::hypot(mouse.x - place(e).x, mouse.y - place(e).y) < knob * 1.15f) hovered = &e;
  }
  for (const GizmoEnd& e : ends) {
    const Rgba c = mixColour(kAxis[e.axis], colour::kWindow, e.eye.z < 0 ? 0.45 : 0.0);
    const ImVec2 p = place(e);
    if (e.positive) draw->AddLine(centre, p, rgba(c), ui.px(2));
    if (e.positive) draw->AddCircleFilled(p, knob, rgba(c));
    else draw->AddCircleFilled(p, knob * 0.72f, rgba(mixColour(c, colour::kWindow, 0.72))), draw->AddCircle(p, knob * 0.72f, rgba(c), 0, ui.px(1.4f));
    if (hovered == &e) draw->AddCircle(p, knob * 1.1f, rgba(colour::kText), 0, ui.px(1.6f));
    if (!e.positive) continue;
    const char text[2] = {"XYZ"[e.axis], 0};
    const ImVec2 size = ui.fonts.bold->CalcTextSizeA(ui.px(13), 1e9f, 0, text);
    draw->AddText(ui.fonts.bold, ui.px(13), {p.x - size.x / 2, p.y - size.y / 2}, IM_COL32(16, 18, 22, 255), text);
  }
  ImGui::InvisibleButton("axes", {side, side});
  if (hovered) {
    constexpr Action kActions[] = {Action::ViewFront, Action::ViewBack, Action::ViewRight, Action::ViewLeft, Action::ViewTop, Action::ViewBottom};
    const Action action = kActions[int(hovered->view)];
    tip(tooltip(action));
    if (ImGui::IsMouseClicked(0)) perform(state, action);
  } else if (ImGui::IsItemActive() && ImGui::IsMouseDragging(0)) state.camera.orbit(ImGui::GetIO().MouseDelta.x, ImGui::GetIO().MouseDelta.y, area);
  ImGui::End();
  ImGui::PopStyleVar();
}

}  // namespace

void drawViewportToolbar(AppState& state, Ui& ui) {
  toolbar(state, ui);
  if (state.settings.display.gizmo && !state.camera.lockedView()) gizmo(state, ui);
}

}  // namespace penumbra
