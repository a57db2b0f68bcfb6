#include "app/window/recovery_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <exception>
#include <utility>

#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
constexpr int kMostTries = 100;

fs::path lockOf(fs::path file) { return file.replace_extension(".lock"); }

double ageOf(const fs::path& file) {
  std::error_code failed;
  const auto written = fs::last_write_time(file, failed);
  return failed ? 0 : std::max(0.0, std::chrono::duration<double>(fs::file_time_type::clock::now() - written).count());
}

// "2 min ago".
std::string agoText(double seconds) {
  if (seconds < 90) return "a moment ago";
  if (seconds < 5400) return std::to_string(int(std::lround(seconds / 60))) + " min ago";
  if (seconds < 48 * 3600) return std::to_string(int(std::lround(seconds / 3600))) + " hours ago";
  return std::to_string(int(std::lround(seconds / 86400))) + " days ago";
}

// Whether `path` still names the opened file: it may have been removed between opening and locking.
bool stillNamed(const fs::path& path, int descriptor) {
  struct stat opened = {}, named = {};
  return ::fstat(descriptor, &opened) == 0 && ::stat(path.c_str(), &named) == 0 && opened.st_ino == named.st_ino &&
         opened.st_dev == named.st_dev;
}

}  // namespace

fs::path recoveryFolder() {
  if (const char* state = std::getenv("XDG_STATE_HOME"); state && *state) return fs::path(state) / "penumbra" / "recovery";
  if (const char* home = std::getenv("HOME"); home && *home) return fs::path(home) / ".local" / "state" / "penumbra" / "recovery";
  return {};
}

FileLock::FileLock(fs::path path) : path_(std::move(path)) {
  descriptor_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (descriptor_ < 0) return;
  if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0 && stillNamed(path_, descriptor_)) return;
  release();
}

FileLock::FileLock(FileLock&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

FileLock& FileLock::operator=(FileLock&& other) noexcept {
  if (this == &other) return *this;
  release();
  path_ = std::move(other.path_);
  descriptor_ = std::exchange(other.descriptor_, -1);
  return *this;
}

FileLock::~FileLock() { release(); }

void FileLock::release() {
  if (descriptor_ >= 0) ::close(descriptor_);
  descriptor_ = -1;
}

void FileLock::removeFile() {
  if (!held()) return;
  std::error_code ignored;
  fs::remove(path_, ignored);
  release();
}

RecoveryStore::RecoveryStore(const fs::path& folder) {
  if (folder.empty()) return;
  std::error_code failed;
  fs::create_directories(folder, failed);
  clearLocks(folder);
  findAbandoned(folder);
  claimOwn(folder);
}

RecoveryStore::~RecoveryStore() {
  if (std::uncaught_exceptions() > 0) return;  // no clean end
  tidy();
  std::error_code ignored;
  if (!file_.empty()) fs::remove(file_, ignored);
  lock_.removeFile();
}

void RecoveryStore::claimOwn(const fs::path& folder) {
  for (int i = 0; i < kMostTries && file_.empty(); ++i) {
    const fs::path file = folder / (std::to_string(::getpid()) + "-" + std::to_string(i) + ".fit");
    std::error_code failed;
    if (fs::exists(file, failed)) continue;
    lock_ = FileLock(lockOf(file));
    if (lock_.held()) file_ = file;
  }
}

// Locks without a file are left by windows that were killed before they had anything to keep. A young one may belong
// to a window that is just opening.
void RecoveryStore::clearLocks(const fs::path& folder) {
  constexpr double kYoung = 60;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed); !failed && it != fs::directory_iterator(); it.increment(failed)) {
    fs::path file = it->path();
    if (file.extension() != ".lock" || ageOf(file) < kYoung || fs::exists(file.replace_extension(".fit"), failed)) continue;
    FileLock(it->path()).removeFile();
  }
}

void RecoveryStore::findAbandoned(const fs::path& folder) {
  std::vector<std::pair<double, fs::path>> found;
  std::error_code failed;
  for (fs::directory_iterator it(folder, failed); !failed && it != fs::directory_iterator(); it.increment(failed))
    if (it->path().extension() == ".fit") found.emplace_back(ageOf(it->path()), it->path());
  std::sort(found.begin(), found.end());
  for (const auto& [age, file] : found) {
    FileLock lock(lockOf(file));
    if (!lock.held()) continue;  // of a window that is open
    try {
      AbandonedFit fit{file, readRecoveryInfo(file), age};
      if (abandoned_.size() < kMostKept) {
        abandoned_.push_back(std::move(fit));
        locks_.push_back(std::move(lock));
        continue;
      }
    } catch (const Error&) {  // of another version, or no such file: never of use
    }
    fs::remove(file, failed);
    lock.removeFile();
  }
}

std::string AbandonedFit::progressText() const {
  return "iteration " + std::to_string(info.iteration) + ", " + agoText(age);
}

void RecoveryStore::discard(std::size_t index) {
  if (index >= abandoned_.size()) return;
  std::error_code ignored;
  fs::remove(abandoned_[index].file, ignored);
  locks_[index].removeFile();
  abandoned_.erase(abandoned_.begin() + std::ptrdiff_t(index));
  locks_.erase(locks_.begin() + std::ptrdiff_t(index));
}

fs::file_time_type RecoveryStore::ownWritten() const {
  std::error_code failed;
  const fs::file_time_type time = fs::last_write_time(file_, failed);
  return failed ? fs::file_time_type::min() : time;
}

void RecoveryStore::adopting() { ownBefore_ = ownWritten(); }

void RecoveryStore::adopted(const fs::path& file) { adopted_ = file; }

void RecoveryStore::tidy() {
  if (adopted_.empty() || ownWritten() == ownBefore_) return;
  for (std::size_t i = 0; i < abandoned_.size(); ++i)
    if (abandoned_[i].file == adopted_) return adopted_.clear(), discard(i);
}

}  // namespace penumbra
