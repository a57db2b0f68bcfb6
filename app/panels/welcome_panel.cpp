// What a person meets first: the ways in, samples, what was open before, and how to move about.
#include "app/panels/panels.h"

#include <optional>

#include "app/window/file_browser.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

// The middle of the picture fills the rectangle, the rest is cut off.
void fillWith(ImDrawList* draw, const ViewImages::FilePicture& picture, ImVec2 a, ImVec2 b, float rounding) {
  const float shape = (b.x - a.x) / (b.y - a.y);
  const float u = std::min(1.f, shape / picture.aspect) / 2, v = std::min(1.f, picture.aspect / shape) / 2;
  draw->AddImageRounded(reinterpret_cast<ImTextureID>(picture.texture), a, b, {0.5f - u, 0.5f - v}, {0.5f + u, 0.5f + v}, IM_COL32_WHITE, rounding,
                        ImDrawFlags_RoundCornersTop);
}

// A sample as a tile with its picture, when there is one, and its name; true when clicked.
bool sampleTile(Ui& ui, const std::string& name, float width) {
  const auto picture = ui.images->file(samplesFolder() / "gallery" / (name + ".png"), 320);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const ImVec2 size{width, ui.px(picture.texture ? 196 : 58)};
  const bool pressed = ImGui::InvisibleButton(name.c_str(), size);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + size.x, at.y + size.y}, rgba(ImGui::IsItemHovered() ? colour::kHover : colour::kRaised), ui.px(6));
  if (ImGui::IsItemHovered()) ImGui::SetMouseCursor(ImGuiMouseCursor_Hand);
  std::string label = name;
  if (!label.empty() && label[0] >= 'a' && label[0] <= 'z') label[0] = char(label[0] - 'a' + 'A');
  label = elided(label, size.x - ui.px(16));
  const ImVec2 text = ImGui::CalcTextSize(label.c_str());
  float y = at.y + (size.y - text.y) / 2;
  if (picture.texture) {
    y = at.y + size.y - text.y - ui.px(7);
    fillWith(draw, picture, at, {at.x + size.x, y - ui.px(7)}, ui.px(6));
  } else if (ui.fonts.hasIcons) {
    const ImVec2 icon = ImGui::CalcTextSize(icon::kModel);
    draw->AddText({at.x + (size.x - icon.x) / 2, at.y + ui.px(9)}, rgba(colour::kAccent), icon::kModel);
    y = at.y + size.y - text.y - ui.px(9);
  }
  draw->AddText({at.x + (size.x - text.x) / 2, y}, rgba(colour::kText), label.c_str());
  return pressed;
}

void samples(AppState& state, Ui& ui) {
  const auto models = sampleModels();
  if (models.empty()) return;
  dimText("Try a sample");
  const int perRow = std::min(4, int(models.size()));
  const float gap = ImGui::GetStyle().ItemSpacing.x;
  const float width = (ImGui::GetContentRegionAvail().x - gap * float(perRow - 1)) / float(perRow);
  for (int i = 0; i < int(models.size()); ++i) {
    if (i % perRow) ImGui::SameLine();
    if (sampleTile(ui, displayName(models[std::size_t(i)].stem()), width)) state.startWhenLoaded = true, state.requestOpen(models[std::size_t(i)]);
    tip("Open it and start at once.");
  }
}

void recent(AppState& state, Ui& ui) {
  if (state.settings.recent.empty()) return;
  dimText("Recent");
  int shown = 0;
  std::filesystem::path chosen;
  for (const auto& path : state.settings.recent) {
    if (++shown > 4) break;
    ImGui::PushID(shown);
    const std::string name = displayName(path.filename()), folder = displayName(path.parent_path());
    if (ImGui::Selectable("##recent", false, 0, {0, ImGui::GetTextLineHeight() + ui.px(4)})) chosen = path;
    tip(displayName(path));
    ImGui::SameLine(ImGui::GetStyle().WindowPadding.x);
    ImGui::TextUnformatted(name.c_str());
    ImGui::SameLine(0, ui.px(14));
    dimText(elided(folder, std::max(1.f, ImGui::GetContentRegionAvail().x)).c_str());
    ImGui::PopID();
  }
  if (!chosen.empty()) state.requestOpen(chosen);
}

