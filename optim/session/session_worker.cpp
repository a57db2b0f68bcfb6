#include "optim/session/session_worker.h"

#include <algorithm>
#include <new>

#include <sys/resource.h>
#include <unistd.h>

#include "optim/fit/start_shapes.h"
#include "optim/hull/preview_hull.h"
#include "optim/io/file_input.h"
#include "optim/io/mesh_io.h"
#include "optim/remesh/decimate.h"
#include "optim/remesh/retopology.h"
#include "optim/session/stop_scope.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

// What to do about views that the solver does not take as they were given; empty when there are none.
std::string adviceOnViews(const ViewSet& given, const ViewSet& trusted) {
  if (trusted.train.size() < given.train.size()) return "Look at the masks that are left out, and mend them if they are wrong.";
  return &trusted == &given ? "" : "Check cameras and masks if the result is not sharp enough.";
}

constexpr int kNice = 10;

Error outOfMemory() {
  return Error(ExitCode::Memory, "There is not enough memory for this.", "Use fewer or smaller views.");
}

// What went wrong in `action`, as an Error; none when nothing did.
template <class Action> std::optional<Error> attempt(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error;
  } catch (const std::bad_alloc&) {
    return outOfMemory();
  } catch (const std::exception& error) {
    return Error(ExitCode::Internal, std::string("This should not happen: ") + error.what() + ".", "Please report it.");
  }
  return std::nullopt;
}

std::string counted(std::size_t count, const std::string& what) {
  return std::to_string(count) + " " + what + (count == 1 ? "" : "s");
}

// What a fit on the graphics card will take of its memory; empty for one on the processor.
std::string cardNeedText(const CardNeed& need) {
  if (need.bytes == 0) return {};
  const auto megabytes = [](std::size_t bytes) { return std::to_string((bytes + 999999) / 1000000) + " MB"; };
  std::string text = ". The graphics card needs about " + megabytes(need.bytes) + " for it";
  if (need.viewsAtOnce == 0) return text + ", " + megabytes(need.freeBytes) + " are free: the CPU will have to do it";
  if (need.viewsAtOnce < need.stepViews)
    text += ", with " + std::to_string(need.viewsAtOnce) + " of " + counted(std::size_t(need.stepViews), "view") + " at once";
  return text;
}

bool startDiffers(const FitOptions& a, const FitOptions& b) {
  return a.start != b.start || a.startMesh != b.startMesh || a.sphereLevel != b.sphereLevel ||
         a.hullResolution != b.hullResolution;
}

}  // namespace

void SessionWorker::run() {
  setpriority(PRIO_PROCESS, id_t(gettid()), kNice);  // a refusal only costs smoothness
  pool_ = std::make_unique<ThreadPool>(options_.threads);
  publish();
  for (;;) {
    while (std::optional<Command> command = mail_.receive(state_ != SessionState::Running)) {
      if (const auto error = attempt([&] { carryOut(*command); })) {
        failed(*error);
        mail_.setRunning(state_ == SessionState::Running);
      }
      mail_.finished();
    }
    if (mail_.quitting()) return;
    if (state_ != SessionState::Running) continue;
    if (const auto error = attempt([&] { step(); })) breakOff(*error);
  }
}

// What made the fit fail may make it impossible to show its mesh, too: then the one shown last stays.
void SessionWorker::breakOff(const Error& error) {
  message_ = error.what();
  failed(error);
  if (!attempt([&] { settle(SessionState::Failed); })) return;
  meshChanged_ = facesChanged_ = watchChanged_ = false;
  attempt([&] { publish(); });
  attempt([&] { keepRecovery(); });
  mail_.setRunning(false);
}

void SessionWorker::carryOut(Command& command) try {
  std::visit([this](auto& c) { handle(c); }, command);
} catch (const Interrupted&) {
  mail_.postpone(std::move(command));
}

void SessionWorker::warn(const std::string& text, const std::string& advice) {
  mail_.post({EventKind::Warning, text, advice, {}, 0});
}

