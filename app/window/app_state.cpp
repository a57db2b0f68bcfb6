#include "app/window/app_state.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <nlohmann/json.hpp>

#include "app/cli/fit_progress.h"
#include "app/cli/text.h"
#include "app/window/picking.h"
#include "app/window/plot_axes.h"
#include "optim/fit/start_shapes.h"
#include "optim/session/checkpoints.h"
#include "optim/targets/view_coverage.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

namespace fs = std::filesystem;
// A question is asked when more than this was fitted since the last export.
constexpr int kWorthAsking = 200;      // iterations
constexpr double kSecondsWorthAsking = 10;
constexpr std::size_t kMaxWatched = 64;

// "0.02" for the person, without the noise of a full round trip.
std::string shown(const FitOptions& options, const Option& option) {
  if (option.scale == OptionScale::Choice || option.scale == OptionScale::Toggle) return optionText(options, option);
  return shortNumber(option.get(options)) + (*option.unit ? " " + std::string(option.unit) : "");
}

std::string editLabel(const Option& option, const FitOptions& before, const FitOptions& after) {
  return std::string(option.label) + " " + shown(before, option) + " \u2192 " + shown(after, option);
}

std::string shellQuoted(const std::string& text) {
  if (text.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./=+,:@") == std::string::npos && !text.empty())
    return text;
  std::string out = "'";
  for (char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

AppState::AppState(Session* session, const Settings& savedSettings, const FitOptions& options)
    : settings(savedSettings), session_(session), options_(options) {
  std::vector<std::string> problems;
  presets_ = readPresets(presetsFolder(), problems);
  for (const std::string& problem : problems) toast(NoticeKind::Warning, problem);
  sendOptions();
}

void AppState::update(double now) {
  const double elapsed = std::clamp(now - now_, 0.0, 0.1);
  now_ = now;
  camera.advance(elapsed);
  notices.expire(now);
  if (const auto answer = native.poll(); answer && answer->chosen) browsed(native.purpose(), answer->path);
  reporter.poll();
  if (recovery_) recovery_->tidy();
  if (!session_) return;
  const auto events = session_->takeEvents();
  setSnapshot(session_->snapshot());
  for (const Event& event : events) handle(event);
  if (pendingUntil_ == EventKind::Paused && !running()) pending_.clear();  // it ended by itself
  const SessionState s = snapshot_->state;
  const bool settled = s == SessionState::Ready || s == SessionState::Paused || s == SessionState::Done || s == SessionState::Failed;
  if (showReport && settled) reporter.ask(snapshot_);
}

void AppState::setSnapshot(std::shared_ptr<const Snapshot> snapshot) {
  if (!snapshot) return;
  snapshot_ = std::move(snapshot);
  if (snapshot_->views != notedViews_) noteViews();
  if (fresh_ || notBegun()) begunWith_ = snapshot_->options;
  fresh_ = notBegun();
  selectedView_ = std::clamp(selectedView_, 0, std::max(0, viewCount() - 1));
  if (const auto locked = camera.lockedView(); locked && *locked >= viewCount()) camera.leave();
  if (homeWanted_ && snapshot_->views && snapshot_->state != SessionState::Loading) loaded();
}

void AppState::noteViews() {
  notedViews_ = snapshot_->views;
  coverageNotes_ = notedViews_ ? viewCoverageNotes(notedViews_->train) : std::vector<std::string>();
  coverage_ = notedViews_ ? viewCoverage(notedViews_->train) : ViewCoverage();
  coverageNotesClosed = false;
}

std::optional<ViewCoverage> AppState::unseen() const {
  if (coverageNotes_.empty() || coverageNotesClosed) return std::nullopt;
  return coverage_;
}

void AppState::loaded() {
  homeWanted_ = false;
  begunWith_ = snapshot_->options;
  if (!recovering_.empty()) recovered();
  camera.setUp(snapshot_->views->up);
  Bounds bounds;
  if (snapshot_->views->reference) bounds = boundsOf(*snapshot_->views->reference);
  if (bounds.empty()) bounds = meshBounds();
  if (bounds.empty()) bounds.add(glm::dvec3(-1)), bounds.add(glm::dvec3(1));
  camera.setHome(bounds);
  camera.home();
  selectedView_ = 0;
  for (const auto& note : snapshot_->views->notes)
    if (std::find(coverageNotes_.begin(), coverageNotes_.end(), note) == coverageNotes_.end()) toast(NoticeKind::Warning, note);
  if (startWhenLoaded) startPause();
  startWhenLoaded = false;
}

void AppState::handle(const Event& event) {
  endWait(event);
  switch (event.kind) {
    case EventKind::Loaded:
      begun(event);
      if (!event.advice.empty()) toast(NoticeKind::Warning, event.text, event.advice);
      break;
    case EventKind::Started:
      if (!std::exchange(stepping_, false)) showReport = false;
      break;
    case EventKind::Paused: break;
    case EventKind::Finished:
      showReport = true;
      if (!event.advice.empty()) toast(NoticeKind::Info, event.text, event.advice);
      break;
    case EventKind::Recarved:
      if (const int id = newestCheckpoint(); id > checkpointBefore_) undoStack.pushMesh("Re-carve", id);
      meshEdits.push_back({snapshot_->iteration, "Re-carve", "", ""});
      toast(NoticeKind::Good, event.text);
      break;
    case EventKind::Cancelled:
      recovering_.clear();
      toast(NoticeKind::Info, event.text);
      break;
    case EventKind::Reset:
      showReport = false;
      meshEdits.clear();
      exportedIteration_ = 0;
      exportedSeconds_ = 0;
      // No checkpoint was taken when there was nothing but the start shape to lose.
      if (const int id = newestCheckpoint(); id > checkpointBefore_ && !redoing_) undoStack.pushMesh("Reset", id);
      redoing_ = false;
      break;
    case EventKind::Restored:
      showReport = false;
      restored();
      toast(NoticeKind::Info, event.text);
      break;
    case EventKind::Recovered: case EventKind::Warning: toast(NoticeKind::Warning, event.text, event.advice); break;
    case EventKind::Exported: exported(event); break;
    case EventKind::Failed:
      startWhenLoaded = false;
      recovering_.clear();
      notices.error(snapshot_->views ? "That did not work" : "Could not open it", event.text, event.advice);
      break;
  }
}

// Restoring takes a checkpoint first, the way back; none of the start shape, which Reset brings back.
void AppState::restored() {
  const int newest = newestCheckpoint(), wayBack = newest > checkpointBefore_ ? newest : kStartShape;
  if (restoring_ >= 0) undoStack.pushMesh("Restore", wayBack, restoring_);
  else if (mendRedo_) undoStack.setRedoCheckpoint(wayBack);
  restoring_ = -1;
  mendRedo_ = false;
  std::erase_if(meshEdits, [&](const OptionEdit& edit) { return edit.iteration >= snapshot_->iteration; });
}

bool AppState::unsavedWork() const {
  if (!hasMesh() || snapshot_->iteration <= 0) return false;
  return snapshot_->iteration - exportedIteration_ > kWorthAsking || snapshot_->secondsFitting - exportedSeconds_ > kSecondsWorthAsking;
}

std::string AppState::unsavedText() const {
  const int iterations = std::max(0, snapshot_->iteration - exportedIteration_);
  return std::to_string(iterations) + (iterations == 1 ? " iteration has" : " iterations have") + " not been exported (" +
         durationText(std::max(0.0, snapshot_->secondsFitting - exportedSeconds_)) + " of fitting).";
}

std::string AppState::title() const {
  const std::string name = snapshot_->views ? snapshot_->views->name : "";
  return name.empty() ? "Penumbra" : name + (unsavedWork() ? "* - Penumbra" : " - Penumbra");
}

bool AppState::applies(const Option& option) const {
  if (snapshot_->views) return option.applies(resolvedOptions(options_, *snapshot_->views));
  ViewSet expected;
  expected.train.resize(std::size_t(options_.views));
  return option.applies(resolvedOptions(options_, expected));
}

void AppState::editOption(const Option& option, double value) {
  FitOptions changed = options_;
  try {
    setOption(changed, option, value);
  } catch (const Error& error) {
    return toast(NoticeKind::Warning, error.what(), error.advice());
  }
  const FitOptions* start = undoStack.dragStart(option.name);
  applyOptions(changed, editLabel(option, start ? *start : options_, changed), option.name, option.effect == OptionEffect::Targets);
}

void AppState::editOptionText(const Option& option, const std::string& text) {
  FitOptions changed = options_;
  try {
    setOption(changed, option, text);
  } catch (const Error& error) {
    return toast(NoticeKind::Warning, error.what(), error.advice());
  }
  editAll(changed, editLabel(option, options_, changed));
}

void AppState::editAll(const FitOptions& options, const std::string& label) {
  applyOptions(options, label, "", false);
  endEdit();
}

void AppState::choosePreset(int index) {
  if (index < 0 || index >= int(presets_.size())) return;
  const Preset& preset = presets_[std::size_t(index)];
  editAll(withPreset(preset, options_), "Preset " + preset.label);
}

void AppState::applyOptions(const FitOptions& options, const std::string& label, const std::string& key, bool later) {
  if (options == options_) return;
  undoStack.pushOptions(options_, options, label, key);
  options_ = options;
  if (later) optionsWaiting_ = true;
  else sendOptions();
}

void AppState::endEdit() {
  undoStack.endDrag();
  if (optionsWaiting_) sendOptions();
}

void AppState::sendOptions() {
  optionsWaiting_ = false;
  optionProblem_.clear();
  try {
    checkOptions(options_);
    if (session_) session_->setOptions(options_);
  } catch (const Error& error) {
    optionProblem_ = error.what();
  }
}

void AppState::undo() {
  if (!pending_.empty()) return;
  if (const UndoEntry* entry = undoStack.undo()) carryOut(*entry, true);
}

void AppState::redo() {
  if (!pending_.empty()) return;
  if (const UndoEntry* entry = undoStack.redo()) carryOut(*entry, false);
}

void AppState::carryOut(const UndoEntry& entry, bool undoing) {
  if (entry.kind == UndoEntry::Kind::Options) {
    options_ = undoing ? entry.before : entry.after;
    sendOptions();
    return toast(NoticeKind::Info, (undoing ? "Undone: " : "Redone: ") + entry.label);
  }
  const int checkpoint = undoing ? entry.checkpointBefore : entry.checkpointAfter;
  if (!session_) return;
  checkpointBefore_ = newestCheckpoint();
  if (checkpoint == kStartShape) {
    redoing_ = true;
    await("Resetting...", EventKind::Reset);
    return session_->reset();
  }
  mendRedo_ = undoing;
  await("Going back...", EventKind::Restored);
  session_->restore(checkpoint);
}

void AppState::selectView(int view) {
  if (view >= 0 && view < viewCount()) selectedView_ = view;
}

void AppState::lookThrough(int view) {
  if (view < 0 || view >= viewCount()) return;
  selectedView_ = view;
  camera.lookThrough(view, snapshot_->views->train[std::size_t(view)].camera);
}

void AppState::watch(const std::set<int>& visible) {
  std::vector<int> wanted(visible.begin(), visible.end());
  if (wanted.size() > kMaxWatched) wanted.resize(kMaxWatched);
  if (wanted == watched_) return;
  watched_ = wanted;
  if (session_) session_->watchViews(std::move(wanted));
}

Bounds AppState::meshBounds() const {
  Bounds bounds;
  if (snapshot_->positions)
    for (const auto& p : *snapshot_->positions) bounds.add(glm::dvec3(p));
  return bounds;
}

void AppState::pivotUnder(double x, double y, const Rect& area) {
  if (!hasMesh()) return;
  if (const auto hit = pick(camera.ray(x, y, area), *snapshot_->positions, *snapshot_->faces)) camera.pivotAt(*hit);
}

std::string AppState::viewAsText() const {
  const OrbitPose& p = camera.pose();
  return nlohmann::json{{"penumbra_view", {{"pivot", {p.pivot.x, p.pivot.y, p.pivot.z}}, {"yaw", p.yaw}, {"pitch", p.pitch},
                        {"distance", p.distance}, {"orthographic", p.orthographic}}}}.dump();
}

bool AppState::viewFromText(const std::string& text) {
  try {
    const auto v = nlohmann::json::parse(text).at("penumbra_view");
    OrbitPose p;
    for (int i = 0; i < 3; ++i) p.pivot[i] = v.at("pivot").at(std::size_t(i)).get<double>();
    p.yaw = v.at("yaw").get<double>();
    p.pitch = std::clamp(v.at("pitch").get<double>(), -1.56, 1.56);
    p.distance = std::clamp(v.at("distance").get<double>(), 1e-3, 1e3);
    p.orthographic = v.at("orthographic").get<bool>();
    camera.setPose(p, true);
    return true;
  } catch (const nlohmann::json::exception&) {
    return false;
  }
}

std::string AppState::commandLine() const {
  std::string line = "penumbra fit " + shellQuoted(opened.string()) + " -o " +
                     shellQuoted(suggestedFileName(snapshot_->views ? snapshot_->views->name : "mesh", options_.iterations, "glb"));
  if (settings.exportFrame.up != UpAxis::AsInput) line += std::string(" --export-up ") + upAxisName(settings.exportFrame.up);
  if (settings.exportFrame.scale != 1) line += " --export-scale " + shortText(settings.exportFrame.scale, 17);
  if (settings.exportFrame.mostFaces > 0) line += " --max-export-faces " + std::to_string(settings.exportFrame.mostFaces);
  const FitOptions defaults;
  for (const Option& option : fitOptionTable()) {
    if (option.get(options_) == option.get(defaults)) continue;
    std::string flag = option.name;
    std::replace(flag.begin(), flag.end(), '_', '-');
    std::string value = optionText(options_, option);
    if (option.scale == OptionScale::Toggle) {
      line += (value == "true" ? " --" : " --no-") + flag;
      continue;
    }
    if (flag == "start" && options_.start == StartShape::File) value = options_.startMesh;
    line += " --" + flag + "=" + shellQuoted(value);
  }
  return line;
}

void AppState::setScale(double scale) {
  settings.uiScale = std::clamp(scale, kLeastUiScale, kMostUiScale);
  settingsChanged = true;
}

void AppState::offerKeys(std::span<const Chord> pressed) {
  offeredKeys_.clear();
  for (const Chord& chord : pressed)
    if (chord.modifiers == kNoModifier) offeredKeys_.push_back(chord.key);
}

bool AppState::takeKey(int key) {
  const auto found = std::find(offeredKeys_.begin(), offeredKeys_.end(), key);
  if (found == offeredKeys_.end()) return false;
  offeredKeys_.erase(found);
  return true;
}

std::vector<CheckpointInfo> AppState::checkpoints() const {
  return session_ ? session_->checkpoints() : std::vector<CheckpointInfo>();
}

int AppState::newestCheckpoint() const {
  int newest = -1;
  for (const auto& checkpoint : checkpoints())
    if (checkpoint.reason != Checkpoints::kBestReason) newest = std::max(newest, checkpoint.id);
  return newest;
}

fs::path samplesFolder() { return PENUMBRA_ASSETS_DIR; }

std::vector<fs::path> sampleModels() {
  std::vector<fs::path> models;
  std::error_code failed;
  for (fs::directory_iterator it(samplesFolder(), failed); !failed && it != fs::directory_iterator(); it.increment(failed))
    if (it->path().extension() == ".glb") models.push_back(it->path());
  std::sort(models.begin(), models.end());
  return models;
}

}  // namespace penumbra
