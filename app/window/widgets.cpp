#include "app/window/widgets.h"

#include <cmath>

namespace penumbra {
namespace {

void pushLook(ButtonLook look) {
  using namespace colour;
  Rgba base = kRaised, hover = kHover, active = kBorder, text = kText;
  if (look == ButtonLook::Primary) base = kAccentDeep, hover = kAccentHover, active = kAccent;
  if (look == ButtonLook::Quiet) base = withAlpha(kPanel, 0);
  if (look == ButtonLook::Danger) base = {150, 62, 48}, hover = {176, 74, 58}, active = {196, 86, 68};
  ImGui::PushStyleColor(ImGuiCol_Button, rgba(base));
  ImGui::PushStyleColor(ImGuiCol_ButtonHovered, rgba(hover));
  ImGui::PushStyleColor(ImGuiCol_ButtonActive, rgba(active));
  ImGui::PushStyleColor(ImGuiCol_Text, rgba(text));
}

}  // namespace

bool labelButton(Ui& ui, const char* icon, const char* label, ButtonLook look, float width, bool enabled) {
  std::string text = ui.fonts.hasIcons && icon && *icon ? std::string(icon) + "  " + label : label;
  pushLook(look);
  if (look == ButtonLook::Primary) ImGui::PushFont(ui.fonts.bold);
  ImGui::BeginDisabled(!enabled);
  const float w = width < 0 ? ImGui::GetContentRegionAvail().x : width;
  const bool pressed = ImGui::Button((text + "###" + label).c_str(), {w, 0});
  ImGui::EndDisabled();
  if (look == ButtonLook::Primary) ImGui::PopFont();
  ImGui::PopStyleColor(4);
  return pressed;
}

bool iconButton(Ui& ui, const char* id, const char* icon, const char* text, bool on, bool enabled) {
  const float side = ImGui::GetFrameHeight();
  const char* shown = ui.fonts.hasIcons ? icon : text;
  const float width = ui.fonts.hasIcons ? side : std::max(side, ImGui::CalcTextSize(text).x + ui.px(10));
  ImGui::PushID(id);
  pushLook(ButtonLook::Quiet);
  if (on) ImGui::PushStyleColor(ImGuiCol_Button, rgba(withAlpha(colour::kAccentDeep, 160)));
  ImGui::PushStyleVar(ImGuiStyleVar_FramePadding, {0, ImGui::GetStyle().FramePadding.y});
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, 0);
  ImGui::BeginDisabled(!enabled);
  const bool pressed = ImGui::Button(shown, {width, side});
  ImGui::EndDisabled();
  ImGui::PopStyleVar(2);
  ImGui::PopStyleColor(on ? 5 : 4);
  ImGui::PopID();
  return pressed;
}

bool actionButton(AppState& state, Ui& ui, Action action, const char* icon, const char* shortText) {
  const bool pressed = iconButton(ui, info(action).label, icon, shortText, checked(state, action), enabled(state, action));
  tip(tooltip(action));
  if (pressed) perform(state, action);
  return pressed;
}

void beginTip() {
  const float em = ImGui::GetIO().Fonts->Fonts[0]->FontSize;  // of the regular font, which follows the scale
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, {std::round(0.65f * em), std::round(0.52f * em)});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, std::round(0.26f * em));
  ImGui::BeginTooltip();
}

void endTip() {
  ImGui::EndTooltip();
  ImGui::PopStyleVar(2);
}

void tip(const std::string& text) {
  if (!ImGui::IsItemHovered(ImGuiHoveredFlags_AllowWhenDisabled) || text.empty()) return;
  beginTip();
  ImGui::PushTextWrapPos(ImGui::GetFontSize() * 22);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  endTip();
}

void heading(Ui& ui, const char* text) {
  ImGui::PushFont(ui.fonts.bold);
  ImGui::TextUnformatted(text);
  ImGui::PopFont();
}

void dimText(const char* text) {
  ImGui::PushStyleColor(ImGuiCol_Text, rgba(colour::kDim));
  ImGui::TextUnformatted(text);
  ImGui::PopStyleColor();
}

void wrappedText(const std::string& text, Rgba c) {
  ImGui::PushStyleColor(ImGuiCol_Text, rgba(c));
  ImGui::PushTextWrapPos(0);
  ImGui::TextUnformatted(text.c_str());
  ImGui::PopTextWrapPos();
  ImGui::PopStyleColor();
}

void progressBar(Ui& ui, double fraction, Rgba c, float height) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, h = ui.px(height);
  const float filled = float(std::clamp(fraction, 0.0, 1.0)) * width;
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, at.y + h}, rgba(colour::kRaised), h / 2);
  if (filled > h / 2) draw->AddRectFilled(at, {at.x + std::max(filled, h), at.y + h}, rgba(c), h / 2);
  ImGui::Dummy({width, h});
}

void valueRow(const char* label, const std::string& value, Rgba c) {
  dimText(label);
  const float width = ImGui::CalcTextSize(value.c_str()).x;
  ImGui::SameLine(std::max(0.f, ImGui::GetContentRegionMax().x - width));
  ImGui::PushStyleColor(ImGuiCol_Text, rgba(c));
  ImGui::TextUnformatted(value.c_str());
  ImGui::PopStyleColor();
}

