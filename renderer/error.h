// The one exception type of the project: what happened, where, what to do.
#pragma once
#include <stdexcept>
#include <string>

namespace penumbra {

// Exit codes of the command line; also the class of an error.
enum class ExitCode {
  Ok = 0,
  Usage = 2,        // wrong flags or option values
  Input = 3,        // input refused or unreadable
  Memory = 4,       // out of memory
  Save = 5,         // could not save
  Display = 6,      // no display or window
  Numeric = 7,      // the optimisation broke down
  Internal = 70,    // a bug
  Interrupted = 130
};

// `what()` is one sentence: what happened and where (file, line, numbers, limit).
// `advice()` says what to do next; empty when there is nothing to add.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& what, std::string advice = {})
      : std::runtime_error(what), code_(code), advice_(std::move(advice)) {}
  ExitCode code() const { return code_; }
  const std::string& advice() const { return advice_; }
  // Both sentences, for a terminal.
  std::string full() const { return advice_.empty() ? what() : std::string(what()) + " " + advice_; }

 private:
  ExitCode code_;
  std::string advice_;
};

}  // namespace penumbra
