#include "app/cli/presets.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <fstream>
#include <iterator>

#include <nlohmann/json.hpp>

#include "optim/io/file_input.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void refuse(const fs::path& file, const std::string& why) {
  throw Error(ExitCode::Usage, "The preset " + shownPath(file) + " cannot be used: " + why, "Mend or remove the file.");
}

// "fast-preview" for "Fast preview", however it is written.
std::string plainName(std::string text) {
  for (char& c : text) c = c == ' ' || c == '_' ? '-' : char(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

bool named(const Preset& preset, const char* option) {
  return std::find(preset.names.begin(), preset.names.end(), option) != preset.names.end();
}

bool belongsToInput(const Option& option) {
  return std::strcmp(option.group, kPhotoSetGroup) == 0 || std::strcmp(option.group, "Performance") == 0 || std::strcmp(option.name, "start") == 0;
}

}  // namespace

Preset readPreset(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  if (!in) refuse(file, "it cannot be read.");
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("options") || !json["options"].is_object()) refuse(file, "it has no member \"options\".");
  Preset preset;
  try {
    preset.label = json.at("label").get<std::string>();
    preset.description = json.at("description").get<std::string>();
    preset.options = optionsFromJson(json["options"].dump());
  } catch (const nlohmann::json::exception&) {
    refuse(file, "label and description must be text.");
  } catch (const Error& error) {
    refuse(file, error.what());
  }
  for (const auto& [name, value] : json["options"].items())
    if (const Option* option = findOption(name)) preset.names.push_back(option->name);
  return preset;
}

std::vector<Preset> readPresets(const fs::path& folder, std::vector<std::string>& problems) {
  std::vector<Preset> presets;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed); !failed && it != fs::directory_iterator(); it.increment(failed)) {
    if (it->path().extension() != ".json") continue;
    try {
      presets.push_back(readPreset(it->path()));
    } catch (const Error& error) {
      problems.push_back(error.what());
    }
  }
  std::sort(presets.begin(), presets.end(), [](const Preset& a, const Preset& b) { return a.label < b.label; });
  return presets;
}

fs::path presetsFolder() { return fs::path(PENUMBRA_ASSETS_DIR) / "presets"; }

Preset presetNamed(const std::string& name) {
  std::vector<std::string> problems;
  std::string known;
  for (const Preset& preset : readPresets(presetsFolder(), problems)) {
    if (plainName(preset.label) == plainName(name)) return preset;
    known += (known.empty() ? "" : ", ") + plainName(preset.label);
  }
  throw Error(ExitCode::Usage, "preset is '" + name + "', must be one of: " + known + ".");
}

FitOptions withPreset(const Preset& preset, const FitOptions& current) {
  FitOptions result = preset.options;
  for (const Option& option : fitOptionTable())
    if (belongsToInput(option) && !named(preset, option.name)) option.set(result, option.get(current));
  result.startMesh = current.startMesh;
  return result;
}

int matchingPreset(const std::vector<Preset>& presets, const FitOptions& options) {
  for (std::size_t i = 0; i < presets.size(); ++i)
    if (withPreset(presets[i], options) == options) return int(i);
  return -1;
}

}  // namespace penumbra
