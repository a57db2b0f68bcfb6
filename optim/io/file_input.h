// Reading whole files that a person named, with one clear sentence when that is not possible.
#pragma once
#include <cstdint>
#include <filesystem>
#include <string>

namespace penumbra {

// The path as text for a message: control characters and bytes that are not UTF-8 are written as \xNN.
std::string shownPath(const std::filesystem::path& path);

// Any text as one printable line of at most `limit` bytes; bytes that are not printable UTF-8 become \xNN.
std::string printableLine(const std::string& text, std::size_t limit = 300);

// "512 MiB", "84.2 MB" and the like, independent of the locale.
std::string byteText(std::uint64_t bytes);

// Throws Error(Input) unless `path` is a readable, non-empty, regular file of at most `limit` bytes that is no
// git-lfs pointer. `kind` names the content in messages, e.g. "model". Returns the size in bytes.
std::uint64_t checkInputFile(const std::filesystem::path& path, std::uint64_t limit, const char* kind);

// The whole content after `checkInputFile`. Opens without following a FIFO or device into a hang.
std::string readInputFile(const std::filesystem::path& path, std::uint64_t limit, const char* kind);

}  // namespace penumbra
