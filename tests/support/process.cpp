#include "tests/support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <stdexcept>

namespace penumbra {
namespace {

[[noreturn]] void becomeProgram(const std::vector<std::string>& arguments, const ProcessSetup& setup, int out, int err) {
  for (const std::string& entry : setup.environment) {
    const std::size_t equals = entry.find('=');
    if (equals == std::string::npos) unsetenv(entry.c_str());
    else setenv(entry.substr(0, equals).c_str(), entry.c_str() + equals + 1, 1);
  }
  dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  std::vector<char*> pointers;
  for (const std::string& argument : arguments) pointers.push_back(const_cast<char*>(argument.c_str()));
  pointers.push_back(nullptr);
  execv(pointers[0], pointers.data());
  _exit(127);
}

}  // namespace

ProcessResult runProcess(const std::vector<std::string>& arguments, const ProcessSetup& setup) {
  int out[2], err[2];
  if (pipe2(out, O_CLOEXEC) != 0 || pipe2(err, O_CLOEXEC) != 0) throw std::runtime_error("no pipes");
  const pid_t child = fork();
  if (child < 0) throw std::runtime_error("no process");
  if (child == 0) becomeProgram(arguments, setup, out[1], err[1]);
  close(out[1]);
  close(err[1]);

  ProcessResult result;
  pollfd files[2] = {{out[0], POLLIN, 0}, {err[0], POLLIN, 0}};
  std::string* texts[2] = {&result.out, &result.err};
  bool interrupted = setup.interruptAfter.empty();
  for (int open = 2; open > 0;) {
    if (poll(files, 2, -1) < 0) continue;
    for (int i = 0; i < 2; ++i) {
      if (files[i].fd < 0 || files[i].revents == 0) continue;
      char buffer[4096];
      const ssize_t count = read(files[i].fd, buffer, sizeof buffer);
      if (count > 0) texts[i]->append(buffer, std::size_t(count));
      else files[i].fd = -1, --open;
    }
    if (!interrupted && result.out.find(setup.interruptAfter) != std::string::npos) {
      interrupted = true;
      kill(child, SIGINT);
    }
  }
  close(out[0]);
  close(err[0]);
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status)) result.exitCode = WEXITSTATUS(status);
  return result;
}

}  // namespace penumbra