void SessionWorker::failed(const Error& error) {
  mail_.post({EventKind::Failed, error.what(), error.advice(), {}, int(error.code())});
}

// --- Loading ---

void SessionWorker::stage(const std::string& message, double progress) {
  message_ = message;
  progress_ = progress;
  publish();
}

void SessionWorker::handle(command::LoadPath& c) {
  load(shownPath(c.path.filename()), [&] { return openSource(c.path, &mail_.interrupt()); });
}

void SessionWorker::handle(command::LoadModel& c) {
  load(c.name, [&c] {
    Source source;
    source.name = c.name;
    source.model = std::move(c.model);
    return std::make_shared<const Source>(std::move(source));
  });
}

void SessionWorker::handle(command::Recover& c) {
  Recovery recovery;
  load(shownPath(c.file.filename()), [&] {
    recovery = readRecovery(c.file);
    checkOptions(recovery.options);
    return openSource(recovery.info.source, &mail_.interrupt());
  }, &recovery);
}

void SessionWorker::load(const std::string& what, const OpenSource& open, const Recovery* recovered) {
  const bool wasRunning = state_ == SessionState::Running;
  const SessionState before = wasRunning ? SessionState::Paused : state_;
  const std::string messageBefore = message_;
  state_ = SessionState::Loading;
  bool loaded = false;
  const auto error = attempt([&] { loaded = loadInto(what, open, recovered); });
  progress_ = 0;
  message_ = loaded ? "" : messageBefore;
  state_ = !loaded ? before : recovered ? SessionState::Paused : SessionState::Ready;
  if (!loaded) endPreview();
  previewing_ = false;
  if (error) {
    if (!fitter_) {
      state_ = SessionState::Failed;
      message_ = error->what();
    }
    failed(*error);
  } else if (!loaded && mail_.loadCancelled()) {
    mail_.post({EventKind::Cancelled, "Loading was cancelled.", {}, {}, 0});
  }
  publish();
  if (loaded) keepRecovery();
  mail_.setRunning(false);
}

// False when it was cancelled, or a newer load, or the end of the session, made it pointless.
bool SessionWorker::loadInto(const std::string& what, const OpenSource& open, const Recovery* recovered) try {
  const StopScope stop(*pool_, mail_.interrupt());
  const auto begun = Clock::now();
  stage("Reading " + what, 0.05);
  const auto source = open();
  if (mail_.loadPointless()) return false;
  const FitOptions options = recovered ? recovered->options : options_;
  stage(source->isPhotoSet() ? "Reading photos" : "Rendering masks", 0.3);
  const auto views = makeViews(*source, options, *pool_, &mail_.interrupt());
  if (mail_.loadPointless()) return false;
  const auto seen = Clock::now();
  const bool carves = resolvedStart(options, *views) == StartShape::Hull && !recovered;
  if (carves) preview(*views);
  stage(carves ? "Carving the visual hull" : "Preparing the fit", 0.8);
  auto fitter = recovered ? std::make_unique<Fitter>(views, options, *pool_, recovered->fit, device_)
                          : std::make_unique<Fitter>(views, options, *pool_, device_);
  if (mail_.loadPointless()) return false;
  keepCheckpoint("before load", false);
  stages_ = {.targets = std::chrono::duration<double>(seen - begun).count(), .start = secondsSince(seen)};
  options_ = options;
  takeOver(source, views, std::move(fitter));
  if (recovered) {
    planned_ = recovered->info.planned;
    stages_.fit = recovered->info.seconds;
    fitter_->setPlannedIterations(planned_);
  }
  return true;
} catch (const Interrupted&) {
  return false;
}

void SessionWorker::preview(const ViewSet& views) {
  const Mesh mesh = previewHull(views.train, *pool_);
  if (mesh.faces.empty()) return;
  previewing_ = true;
  shown_.geometry.reset();
  showMesh(mesh.positions, mesh.faces);
  shown_.vertexGradient = std::make_shared<const std::vector<float>>(mesh.positions.size());
}

