#include <algorithm>
#include <chrono>
#include <iostream>
#include <iterator>
#include <optional>

#include "app/cli/commands.h"
#include "app/cli/fit_report.h"
#include "app/cli/interrupt.h"
#include "app/cli/option_flags.h"
#include "app/cli/pictures.h"
#include "optim/eval/peak_memory.h"
#include "optim/fit/start_shapes.h"
#include "optim/io/mesh_io.h"
#include "optim/session/session.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;

// Faults that would only show after minutes of work are looked for before it.
void requireOutput(const fs::path& path, const char* flag) {
  if (path.empty()) return;
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  if (!fs::is_directory(folder))
    throw Error(ExitCode::Save, std::string(flag) + ": there is no folder '" + folder.string() + "'.", "Make it first.");
  if (fs::is_directory(path))
    throw Error(ExitCode::Save, std::string(flag) + ": '" + path.string() + "' is a folder.", "Name a file.");
}

void requireExtension(const fs::path& path, const char* flag, const std::string& extension) {
  if (path.empty() || path.extension() == extension) return;
  throw Error(ExitCode::Usage, std::string(flag) + ": '" + path.string() + "' must end in " + extension + ".");
}

bool sameFile(const fs::path& a, const fs::path& b) {
  std::error_code failed;
  if (fs::equivalent(a, b, failed)) return true;
  return fs::absolute(a).lexically_normal() == fs::absolute(b).lexically_normal();
}

// No file that is read, or written already, may be overwritten.
void requireDistinctFiles(const FitArguments& a) {
  const std::pair<const char*, fs::path> files[] = {
      {"the input", a.input}, {"--start", a.options.startMesh}, {"--config", a.config},  {"-o", a.output},
      {"--report", a.report}, {"--timelapse", a.timelapse},     {"--picture", a.picture}};
  constexpr std::size_t kRead = 3;
  for (std::size_t i = kRead; i < std::size(files); ++i)
    for (std::size_t k = 0; k < i; ++k) refuseToOverwrite(files[i].first, files[i].second, files[k].first, files[k].second);
}

void requireOutputs(const FitArguments& a) {
  if (a.output.empty()) throw Error(ExitCode::Usage, "fit: no output was named.", "Add -o out.glb.");
  if (!canWriteMesh(a.output))
    throw Error(ExitCode::Usage, "-o: '" + a.output.string() + "' is no mesh format that can be written.",
                "Use .glb, .obj, .ply or .stl.");
  requireExtension(a.timelapse, "--timelapse", ".webp");
  requireExtension(a.picture, "--picture", ".png");
  requireOutput(a.output, "-o");
  requireOutput(a.report, "--report");
  requireOutput(a.timelapse, "--timelapse");
  requireOutput(a.picture, "--picture");
  requireDistinctFiles(a);
}

// Flags whose options are changed and do nothing with the input, start and solver there are: "--sigma, --loss".
std::string idleFlags(const FitOptions& options, const ViewSet& views) {
  const FitOptions resolved = resolvedOptions(options, views), defaults;
  const std::string_view idleGroup = views.reference ? kPhotoSetGroup : kModelGroup;
  std::string text;
  for (const Option& option : fitOptionTable()) {
    const bool otherInput = option.group == idleGroup && option.name != std::string_view("seed");
    if ((otherInput || !option.applies(resolved)) && option.get(options) != option.get(defaults)) text += (text.empty() ? "" : ", ") + flagName(option);
  }
  return text;
}

// Runs one fit through the session's commands, waiting on its events.
class FitRun {
 public:
  explicit FitRun(const FitArguments& arguments) : arguments_(arguments), progress_(arguments.progress) {}

  ExitCode run() {
    session_.setOptions(arguments_.options);
    session_.endWithBest(true);
    session_.load(arguments_.input);
    if (!waitFor({EventKind::Loaded}))
      throw Error(ExitCode::Interrupted, "Interrupted while loading; there was nothing to save.");
    tellNotes();
    Timelapse timelapse;
    if (arguments_.timelapse.empty()) {
      session_.start();
      waitFor({EventKind::Finished, EventKind::Paused});
    } else {
      runInSteps(timelapse);
    }
    return save(timelapse);
  }

 private:
  // What a person should know before the fit: views that leave the shape open, options that do nothing here.
  void tellNotes() {
    session_.waitIdle();  // the event comes before the snapshot of what was loaded
    const auto loaded = session_.snapshot();
    if (!loaded->views) return;
    for (const std::string& note : loaded->views->notes) progress_.note(note);
    if (const std::string idle = idleFlags(arguments_.options, *loaded->views); !idle.empty())
      progress_.note("Without effect on this fit: " + idle + ".");
  }

