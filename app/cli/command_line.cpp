#include "app/cli/command_line.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "app/cli/commands.h"
#include "app/cli/help.h"
#include "app/cli/option_flags.h"
#include "app/cli/text.h"
#ifdef PENUMBRA_WITH_WINDOW
#include "app/window/run_window.h"
#endif

namespace penumbra {
namespace {

// A command: its parser, and what to do when it was chosen.
struct Command {
  CLI::App* parser;
  std::function<ExitCode()> run;
};

double numberFrom(const std::string& text, const char* name, double least, double most) {
  double value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || !(value >= least && value <= most))
    throw Error(ExitCode::Usage, std::string(name) + " is " + text + ", must be in [" + shortText(least) + ", " +
                                     shortText(most) + "].");
  return value;
}

ExportFrame frameFrom(const std::string& up, const std::string& scale, const std::string& faces) {
  const auto axis = upAxisNamed(up);
  if (!axis) throw Error(ExitCode::Usage, "export-up is " + up + ", must be input, y or z.");
  const double most = numberFrom(faces, "max-export-faces", 0, kMostExportFaces);
  if (most != std::floor(most) || (most > 0 && most < kFewestExportFaces))
    throw Error(ExitCode::Usage, "max-export-faces is " + faces + ", must be a whole number, 0 or at least " +
                                     std::to_string(kFewestExportFaces) + ".");
  return {*axis, numberFrom(scale, "export-scale", kLeastExportScale, kMostExportScale), int(most)};
}

Command addFit(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("fit", "Reconstruct a mesh without a window.");
  struct Texts {
    std::string input, output, report, timelapse, picture, progress = "auto", up = "input", scale = "1", faces = "0";
    std::unique_ptr<OptionFlags> options;
  };
  const auto t = std::make_shared<Texts>();
  parser->add_option("input", t->input)->type_name("FILE|FOLDER");
  parser->add_option("-o,--output", t->output, "Where the mesh goes: .glb, .obj, .ply or .stl.")
      ->type_name("FILE")->group("Files");
  parser->add_option("--report", t->report, "Write quality, time and options as JSON.")->type_name("FILE")->group("Files");
  parser->add_option("--timelapse", t->timelapse, "Write an animated WebP of the mesh growing.")
      ->type_name("FILE")->group("Files");
  parser->add_option("--picture", t->picture, "Write a PNG of the result.")->type_name("FILE")->group("Files");
  parser->add_option("--progress", t->progress, "How to show progress: a bar or lines on stderr, JSON lines on stdout.")
      ->type_name("auto|bar|plain|json|none")->default_str("auto")->group("Files");
  parser->add_option("--export-up", t->up, "Axis that is up in the mesh written: as in the input, or turned.")
      ->type_name("input|y|z")->default_str("input")->group("Files");
  parser->add_option("--export-scale", t->scale, "Units of the mesh written that one unit of the input becomes.")
      ->type_name("1e-06 .. 1e+06")->default_str("1")->group("Files");
  parser->add_option("--max-export-faces", t->faces, "Decimate the mesh written to this many faces; 0 keeps all.")
      ->type_name("0 | 4 .. 1e+08")->default_str("0")->group("Files");
  t->options = std::make_unique<OptionFlags>(*parser);
  parser->footer("Ctrl-C stops the fit, saves what there is and exits with 130.");
  return {parser, [t] {
            return runFit({t->input, t->output, t->options->configFile(), t->report, t->timelapse, t->picture, frameFrom(t->up, t->scale, t->faces), t->options->options(),
                           progressStyle(t->progress)});
          }};
}

// Options that decide which masks are made from a model.
bool makesMasks(const Option& option) {
  return std::string_view(option.group) == "Target" || std::string_view(option.name) == "threads";
}

Command addRender(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("render", "Write the masks and cameras of a model as a folder that fit reads.");
  struct Texts {
    std::string input, output;
    std::unique_ptr<OptionFlags> options;
  };
  const auto t = std::make_shared<Texts>();
  parser->add_option("input", t->input)->type_name("FILE");
  parser->add_option("-o,--output", t->output, "Folder for RGBA PNG masks and transforms.json.")
      ->type_name("FOLDER")->group("Files");
  t->options = std::make_unique<OptionFlags>(*parser, makesMasks);
  return {parser, [t] { return runRender({t->input, t->output, t->options->options()}); }};
}

Command addInfo(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("info", "Tell what is in a model file or a folder of masks.");
  const auto arguments = std::make_shared<InfoArguments>();
  const auto input = std::make_shared<std::string>();
  parser->add_option("input", *input)->type_name("FILE|FOLDER");
  parser->add_flag("--json", arguments->json, "As JSON.")->group("Output");
  parser->add_option("--picture", arguments->picture, "Write a PNG of the model.")->type_name("FILE")->group("Output");
  return {parser, [arguments, input] {
            arguments->input = *input;
            return runInfo(*arguments);
          }};
}

Command addEval(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("eval", "Measure a mesh, on its own or against the true shape.");
  struct Texts {
    std::string input, reference, json, samples = "100000", seed = "0", threads = "0";
  };
  const auto t = std::make_shared<Texts>();
  parser->add_option("input", t->input)->type_name("FILE");
  parser->add_option("--reference", t->reference, "The true shape, in the same coordinates.")
      ->type_name("FILE")->group("Measure");
  parser->add_option("--samples", t->samples, "Points on each surface that distances are measured from.")
      ->type_name("1 .. 10000000")->default_str("100000")->group("Measure");
  parser->add_option("--seed", t->seed, "Number the points are drawn from.")
      ->type_name("0 .. 2147483647")->default_str("0")->group("Measure");
  parser->add_option("--threads", t->threads, "Processor threads; 0 uses all. The figures do not depend on it.")
      ->type_name("0 .. 256")->default_str("0")->group("Measure");
  parser->add_option("--json", t->json, "Write the figures as JSON; - prints them instead of the table.")
      ->type_name("FILE|-")->group("Output");
  return {parser, [t] {
            EvalArguments arguments{t->input, t->reference, t->json, {}, int(numberFrom(t->threads, "threads", 0, 256))};
            arguments.options.samples = int(numberFrom(t->samples, "samples", 1, 1e7));
            arguments.options.seed = std::uint64_t(numberFrom(t->seed, "seed", 0, 2147483647));
            return runEval(arguments);
          }};
}

Command addGradientCheck(CLI::App& app) {
  CLI::App* parser = app.add_subcommand("gradcheck", "Compare gradients with central differences on a model.");
  struct Texts {
    std::string input, samples = "100", views = "3", size = "64";
    std::unique_ptr<OptionFlags> options;
  };
  const auto t = std::make_shared<Texts>();
  parser->add_option("input", t->input)->type_name("FILE");
  parser->add_option("--samples", t->samples, "Vertex coordinates tried.")
      ->type_name("6 .. 100000")->default_str("100")->group("Check");
  parser->add_option("--views", t->views, "Views of the model.")->type_name("1 .. 512")->default_str("3")->group("Check");
  parser->add_option("--size", t->size, "Pixels a side.")->type_name("8 .. 4096")->default_str("64")->group("Check");
  t->options = std::make_unique<OptionFlags>(*parser, [](const Option& option) {
    const std::string_view name = option.name;
    return name == "sigma" || (makesMasks(option) && name != "views" && name != "size" && name != "held_out_views");
  });
  return {parser, [t] {
            FitOptions options = t->options->options();
            setOption(options, *findOption("views"), t->views);
            setOption(options, *findOption("size"), t->size);
            return runGradientCheck({t->input, options, int(numberFrom(t->samples, "samples", 6, 1e5))});
          }};
}

// The program without a command.
struct WindowTexts {
  std::string open, screenshot, frames = "60", benchSeconds = "5", scale, display = "auto", interop = "auto";
  bool run = false, version = false, json = false, markdown = false;
  CLI::Option* bench = nullptr;
  std::unique_ptr<OptionFlags> options;
};

void addWindow(CLI::App& app, WindowTexts& t) {
  app.add_option("open", t.open)->type_name("[FILE|FOLDER]");
  app.add_flag("--run", t.run, "Start fitting as soon as the model is loaded.")->group("Window");
  app.add_option("--screenshot", t.screenshot, "Draw some frames, write the window as PNG and quit.")
      ->type_name("FILE")->group("Window");
  app.add_option("--frames", t.frames, "Frames before the screenshot.")
      ->type_name("1 .. 100000")->default_str("60")->group("Window");
  t.bench = app.add_option("--bench-ui", t.benchSeconds, "Fit flat out for some seconds, the model or a bundled one, print frame times and quit.");
  t.bench->expected(0, 1)->type_name("[SECONDS]")->default_str("5")->group("Window");
  app.add_option("--ui-scale", t.scale, "Size of text and controls.")->type_name("0.5 .. 4")->group("Window");
  app.add_option("--display", t.display, "How to draw: a window, or into memory (egl).")
      ->type_name("auto|glfw|egl")->default_str("auto")->group("Window");
  app.add_option("--interop", t.interop, "Draw from the graphics card's memory when it computes.")
      ->type_name("auto|on|off")->default_str("auto")->group("Window");
  app.add_flag("--version", t.version, "Print the version and the state of CUDA; with --json also all libraries.")->group("General");
  app.add_flag("--json", t.json, "With --version.")->group("General");
  app.add_flag("--help-markdown", t.markdown, "Print the table of options as in README.")->group("");
  t.options = std::make_unique<OptionFlags>(app, nullptr, true);
}

#ifdef PENUMBRA_WITH_WINDOW
InteropMode interopFrom(const std::string& text) {
  if (text == "auto") return InteropMode::Auto;
  if (text == "on") return InteropMode::On;
  if (text == "off") return InteropMode::Off;
  throw Error(ExitCode::Usage, "interop is " + text + ", must be auto, on or off.");
}
#endif

ExitCode openWindow(const WindowTexts& t) {
#ifdef PENUMBRA_WITH_WINDOW
  WindowArguments window;
  window.open = t.open;
  window.options = t.options->options();
  window.start = t.run;
  window.screenshot = t.screenshot;
  window.frames = int(numberFrom(t.frames, "frames", 1, 1e5));
  if (!t.scale.empty()) window.uiScale = numberFrom(t.scale, "ui-scale", 0.5, 4);
  if (t.bench->count()) window.benchUiSeconds = numberFrom(t.benchSeconds.empty() ? "5" : t.benchSeconds, "bench-ui", 0.1, 3600);
  if (t.display == "glfw") window.display = DisplayBackend::Glfw;
  else if (t.display == "egl") window.display = DisplayBackend::Egl;
  else if (t.display != "auto") throw Error(ExitCode::Usage, "display is " + t.display + ", must be auto, glfw or egl.");
  window.interop = interopFrom(t.interop);
  const auto set = [](const char* name) { const char* value = std::getenv(name); return value && *value; };
  const bool drawsOnly = !t.screenshot.empty() || t.bench->count();
  if (!set("DISPLAY") && !set("WAYLAND_DISPLAY") && !drawsOnly && window.display != DisplayBackend::Egl)
    throw Error(ExitCode::Display, "Cannot open a window: no display (DISPLAY is not set).",
                "To run without a window: penumbra fit FILE -o out.glb");
  return ExitCode(runWindow(window));
#else
  static_cast<void>(t);
  throw Error(ExitCode::Display, "This build has no window (its libraries were missing when it was configured).",
              "To run without a window: penumbra fit FILE -o out.glb");
#endif
}

ExitCode runWithoutCommand(const WindowTexts& t) {
  if (t.markdown) std::cout << optionTableMarkdown();
  else if (t.version) std::cout << (t.json ? versionJson() : versionText()) << "\n";
  else if (t.json) throw Error(ExitCode::Usage, "--json needs --version or the command info.");
  else {
    if (!t.open.empty()) requireInput(t.open);
    return openWindow(t);
  }
  return ExitCode::Ok;
}

// The flag of this command or of fit that is closest to a mistyped one; empty when none is close.
std::string closestFlag(const CLI::App& command, const std::string& given) {
  std::string best;
  int least = 3;
  for (const auto* option : command.get_options())
    for (const auto& name : option->get_lnames()) {
      const int distance = editDistance("--" + name, given.substr(0, given.find('=')));
      if (distance < least) {
        least = distance;
        best = "--" + name;
      }
    }
  return best;
}

// Throws when something was given that no flag or positional took.
void refuseExtras(const CLI::App& command) {
  std::string first;
  for (const auto& argument : command.remaining())
    if (first.empty() || (first[0] != '-' && argument[0] == '-')) first = argument;
  if (first.empty()) return;
  const std::string advice = "See " + std::string("penumbra ") +
                             (command.get_parent() ? command.get_name() + " " : "") + "--help.";
  if (first[0] != '-') throw Error(ExitCode::Usage, "Unexpected argument '" + first + "'.", advice);
  const std::string close = closestFlag(command, first);
  throw Error(ExitCode::Usage, "Unknown option '" + first + "'.", close.empty() ? advice : "Did you mean " + close + "?");
}

// Throws Error(Usage) for what the parser itself refuses: in the end, only a missing or a surplus value.
void parse(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::ArgumentMismatch& mismatch) {
    const std::string text = mismatch.what();  // "--views: 1 required TEXT missing" and the like
    const std::string name = text.substr(0, text.find(':'));  // empty for flags that --help leaves out
    throw Error(ExitCode::Usage, (name.empty() ? argv[argc - 1] : name) + " needs a value.", "See --help.");
  } catch (const CLI::Success&) {
    throw;
  } catch (const CLI::ParseError& error) {
    throw Error(ExitCode::Usage, std::string(error.what()) + ".", "See --help.");
  }
}

}  // namespace

