// Named sets of options, one JSON file each: {"label", "description", "options"}.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "optim/options.h"

namespace penumbra {

struct Preset {
  std::string label, description;
  FitOptions options;              // those it names, the others at their defaults
  std::vector<std::string> names;  // of the options it names
};

// Throws Error(Usage) naming the file and what is wrong in it.
Preset readPreset(const std::filesystem::path& file);
// Those of a folder, sorted by label. Files that cannot be read are left out and told in `problems`.
std::vector<Preset> readPresets(const std::filesystem::path& folder, std::vector<std::string>& problems);

std::filesystem::path presetsFolder();  // of those that come with the program
// One of these by its label; case does not matter, nor whether its words are joined by spaces, "-" or "_". Throws Error(Usage).
Preset presetNamed(const std::string& name);

// `current` with the preset's options: those it names, and the defaults of the others. What belongs to the input or
// the computer rather than to the method stays unless named: start shape, photo set, performance.
FitOptions withPreset(const Preset& preset, const FitOptions& current);
// The preset whose choice would change nothing; -1 when there is none.
int matchingPreset(const std::vector<Preset>& presets, const FitOptions& options);

}  // namespace penumbra
