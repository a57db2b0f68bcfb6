#include "app/window/native_dialog.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <thread>

extern char** environ;

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// The full path of a program on PATH; empty when there is none.
std::string findProgram(const std::string& name) {
  const char* paths = std::getenv("PATH");
  for (std::string rest = paths ? paths : ""; !rest.empty();) {
    const auto colon = rest.find(':');
    const std::string candidate = rest.substr(0, colon) + "/" + name;
    if (::access(candidate.c_str(), X_OK) == 0) return candidate;
    rest = colon == std::string::npos ? "" : rest.substr(colon + 1);
  }
  return {};
}

std::string dialogProgram() {
  const char* desktop = std::getenv("XDG_CURRENT_DESKTOP");
  const bool kde = desktop && std::strstr(desktop, "KDE");
  for (const char* name : {kde ? "kdialog" : "zenity", kde ? "zenity" : "kdialog"})
    if (auto found = findProgram(name); !found.empty()) return found;
  return {};
}

// Starts a program with its standard output going to `output` (or nowhere when -1). Returns its id, 0 on failure.
int spawn(const std::vector<std::string>& arguments, int output) {
  std::vector<char*> argv;
  for (const auto& argument : arguments) argv.push_back(const_cast<char*>(argument.c_str()));
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  if (output >= 0) posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
  else posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  const int failed = posix_spawn(&process, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  return failed ? 0 : int(process);
}

}  // namespace

std::vector<std::string> nativeDialogArguments(const std::string& program, BrowsePurpose purpose,
                                               const fs::path& start) {
  const std::string name = fs::path(program).filename().string();
  const char* models = "*.obj *.glb *.gltf *.ply *.stl";
  if (name == "zenity") {
    std::vector<std::string> args = {program, "--file-selection", "--filename=" + start.string()};
    if (purpose == BrowsePurpose::OpenFolder) args.insert(args.end(), {"--directory", "--title=Open a folder of masks"});
    else if (purpose == BrowsePurpose::SaveMesh) args.insert(args.end(), {"--save", "--title=Export the mesh"});
    else args.insert(args.end(), {"--title=Open a model", std::string("--file-filter=Models | ") + models, "--file-filter=All files | *"});
    return args;
  }
  if (name != "kdialog") return {};
  if (purpose == BrowsePurpose::OpenFolder) return {program, "--getexistingdirectory", start.string()};
  const char* what = purpose == BrowsePurpose::SaveMesh ? "--getsavefilename" : "--getopenfilename";
  return {program, what, start.string(), std::string("Models (") + models + ")"};
}

bool NativeDialog::available() {
  const char* x11 = std::getenv("DISPLAY");
  const char* wayland = std::getenv("WAYLAND_DISPLAY");
  return ((x11 && *x11) || (wayland && *wayland)) && !dialogProgram().empty();
}

bool NativeDialog::open(BrowsePurpose purpose, const fs::path& start) {
  if (isOpen()) return true;
  std::error_code failed;
  std::string from = start.string();
  if (fs::is_directory(start, failed) && !from.ends_with('/')) from += '/';
  const auto arguments = nativeDialogArguments(dialogProgram(), purpose, from);
  int pipe[2];
  if (arguments.empty() || ::pipe2(pipe, O_CLOEXEC) != 0) return false;
  process_ = spawn(arguments, pipe[1]);
  ::close(pipe[1]);
  if (process_ == 0) {
    ::close(pipe[0]);
    return false;
  }
  output_ = pipe[0];
  ::fcntl(output_, F_SETFL, O_NONBLOCK);
  purpose_ = purpose;
  text_.clear();
  return true;
}

std::optional<NativeDialog::Answer> NativeDialog::poll() {
  if (!isOpen()) return std::nullopt;
  char buffer[4096];
  for (ssize_t n; (n = ::read(output_, buffer, sizeof buffer)) > 0;) text_.append(buffer, std::size_t(n));
  int status = 0;
  if (::waitpid(process_, &status, WNOHANG) == 0) return std::nullopt;
  for (ssize_t n; (n = ::read(output_, buffer, sizeof buffer)) > 0;) text_.append(buffer, std::size_t(n));
  ::close(output_);
  process_ = 0;
  output_ = -1;
  while (!text_.empty() && text_.back() == '\n') text_.pop_back();
  const bool chosen = WIFEXITED(status) && WEXITSTATUS(status) == 0 && !text_.empty();
  return Answer{chosen, chosen ? fs::path(text_) : fs::path()};
}

NativeDialog::~NativeDialog() {
  if (!isOpen()) return;
  ::kill(process_, SIGTERM);
  ::waitpid(process_, nullptr, 0);
  ::close(output_);
}

bool openInFileManager(const fs::path& folder) {
  const std::string program = findProgram("xdg-open");
  if (program.empty()) return false;
  const int process = spawn({program, folder.string()}, -1);
  if (process == 0) return false;
  std::thread([process] { ::waitpid(process, nullptr, 0); }).detach();
  return true;
}

}  // namespace penumbra
