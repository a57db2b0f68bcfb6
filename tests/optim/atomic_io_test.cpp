// Files appear whole or not at all, whatever goes wrong.
#include "optim/io/atomic_file.h"

#include <gtest/gtest.h>

#include <csignal>
#include <span>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "optim/io/mesh_io.h"
#include "renderer/error.h"
#include "tests/support/small_meshes.h"
#include "tests/support/temporary_folder.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

void save(const fs::path& path, std::string_view text) { writeFileAtomically(path, std::as_bytes(std::span(text))); }

std::string messageOf(const fs::path& path, std::string_view text) {
  try {
    save(path, text);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::Save);
    return error.full();
  }
  return "no error";
}

std::size_t filesIn(const fs::path& folder) {
  return std::size_t(std::distance(fs::directory_iterator(folder), fs::directory_iterator()));
}

TEST(AtomicFile, replacesContentAndKeepsTheMode) {
  const TemporaryFolder folder;
  save(folder / "a", "one");
  ASSERT_EQ(::chmod((folder / "a").c_str(), 0640), 0);
  save(folder / "a", "two, longer");
  EXPECT_EQ(contentOf(folder / "a"), "two, longer");
  struct stat status{};
  ::stat((folder / "a").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
  save(folder / "empty", "");
  EXPECT_EQ(fs::file_size(folder / "empty"), 0u);
  EXPECT_EQ(filesIn(folder.path()), 2u);
}

TEST(AtomicFile, aNewFileHasTheUsualMode) {
  const TemporaryFolder folder;
  const mode_t old = ::umask(027);
  save(folder / "a", "x");
  ::umask(old);
  struct stat status{};
  ::stat((folder / "a").c_str(), &status);
  EXPECT_EQ(status.st_mode & 07777, 0640u);
}

TEST(AtomicFile, followsSymbolicLinks) {
  const TemporaryFolder folder;
  fs::create_directory(folder / "real");
  save(folder / "real/a", "one");
  fs::create_symlink("real/a", folder / "link");
  fs::create_symlink("link", folder / "second");
  save(folder / "second", "two");
  EXPECT_TRUE(fs::is_symlink(folder / "link"));
  EXPECT_EQ(contentOf(folder / "real/a"), "two");
  fs::create_symlink("real/new", folder / "dangling");
  save(folder / "dangling", "three");
  EXPECT_EQ(contentOf(folder / "real/new"), "three");
  fs::create_symlink("loop", folder / "loop");
  EXPECT_NE(messageOf(folder / "loop", "x").find("loop"), std::string::npos);
}

TEST(AtomicFile, saysWhyItCannotSave) {
  const TemporaryFolder folder;
  EXPECT_NE(messageOf(folder / "absent/a", "x").find("does not exist"), std::string::npos);
  fs::create_directory(folder / "folder");
  EXPECT_NE(messageOf(folder / "folder", "x").find("folder of that name"), std::string::npos);
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  EXPECT_NE(messageOf(folder / "pipe", "x").find("not a regular file"), std::string::npos);
  if (::geteuid() != 0) {  // root may write anywhere
    fs::permissions(folder / "folder", fs::perms::owner_read | fs::perms::owner_exec);
    EXPECT_NE(messageOf(folder / "folder/a", "x").find("no permission"), std::string::npos);
    fs::permissions(folder / "folder", fs::perms::owner_all);
  }
}

// A file-size limit stands in for a full disk: the write fails half way.
class SmallDisk {
 public:
  explicit SmallDisk(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &old_);
    const rlimit small{bytes, old_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  ~SmallDisk() { ::setrlimit(RLIMIT_FSIZE, &old_); }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

 private:
  rlimit old_{};
};

TEST(AtomicFile, aFailedWriteLeavesTheOldFileAndNothingElse) {
  const TemporaryFolder folder;
  save(folder / "a", "the old content");
  const std::string large(100'000, 'x');
  std::string message;
  {
    const SmallDisk disk(5000);
    message = messageOf(folder / "a", large);
    EXPECT_NE(messageOf(folder / "new", large).find("Could not save"), std::string::npos);
  }
  EXPECT_NE(message.find("previous file is unchanged"), std::string::npos) << message;
  EXPECT_EQ(contentOf(folder / "a"), "the old content");
  EXPECT_EQ(filesIn(folder.path()), 1u);
}

TEST(AtomicFile, everyMeshFormatKeepsTheOldFileWhenTheDiskIsFull) {
  const TemporaryFolder folder;
  for (const char* name : {"a.obj", "a.ply", "a.stl", "a.glb"}) {
    const auto file = folder / name;
    writeMesh(file, torusMesh(6, 5));
    const std::string before = contentOf(file);
    {
      const SmallDisk disk(before.size() + 1000);
      EXPECT_THROW(writeMesh(file, torusMesh(60, 50)), Error);
    }
    EXPECT_EQ(contentOf(file), before);
  }
  EXPECT_EQ(filesIn(folder.path()), 4u);
}

}  // namespace
}  // namespace penumbra
