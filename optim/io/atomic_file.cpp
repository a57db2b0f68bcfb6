#include "optim/io/atomic_file.h"

#include <atomic>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "optim/io/file_input.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// Writing past a file-size limit raises SIGXFSZ, which ends the program by default; held back here so that the
// write reports EFBIG like any other failure.
class NoFileSizeSignal {
 public:
  NoFileSizeSignal() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~NoFileSizeSignal() {
    const timespec noWait{};
    while (sigtimedwait(&signal_, nullptr, &noWait) > 0) {}
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoFileSizeSignal(const NoFileSizeSignal&) = delete;
  NoFileSizeSignal& operator=(const NoFileSizeSignal&) = delete;

 private:
  sigset_t signal_{}, before_{};
};

std::string reason(int code, const fs::path& folder, std::size_t bytes) {
  if (code == ENOSPC || code == EDQUOT) {
    struct statvfs disk{};
    std::string text = "the disk is full (needs " + byteText(bytes);
    if (::statvfs(folder.c_str(), &disk) == 0) text += ", " + byteText(std::uint64_t(disk.f_bavail) * disk.f_frsize) + " free";
    return text + ")";
  }
  const std::string name = std::string("the folder '").append(shownPath(folder)).append("'");
  if (code == EACCES || code == EPERM) return "no permission to write in " + name;
  if (code == EROFS) return name + " is read-only";
  std::error_code unknown;
  if ((code == ENOENT || code == ENOTDIR) && fs::is_directory(folder, unknown)) return "no file can be made in " + name;
  if (code == ENOENT || code == ENOTDIR) return name + " does not exist";
  if (code == EFBIG) return "the file would be too large (" + byteText(bytes) + ")";
  return std::generic_category().message(code);
}

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  std::error_code ignored;
  const bool old = fs::exists(path, ignored);
  throw Error(ExitCode::Save, "Could not save '" + shownPath(path) + "': " + why + "." +
                                  (old ? " The previous file is unchanged." : ""),
              "Choose another place to save to.");
}

// The file a chain of symbolic links ends at, which need not exist.
fs::path followLinks(const fs::path& path) {
  fs::path end = path;
  for (int i = 0; i < 40; ++i) {
    std::error_code failed;
    if (!fs::is_symlink(fs::symlink_status(end, failed))) return end;
    const fs::path next = fs::read_symlink(end, failed);
    if (failed) break;
    end = next.is_absolute() ? next : end.parent_path() / next;
  }
  fail(path, "its symbolic links form a loop");
}

// A new file beside the target, removed again unless `keep` was called.
class TemporaryFile {
 public:
  explicit TemporaryFile(const fs::path& folder) {
    static std::atomic<unsigned> counter{0};
    for (int attempt = 0; attempt < 1000 && fd_ < 0; ++attempt) {
      path_ = folder / (".penumbra-" + std::to_string(::getpid()) + "-" + std::to_string(counter++) + ".tmp");
      fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
      if (fd_ < 0 && errno != EEXIST) return;
    }
  }
  ~TemporaryFile() {
    if (fd_ >= 0) ::close(fd_);
    if (!kept_ && opened_) ::unlink(path_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  bool open() { return opened_ = fd_ >= 0; }
  bool write(std::span<const std::byte> bytes) {
    while (!bytes.empty()) {
      const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return false;
      bytes = bytes.subspan(std::size_t(done));
    }
    return true;
  }
  bool setMode(mode_t mode) { return ::fchmod(fd_, mode) == 0; }
  bool finish() {
    if (::fsync(fd_) != 0) return false;
    const int fd = fd_;
    fd_ = -1;
    return ::close(fd) == 0;
  }
  bool moveTo(const fs::path& target) { return kept_ = ::rename(path_.c_str(), target.c_str()) == 0; }

 private:
  fs::path path_;
  int fd_ = -1;
  bool opened_ = false, kept_ = false;
};

void syncFolder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;  // a folder that may be written but not listed: the rename itself has happened
  ::fsync(fd);
  ::close(fd);
}

}  // namespace

void writeFileAtomically(const fs::path& path, std::span<const std::byte> bytes) {
  const NoFileSizeSignal quiet;
  const fs::path target = followLinks(path);
  const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
  struct stat old{};
  const bool replaces = ::stat(target.c_str(), &old) == 0;
  if (replaces && S_ISDIR(old.st_mode)) fail(path, "there is a folder of that name");
  if (replaces && !S_ISREG(old.st_mode)) fail(path, "it is not a regular file");
  TemporaryFile file(folder);
  const bool done = file.open() && file.write(bytes) && (!replaces || file.setMode(old.st_mode & 07777)) &&
                    file.finish() && file.moveTo(target);
  if (!done) fail(path, reason(errno, folder, bytes.size()));
  syncFolder(folder);
}

}  // namespace penumbra
