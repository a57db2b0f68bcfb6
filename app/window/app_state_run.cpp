// The part of AppState that runs the fit: start and pause, steps, reset, re-carving, and what of it is still to come.
#include "app/window/app_state.h"

#include <algorithm>

#include "app/cli/fit_progress.h"

namespace penumbra {

PrimaryButton AppState::primary() const {
  if (!pending_.empty()) return {pending_, Action::StartPause, false};
  switch (snapshot_->state) {
    case SessionState::Empty: return {"Open model...", Action::OpenModel, true};
    case SessionState::Loading: return {"Cancel", Action::CancelLoad, true};
    case SessionState::Ready: return {"Start", Action::StartPause, viewCount() > 0};
    case SessionState::Running: return {"Pause", Action::StartPause, true};
    case SessionState::Paused:
      if (stepsMore()) return {std::to_string(kMoreSteps) + " more steps", Action::StartPause, true};
      return {"Resume", Action::StartPause, true};
    case SessionState::Done:
      if (stepsMore()) return {std::to_string(kMoreSteps) + " more steps", Action::StartPause, true};
      if (endsByItself(*snapshot_)) return {"Continue", Action::StartPause, true};
      return {"Continue +" + std::to_string(stepsAhead()), Action::StartPause, true};
    case SessionState::Failed:
      if (viewCount() > 0) return {"Resume", Action::StartPause, true};
      return {"Open model...", Action::OpenModel, true};
  }
  return {};
}

// Of the next start: up to what is planned, or as many again when that is reached.
int AppState::stepsAhead() const {
  const int left = snapshot_->plannedIterations - snapshot_->iteration;
  return left > 0 ? left : options_.iterations;
}

SessionState AppState::shownState() const {
  if (snapshot_->state != SessionState::Failed || notices.error()) return snapshot_->state;
  return viewCount() > 0 ? SessionState::Paused : SessionState::Empty;
}

void AppState::startPause() {
  if (!session_ || !pending_.empty()) return;
  stepping_ = false;
  if (running()) session_->pause(), await("Pausing...", EventKind::Paused);
  else if (stepsMore()) session_->step(kMoreSteps);
  else session_->start();
}

// To what is planned it would be hundreds of steps that change nothing to speak of.
bool AppState::stepsMore() const { return snapshot_->converged && endsByItself(*snapshot_); }

// Before the first step the session makes the new start by itself.
bool AppState::resetWanted() const {
  if (!hasMesh() || snapshot_->state == SessionState::Loading || notBegun()) return false;
  if (options_.start == StartShape::File && options_.startMesh != begunWith_.startMesh) return true;
  const auto differs = [&](const Option& o) { return o.effect == OptionEffect::Reset && o.get(options_) != o.get(begunWith_) && applies(o); };
  return std::any_of(fitOptionTable().begin(), fitOptionTable().end(), differs);
}

void AppState::step(int iterations) {
  if (!session_) return;
  stepping_ = true;
  session_->step(iterations);
}

void AppState::requestReset() {
  if (unsavedWork()) dialog = Dialog::ConfirmReset;
  else resetNow();
}

void AppState::resetNow() {
  dialog = Dialog::None;
  if (meshPending()) return;
  checkpointBefore_ = newestCheckpoint();
  await("Resetting...", EventKind::Reset);
  if (session_) session_->reset();
}

void AppState::recarve() {
  if (meshPending()) return;
  await("Re-carving...", EventKind::Recarved);
  checkpointBefore_ = newestCheckpoint();
  if (session_) session_->recarve();
}

void AppState::restoreCheckpoint(int id) {
  if (!session_ || meshPending()) return;
  await("Going back...", EventKind::Restored);
  restoring_ = id;
  checkpointBefore_ = newestCheckpoint();
  session_->restore(id);
}

void AppState::await(const char* word, EventKind until) {
  if (!session_) return;
  pending_ = word;
  pendingUntil_ = until;
}

void AppState::endWait(const Event& event) {
  switch (event.kind) {
    case EventKind::Loaded: case EventKind::Cancelled: case EventKind::Warning: case EventKind::Failed: pending_.clear(); break;
    default:
      if (event.kind == pendingUntil_) pending_.clear();
  }
}

}  // namespace penumbra