bool segments(Ui& ui, const char* id, const char* const* labels, int count, int& chosen, float width) {
  ImGui::PushID(id);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight(), pad = ui.px(2), rounding = ui.px(5);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, at.y + height}, rgba(colour::kRaised), rounding);
  float total = 0;
  for (int i = 0; i < count; ++i) total += ImGui::CalcTextSize(labels[i]).x;
  const float gap = (width - 2 * pad - total) / float(count);
  float x = at.x + pad;
  bool changed = false;
  for (int i = 0; i < count; ++i) {
    const ImVec2 text = ImGui::CalcTextSize(labels[i]);
    const float w = text.x + gap;
    ImGui::SetCursorScreenPos({x, at.y});
    if (ImGui::InvisibleButton(labels[i], {std::max(1.f, w), height})) changed = chosen != i, chosen = i;
    const ImVec2 a{x, at.y + pad}, b{x + w, at.y + height - pad};
    if (chosen == i) draw->AddRectFilled(a, b, rgba(colour::kAccentDeep), rounding - pad / 2);
    else if (ImGui::IsItemHovered()) draw->AddRectFilled(a, b, rgba(colour::kHover), rounding - pad / 2);
    draw->AddText({std::round(x + gap / 2), std::round(at.y + (height - text.y) / 2)},
                  rgba(chosen == i ? colour::kText : colour::kDim), labels[i]);
    x += w;
  }
  ImGui::SetCursorScreenPos(at);
  ImGui::Dummy({width, height});
  ImGui::PopID();
  return changed;
}

std::string elided(const std::string& text, float width) {
  if (ImGui::CalcTextSize(text.c_str()).x <= width) return text;
  std::string shortened = text;
  while (!shortened.empty() && ImGui::CalcTextSize((shortened + "...").c_str()).x > width) {
    while (!shortened.empty() && (shortened.back() & 0xC0) == 0x80) shortened.pop_back();
    if (!shortened.empty()) shortened.pop_back();
  }
  return shortened + "...";
}

bool beginModal(Ui& ui, const char* title, float width, bool* open) {
  if (!ImGui::IsPopupOpen(title)) ImGui::OpenPopup(title);
  const ImGuiIO& io = ImGui::GetIO();
  const float w = std::min(ui.px(width), io.DisplaySize.x - ui.px(20));
  ImGui::SetNextWindowSizeConstraints({w, 0}, {w, io.DisplaySize.y - ui.px(20)});
  ImGui::SetNextWindowPos({io.DisplaySize.x / 2, io.DisplaySize.y / 2}, ImGuiCond_Always, {0.5f, 0.5f});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, ui.px(18, 16));
  ImGui::PushStyleVar(ImGuiStyleVar_WindowRounding, ui.px(6));
  ImGui::PushStyleVar(ImGuiStyleVar_FrameBorderSize, std::max(1.f, ui.px(1)));
  ImGui::PushStyleColor(ImGuiCol_PopupBg, rgba(colour::kPanel));
  const int flags = ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_AlwaysAutoResize |
                    ImGuiWindowFlags_NoSavedSettings;
  const bool shown = ImGui::BeginPopupModal(title, nullptr, flags);
  ImGui::PopStyleColor();
  if (!shown) {
    ImGui::PopStyleVar(3);
    return false;
  }
  heading(ui, title);
  if (open) {
    ImGui::SameLine(ImGui::GetContentRegionMax().x - ImGui::GetFrameHeight());
    ImGui::SetCursorPosY(ImGui::GetCursorPosY() - ui.px(5));
    if (iconButton(ui, "close", icon::kClose, "x")) *open = false, ImGui::CloseCurrentPopup();
  }
  ImGui::Dummy({w - ui.px(36), ui.px(2)});
  return true;
}

void endModal() {
  ImGui::EndPopup();
  ImGui::PopStyleVar(3);
}

void closeByEscape(AppState& state) {
  if (state.takeKey(key::kEscape)) ImGui::CloseCurrentPopup();
}

bool beginRegion(Ui& ui, const char* name, const Rect& area, ImVec2 padding, Rgba background, int extraFlags) {
  ImGui::SetNextWindowPos({area.x, area.y});
  ImGui::SetNextWindowSize({area.width, area.height});
  ImGui::PushStyleVar(ImGuiStyleVar_WindowPadding, padding);
  ImGui::PushStyleVar(ImGuiStyleVar_WindowMinSize, {1, 1});
  ui.underlays.push_back({area, background, 0});
  const int flags = ImGuiWindowFlags_NoTitleBar | ImGuiWindowFlags_NoMove | ImGuiWindowFlags_NoResize | ImGuiWindowFlags_NoCollapse |
                    ImGuiWindowFlags_NoSavedSettings | ImGuiWindowFlags_NoBringToFrontOnFocus | ImGuiWindowFlags_NoBackground | extraFlags;
  return ImGui::Begin(name, nullptr, flags);
}

void endRegion() {
  ImGui::End();
  ImGui::PopStyleVar(2);
}

void beginCard(Ui& ui, const char* name, ImVec2 at, ImVec2 pivot, float width, Rgba edge) {
  ImGui::SetNextWindowPos(at, ImGuiCond_Always, pivot);
  ImGui::SetNextWindowSizeConstraints({width, 0}, {width, std::max(1.f, ui.layout.viewport.height - ui.px(28))});
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

void iconText(Ui& ui, const char* icon, Rgba c) {
  if (!ui.fonts.hasIcons) return;
  ImGui::TextColored(toVec(c), "%s", icon);
  ImGui::SameLine();
}

void iconHeading(Ui& ui, const char* icon, Rgba c, const char* text) {
  iconText(ui, icon, c);
  heading(ui, text);
}

void busyBar(Ui& ui, double seconds, Rgba c, float height) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, h = ui.px(height), part = 0.25f * width;
  const float place = 0.5f - 0.5f * float(std::cos(seconds * 2.6));  // to and fro
  const float x = at.x + place * (width - part);
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->AddRectFilled(at, {at.x + width, at.y + h}, rgba(colour::kRaised), h / 2);
  draw->AddRectFilled({x, at.y}, {x + part, at.y + h}, rgba(c), h / 2);
  ImGui::Dummy({width, h});
}

}  // namespace penumbra
