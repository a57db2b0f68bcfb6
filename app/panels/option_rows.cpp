#include "app/panels/option_rows.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstring>

#include "app/window/plot_axes.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {


// Which option is being typed into, and the text so far. One at a time, owned by the drawing thread.
struct Typing {
  const Option* option = nullptr;
  char text[64] = "";
  bool focus = false;
};
Typing& typing() {
  static Typing instance;
  return instance;
}

double powerOf(const Option& option) {
  const double range = option.max - option.min;
  if (option.scale == OptionScale::Integer) return range > 20000 ? 5 : range > 1500 ? 3 : range > 200 ? 2 : 1;
  const double preset = option.get(FitOptions{});
  return option.min == 0 && preset <= option.max / 10 ? 4 : 1;
}

double roundDigits(double value, int digits) {
  if (value == 0) return 0;
  const double unit = std::pow(10.0, std::floor(std::log10(std::abs(value))) - (digits - 1));
  const double rounded = std::round(value / unit) * unit;
  // Through text, so that 0.3 is the same double as a typed "0.3".
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, rounded, std::chars_format::scientific, digits - 1).ptr;
  double result = value;
  std::from_chars(text, end, result);
  return result;
}

void startTyping(const AppState& state, const Option& option) {
  Typing& t = typing();
  t.option = &option;
  t.focus = true;
  const std::string text = optionText(state.options(), option);
  std::snprintf(t.text, sizeof t.text, "%s", text.c_str());
}

void contextMenu(AppState& state, const Option& option) {
  if (!ImGui::BeginPopupContextItem("menu")) return;
  closeByEscape(state);
  const std::string preset = valueText(state, option, option.get(FitOptions{}));
  if (ImGui::MenuItem(("Reset to " + preset).c_str(), nullptr, false, !isDefault(state.options(), option)))
    state.editOption(option, option.get(FitOptions{})), state.endEdit();
  if (ImGui::MenuItem("Copy value")) state.setClipboard(optionText(state.options(), option));
  const bool typed = option.scale != OptionScale::Choice && option.scale != OptionScale::Toggle;
  if (typed && ImGui::MenuItem("Type a value...", "Ctrl+click")) startTyping(state, option);
  ImGui::EndPopup();
}

std::string describe(const AppState& state, const Option& option) {
  std::string text = option.doc;
  const auto number = [&](double v) { return valueText(state, option, v); };
  if (option.scale != OptionScale::Choice && option.scale != OptionScale::Toggle)
    text.append("\nFrom ").append(shortNumber(option.min)).append(" to ").append(shortNumber(option.max)).append(".");
  text.append("\nDefault: ").append(number(option.get(FitOptions{}))).append(".");
  if (option.effect == OptionEffect::Reset) text += "\nTakes effect at the next Reset.";
  if (option.effect == OptionEffect::Targets) text += "\nThe masks are made anew; the mesh stays.";
  return text;
}

void label(AppState& state, Ui& ui, const Option& option, float width) {
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float height = ImGui::GetFrameHeight();
  if (!isDefault(state.options(), option)) {
    const ImVec2 centre{at.x - ui.px(7), at.y + height / 2};
    ImGui::GetWindowDrawList()->AddCircleFilled(centre, ui.px(2.6f), rgba(colour::kAccent));
  }
  ImGui::InvisibleButton("name", {std::max(1.f, width), height});
  const std::string text = elided(option.label, width);
  ImGui::GetWindowDrawList()->AddText({at.x, at.y + ImGui::GetStyle().FramePadding.y}, rgba(colour::kText), text.c_str());
  tip(describe(state, option));
  ImGui::PushID("label");
  contextMenu(state, option);
  ImGui::PopID();
}

void typingBox(AppState& state, const Option& option) {
  Typing& t = typing();
  if (t.focus) ImGui::SetKeyboardFocusHere();
  const bool first = t.focus;
  t.focus = false;
  const bool entered = ImGui::InputText("##typed", t.text, sizeof t.text, ImGuiInputTextFlags_EnterReturnsTrue | ImGuiInputTextFlags_AutoSelectAll);
  if (entered) state.editOptionText(option, t.text);
  if (entered || (!first && !ImGui::IsItemActive() && ImGui::IsItemDeactivated())) t.option = nullptr;
  if (state.takeKey(key::kEscape)) t.option = nullptr;
}

// A slim slider of our own: filled up to the value, the value written on it.
void slider(AppState& state, Ui& ui, const Option& option) {
  const double value = option.get(state.options());
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float width = ImGui::GetContentRegionAvail().x, height = ImGui::GetFrameHeight();
  ImGui::InvisibleButton("slider", {std::max(1.f, width), height});
  const bool active = ImGui::IsItemActive(), hovered = ImGui::IsItemHovered();
  const ImGuiIO& io = ImGui::GetIO();
  if (hovered && (ImGui::IsMouseDoubleClicked(0) || (io.KeyCtrl && ImGui::IsMouseClicked(0)))) startTyping(state, option);
  else if (active && !io.KeyCtrl && (ImGui::IsMouseDragging(0, 0) || ImGui::IsMouseClicked(0))) {
    const double place = std::clamp((io.MousePos.x - at.x - ui.px(4)) / std::max(1.f, width - ui.px(8)), 0.f, 1.f);
    if (const double wanted = sliderValue(option, place); wanted != value && (io.MouseDelta.x != 0 || ImGui::IsMouseClicked(0)))
      state.editOption(option, wanted);
  }
  if (ImGui::IsItemDeactivated()) state.endEdit();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float rounding = ui.px(5), filled = float(sliderPlace(option, value)) * (width - ui.px(8)) + ui.px(4);
  draw->AddRectFilled(at, {at.x + width, at.y + height}, rgba(hovered || active ? colour::kHover : colour::kRaised), rounding);
  draw->PushClipRect(at, {at.x + filled, at.y + height}, true);
  draw->AddRectFilled(at, {at.x + width, at.y + height}, rgba(withAlpha(colour::kAccentDeep, active ? 190 : 120)), rounding);
  draw->PopClipRect();
  if (hovered || active) draw->AddRectFilled({at.x + filled - ui.px(1), at.y + ui.px(4)}, {at.x + filled + ui.px(1), at.y + height - ui.px(4)}, rgba(colour::kAccent), ui.px(1));
  const std::string text = valueText(state, option, value);
  const ImVec2 size = ImGui::CalcTextSize(text.c_str());
  draw->AddText({std::round(at.x + (width - size.x) / 2), std::round(at.y + (height - size.y) / 2)}, rgba(colour::kText), text.c_str());
}

