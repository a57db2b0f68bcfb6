// The right side: the selected view large, in one of five modes, and all views below, worst first.
#include "app/panels/panels.h"

#include <algorithm>

#include "app/window/widgets.h"

namespace penumbra {
namespace {

float iouOf(const Snapshot& s, int view) { return view < int(s.viewIoU.size()) ? s.viewIoU[std::size_t(view)] : -1; }

void header(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  const int view = state.selectedView();
  const float iou = iouOf(s, view);
  actionButton(state, ui, Action::PreviousView, icon::kPrevious, "<");
  ImGui::SameLine(0, ui.px(4));
  ImGui::AlignTextToFramePadding();
  heading(ui, ("View " + std::to_string(view + 1) + " of " + std::to_string(state.viewCount())).c_str());
  ImGui::SameLine(0, ui.px(4));
  actionButton(state, ui, Action::NextView, icon::kNext, ">");
  const std::string text = iou >= 0 ? "IoU " + fixedText(iou, 4) : "IoU -";
  ImGui::SameLine(std::max(0.f, ImGui::GetContentRegionMax().x - ImGui::CalcTextSize(text.c_str()).x));
  ImGui::PushStyleColor(ImGuiCol_Text, rgba(iou >= 0 ? iouColour(iou) : colour::kDim));
  ImGui::AlignTextToFramePadding();
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopStyleColor();
}

void lines(ImDrawList* draw, const std::vector<Segment>& segments, const Rect& r, const Mask& mask, Rgba colour, float width) {
  const float sx = r.width / float(mask.width), sy = r.height / float(mask.height);
  for (const Segment& s : segments)
    draw->AddLine({r.x + s.a.x * sx, r.y + s.a.y * sy}, {r.x + s.b.x * sx, r.y + s.b.y * sy}, rgba(colour), width);
}

void splitHandle(AppState& state, Ui& ui, const Rect& r, bool active) {
  if (active) state.split = std::clamp((ImGui::GetIO().MousePos.x - r.x) / double(r.width), 0.0, 1.0);
  const float x = r.x + float(state.split) * r.width;
  ImGui::GetWindowDrawList()->AddLine({x, r.y}, {x, r.bottom()}, rgba(colour::kAccent), ui.px(2));
}

void picture(AppState& state, Ui& ui) {
  const Snapshot& s = state.snapshot();
  const int view = state.selectedView();
  const Mask& mask = s.views->train[std::size_t(view)].mask;
  const float width = ImGui::GetContentRegionAvail().x;
  const float most = std::max(ui.px(120), ImGui::GetContentRegionAvail().y * 0.5f);
  const float aspect = float(mask.width) / float(std::max(1, mask.height));
  const float imageWidth = std::min(width, most * aspect), imageHeight = imageWidth / aspect;
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const Rect r{at.x + (width - imageWidth) / 2, at.y, imageWidth, imageHeight};
  ImGui::InvisibleButton("picture", {width, imageHeight});
  const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ui.underlays.push_back({{at.x, at.y, width, imageHeight}, Rgba{16, 18, 22}, 0});
  if (const TextureId texture = ui.images->large(0, s, view, state.compare, state.split))
    draw->AddImage(reinterpret_cast<ImTextureID>(texture), {r.x, r.y}, {r.right(), r.bottom()});
  if (state.compare == CompareMode::Contour) {
    lines(draw, ui.images->targetOutline(s, view), r, mask, colour::kTargetLine, ui.px(1.3f));
    lines(draw, ui.images->renderOutline(s, view), r, mask, colour::kRenderLine, ui.px(1.3f));
  }
  if (state.compare == CompareMode::Split) splitHandle(state, ui, r, active);
  if (hovered && ImGui::IsMouseDoubleClicked(0)) state.lookThrough(view);
  const std::string& name = s.views->train[std::size_t(view)].name;
  tip(name + "\n" + std::to_string(mask.width) + " x " + std::to_string(mask.height) + " px. Double-click looks through this camera.");
}

void legend(AppState& state, Ui& ui) {
  ImGui::PushFont(ui.fonts.small);
  const auto entry = [&](Rgba c, const char* text) {
    const ImVec2 at = ImGui::GetCursorScreenPos();
    const float h = ImGui::GetTextLineHeight(), side = ui.px(9);
    ImGui::GetWindowDrawList()->AddRectFilled({at.x, at.y + (h - side) / 2}, {at.x + side, at.y + (h + side) / 2}, rgba(c), ui.px(2));
    ImGui::Dummy({side, h});
    ImGui::SameLine(0, ui.px(5));
    dimText(text);
    ImGui::SameLine(0, ui.px(14));
  };
  switch (state.compare) {
    case CompareMode::Difference: entry(colour::kTooMuch, "too much"); entry(colour::kTooLittle, "too little"); break;
    case CompareMode::Contour: entry(colour::kTargetLine, "target"); entry(colour::kRenderLine, "mesh"); break;
    case CompareMode::Split: dimText("target | render, drag the line"); ImGui::SameLine(); break;
    case CompareMode::Target: dimText("what the mesh should look like"); ImGui::SameLine(); break;
    case CompareMode::Render: dimText("what the mesh looks like now"); ImGui::SameLine(); break;
  }
  ImGui::NewLine();
  ImGui::PopFont();
}

// The pictures are drawn before all frames and numbers, so that these go to the card in one go.
void tile(AppState& state, Ui& ui, int view, float width) {
  const Snapshot& s = state.snapshot();
  const Mask& mask = s.views->train[std::size_t(view)].mask;
  const float iou = iouOf(s, view), border = ui.px(2);
  const ImVec2 at = ImGui::GetCursorScreenPos(), end{at.x + width, at.y + width};
  ImGui::PushID(view);
  const bool pressed = ImGui::InvisibleButton("tile", {width, width});
  const bool hovered = ImGui::IsItemHovered();
  if (ImGui::IsRectVisible(at, end)) {
    ImDrawList* draw = ImGui::GetWindowDrawList();
    draw->ChannelsSetCurrent(0);
    const float aspect = float(mask.width) / float(std::max(1, mask.height)), inner = width - 2 * border;
    const float w = aspect >= 1 ? inner : inner * aspect, h = aspect >= 1 ? inner / aspect : inner;
    const ImVec2 a{at.x + (width - w) / 2, at.y + (width - h) / 2};
    const TextureId texture = ui.images->thumbnail(s, view);
    if (!texture || w != h) draw->AddRectFilled(at, end, rgba(Rgba{16, 18, 22}), ui.px(4));
    if (texture) draw->AddImage(reinterpret_cast<ImTextureID>(texture), a, {a.x + w, a.y + h});
    draw->ChannelsSetCurrent(1);
    const bool selected = view == state.selectedView();
    draw->AddRect(at, end, rgba(iouColour(iou)), ui.px(4), 0, border);
    if (selected || hovered) draw->AddRect({at.x - ui.px(1.5f), at.y - ui.px(1.5f)}, {end.x + ui.px(1.5f), end.y + ui.px(1.5f)},
                                           rgba(selected ? colour::kText : colour::kDim), ui.px(5), 0, ui.px(1.5f));
    const std::string number = std::to_string(view + 1);
    draw->AddText(ui.fonts.small, ui.fonts.small->FontSize, {at.x + ui.px(6), at.y + ui.px(4)}, rgba(withAlpha(colour::kText, 190)), number.c_str());
  }
  if (pressed) state.selectView(view);
  if (hovered && ImGui::IsMouseDoubleClicked(0)) state.lookThrough(view);
  tip(s.views->train[std::size_t(view)].name + (iou >= 0 ? "\nIoU " + fixedText(iou, 4) : "") + "\nDouble-click looks through this camera.");
  ImGui::PopID();
}

void grid(AppState& state, Ui& ui) {
  ImGui::PushFont(ui.fonts.small);
  const auto& ious = state.snapshot().viewIoU;
  const bool known = std::any_of(ious.begin(), ious.end(), [](float iou) { return iou >= 0; });
  dimText(known ? "All views, worst first" : "All views");
  ImGui::PopFont();
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ui.px(2, 2));
  ImGui::PushStyleVar(ImGuiStyleVar_ItemSpacing, ui.px(6, 6));
  ImGui::BeginChild("grid", {0, 0}, false, ImGuiWindowFlags_AlwaysUseWindowPadding);
  const int perRow = std::max(2, int(ImGui::GetContentRegionAvail().x / ui.px(70)));
  const float gap = ImGui::GetStyle().ItemSpacing.x;
  const float width = std::floor((ImGui::GetContentRegionAvail().x - ui.px(2) - gap * float(perRow - 1)) / float(perRow));
  int column = 0;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->ChannelsSplit(2);
  for (int view : worstFirst(state.snapshot().viewIoU, state.viewCount())) {
    if (column++ % perRow) ImGui::SameLine();
    tile(state, ui, view, std::max(8.f, width));
  }
  draw->ChannelsMerge();
  ImGui::EndChild();
  ImGui::PopStyleVar(2);
}

}  // namespace

void drawViews(AppState& state, Ui& ui) {
  beginRegion(ui, "views", ui.layout.right, ui.px(12, 12), colour::kPanel, ImGuiWindowFlags_NoScrollbar);
  if (state.viewCount() == 0) {
    heading(ui, "Views");
    wrappedText("The masks a mesh is fitted to appear here.", colour::kDim);
  } else {
    header(state, ui);
    const char* labels[kCompareModes];
    for (int i = 0; i < kCompareModes; ++i) labels[i] = toString(CompareMode(i));
    int mode = int(state.compare);
    ImGui::PushFont(ui.fonts.small);
    if (segments(ui, "mode", labels, kCompareModes, mode, ImGui::GetContentRegionAvail().x)) state.compare = CompareMode(mode);
    ImGui::PopFont();
    picture(state, ui);
    legend(state, ui);
    grid(state, ui);
  }
  endRegion();
}

}  // namespace penumbra
