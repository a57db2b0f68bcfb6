#include "app/window/file_browser.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "app/window/plot_axes.h"
#include "optim/io/dataset_io.h"
#include "optim/io/mesh_io.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
constexpr int kMaxDatasetProbes = 200;   // folders looked into per listing
constexpr std::size_t kMaxEntries = 20000;

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = char(c - 'A' + 'a');
  return text;
}

fs::path nearestFolder(fs::path path) {
  std::error_code failed;
  path = fs::absolute(path.empty() ? fs::path(".") : path, failed).lexically_normal();
  while (!path.empty() && !fs::is_directory(path, failed) && path != path.parent_path()) path = path.parent_path();
  if (!path.has_filename() && path.has_parent_path() && path != path.root_path()) path = path.parent_path();
  return path;
}

fs::path homeFolder() {
  const char* home = std::getenv("HOME");
  return home && *home ? fs::path(home) : fs::path("/");
}

bool before(const BrowserEntry& a, const BrowserEntry& b) {
  if (a.folder != b.folder) return a.folder;
  const std::string x = lower(a.name), y = lower(b.name);
  return x != y ? x < y : a.name < b.name;
}

int utf8Length(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  return lead >= 0xF0 && lead < 0xF5 ? 4 : 0;
}

}  // namespace

std::string displayName(const fs::path& path) {
  const std::string bytes = path.string();
  std::string out;
  for (std::size_t i = 0; i < bytes.size();) {
    const int length = utf8Length(static_cast<unsigned char>(bytes[i]));
    bool valid = length > 0 && i + std::size_t(length) <= bytes.size();
    for (int k = 1; valid && k < length; ++k) valid = (bytes[i + std::size_t(k)] & 0xC0) == 0x80;
    if (valid) out.append(bytes, i, std::size_t(length));
    else out += '?';
    i += valid ? std::size_t(length) : 1;
  }
  return out;
}

std::string fileSizeText(std::uintmax_t bytes) {
  constexpr const char* kUnits[] = {"B", "kB", "MB", "GB", "TB"};
  double size = double(bytes);
  int unit = 0;
  while (size >= 999.5 && unit < 4) size /= 1000, ++unit;
  return shortNumber(unit == 0 ? size : std::round(size * 10) / 10) + " " + kUnits[unit];
}

void FileBrowser::open(BrowsePurpose purpose, const fs::path& start) {
  purpose_ = purpose;
  isOpen_ = true;
  trail_.clear();
  filter_.clear();
  folder_ = nearestFolder(start.empty() ? homeFolder() : start);
  list();
}

void FileBrowser::enter(const fs::path& folder) {
  if (folder == folder_) return;
  trail_.push_back(folder_);
  folder_ = nearestFolder(folder);
  filter_.clear();
  list();
}

void FileBrowser::up() {
  if (folder_.has_parent_path() && folder_.parent_path() != folder_) enter(fs::path(folder_.parent_path()));
}

void FileBrowser::back() {
  if (trail_.empty()) return;
  folder_ = trail_.back();
  trail_.pop_back();
  filter_.clear();
  list();
}

void FileBrowser::refresh() { list(); }

void FileBrowser::setFilter(std::string text) {
  if (text == filter_) return;
  filter_ = std::move(text);
  applyFilter();
}

void FileBrowser::setShowHidden(bool show) {
  showHidden_ = show;
  applyFilter();
}

void FileBrowser::setShowAll(bool show) {
  showAll_ = show;
  applyFilter();
}

void FileBrowser::select(int index) { selected_ = index >= 0 && index < int(shown_.size()) ? index : -1; }

void FileBrowser::moveSelection(int by) {
  if (shown_.empty()) return;
  selected_ = std::clamp(selected_ < 0 ? (by > 0 ? 0 : int(shown_.size()) - 1) : selected_ + by, 0,
                         int(shown_.size()) - 1);
}

