#include "optim/options.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <nlohmann/json.hpp>

#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr const char* kStartMesh = "start_mesh";  // the one member that is no number

std::string numberText(double value) {
  char buffer[40];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, value).ptr;
  return {buffer, end};
}

[[noreturn]] void refuse(const Option& option, std::string_view value, const std::string& wanted) {
  throw Error(ExitCode::Usage, std::string(option.name) + " is " + std::string(value) + ", must be " + wanted);
}

// Text from outside, shortened to what a message can hold.
std::string shownText(std::string_view text) {
  std::string shown(text.substr(0, 40));
  for (char& c : shown)
    if (static_cast<unsigned char>(c) < 32) c = ' ';
  return "'" + shown + (text.size() > 40 ? "..." : "") + "'";
}

std::string listed(std::span<const char* const> names) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i)
    text += (i == 0 ? "" : i + 1 < names.size() ? ", " : " or ") + std::string(names[i]);
  return text;
}

std::string rangeText(const Option& option) {
  switch (option.scale) {
    case OptionScale::Choice: return listed(option.choices);
    case OptionScale::Toggle: return "true or false";
    case OptionScale::Integer: return "a whole number in [" + numberText(option.min) + ", " + numberText(option.max) + "]";
    case OptionScale::Linear:
    case OptionScale::Log: break;
  }
  return "in [" + numberText(option.min) + ", " + numberText(option.max) + "]";
}

bool isWhole(const Option& option) { return option.scale != OptionScale::Linear && option.scale != OptionScale::Log; }

bool sameName(std::string_view a, std::string_view b) {
  const auto plain = [](char c) { return c == '-' ? '_' : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [&](char x, char y) { return plain(x) == plain(y); });
}

double toggleFromText(const Option& option, std::string_view text) {
  for (const char* yes : {"true", "on", "yes", "1"})
    if (text == yes) return 1;
  for (const char* no : {"false", "off", "no", "0"})
    if (text == no) return 0;
  refuse(option, shownText(text), rangeText(option));
}

nlohmann::ordered_json jsonValue(const FitOptions& options, const Option& option) {
  const double value = option.get(options);
  if (option.scale == OptionScale::Toggle) return value != 0;
  if (option.scale == OptionScale::Choice) return optionText(options, option);
  if (option.scale == OptionScale::Integer) return static_cast<long long>(value);
  return value;
}

void setFromJson(FitOptions& options, const std::string& name, const nlohmann::ordered_json& value) {
  if (sameName(name, kStartMesh)) {
    if (!value.is_string()) throw Error(ExitCode::Usage, "start_mesh must be text, the name of a mesh file.");
    options.startMesh = value.get<std::string>();
    return;
  }
  const Option* option = findOption(name);
  if (!option) throw Error(ExitCode::Usage, "There is no option named " + shownText(name) + ".", "Check its spelling.");
  if (value.is_string()) return setOption(options, *option, std::string_view(value.get_ref<const std::string&>()));
  const bool isToggle = option->scale == OptionScale::Toggle;
  if (isToggle && value.is_boolean()) return option->set(options, value.get<bool>());
  if (isToggle || option->scale == OptionScale::Choice || !value.is_number())
    refuse(*option, shownText(value.dump()), rangeText(*option));
  setOption(options, *option, value.get<double>());
}

}  // namespace

const Option* findOption(std::string_view name) {
  for (const Option& option : fitOptionTable())
    if (sameName(name, option.name)) return &option;
  return nullptr;
}

void setOption(FitOptions& options, const Option& option, double value) {
  const bool inRange = value >= option.min && value <= option.max;  // false for NaN
  if (!inRange || (isWhole(option) && value != std::floor(value))) refuse(option, numberText(value), rangeText(option));
  option.set(options, value);
}

void setOption(FitOptions& options, const Option& option, std::string_view text) {
  if (option.scale == OptionScale::Toggle) return option.set(options, toggleFromText(option, text));
  if (option.scale == OptionScale::Choice) {
    const auto found = std::find_if(option.choices.begin(), option.choices.end(),
                                    [&](const char* name) { return sameName(text, name); });
    if (found == option.choices.end()) refuse(option, shownText(text), rangeText(option));
    return option.set(options, double(found - option.choices.begin()));
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) refuse(option, shownText(text), rangeText(option));
  setOption(options, option, value);
}

std::string optionText(const FitOptions& options, const Option& option) {
  const double value = option.get(options);
  if (option.scale == OptionScale::Toggle) return value != 0 ? "true" : "false";
  if (option.scale == OptionScale::Choice) return option.choices[std::size_t(value)];
  return numberText(value);
}

void checkOptions(const FitOptions& options) {
  std::string faults;
  const auto add = [&](const std::string& fault) { faults += (faults.empty() ? "" : "; ") + fault; };
  for (const Option& option : fitOptionTable()) {
    FitOptions scratch;
    try {
      setOption(scratch, option, option.get(options));
    } catch (const Error& error) {
      add(error.what());
    }
  }
  if (options.elevationMin > options.elevationMax)
    add("elevation_min is " + numberText(options.elevationMin) + ", must not exceed elevation_max, " +
        numberText(options.elevationMax));
  if (options.start == StartShape::File && options.startMesh.empty()) add("start is mesh, but start_mesh names no file");
  if (!faults.empty()) throw Error(ExitCode::Usage, faults);
}

std::string optionsToJson(const FitOptions& options, bool onlyDifferences) {
  const FitOptions defaults;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Option& option : fitOptionTable())
    if (!onlyDifferences || option.get(options) != option.get(defaults)) json[option.name] = jsonValue(options, option);
  if (!options.startMesh.empty()) json[kStartMesh] = options.startMesh;
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

FitOptions optionsFromJson(std::string_view text) {
  const auto json = nlohmann::ordered_json::parse(text.begin(), text.end(), nullptr, false);
  if (json.is_discarded()) throw Error(ExitCode::Usage, "The options are not valid JSON.", "Check commas and quotes.");
  if (!json.is_object()) throw Error(ExitCode::Usage, "The options must be one JSON object, { ... }.");
  const bool isReport = json.contains("options") && json["options"].is_object();
  FitOptions options;
  for (const auto& [name, value] : (isReport ? json["options"] : json).items()) setFromJson(options, name, value);
  checkOptions(options);
  return options;
}

}  // namespace penumbra
