#include "app/window/export_dialog.h"

#include <unistd.h>

#include <cstdlib>

#include "app/window/file_browser.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

constexpr ExportFormat kFormats[] = {
    {"glb", "GLB", "Best for Blender, the web and game engines: one file, upright, with normals."},
    {"ply", "PLY", "Best for scans and research tools: binary, exact coordinates, with normals."},
    {"obj", "OBJ", "Best for anything else: plain text that every tool reads."},
    {"stl", "STL", "Best for 3D printing: triangles only."}};

int formatOf(const std::string& extension) {
  for (int i = 0; i < int(std::size(kFormats)); ++i)
    if (extension == kFormats[i].extension || extension == std::string(".") + kFormats[i].extension) return i;
  return -1;
}

}  // namespace

std::span<const ExportFormat> exportFormats() { return kFormats; }

std::string suggestedFileName(const std::string& name, int iteration, const std::string& extension) {
  std::string number = std::to_string(iteration);
  if (number.size() < 4) number.insert(0, 4 - number.size(), '0');
  std::string stem;
  for (char c : name) stem += c == '/' || static_cast<unsigned char>(c) < 32 ? '_' : c;
  return (stem.empty() ? "mesh" : stem) + "_" + number + "." + extension;
}

void ExportDialog::open(const fs::path& folder, const std::string& name, int iteration, const std::string& extension) {
  isOpen_ = true;
  format_ = std::max(0, formatOf(extension));
  folder_ = folder;
  name_ = name;
  pathText_.clear();
  suggested_.clear();
  follow(iteration);
}

void ExportDialog::follow(int iteration) {
  if (pathText_ != suggested_) return;
  suggested_ = (folder_ / suggestedFileName(name_, iteration, kFormats[format_].extension)).string();
  pathText_ = suggested_;
}

void ExportDialog::setFormat(int index) {
  if (index < 0 || index >= int(std::size(kFormats))) return;
  format_ = index;
  const bool untouched = pathText_ == suggested_;
  fs::path path = pathText_;
  if (path.has_filename() && formatOf(path.extension().string()) >= 0)
    pathText_ = path.replace_extension(kFormats[index].extension).string();
  if (untouched) suggested_ = pathText_;
}

void ExportDialog::setPath(const fs::path& path) {
  pathText_ = path.string();
  if (const int known = formatOf(path.extension().string()); known >= 0) format_ = known;
}

fs::path ExportDialog::path() const {
  if (pathText_.empty()) return {};
  fs::path path = pathText_;
  if (const char* home = std::getenv("HOME"); home && pathText_.starts_with("~/")) path = fs::path(home) / pathText_.substr(2);
  std::error_code failed;
  path = fs::absolute(path, failed).lexically_normal();
  if (path.has_filename() && formatOf(path.extension().string()) != format_)
    path += std::string(".") + kFormats[format_].extension;
  return path;
}

std::string ExportDialog::problem() const {
  const fs::path target = path();
  if (target.empty() || !target.has_filename() || fs::path(pathText_).filename().empty()) return "Type a file name.";
  std::error_code failed;
  const fs::path folder = target.parent_path();
  if (!fs::is_directory(folder, failed)) return "There is no folder " + displayName(folder) + ".";
  if (fs::is_directory(target, failed)) return displayName(target) + " is a folder.";
  if (::access(folder.c_str(), W_OK) != 0) return "No permission to write in " + displayName(folder) + ".";
  return {};
}

bool ExportDialog::overwrites() const {
  std::error_code failed;
  const fs::path target = path();
  return !target.empty() && fs::is_regular_file(target, failed);
}

}  // namespace penumbra
