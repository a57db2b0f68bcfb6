// The widgets of the option table: one row an option, generated from its entry.
#pragma once
#include "app/window/ui.h"

namespace penumbra {

inline constexpr float kLabelShare = 0.48f;  // of the row's width

// Label, accent dot when changed, slider or choice or box, tooltip, right-click menu, typing by Ctrl+click.
void optionRow(AppState& state, Ui& ui, const Option& option);

// Where a value lies on its slider, 0..1, and back. Wide integer ranges and weights that are usually small get finer
// towards the lower end; the inverse rounds to what a person would type.
double sliderPlace(const Option& option, double value);
double sliderValue(const Option& option, double place);

std::string choiceLabel(std::string_view name);  // "soft_iou" -> "Soft IoU"
std::string valueText(const AppState& state, const Option& option, double value);
bool isDefault(const FitOptions& options, const Option& option);

}  // namespace penumbra
