#include "optim/io/file_input.h"

#include <cerrno>
#include <charconv>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "renderer/error.h"

namespace penumbra {
namespace {

// Length in bytes of the printable UTF-8 character at text[i], 0 when there is none.
std::size_t printableCharacter(const std::string& text, std::size_t i) {
  const auto byte = [&](std::size_t k) { return k < text.size() ? static_cast<unsigned char>(text[k]) : 0u; };
  const unsigned first = byte(i);
  if (first >= 0x20 && first < 0x7f) return 1;
  const std::size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc2 && first < 0xe0 ? 2 : 0;
  if (length == 0) return 0;
  unsigned code = first & (0xffu >> (length + 1));
  for (std::size_t k = 1; k < length; ++k) {
    if ((byte(i + k) & 0xc0u) != 0x80u) return 0;
    code = code << 6 | (byte(i + k) & 0x3fu);
  }
  const unsigned smallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool control = code < 0xa0 || code == 0x2028 || code == 0x2029;
  const bool surrogate = code >= 0xd800 && code < 0xe000;
  return code < smallest[length] || code > 0x10ffff || control || surrogate ? 0 : length;
}

class OpenFile {
 public:
  explicit OpenFile(const std::filesystem::path& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~OpenFile() { if (fd_ >= 0) ::close(fd_); }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

[[noreturn]] void refuse(const std::filesystem::path& path, const std::string& why, std::string advice = {}) {
  throw Error(ExitCode::Input, "Cannot read '" + shownPath(path) + "': " + why + ".", std::move(advice));
}

std::uint64_t checkStatus(const std::filesystem::path& path, const struct stat& status, std::uint64_t limit,
                          const char* kind) {
  if (S_ISDIR(status.st_mode)) refuse(path, "it is a folder, not a " + std::string(kind) + " file");
  if (!S_ISREG(status.st_mode)) refuse(path, "it is not a regular file");
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size == 0) refuse(path, "the file is empty (0 bytes)", "Export or download it again.");
  if (size > limit) refuse(path, "it has " + byteText(size) + ", the limit for a " + kind + " is " + byteText(limit));
  return size;
}

[[noreturn]] void refuseForErrno(const std::filesystem::path& path, int code) {
  if (code == ENOENT || code == ENOTDIR) refuse(path, "there is no such file", "Check the name and the folder.");
  if (code == EACCES) refuse(path, "no permission to read it");
  refuse(path, std::generic_category().message(code));
}

// Opens and checks in one go, so that the file that is read is the file that was checked.
std::uint64_t checkOpened(const OpenFile& file, const std::filesystem::path& path, std::uint64_t limit,
                          const char* kind) {
  if (file.fd() < 0) refuseForErrno(path, errno);
  struct stat status{};
  if (::fstat(file.fd(), &status) != 0) refuseForErrno(path, errno);
  const std::uint64_t size = checkStatus(path, status, limit, kind);
  static constexpr char kPointer[] = "version https://git-lfs.github.com/spec/";
  char start[sizeof(kPointer) - 1] = {};
  const ssize_t got = ::pread(file.fd(), start, sizeof(start), 0);
  if (got == ssize_t(sizeof(start)) && std::memcmp(start, kPointer, sizeof(start)) == 0)
    refuse(path, "it is a git-lfs pointer, not the " + std::string(kind) + " itself",
           "Run 'git lfs pull' in its repository to download the content.");
  return size;
}

}  // namespace

std::string printableLine(const std::string& text, std::size_t limit) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string line;
  for (std::size_t i = 0; i < text.size();) {
    if (line.size() >= limit) return line + "...";
    if (const std::size_t length = printableCharacter(text, i)) {
      line.append(text, i, length);
      i += length;
      continue;
    }
    const auto byte = static_cast<unsigned char>(text[i++]);
    line += {'\\', 'x', kHex[byte >> 4], kHex[byte & 15]};
  }
  return line;
}

std::string shownPath(const std::filesystem::path& path) { return printableLine(path.native(), 1000); }

std::string byteText(std::uint64_t bytes) {
  if (bytes < 10'000) return std::to_string(bytes) + " bytes";
  if (bytes % (1u << 20) == 0) return std::to_string(bytes >> 20) + " MiB";
  const double megabytes = double(bytes) / 1e6;
  char text[40];
  const auto end = std::to_chars(text, text + sizeof(text), megabytes, std::chars_format::fixed, megabytes < 10 ? 2 : 1);
  return std::string(text, end.ptr) + " MB";
}

std::uint64_t checkInputFile(const std::filesystem::path& path, std::uint64_t limit, const char* kind) {
  const OpenFile file(path);
  return checkOpened(file, path, limit, kind);
}

std::string readInputFile(const std::filesystem::path& path, std::uint64_t limit, const char* kind) {
  const OpenFile file(path);
  const std::uint64_t size = checkOpened(file, path, limit, kind);
  std::string content(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    const ssize_t got = ::read(file.fd(), content.data() + done, size - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) refuseForErrno(path, errno);
    if (got == 0) refuse(path, "it became shorter while it was read");
    done += std::uint64_t(got);
  }
  return content;
}

}  // namespace penumbra