void controls(AppState& state, Ui& ui) {
  const bool blender = state.settings.navigation == NavigationStyle::Blender;
  const std::pair<std::string, std::string> rows[] = {
      {blender ? "Middle drag" : "Left drag", "orbit"},
      {blender ? "Shift + middle drag" : "Right or Shift + left drag", "pan"},
      {"Wheel", "zoom to the cursor"},
      {"Double-click", "turn about that point"},
      {shortcutText(Action::StartPause), "start, pause"},
      {shortcutText(Action::KeySheet), "all keys"}};
  dimText("Mouse and keys");
  ImGui::PushFont(ui.fonts.small);
  if (ImGui::BeginTable("controls", 4, ImGuiTableFlags_SizingStretchProp)) {
    for (const auto& [keys, what] : rows) {
      ImGui::TableNextColumn();
      ImGui::TextUnformatted(keys.c_str());
      ImGui::TableNextColumn();
      dimText(what.c_str());
    }
    ImGui::EndTable();
  }
  ImGui::PopFont();
}

// Fits that were running when Penumbra last ended without being closed.
void recoverable(AppState& state, Ui& ui) {
  constexpr std::size_t kShown = 3;
  const auto fits = state.abandonedFits();
  if (fits.empty()) return;
  iconText(ui, icon::kHistory, colour::kWarning);
  ImGui::TextUnformatted(fits.size() == 1 ? "A fit was cut short" : "Fits were cut short");
  const float recover = ui.px(96), discard = ui.px(84), gap = ImGui::GetStyle().ItemSpacing.x;
  std::optional<std::size_t> recovered, discarded;
  for (std::size_t i = 0; i < std::min(kShown, fits.size()); ++i) {
    ImGui::PushID(int(i));
    ImGui::AlignTextToFramePadding();
    const float left = ImGui::GetCursorPosX(), right = ImGui::GetContentRegionMax().x - recover - discard - gap;
    ImGui::TextUnformatted(elided(fits[i].info.name, 0.4f * (right - left)).c_str());
    tip(displayName(fits[i].info.source));
    ImGui::SameLine(0, ui.px(12));
    dimText(fits[i].progressText().c_str());
    ImGui::SameLine(right);
    if (labelButton(ui, "", "Recover", i == 0 ? ButtonLook::Primary : ButtonLook::Plain, recover)) recovered = i;
    ImGui::SameLine(0, gap);
    if (labelButton(ui, "", "Discard", ButtonLook::Plain, discard)) discarded = i;
    ImGui::PopID();
  }
  ImGui::Dummy({0, ui.px(6)});
  if (recovered) state.recoverFit(*recovered);
  if (discarded) state.discardFit(*discarded);
}

void title(Ui& ui) {
  ImGui::PushFont(ui.fonts.title);
  ImGui::TextUnformatted("Penumbra");
  ImGui::PopFont();
  wrappedText("Watch a 3D mesh being reconstructed from silhouettes.", colour::kDim);
}

}  // namespace

void drawWelcome(AppState& state, Ui& ui) {
  const Rect& area = ui.layout.viewport;
  const float width = std::min(ui.px(620), area.width - ui.px(24));
  ImGui::SetNextWindowPos({area.x + area.width / 2, area.y + area.height / 2}, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::SetNextWindowSizeConstraints({width, 0}, {width, std::max(1.f, area.height - ui.px(16))});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ui.px(28, 24));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, ui.px(6));
  ImGui::PushStyleColor(ImGuiCol_WindowBg, rgba(colour::kPanel));
  ImGui::Begin("welcome", nullptr, ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoCollapse | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoSavedSettings |
                                       ImGuiWindowFlags_AlwaysAutoResize | ImGuiWindowFlags_NoFocusOnAppearing);
  title(ui);
  ImGui::Dummy({0, ui.px(6)});
  recoverable(state, ui);
  const float half = (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x) / 2;
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, ui.px(9, 9));
  if (labelButton(ui, icon::kFile, "Open model...", ButtonLook::Primary, half)) perform(state, Action::OpenModel);
  tip(tooltip(Action::OpenModel));
  ImGui::SameLine();
  if (labelButton(ui, icon::kFolder, "Open folder...", ButtonLook::Plain, half)) perform(state, Action::OpenFolder);
  tip(tooltip(Action::OpenFolder));
  ImGui::PopStyleVar();
  wrappedText("or drop a model or a folder of masks anywhere on this window", colour::kDim);
  ImGui::Dummy({0, ui.px(6)});
  samples(state, ui);
  ImGui::Dummy({0, ui.px(4)});
  recent(state, ui);
  ImGui::Dummy({0, ui.px(4)});
  controls(state, ui);
  ImGui::End();
  ImGui::PopStyleColor();
  ImGui::PopStyleVar(2);
}

}  // namespace penumbra
