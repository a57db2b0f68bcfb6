#include "optim/io/import_process.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "optim/io/file_input.h"
#include "renderer/cpu/thread_pool.h"
#include "renderer/error.h"

extern char** environ;

namespace penumbra {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
constexpr int kResultFd = 3;

[[noreturn]] void refuse(const fs::path& path, const std::string& why, std::string advice = {}) {
  throw Error(ExitCode::Input, "Cannot read model '" + shownPath(path) + "': " + why + ".", std::move(advice));
}

fs::path findImporter() {
  if (const char* named = std::getenv("PENUMBRA_IMPORT_WORKER"); named != nullptr && *named != '\0') return named;
  std::error_code failed;
  const fs::path self = fs::read_symlink("/proc/self/exe", failed);
  const fs::path beside = self.parent_path() / "penumbra-import";
  if (!failed && ::access(beside.c_str(), X_OK) == 0) return beside;
  return PENUMBRA_IMPORT_WORKER_PATH;
}

class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  void close() { if (fd_ >= 0) ::close(std::exchange(fd_, -1)); }
  int get() const { return fd_; }

 private:
  int fd_;
};

// The child process; killed and collected at the latest when this goes out of scope.
class Child {
 public:
  Child(const fs::path& program, const fs::path& model, int resultFd) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    posix_spawn_file_actions_adddup2(&actions, resultFd, kResultFd);
    // Whatever signals this program blocks or ignores, the limits of the child must be able to end it.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::string name = program.native(), file = model.native();
    char* arguments[] = {name.data(), file.data(), nullptr};
    error_ = posix_spawn(&pid_, name.c_str(), &actions, &attributes, arguments, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  ~Child() {
    if (error_ != 0 || collected_) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  int error() const { return error_; }
  // The exit status as of waitpid.
  int wait() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {}
    collected_ = true;
    return status;
  }

 private:
  pid_t pid_ = -1;
  int error_ = 0;
  bool collected_ = false;
};

enum class Read { Complete, Ended, TimedOut };

// Reads exactly `size` bytes; looks at `stop` now and then.
Read readFully(int fd, void* to, std::size_t size, Clock::time_point deadline, const std::atomic<bool>* stop) {
  constexpr std::int64_t kPatience = 50;  // milliseconds
  auto* bytes = static_cast<char*>(to);
  while (size > 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return Read::TimedOut;
    if (stop && *stop) throw Interrupted{};
    pollfd waiting{fd, POLLIN, 0};
    if (::poll(&waiting, 1, int(std::min<std::int64_t>(left, kPatience))) <= 0) continue;
    const ssize_t got = ::read(fd, bytes, size);
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (got <= 0) return Read::Ended;
    bytes += got;
    size -= std::size_t(got);
  }
  return Read::Complete;
}

// One sentence for a parser that ended without a complete reply.
[[noreturn]] void explainEnd(const fs::path& path, Read end, Child& child) {
  static const char* advice = "Open it in another program and export it again.";
  if (end == Read::TimedOut) refuse(path, "parsing took too long and was stopped", advice);
  const int status = child.wait();
  if (WIFSIGNALED(status) && (WTERMSIG(status) == SIGXCPU || WTERMSIG(status) == SIGPROF))
    refuse(path, "parsing took far too long for a file of its size and was stopped", advice);
  if (WIFSIGNALED(status))
    refuse(path, "the file is malformed (the parser stopped with signal " + std::to_string(WTERMSIG(status)) + ")",
           advice);
  if (WEXITSTATUS(status) == 127)
    throw Error(ExitCode::Internal, "The importer 'penumbra-import' could not be started.", "Install Penumbra again.");
  refuse(path, "the parser gave no result", advice);
}

void checkHeader(const fs::path& path, const SceneHeader& header) {
  if (header.magic != SceneHeader::kMagic || header.status > 1 || header.textBytes > kMaxSceneText)
    throw Error(ExitCode::Internal, "The importer 'penumbra-import' gave a reply this version does not understand.",
                "Install Penumbra again.");
  if (header.faces > kMaxModelFaces || header.vertices > kMaxModelVertices)
    refuse(path, "it has " + std::to_string(header.faces) + " triangles, the limit is " + std::to_string(kMaxModelFaces),
           "Simplify it in a mesh editor first.");
}

void checkIndices(const fs::path& path, const ImportedScene& scene) {
  const int count = int(scene.positions.size());
  for (const Face& face : scene.faces)
    for (int corner = 0; corner < 3; ++corner)
      if (face[corner] < 0 || face[corner] >= count)
        refuse(path, "a face refers to vertex " + std::to_string(face[corner]) + " of " + std::to_string(count));
}

}  // namespace

ImportedScene importInProcess(const fs::path& path, const std::atomic<bool>* stop, std::chrono::milliseconds timeLimit) {
  const fs::path program = findImporter();
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) throw Error(ExitCode::Internal, "Cannot start the importer: too many open files.");
  Descriptor result(ends[0]), childEnd(ends[1]);
  Child child(program, fs::absolute(path), childEnd.get());
  childEnd.close();
  if (child.error() != 0)
    throw Error(ExitCode::Internal, "The importer '" + shownPath(program) + "' could not be started: " +
                                        std::generic_category().message(child.error()) + ".",
                "Install Penumbra again, or set PENUMBRA_IMPORT_WORKER to where penumbra-import is.");
  const auto deadline = Clock::now() + timeLimit;
  const auto receive = [&](void* to, std::size_t size) {
    const Read end = readFully(result.get(), to, size, deadline, stop);
    if (end != Read::Complete) explainEnd(path, end, child);
  };
  SceneHeader header;
  receive(&header, sizeof(header));
  checkHeader(path, header);
  ImportedScene scene;
  scene.parts = header.parts;
  scene.otherPrimitives = header.otherPrimitives;
  scene.text.resize(header.textBytes);
  receive(scene.text.data(), scene.text.size());
  if (header.status == 1) refuse(path, printableLine(scene.text));
  scene.positions.resize(header.vertices);
  scene.faces.resize(header.faces);
  receive(scene.positions.data(), scene.positions.size() * sizeof(glm::vec3));
  receive(scene.faces.data(), scene.faces.size() * sizeof(Face));
  checkIndices(path, scene);
  return scene;
}

}  // namespace penumbra
