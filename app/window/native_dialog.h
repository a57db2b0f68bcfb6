// The desktop's own file dialog through zenity or kdialog, when one is installed. It runs as a process of its own and is
// asked now and then whether it is done, so the window stays live.
#pragma once
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "app/window/file_browser.h"

namespace penumbra {

class NativeDialog {
 public:
  NativeDialog() = default;
  ~NativeDialog();
  NativeDialog(const NativeDialog&) = delete;
  NativeDialog& operator=(const NativeDialog&) = delete;

  static bool available();          // a dialog program and a display are there
  // False when it could not be started (the in-app browser is used then).
  bool open(BrowsePurpose purpose, const std::filesystem::path& start);
  bool isOpen() const { return process_ > 0; }
  BrowsePurpose purpose() const { return purpose_; }

  struct Answer { bool chosen = false; std::filesystem::path path; };
  std::optional<Answer> poll();     // empty while it is open

 private:
  int process_ = 0, output_ = -1;
  BrowsePurpose purpose_ = BrowsePurpose::OpenModel;
  std::string text_;
};

// The program and its arguments; separate for tests. Empty when `program` is neither zenity nor kdialog.
std::vector<std::string> nativeDialogArguments(const std::string& program, BrowsePurpose purpose,
                                               const std::filesystem::path& start);

// Shows a folder in the desktop's file manager (xdg-open), without waiting. False when that is not possible.
bool openInFileManager(const std::filesystem::path& folder);

}  // namespace penumbra