void SessionWorker::endPreview() {
  if (!previewing_) return;
  meshChanged_ = facesChanged_ = true;  // the fitter's comes back
  if (fitter_) return;
  shown_.faces.reset();
  ++shown_.facesVersion;
  shown_.positions = shown_.normals = nullptr;
  shown_.vertexGradient.reset();
}

void SessionWorker::takeOver(std::shared_ptr<const Source> source, std::shared_ptr<const ViewSet> views, std::unique_ptr<Fitter> fitter) {
  fitter_ = std::move(fitter);
  fitter_->setStopFlag(&mail_.interrupt());
  source_ = std::move(source);
  views_ = std::move(views);
  viewsChanged_ = facesChanged_ = true;
  best_ = {};
  clearRecords();
  noteBackend();
  std::string text = "Loaded " + views_->name + ": " + counted(views_->train.size(), "view");
  if (!views_->heldOut.empty()) text += ", " + std::to_string(views_->heldOut.size()) + " held out";
  if (!fitter_->startNote().empty()) text += ". " + fitter_->startNote();
  text += cardNeedText(fitter_->predictedCardNeed());
  mail_.post({EventKind::Loaded, text + ".", adviceOnViews(*views_, *fitter_->trustedViews()), source_->path.string(), 0});
}

// --- Running ---

void SessionWorker::planMore(int iterations) {
  planned_ += iterations;
  fitter_->setPlannedIterations(planned_);
}

void SessionWorker::go() {
  state_ = SessionState::Running;
  restoredFrom_ = 0;
  message_.clear();
  rateSince_ = Clock::now();
  rateIterations_ = 0;
  mail_.setRunning(true);
  mail_.post({EventKind::Started, iteration() == 0 ? "Started." : "Went on from iteration " + std::to_string(iteration()) + ".",
              {}, {}, 0});
  publish();
}

void SessionWorker::handle(command::Start&) {
  if (!fitter_) return warn("There is nothing to fit yet.", "Open a model or a folder of masks with cameras.");
  stopAt_ = 0;
  if (state_ == SessionState::Running) return;
  pastConvergence_ = fitter_->converged();
  if (iteration() >= planned_) planMore(options_.iterations);
  go();
}

void SessionWorker::handle(command::Step& c) {
  if (!fitter_) return warn("There is nothing to fit yet.", "Open a model or a folder of masks with cameras.");
  if (c.iterations <= 0) return;
  stopAt_ = iteration() + std::min(c.iterations, 1 << 30);
  if (iteration() >= planned_) planMore(c.iterations);
  if (state_ == SessionState::Running) return;
  pastConvergence_ = fitter_->converged();
  go();
}

void SessionWorker::handle(command::Pause&) {
  if (state_ != SessionState::Running) return;
  reportRest();
  if (heldOut_.empty() || heldOut_.back().iteration != iteration()) measure();
  mail_.post({EventKind::Paused, "Paused at iteration " + std::to_string(iteration()) + ".", {}, {}, 0});
  settle(SessionState::Paused);
}

void SessionWorker::handle(command::Reset&) {
  if (!fitter_) return warn("There is nothing to reset yet.", "Open a model or a folder of masks with cameras.");
  keepCheckpoint("before reset", false);
  resetFitter();
  facesChanged_ = true;
  best_ = {};
  clearRecords();
  message_.clear();
  mail_.post({EventKind::Reset, "Back at the start shape." + (fitter_->startNote().empty() ? "" : " " + fitter_->startNote() + "."), {}, {}, 0});
  settle(SessionState::Ready);
}

