// The export dialog without its looks: format, file name, what would be overwritten.
#pragma once
#include <filesystem>
#include <span>
#include <string>

namespace penumbra {

struct ExportFormat {
  const char* extension;  // without the dot
  const char* label;
  const char* bestFor;
};
std::span<const ExportFormat> exportFormats();

class ExportDialog {
 public:
  // Suggests folder / name_iteration.extension.
  void open(const std::filesystem::path& folder, const std::string& name, int iteration, const std::string& extension);
  // Keeps the suggested name at the iteration that would be saved now, unless the name was changed by the person.
  void follow(int iteration);
  void close() { isOpen_ = false; }
  bool isOpen() const { return isOpen_; }

  int format() const { return format_; }
  void setFormat(int index);                 // also changes the file's extension
  std::string& pathText() { return pathText_; }  // edited in place
  const std::string& pathText() const { return pathText_; }
  void setPath(const std::filesystem::path& path);

  std::filesystem::path path() const;        // the typed one, "~" expanded, with the format's extension
  std::string problem() const;               // why it cannot be exported there; empty when it can
  bool overwrites() const;

 private:
  bool isOpen_ = false;
  int format_ = 0;
  std::string pathText_, suggested_;   // suggested_: what pathText_ was last set to from folder, name and iteration
  std::filesystem::path folder_;
  std::string name_;
};

std::string suggestedFileName(const std::string& name, int iteration, const std::string& extension);

}  // namespace penumbra
