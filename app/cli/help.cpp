#include "app/cli/help.h"

#include <CLI/CLI.hpp>

#include "app/cli/text.h"

namespace penumbra {
namespace {

constexpr std::size_t kWidth = 100, kNameWidth = 38;

// "  --name VALUES   sentence", the sentence continued under itself.
std::string entryText(const std::string& name, const std::string& doc) {
  std::string text = "  " + name;
  if (name.size() + 4 > kNameWidth) text += "\n" + std::string(kNameWidth, ' ');
  else text.resize(kNameWidth, ' ');
  const auto lines = wrapText(doc, kWidth - kNameWidth);
  for (std::size_t i = 0; i < lines.size(); ++i)
    text += (i ? std::string(kNameWidth, ' ') : std::string()) + lines[i] + "\n";
  return text;
}

std::string optionName(const CLI::Option* option) {
  std::string name;
  for (const auto& letter : option->get_snames()) name += "-" + letter + ", ";
  if (option->get_lnames().empty()) name.resize(name.size() - 2);  // only a letter: no comma after it
  else name += (option->get_fnames().empty() ? "--" : "--[no-]") + option->get_lnames().front();
  return option->get_type_size() ? name + " " + option->get_type_name() : name;
}

std::string optionDoc(const CLI::Option* option) {
  const std::string initial = option->get_default_str();
  return option->get_description() + (initial.empty() ? "" : " (" + initial + ")");
}

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string name, CLI::AppFormatMode) const override {
    std::string text = app->get_description() + "\n\nUsage: " + (name.empty() ? app->get_name() : name);
    const auto positionals = app->get_options([](const CLI::Option* option) { return option->get_positional(); });
    for (const auto* option : positionals) text += " " + option->get_type_name();
    text += " [options]\n";
    if (!app->get_subcommands({}).empty()) {
      text += "\nCommands (each has its own --help):\n";
      for (const auto* command : app->get_subcommands({}))
        text += entryText(command->get_name(), command->get_description());
    }
    for (const std::string& group : app->get_groups()) text += groupText(*app, group);
    return app->get_footer().empty() ? text : text + "\n" + app->get_footer() + "\n";
  }

 private:
  static std::string groupText(const CLI::App& app, const std::string& group) {
    std::string text;
    if (!group.empty())
      for (const auto* option : app.get_options([&](const CLI::Option* o) { return o->get_group() == group && !o->get_positional(); }))
        text += entryText(optionName(option), optionDoc(option));
    return text.empty() ? text : "\n" + group + ":\n" + text;
  }
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> makeHelpFormatter() { return std::make_shared<HelpFormatter>(); }

}  // namespace penumbra