  // Shows progress until one of the events comes. Empty when interrupted and there is nothing to wait for. A failure
  // before the first iteration is thrown; a later one is kept until the last good mesh is saved.
  std::optional<Event> waitFor(std::initializer_list<EventKind> kinds) {
    for (;;) {
      const auto before = session_.snapshot();
      std::optional<Event> found;
      for (const Event& event : session_.takeEvents()) {  // all are shown, those behind the awaited one too
        progress_.show(event);
        const bool wanted = event.kind == EventKind::Failed || std::find(kinds.begin(), kinds.end(), event.kind) != kinds.end();
        if (wanted && !found) found = event;
      }
      if (found) return found->kind == EventKind::Failed ? noteFailure(*found) : found;
      progress_.show(*before);
      if (interrupt_.requested() && !interrupted_) {
        interrupted_ = true;
        if (before->state == SessionState::Loading || before->state == SessionState::Empty) return std::nullopt;
        session_.pause();
      }
      session_.waitForChange(before->version, 0.05);
    }
  }

  std::optional<Event> noteFailure(const Event& event) {
    failure_ = Error(ExitCode(event.exitCode), event.text, event.advice);
    if (session_.snapshot()->iteration == 0) throw *failure_;
    return event;
  }

  // The same fit in pieces, with a picture's worth of positions kept after each.
  void runInSteps(Timelapse& timelapse) {
    timelapse.add(*session_.snapshot());
    const int planned = arguments_.options.iterations;
    for (int frame = 1, done = 0; done < planned && !interrupted_ && !failure_; ++frame) {
      const bool shortFit = endsByItself(*session_.snapshot());  // every step is worth a picture
      const int next = shortFit ? done + 1 : std::max(done + 1, Timelapse::iterationOfFrame(frame, planned));
      session_.step(std::min(next, planned) - done);
      waitFor({EventKind::Paused, EventKind::Finished});
      session_.waitIdle();
      timelapse.add(*session_.snapshot());
      done = session_.snapshot()->iteration;
      if (session_.snapshot()->state == SessionState::Done) return;
    }
  }

  ExitCode save(const Timelapse& timelapse) {
    session_.waitIdle();
    const auto result = session_.snapshot();
    progress_.finish(*result);
    const std::optional<Error> broken = failure_;
    session_.exportMesh(arguments_.output, arguments_.frame);
    const auto exported = waitFor({EventKind::Exported});
    std::optional<Error> unsaved = exported && exported->kind == EventKind::Failed ? failure_ : std::nullopt;
    // What can be written is, whatever became of the rest.
    const auto keep = [&](const fs::path& path, const auto& write) {
      if (path.empty()) return;
      try {
        write();
      } catch (const Error& error) {
        if (!unsaved) unsaved = error;
      }
    };
    keep(arguments_.picture, [&] { writePicture(arguments_.picture, *result); });
    keep(arguments_.timelapse, [&] { timelapse.write(arguments_.timelapse, arguments_.options.threads); });
    const ReportHeader header{arguments_.input, arguments_.output, interrupted_, secondsSince(begun_), peakMemoryMiB()};
    keep(arguments_.report, [&] { writeReport(arguments_.report, *result, header); });
    if (unsaved) throw *unsaved;
    if (arguments_.progress != ProgressStyle::Json) std::cout << resultText(*result, header) << std::flush;
    if (broken) throw *broken;
    return interrupted_ ? ExitCode::Interrupted : ExitCode::Ok;
  }

  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  const FitArguments& arguments_;
  InterruptGuard interrupt_;
  Session session_;
  FitProgress progress_;
  bool interrupted_ = false;
  std::optional<Error> failure_;
};

}  // namespace

void refuseToOverwrite(const char* flag, const fs::path& output, const char* name, const fs::path& file) {
  if (output.empty() || file.empty() || !sameFile(output, file)) return;
  throw Error(ExitCode::Usage, std::string(flag) + ": '" + output.string() + "' is the same file as " + name + " and would overwrite it.",
              "Name another file.");
}

ExitCode runFit(const FitArguments& arguments) {
  requireInput(arguments.input);
  requireOutputs(arguments);
  return FitRun(arguments).run();
}

}  // namespace penumbra
