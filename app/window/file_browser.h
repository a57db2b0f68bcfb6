// The in-app file browser without its looks: where we are, what is there, what is chosen.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace penumbra {

enum class BrowsePurpose { OpenModel, OpenFolder, SaveMesh, StartMesh };

struct BrowserEntry {
  std::filesystem::path path;
  std::string name;            // as shown; bytes that are not UTF-8 appear as "?"
  bool folder = false;
  bool model = false;          // a mesh file that can be read
  bool dataset = false;        // a folder some dataset reader knows
  std::uintmax_t bytes = 0;
};

struct Bookmark { std::string label; std::filesystem::path path; };

class FileBrowser {
 public:
  // `start` may be a folder or a file; the nearest existing folder is shown.
  void open(BrowsePurpose purpose, const std::filesystem::path& start);
  void close() { isOpen_ = false; }
  bool isOpen() const { return isOpen_; }
  BrowsePurpose purpose() const { return purpose_; }

  void enter(const std::filesystem::path& folder);  // leaves a trace for `back`
  void up();
  void back();
  bool canGoBack() const { return !trail_.empty(); }
  void refresh();
  void setFilter(std::string text);        // part of the name, any case
  void setShowHidden(bool show);
  void setShowAll(bool show);              // also files that cannot be opened
  void select(int index);                  // into entries(); -1 for none
  void moveSelection(int by);

  const std::filesystem::path& folder() const { return folder_; }
  const std::vector<BrowserEntry>& entries() const { return shown_; }
  int selected() const { return selected_; }
  const std::string& problem() const { return problem_; }  // why the folder cannot be listed
  const std::string& filter() const { return filter_; }
  bool showHidden() const { return showHidden_; }
  bool showAll() const { return showAll_; }

  // A path typed by the person ("~" is home, relative to folder()): a folder is entered (empty result), a file
  // that exists is the answer. Otherwise empty, and problem() says why.
  std::optional<std::filesystem::path> acceptTyped(const std::string& text);
  // Double click or Enter on the selection: enters a folder (empty result) or answers with the file. A dataset folder
  // answers at once when the purpose is OpenFolder.
  std::optional<std::filesystem::path> activate();
  // What the primary button would answer with: the selection, or this folder when opening folders; empty: disabled.
  std::optional<std::filesystem::path> candidate() const;

  bool canEnter() const;  // the selection is a folder that `activate` enters

  static std::vector<Bookmark> bookmarks(const std::filesystem::path& samples);  // those that exist

 private:
  void list();
  void applyFilter();

  bool isOpen_ = false, showHidden_ = false, showAll_ = false;
  BrowsePurpose purpose_ = BrowsePurpose::OpenModel;
  std::filesystem::path folder_;
  std::vector<std::filesystem::path> trail_;
  std::vector<BrowserEntry> all_, shown_;
  std::string filter_, problem_;
  int selected_ = -1;
};

// UTF-8 for display: invalid bytes become "?".
std::string displayName(const std::filesystem::path& path);
std::string fileSizeText(std::uintmax_t bytes);  // "1.2 MB"

}  // namespace penumbra
