// The option table as command-line flags: one flag for every row, none of them named here.
//
// learning_rate becomes --learning-rate VALUE (underscores are accepted too), a toggle becomes --soft-target and
// --no-soft-target. Order of precedence: defaults, --preset NAME or --config FILE, flags.
#pragma once
#include <deque>
#include <functional>
#include <string>
#include <utility>

#include "optim/options.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace penumbra {

class OptionFlags {
 public:
  // Declares the flags on `app`, for the rows that `wanted` accepts (all when it is empty). Hidden flags work but are
  // left out of --help.
  explicit OptionFlags(CLI::App& app, std::function<bool(const Option&)> wanted = {}, bool hidden = false);

  // What was asked for, checked. Throws Error(Usage), or Error(Input) when the configuration cannot be read.
  FitOptions options() const;
  const std::string& configFile() const { return config_; }  // empty when none was named
  // The first flag that was given, with its dashes; empty when none was.
  std::string firstGiven() const;

 private:
  struct Flag {
    const Option* option;
    CLI::Option* flag;
    std::string text;
  };
  std::deque<Flag> flags_;  // a deque: the parser keeps pointers to `text`
  CLI::Option *configFlag_ = nullptr, *presetFlag_ = nullptr;
  std::string config_, preset_;
};

// "--learning-rate" for learning_rate.
std::string flagName(const Option& option);
// What may follow the flag: "sphere|FILE", "1 .. 512", "contour|softras"; empty for a toggle.
std::string flagValues(const Option& option);
// README's table of options.
std::string optionTableMarkdown();

}  // namespace penumbra
