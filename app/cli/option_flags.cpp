#include "app/cli/option_flags.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include <CLI/CLI.hpp>

#include "app/cli/presets.h"
#include "app/cli/text.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

// The only option with a companion that is not in the table: `start` is a choice, and also takes a file.
bool isStart(const Option& option) { return std::string_view(option.name) == "start"; }

void setFromText(FitOptions& options, const Option& option, const std::string& text) {
  const bool named = std::find(option.choices.begin(), option.choices.end(), text) != option.choices.end();
  if (!isStart(option) || (named && text != "mesh")) return setOption(options, option, text);
  if (text == "mesh") throw Error(ExitCode::Usage, "start is mesh, must be auto, sphere, ellipsoid, box, convex, hull or a mesh file.", "Try --start FILE.");
  setOption(options, option, "mesh");
  options.startMesh = text;
}

std::string readText(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (!file) throw Error(ExitCode::Input, "Cannot read the configuration '" + path + "'.", "Check the path.");
  return text;
}

// "24", "256 px", "on".
std::string defaultText(const Option& option) {
  const std::string text = optionText(FitOptions{}, option);
  if (option.scale == OptionScale::Toggle) return text == "true" ? "on" : "off";
  return *option.unit ? text + " " + option.unit : text;
}

}  // namespace

std::string flagName(const Option& option) {
  std::string name = std::string("--") + option.name;
  std::replace(name.begin(), name.end(), '_', '-');
  return name;
}

std::string flagValues(const Option& option) {
  if (isStart(option)) return "auto|sphere|ellipsoid|box|convex|hull|FILE";
  if (option.scale == OptionScale::Toggle) return "";
  if (option.scale != OptionScale::Choice) return shortText(option.min) + " .. " + shortText(option.max);
  std::string text;
  for (const char* choice : option.choices) text += (text.empty() ? "" : "|") + std::string(choice);
  return text;
}

OptionFlags::OptionFlags(CLI::App& app, std::function<bool(const Option&)> wanted, bool hidden) {
  for (const Option& option : fitOptionTable()) {
    if (wanted && !wanted(option)) continue;
    Flag& flag = flags_.emplace_back(Flag{&option, nullptr, {}});
    if (option.scale == OptionScale::Toggle) {
      const std::string name = flagName(option);
      flag.flag = app.add_flag(name + "{true},!--no-" + name.substr(2), flag.text, option.doc);
    } else {
      flag.flag = app.add_option(flagName(option), flag.text, option.doc);
      flag.flag->type_name(flagValues(option));
    }
    flag.flag->default_str(defaultText(option))->ignore_underscore()->group(hidden ? "" : option.group);
    flag.flag->multi_option_policy(CLI::MultiOptionPolicy::TakeLast);
  }
  configFlag_ = app.add_option("--config", config_, "Options from a JSON file, as written by --report; flags win.");
  configFlag_->type_name("FILE")->group(hidden ? "" : "Files");
  presetFlag_ = app.add_option("--preset", preset_, "A named set of options, as in the window; flags win.");
  presetFlag_->type_name("NAME")->group(hidden ? "" : "Preset")->excludes(configFlag_);
}

FitOptions OptionFlags::options() const {
  FitOptions options = configFlag_->count()   ? optionsFromJson(readText(config_))
                       : presetFlag_->count() ? withPreset(presetNamed(preset_), FitOptions{})
                                              : FitOptions{};
  for (const Flag& flag : flags_)
    if (flag.flag->count()) setFromText(options, *flag.option, flag.text);
  checkOptions(options);
  return options;
}

std::string OptionFlags::firstGiven() const {
  for (const Flag& flag : flags_)
    if (flag.flag->count()) return flagName(*flag.option);
  return configFlag_->count() ? "--config" : presetFlag_->count() ? "--preset" : "";
}

std::string optionTableMarkdown() {
  std::string text = "| Option | Default | Values | Meaning |\n|---|---|---|---|\n";
  std::string group;
  for (const Option& option : fitOptionTable()) {
    if (group != option.group) text += "| **" + (group = option.group) + "** | | | |\n";
    std::string values = option.scale == OptionScale::Toggle ? "on, off" : flagValues(option);
    for (std::size_t at = 0; (at = values.find('|', at)) != std::string::npos;) values.replace(at, 1, ", ");
    text += "| `" + flagName(option) + "` | " + defaultText(option) + " | " + values + " | " + option.doc + " |\n";
  }
  return text;
}

}  // namespace penumbra