ExitCode runCommandLine(int argc, const char* const* argv) {
  CLI::App app("Penumbra reconstructs a triangle mesh from silhouettes, live, by differentiable rasterisation.", "penumbra");
  app.formatter(makeHelpFormatter());
  app.set_help_flag("-h,--help", "Print this help.")->group("General");
  app.footer("Without a command a window opens; options of fit may be given to it as well.\n"
             "Exit codes: 0 ok, 2 usage, 3 input refused, 4 out of memory, 5 could not save, 6 no display,\n"
             "7 numeric failure, 70 internal error, 130 interrupted (saved first).");
  WindowTexts window;
  addWindow(app, window);
  const Command commands[] = {addFit(app), addRender(app), addInfo(app), addEval(app), addGradientCheck(app)};
  app.allow_extras();
  for (const Command& command : commands) command.parser->allow_extras();
  try {
    parse(app, argc, argv);
  } catch (const CLI::CallForHelp&) {
    const CLI::App* asked = &app;
    for (const Command& command : commands)
      if (command.parser->parsed()) asked = command.parser;
    std::cout << asked->help(asked == &app ? "" : "penumbra");
    return ExitCode::Ok;
  }
  refuseExtras(app);
  for (const Command& command : commands) {
    if (!command.parser->parsed()) continue;
    if (const std::string flag = window.options->firstGiven(); !flag.empty())
      throw Error(ExitCode::Usage, flag + " must follow the command " + command.parser->get_name() + ".");
    refuseExtras(*command.parser);
    return command.run();
  }
  return runWithoutCommand(window);
}

}  // namespace penumbra
