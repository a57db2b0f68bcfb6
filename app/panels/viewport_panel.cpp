// The 3D view: the drawn scene, the mouse on it, and what lies over it as lines (outlines of a view looked through).
#include "app/panels/panels.h"

#include "app/window/scene_lines.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

enum class Drag { None, Orbit, Pan, Zoom };

// What the pressed mouse button means in the chosen navigation style.
Drag dragFor(const AppState& state, const ImGuiIO& io) {
  const bool left = ImGui::IsMouseDown(0), right = ImGui::IsMouseDown(1), middle = ImGui::IsMouseDown(2);
  if (state.settings.navigation == NavigationStyle::Blender) {
    if (!middle) return Drag::None;
    return io.KeyCtrl ? Drag::Zoom : io.KeyShift ? Drag::Pan : Drag::Orbit;
  }
  if (right || middle || (left && io.KeyShift)) return Drag::Pan;
  return left ? Drag::Orbit : Drag::None;
}

void mouse(AppState& state, const Rect& area, bool hovered, bool active) {
  const ImGuiIO& io = ImGui::GetIO();
  const ViewMatrices matrices = state.camera.matrices(area);
  state.hoveredView = -1;
  if (hovered && state.settings.display.cameras && !ImGui::IsMouseDragging(0, 3))
    state.hoveredView = cameraAt(state.snapshot(), matrices, area, io.MousePos.x, io.MousePos.y, 14);
  if (state.hoveredView == state.camera.lockedView()) state.hoveredView = -1;
  if (hovered && io.MouseWheel != 0) state.camera.zoom(io.MouseWheel, io.MousePos.x, io.MousePos.y, area);
  if (hovered && ImGui::IsMouseDoubleClicked(0)) {
    if (state.hoveredView >= 0) state.lookThrough(state.hoveredView);
    else state.pivotUnder(io.MousePos.x, io.MousePos.y, area);
    return;
  }
  if (hovered && state.hoveredView >= 0 && ImGui::IsMouseClicked(0)) state.selectView(state.hoveredView);
  const bool pressedNow = ImGui::IsMouseClicked(0) || ImGui::IsMouseClicked(1) || ImGui::IsMouseClicked(2);
  if (pressedNow) return;  // the way there is no drag: long when frames are slow
  if (!active || (io.MouseDelta.x == 0 && io.MouseDelta.y == 0)) return;
  switch (dragFor(state, io)) {
    case Drag::Orbit: state.camera.orbit(io.MouseDelta.x, io.MouseDelta.y, area); break;
    case Drag::Pan: state.camera.pan(io.MouseDelta.x, io.MouseDelta.y, area); break;
    case Drag::Zoom: state.camera.zoom(-io.MouseDelta.y / 30, area.x + area.width / 2, area.y + area.height / 2, area); break;
    case Drag::None: break;
  }
}

void cameraTip(const AppState& state) {
  const int v = state.hoveredView;
  if (v < 0) return;
  const Snapshot& s = state.snapshot();
  const float iou = v < int(s.viewIoU.size()) ? s.viewIoU[std::size_t(v)] : -1;
  ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  beginTip();
  ImGui::TextUnformatted(("View " + std::to_string(v + 1) + "  " + s.views->train[std::size_t(v)].name).c_str());
  dimText((iou >= 0 ? "IoU " + fixedText(iou, 4) : std::string("IoU not known yet")).c_str());
  dimText("Click selects, double-click looks through.");
  endTip();
}

void outline(ImDrawList* draw, const std::vector<Segment>& segments, const Rect& image, const Camera& camera, Rgba colour, float width) {
  const float sx = image.width / float(camera.width), sy = image.height / float(camera.height);
  for (const Segment& s : segments)
    draw->AddLine({image.x + s.a.x * sx, image.y + s.a.y * sy}, {image.x + s.b.x * sx, image.y + s.b.y * sy}, rgba(colour), width);
}

// Looking through a view: its picture over the scene where the mode has one, and both outlines.
void lockedOverlay(AppState& state, Ui& ui, const Rect& area) {
  const auto view = state.camera.lockedView();
  if (!view || *view >= state.viewCount()) return;
  const Snapshot& s = state.snapshot();
  const Camera& camera = s.views->train[std::size_t(*view)].camera;
  const Rect image = state.camera.imageArea(area);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const ImVec2 a{image.x, image.y}, b{image.right(), image.bottom()};
  if (state.compare != CompareMode::Contour) {
    const TextureId texture = ui.images->large(1, s, *view, state.compare, state.split);
    const Rgba tint{255, 255, 255, std::uint8_t(state.compare == CompareMode::Difference ? 150 : 110)};
    if (texture) draw->AddImage(reinterpret_cast<ImTextureID>(texture), a, b, {0, 0}, {1, 1}, rgba(tint));
  }
  outline(draw, ui.images->targetOutline(s, *view), image, camera, colour::kTargetLine, ui.px(1.4f));
  outline(draw, ui.images->renderOutline(s, *view), image, camera, colour::kRenderLine, ui.px(1.4f));
  draw->AddRect(a, b, rgba(withAlpha(colour::kDim, 120)), 0, 0, ui.px(1));
  const float iou = *view < int(s.viewIoU.size()) ? s.viewIoU[std::size_t(*view)] : -1;
  std::string text = "Looking through view " + std::to_string(*view + 1) + " (" + s.views->train[std::size_t(*view)].name + ")";
  if (iou >= 0) text += "   IoU " + fixedText(iou, 4);
  text += "   Esc leaves";
  const ImVec2 size = ImGui::CalcTextSize(text.c_str());
  const ImVec2 at{area.x + (area.width - size.x) / 2, std::max(area.y + ui.px(64), ui.toolbarBottom + ui.px(12))};
  draw->AddRectFilled({at.x - ui.px(10), at.y - ui.px(5)}, {at.x + size.x + ui.px(10), at.y + size.y + ui.px(5)}, rgba(withAlpha(colour::kRaised, 235)), ui.px(5));
  draw->AddText(at, rgba(colour::kText), text.c_str());
}

SceneFrame sceneFrame(AppState& state, const Rect& area, bool moving) {
  SceneFrame frame;
  frame.snapshot = state.sharedSnapshot();
  frame.matrices = state.camera.matrices(area);
  frame.width = int(area.width);
  frame.height = int(area.height);
  frame.display = state.settings.display;
  frame.moving = moving;
  SceneLinesRequest request{&state.snapshot(), state.camera.frame(), frame.display.grid, frame.display.cameras,
                            state.selectedView(), state.hoveredView, state.camera.lockedView(), state.unseen()};
  frame.lines = sceneLines(request);
  return frame;
}

}  // namespace

void drawViewport(AppState& state, Ui& ui) {
  const Rect area = ui.layout.viewport;
  beginRegion(ui, "viewport", area, {0, 0}, colour::kWindow, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse | ImGuiWindowFlags_NoNav);
  ImGui::InvisibleButton("scene", {area.width, area.height},
                         ImGuiButtonFlags_MouseButtonLeft | ImGuiButtonFlags_MouseButtonRight | ImGuiButtonFlags_MouseButtonMiddle);
  const bool hovered = ImGui::IsItemHovered(), active = ImGui::IsItemActive();
  mouse(state, area, hovered, active);
  const bool moving = active || state.running();
  if (const TextureId texture = ui.drawing->scene(sceneFrame(state, area, moving))) ui.underlays.push_back({area, {}, texture});
  lockedOverlay(state, ui, area);
  cameraTip(state);
  endRegion();
}

}  // namespace penumbra