void choice(AppState& state, const Option& option) {
  const int current = int(option.get(state.options()));
  ImGui::SetNextItemWidth(-1);
  if (!ImGui::BeginCombo("##choice", choiceLabel(option.choices[std::size_t(current)]).c_str())) return;
  closeByEscape(state);
  for (int i = 0; i < int(option.choices.size()); ++i) {
    if (!ImGui::Selectable(choiceLabel(option.choices[std::size_t(i)]).c_str(), i == current) || i == current) continue;
    const bool wantsFile = std::strcmp(option.name, "start") == 0 && StartShape(i) == StartShape::File;
    if (wantsFile) state.browse(BrowsePurpose::StartMesh);
    else state.editOption(option, i), state.endEdit();
  }
  ImGui::EndCombo();
}

}  // namespace

double sliderPlace(const Option& option, double value) {
  double place;
  if (option.scale == OptionScale::Log) place = std::log(value / option.min) / std::log(option.max / option.min);
  else place = std::pow(std::max(0.0, (value - option.min) / (option.max - option.min)), 1 / powerOf(option));
  return std::clamp(place, 0.0, 1.0);
}

double sliderValue(const Option& option, double place) {
  double value;
  if (option.scale == OptionScale::Log) value = roundDigits(option.min * std::pow(option.max / option.min, place), 2);
  else value = option.min + (option.max - option.min) * std::pow(place, powerOf(option));
  if (option.scale == OptionScale::Linear) {
    const double step = std::pow(10.0, std::floor(std::log10(option.max - option.min)) - 2);
    value = powerOf(option) > 1 ? roundDigits(value < 1e-6 ? 0 : value, 2) : roundDigits(std::round(value / step) * step, 5);
  }
  if (option.scale == OptionScale::Integer) value = std::round(value > 1000 ? roundDigits(value, 2) : value);
  return std::clamp(place <= 0 ? option.min : place >= 1 ? option.max : value, option.min, option.max);
}

std::string choiceLabel(std::string_view name) {
  constexpr std::pair<std::string_view, std::string_view> kWords[] = {{"iou", "IoU"}, {"cpu", "CPU"}, {"cuda", "CUDA"}, {"softras", "SoftRas"}, {"l1", "L1"}, {"l2", "L2"}};
  std::string label;
  while (!name.empty()) {
    const auto end = name.find('_');
    std::string word(name.substr(0, end));
    for (const auto& [plain, pretty] : kWords)
      if (word == plain) word = pretty;
    if (label.empty() && word[0] >= 'a' && word[0] <= 'z') word[0] = char(word[0] - 'a' + 'A');
    label += (label.empty() ? "" : " ") + word;
    name = end == std::string_view::npos ? "" : name.substr(end + 1);
  }
  return label;
}

std::string valueText(const AppState& state, const Option& option, double value) {
  if (option.scale == OptionScale::Choice) return choiceLabel(option.choices[std::size_t(value)]);
  if (option.scale == OptionScale::Toggle) return value != 0 ? "on" : "off";
  const std::string number = shortNumber(value), unit = option.unit;
  if (unit == "ndc^2") {  // a squared length: its root in pixels says more
    int side = state.options().size;
    if (state.viewCount() > 0) {
      const Camera& camera = state.snapshot().views->train.front().camera;
      side = std::min(camera.width, camera.height);
    }
    return number + "  (" + shortNumber(roundDigits(std::sqrt(value) * side / 2, 2)) + " px)";
  }
  if (unit == "deg") return number + "\u00b0";
  if (unit == "x") return "\u00d7 " + number;
  return unit.empty() ? number : number + " " + unit;
}

bool isDefault(const FitOptions& options, const Option& option) { return option.get(options) == option.get(FitOptions{}); }

void optionRow(AppState& state, Ui& ui, const Option& option) {
  ImGui::PushID(option.name);
  const float width = ImGui::GetContentRegionAvail().x, labelWidth = width * kLabelShare;
  const float left = ImGui::GetCursorPosX();
  label(state, ui, option, labelWidth - ui.px(8));
  ImGui::SameLine(left + labelWidth);
  if (option.scale == OptionScale::Toggle) {
    bool on = option.get(state.options()) != 0;
    if (ImGui::Checkbox("##toggle", &on)) state.editOption(option, on), state.endEdit();
  } else if (option.scale == OptionScale::Choice) choice(state, option);
  else if (typing().option == &option) ImGui::SetNextItemWidth(-1), typingBox(state, option);
  else slider(state, ui, option);
  if (typing().option != &option) {
    if (!ImGui::IsItemActive()) tip(describe(state, option));
    contextMenu(state, option);
  }
  ImGui::PopID();
}

}  // namespace penumbra
