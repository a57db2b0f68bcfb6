// What the window remembers between runs, in $XDG_CONFIG_HOME/penumbra/settings.json (~/.config/... without it).
// A missing or damaged file gives the defaults; writing is atomic and a failure never disturbs the person.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "app/window/layout.h"
#include "optim/io/export_frame.h"

namespace penumbra {

inline constexpr double kLeastUiScale = 0.5, kMostUiScale = 4;

enum class NavigationStyle { Standard, Blender };  // left drag orbits; or middle drag orbits
enum class Shading { Clay, Normals, Heat };

struct DisplayToggles {
  Shading shading = Shading::Clay;
  bool wireframe = false, ghost = false, cameras = true, grid = true, gizmo = true;
  bool operator==(const DisplayToggles&) const = default;
};

struct Settings {
  int windowWidth = 1600, windowHeight = 900;
  double uiScale = 1;                       // times the monitor's own scale
  NavigationStyle navigation = NavigationStyle::Standard;
  bool nativeDialogs = true;
  bool reportDetails = false;               // all rows of the report card
  LayoutSizes sizes;
  DisplayToggles display;
  std::vector<std::filesystem::path> recent;  // newest first
  std::filesystem::path lastFolder;         // of the file browser
  std::filesystem::path exportFolder;
  std::string exportFormat = "glb";
  ExportFrame exportFrame;

  void remember(const std::filesystem::path& opened);  // to the front of `recent`, at most ten
};

std::filesystem::path settingsPath();       // empty when there is no home either
Settings loadSettings(const std::filesystem::path& path);
bool saveSettings(const std::filesystem::path& path, const Settings& settings);  // false when it could not

// What is kept of `live`: a scale given for this run only (0: none) is not, as long as nobody has changed it.
Settings settingsToKeep(Settings live, double scaleOfThisRun, double scaleBefore);

std::string settingsToJson(const Settings& settings);
Settings settingsFromJson(const std::string& text);  // defaults for whatever is missing or wrong

}  // namespace penumbra
