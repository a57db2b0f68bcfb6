// Where fits are kept against crashes: one file a process in $XDG_STATE_HOME/penumbra/recovery (~/.local/state/...).
//
// Next to each file NAME.fit lies NAME.lock, locked (flock) by the process it belongs to for as long as it lives. The
// system frees the lock however the process ends, so a file whose lock can be had was left behind: by a crash, a kill,
// a power cut. Such files are offered once, by the first window that claims them; a clean end removes its own file.
#pragma once
#include <filesystem>
#include <string>
#include <vector>

#include "optim/session/recovery.h"

namespace penumbra {

std::filesystem::path recoveryFolder();  // empty when there is no home

class FileLock {
 public:
  FileLock() = default;
  // Not held when another process holds it or it cannot be made.
  explicit FileLock(std::filesystem::path path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&& other) noexcept;
  ~FileLock();
  bool held() const { return descriptor_ >= 0; }
  void removeFile();                     // and lets go

 private:
  void release();
  std::filesystem::path path_;
  int descriptor_ = -1;
};

struct AbandonedFit {
  std::filesystem::path file;
  RecoveryInfo info;
  double age = 0;                        // seconds since it was written
  std::string progressText() const;      // "iteration 7, 2 min ago"
};

class RecoveryStore {
 public:
  static constexpr std::size_t kMostKept = 20;  // abandoned files; the oldest beyond are removed

  // Claims a file for this process and what others left behind. A folder that cannot be used leaves both empty.
  explicit RecoveryStore(const std::filesystem::path& folder);
  ~RecoveryStore();                      // a clean end
  RecoveryStore(const RecoveryStore&) = delete;
  RecoveryStore& operator=(const RecoveryStore&) = delete;

  const std::filesystem::path& file() const { return file_; }     // of this process
  const std::vector<AbandonedFit>& abandoned() const { return abandoned_; }  // newest first
  void discard(std::size_t index);
  // A fit is to be recovered: what this process's own file holds now, if anything, is another one.
  void adopting();
  // It was recovered: its file goes as soon as this process has kept the fit in its own.
  void adopted(const std::filesystem::path& file);
  void tidy();

 private:
  static void clearLocks(const std::filesystem::path& folder);
  void claimOwn(const std::filesystem::path& folder);
  void findAbandoned(const std::filesystem::path& folder);

  std::filesystem::file_time_type ownWritten() const;  // min() when it is not there

  std::filesystem::path file_, adopted_;
  std::filesystem::file_time_type ownBefore_ = std::filesystem::file_time_type::min();
  FileLock lock_;
  std::vector<AbandonedFit> abandoned_;
  std::vector<FileLock> locks_;          // of `abandoned_`, in the same order
};

}  // namespace penumbra
