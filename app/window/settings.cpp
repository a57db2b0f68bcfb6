#include "app/window/settings.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <span>

#include <nlohmann/json.hpp>

#include "optim/io/atomic_file.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

using nlohmann::json;
namespace fs = std::filesystem;

constexpr std::size_t kMaxRecent = 10;
constexpr const char* kShadings[] = {"clay", "normals", "heat"};

template <class Value> void read(const json& object, const char* name, Value& value) {
  const auto found = object.find(name);
  if (found == object.end()) return;
  try {
    value = found->template get<Value>();
  } catch (const json::exception&) {
  }
}

void readPath(const json& object, const char* name, fs::path& path) {
  std::string text;
  read(object, name, text);
  if (!text.empty()) path = text;
}

void clampAll(Settings& s) {
  s.windowWidth = std::clamp(s.windowWidth, kLeastWidth, 16384);
  s.windowHeight = std::clamp(s.windowHeight, kLeastHeight, 16384);
  s.uiScale = std::clamp(s.uiScale, kLeastUiScale, kMostUiScale);
  s.exportFrame.scale = std::clamp(s.exportFrame.scale, kLeastExportScale, kMostExportScale);
  s.exportFrame.mostFaces = s.exportFrame.mostFaces <= 0 ? 0 : std::clamp(s.exportFrame.mostFaces, kFewestExportFaces, kMostExportFaces);
  s.sizes = dragLeft(dragRight(s.sizes, 0, 1), 0, 1);
  s.sizes.bottom = std::clamp(s.sizes.bottom, 110.f, 480.f);
  if (s.recent.size() > kMaxRecent) s.recent.resize(kMaxRecent);
}

void readDisplay(const json& j, DisplayToggles& display) {
  std::string shading;
  read(j, "shading", shading);
  for (int i = 0; i < 3; ++i)
    if (shading == kShadings[i]) display.shading = Shading(i);
  read(j, "wireframe", display.wireframe);
  read(j, "ghost", display.ghost);
  read(j, "cameras", display.cameras);
  read(j, "grid", display.grid);
  read(j, "gizmo", display.gizmo);
}

}  // namespace

void Settings::remember(const fs::path& opened) {
  std::erase(recent, opened);
  recent.insert(recent.begin(), opened);
  if (recent.size() > kMaxRecent) recent.resize(kMaxRecent);
}

fs::path settingsPath() {
  if (const char* config = std::getenv("XDG_CONFIG_HOME"); config && *config)
    return fs::path(config) / "penumbra" / "settings.json";
  if (const char* home = std::getenv("HOME"); home && *home)
    return fs::path(home) / ".config" / "penumbra" / "settings.json";
  return {};
}

Settings settingsToKeep(Settings live, double scaleOfThisRun, double scaleBefore) {
  if (scaleOfThisRun > 0 && live.uiScale == scaleOfThisRun) live.uiScale = scaleBefore;
  return live;
}

std::string settingsToJson(const Settings& s) {
  json j;
  j["window"] = {s.windowWidth, s.windowHeight};
  j["ui_scale"] = s.uiScale;
  j["navigation"] = s.navigation == NavigationStyle::Blender ? "blender" : "standard";
  j["native_dialogs"] = s.nativeDialogs;
  j["report_details"] = s.reportDetails;
  j["panels"] = {{"left", s.sizes.left}, {"right", s.sizes.right}, {"bottom", s.sizes.bottom}};
  j["shading"] = kShadings[int(s.display.shading)];
  j["wireframe"] = s.display.wireframe;
  j["ghost"] = s.display.ghost;
  j["cameras"] = s.display.cameras;
  j["grid"] = s.display.grid;
  j["gizmo"] = s.display.gizmo;
  j["recent"] = json::array();
  for (const auto& path : s.recent) j["recent"].push_back(path.string());
  j["last_folder"] = s.lastFolder.string();
  j["export_folder"] = s.exportFolder.string();
  j["export_format"] = s.exportFormat;
  j["export_up"] = upAxisName(s.exportFrame.up);
  j["export_scale"] = s.exportFrame.scale;
  j["export_faces"] = s.exportFrame.mostFaces;
  return j.dump(2, ' ', false, json::error_handler_t::replace) + "\n";
}

Settings settingsFromJson(const std::string& text) {
  Settings s;
  const json j = json::parse(text, nullptr, false);
  if (!j.is_object()) return s;
  std::vector<int> window;
  read(j, "window", window);
  if (window.size() == 2) s.windowWidth = window[0], s.windowHeight = window[1];
  read(j, "ui_scale", s.uiScale);
  std::string navigation;
  read(j, "navigation", navigation);
  if (navigation == "blender") s.navigation = NavigationStyle::Blender;
  read(j, "native_dialogs", s.nativeDialogs);
  read(j, "report_details", s.reportDetails);
  if (j.contains("panels") && j["panels"].is_object()) {
    read(j["panels"], "left", s.sizes.left);
    read(j["panels"], "right", s.sizes.right);
    read(j["panels"], "bottom", s.sizes.bottom);
  }
  readDisplay(j, s.display);
  std::vector<std::string> recent;
  read(j, "recent", recent);
  for (auto& path : recent) s.recent.emplace_back(path);
  readPath(j, "last_folder", s.lastFolder);
  readPath(j, "export_folder", s.exportFolder);
  read(j, "export_format", s.exportFormat);
  std::string up;
  read(j, "export_up", up);
  s.exportFrame.up = upAxisNamed(up).value_or(UpAxis::AsInput);
  read(j, "export_scale", s.exportFrame.scale);
  read(j, "export_faces", s.exportFrame.mostFaces);
  clampAll(s);
  return s;
}

Settings loadSettings(const fs::path& path) {
  if (path.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  if (!file) return {};
  return settingsFromJson(std::string(std::istreambuf_iterator<char>(file), {}));
}

bool saveSettings(const fs::path& path, const Settings& settings) {
  if (path.empty()) return false;
  std::error_code failed;
  fs::create_directories(path.parent_path(), failed);
  const std::string text = settingsToJson(settings);
  try {
    writeFileAtomically(path, std::as_bytes(std::span(text)));
    return true;
  } catch (const Error&) {
    return false;
  }
}

}  // namespace penumbra