std::optional<fs::path> FileBrowser::acceptTyped(const std::string& text) {
  problem_.clear();
  if (text.empty()) return std::nullopt;
  fs::path path = text;
  if (text == "~" || text.starts_with("~/")) path = homeFolder() / text.substr(std::min<std::size_t>(2, text.size()));
  if (path.is_relative()) path = folder_ / path;
  path = path.lexically_normal();
  std::error_code failed;
  if (fs::is_directory(path, failed)) {
    enter(path);
    return std::nullopt;
  }
  if (purpose_ == BrowsePurpose::SaveMesh) {
    if (fs::is_directory(path.parent_path(), failed)) return path;
    problem_ = "There is no folder " + displayName(path.parent_path()) + ".";
    return std::nullopt;
  }
  if (fs::exists(path, failed)) return path;
  problem_ = "There is no file " + displayName(path) + ".";
  return std::nullopt;
}

std::optional<fs::path> FileBrowser::activate() {
  if (selected_ < 0) return std::nullopt;
  const BrowserEntry entry = shown_[std::size_t(selected_)];
  if (!entry.folder) return entry.path;
  if (entry.dataset && purpose_ != BrowsePurpose::SaveMesh) return entry.path;
  enter(entry.path);
  return std::nullopt;
}

std::optional<fs::path> FileBrowser::candidate() const {
  if (purpose_ == BrowsePurpose::SaveMesh) return folder_;
  if (selected_ >= 0) {
    const BrowserEntry& entry = shown_[std::size_t(selected_)];
    if (entry.folder ? purpose_ == BrowsePurpose::OpenFolder || entry.dataset : true) return entry.path;
  }
  return purpose_ == BrowsePurpose::OpenFolder ? std::optional<fs::path>(folder_) : std::nullopt;
}

bool FileBrowser::canEnter() const {
  return purpose_ != BrowsePurpose::SaveMesh && selected_ >= 0 && shown_[std::size_t(selected_)].folder && !shown_[std::size_t(selected_)].dataset;
}

std::vector<Bookmark> FileBrowser::bookmarks(const fs::path& samples) {
  std::error_code failed;
  std::vector<Bookmark> result;
  const fs::path home = homeFolder();
  for (const Bookmark& mark : {Bookmark{"Home", home}, {"Desktop", home / "Desktop"}, {"Documents", home / "Documents"},
                               {"Downloads", home / "Downloads"}, {"Current folder", fs::current_path(failed)},
                               {"Samples", samples}, {"Computer", "/"}})
    if (!mark.path.empty() && fs::is_directory(mark.path, failed)) result.push_back(mark);
  return result;
}

void FileBrowser::list() {
  all_.clear();
  problem_.clear();
  std::error_code failed;
  int probes = 0;
  fs::directory_iterator it(folder_, failed);
  if (failed) problem_ = "Cannot list this folder: " + failed.message() + ".";
  for (; !failed && it != fs::directory_iterator() && all_.size() < kMaxEntries; it.increment(failed)) {
    BrowserEntry entry;
    std::error_code ignored;
    entry.path = it->path();
    entry.name = displayName(entry.path.filename());
    entry.folder = it->is_directory(ignored);
    if (entry.folder) entry.dataset = ++probes <= kMaxDatasetProbes && canReadDataset(entry.path);
    else entry.model = canReadMesh(entry.path), entry.bytes = it->is_regular_file(ignored) ? it->file_size(ignored) : 0;
    all_.push_back(std::move(entry));
  }
  std::sort(all_.begin(), all_.end(), before);
  applyFilter();
}

void FileBrowser::applyFilter() {
  shown_.clear();
  const std::string wanted = lower(filter_);
  for (const BrowserEntry& entry : all_) {
    if (!showHidden_ && entry.name.starts_with('.')) continue;
    if (!entry.folder && !entry.model && !showAll_) continue;
    if (!entry.folder && purpose_ == BrowsePurpose::OpenFolder && !showAll_) continue;
    if (!wanted.empty() && lower(entry.name).find(wanted) == std::string::npos) continue;
    shown_.push_back(entry);
  }
  selected_ = -1;
}

}  // namespace penumbra