void SessionWorker::handle(command::Recarve&) {
  if (!fitter_ || iteration() == 0) return warn("There is nothing to carve anew yet.", "Let the fit run first.");
  ReextractOptions options;
  options.hull.resolution = options_.hullResolution;
  ReextractReport report;
  Mesh mesh;
  stage("Carving anew", 0);
  message_.clear();
  try {
    const StopScope stop(*pool_, mail_.interrupt());
    mesh = reextract({fitter_->state().positions, fitter_->state().faces}, fitter_->trustedViews()->train, options, *pool_, &report);
  } catch (const Interrupted&) {
    return publish();
  } catch (...) {
    publish();
    throw;
  }
  keepCheckpoint("before re-carving", false);
  FitState next;
  next.positions = std::move(mesh.positions);
  next.faces = std::move(mesh.faces);
  next.iteration = iteration();
  fitter_->restore(next);
  care_.reset();
  facesChanged_ = meshChanged_ = true;
  mail_.post({EventKind::Recarved, "Carved anew: " + report.summary() + ".", {}, {}, 0});
  if (state_ == SessionState::Running) return publish();
  measure();
  settle(SessionState::Paused);
}

// --- Options ---

// Null when the options need no other masks. Throws Interrupted.
std::shared_ptr<const ViewSet> SessionWorker::newMasks(const FitOptions& next) {
  if (!source_ || !viewsDiffer(*source_, options_, next)) return nullptr;
  const StopScope stop(*pool_, mail_.interrupt());
  const std::string message = message_;
  stage("Making the masks anew", 0);
  const auto begun = Clock::now();
  try {
    auto views = makeViews(*source_, next, *pool_, &mail_.interrupt());
    stages_.targets = secondsSince(begun);
    return views;
  } catch (const Interrupted&) {
    stage(message, 0);
    throw;
  }
}

void SessionWorker::recordEdits(const FitOptions& next) {
  for (const Option& option : fitOptionTable())
    if (option.get(options_) != option.get(next))
      edits_.push_back({iteration(), option.name, optionText(options_, option), optionText(next, option)});
  editsChanged_ = true;
}

void SessionWorker::resizePool(int threads) {
  auto pool = std::make_unique<ThreadPool>(threads);
  if (fitter_) {
    fitter_ = std::make_unique<Fitter>(views_, options_, *pool, fitter_->state(), device_);
    fitter_->setStopFlag(&mail_.interrupt());
    fitter_->setPlannedIterations(planned_);
  }
  pool_ = std::move(pool);
}

void SessionWorker::handle(command::SetOptions& c) {
  if (c.options == options_) return;
  const std::string message = message_;
  const auto error = attempt([&] {
    checkOptions(c.options);
    applyOptions(c.options, newMasks(c.options));
  });
  message_ = message;
  if (error) warn(error->what(), "The options stay as they were. " + error->advice());
  publish();
}

void SessionWorker::applyOptions(const FitOptions& next, std::shared_ptr<const ViewSet> newViews) {
  const FitOptions old = options_;
  if (fitter_) recordEdits(next);
  options_ = next;
  if (fitter_) {
    fitter_->setOptions(next);
    if (newViews) {
      fitter_->setViews(newViews);
      views_ = std::move(newViews);
      viewsChanged_ = true;
      best_ = {};  // of other masks
    }
    planned_ = std::max(1, planned_ + next.iterations - old.iterations);
    fitter_->setPlannedIterations(planned_);
    meshChanged_ = watchChanged_ = true;
  }
  if (next.threads != old.threads) resizePool(next.threads);
  if (!fitter_ || iteration() > 0 || state_ != SessionState::Ready || !startDiffers(old, next)) return;
  resetFitter();  // nothing is lost: the fit has not begun
  facesChanged_ = meshChanged_ = true;
}

void SessionWorker::handle(command::Watch& c) {
  if (c.views == watched_) return;
  watched_ = c.views;
  watchChanged_ = true;
  publish();
}

void SessionWorker::handle(command::SharePictures& c) { wishes_ = std::move(c.wishes); }

// --- Checkpoints and files ---

Checkpoint SessionWorker::checkpointNow(const std::string& reason) const {
  Checkpoint c;
  c.info = {0, iteration(), reason, history_.empty() ? 0 : history_.back().trainIoU};
  c.fit = fitter_->state();
  c.planned = planned_;
  c.stages = stages_;
  c.history = history_;
  c.heldOut = heldOut_;
  c.edits = edits_;
  c.source = source_;
  c.views = views_;
  return c;
}

void SessionWorker::keepCheckpoint(const std::string& reason, bool regular) {
  if (!fitter_ || iteration() == 0) return;
  Checkpoint c = checkpointNow(reason);
  c.regular = regular;
  checkpoints_.add(std::move(c));
  mail_.publishCheckpoints(checkpoints_.list());
}

void SessionWorker::handle(command::Restore& c) {
  const auto checkpoint = checkpoints_.find(c.checkpoint);
  if (!checkpoint) return warn("There is no checkpoint " + std::to_string(c.checkpoint) + " any more.");
  if (checkpoint->source == source_) {
    keepCheckpoint("before restore", false);
    fitter_->restore(checkpoint->fit);
  } else {
    auto fitter = std::make_unique<Fitter>(checkpoint->views, options_, *pool_, checkpoint->fit, device_);
    keepCheckpoint("before restore", false);
    fitter_ = std::move(fitter);
    fitter_->setStopFlag(&mail_.interrupt());
    source_ = checkpoint->source;
    views_ = checkpoint->views;
    viewsChanged_ = true;
    best_ = {};
  }
  facesChanged_ = true;
  clearRecords();
  planned_ = checkpoint->planned;
  fitter_->setPlannedIterations(planned_);
  stages_ = checkpoint->stages;
  history_ = checkpoint->history;
  heldOut_ = checkpoint->heldOut;
  edits_ = checkpoint->edits;
  message_.clear();
  mail_.post({EventKind::Restored, "Went back to iteration " + std::to_string(iteration()) + ".", {}, {}, 0});
  settle(SessionState::Paused);
}

void SessionWorker::handle(command::Export& c) {
  if (!fitter_) throw Error(ExitCode::Usage, "There is no mesh to save yet.", "Open a model or a photo set first.");
  publish();
  mail_.exportStarted();
  exporter_.add([&mail = mail_, path = c.path, frame = c.frame, snapshot = mail_.snapshot()] {
    std::string reduced;
    const auto error = attempt([&] {
      Mesh mesh{{}, *snapshot->faces};
      const glm::dmat3 turn = frame.scale * exportRotation(frame.up, snapshot->views->up);
      for (const glm::vec3& p : *snapshot->positions)
        mesh.positions.emplace_back(turn * snapshot->views->normalisation.undo(glm::dvec3(p)));
      if (frame.mostFaces > 0 && mesh.faces.size() > std::size_t(frame.mostFaces)) {
        mesh = decimate(mesh, frame.mostFaces);
        reduced = " with " + std::to_string(mesh.faces.size()) + " of " + std::to_string(snapshot->faces->size()) + " faces";
      }
      writeMesh(path, mesh);
    });
    if (error)
      mail.post({EventKind::Failed, error->what(), error->advice(), {}, int(error->code())});
    else
      mail.post({EventKind::Exported, "Saved " + shownPath(path) + reduced + ".", {}, path.string(), 0});
    mail.exportDone();
  });
}

void SessionWorker::handle(command::KeepRecovery& c) {
  recoveryFile_ = c.file;
  keepRecovery();
}

// A fit of a model from memory has nothing to be made anew from.
void SessionWorker::keepRecovery() {
  if (recoveryFile_.empty() || !fitter_ || iteration() == 0 || source_->path.empty()) return;
  recoveryKept_ = Clock::now();
  Recovery recovery{{source_->path, views_->name, iteration(), planned_, stages_.fitting()}, options_, fitter_->state()};
  mail_.exportStarted();
  exporter_.add([&mail = mail_, refused = recoveryRefused_, file = recoveryFile_, recovery = std::move(recovery)] {
    const auto error = attempt([&] { writeRecovery(file, recovery); });
    if (error && !refused->exchange(true))
      mail.post({EventKind::Warning, std::string("The fit could not be kept for recovery: ") + error->what(), error->advice(), {}, 0});
    mail.exportDone();
  });
}

}  // namespace penumbra
