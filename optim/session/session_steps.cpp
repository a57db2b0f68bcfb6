// The running half of SessionWorker: iterations, measuring, and snapshots of them.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "optim/fit/solver.h"
#include "optim/fit/start_shapes.h"
#include "optim/session/session_worker.h"
#include "optim/session/stop_scope.h"
#include "renderer/cpu/isa.h"

namespace penumbra {
namespace {

constexpr double kClearlyBetter = 0.001, kSurelyBetter = 0.002;  // IoU: worth telling; worth going back to
constexpr double kFrameSeconds = 1.0 / 60;
constexpr std::size_t kMaxHistory = 4096;
constexpr int kCheckpointEvery = 100, kMeasureEvery = 50;
constexpr double kCheckpointSeconds = 0.2;                   // at least, on the graphics card
constexpr int kMeasures = 5, kMostBetweenMeasures = 250;     // of a planned fit that ends with its best; iterations
constexpr double kMeasureSeconds = 1, kMeasureShare = 0.04;  // of the time of the fit
constexpr double kCopyBytesPerSecond = 6e7;                  // of watched coverage
constexpr double kRowsPerSecond = 20;                        // of the history, when iterations come in batches
constexpr double kHostCopySeconds = 0.05;                    // while the window draws from the card's memory
constexpr double kPictureSeconds = 1 / kRowsPerSecond, kPictureShare = 0.1;  // of the time of the fit

std::string fourDigits(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 4).ptr};
}

// Area-weighted vertex normals, 0 where there is none.
std::vector<glm::vec3> smoothNormals(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces) {
  std::vector<glm::vec3> normals(positions.size(), glm::vec3(0));
  for (const Face& f : faces) {
    const glm::vec3& a = positions[std::size_t(f.x)];
    const glm::vec3 n = glm::cross(positions[std::size_t(f.y)] - a, positions[std::size_t(f.z)] - a);
    for (int corner = 0; corner < 3; ++corner) normals[std::size_t(f[corner])] += n;
  }
  for (glm::vec3& n : normals) {
    const float length = glm::length(n);
    n = length > 0 ? n / length : glm::vec3(0);
  }
  return normals;
}

template <class Value> std::shared_ptr<const Value> shared(const Value& value) {
  return std::make_shared<const Value>(value);
}

}  // namespace

void SessionWorker::step() {
  const auto begun = Clock::now();
  std::optional<std::string> recovered;
  Metrics metrics;
  const int before = iteration();
  try {
    metrics = fitter_->iterate(&recovered, longestBatch());
  } catch (const Interrupted&) {
    return;
  }
  const double taken = secondsSince(begun);
  stages_.fit += taken;
  metrics.seconds = stages_.fitting();
  report(metrics, recovered, iteration() - before);
  if (iteration() >= stopIteration()) reportRest();
  if (iteration() % kCheckpointEvery == 0 && !recovered) keepRegularCheckpoint();
  const bool converged = fitter_->converged() && options_.stopWhenConverged && !pastConvergence_;
  if (careForMesh(converged || iteration() >= planned_)) return;
  if (measureDue()) measure();
  if (stopAt_ > 0 && iteration() >= stopAt_) {
    mail_.post({EventKind::Paused, "Paused at iteration " + std::to_string(iteration()) + ".", {}, {}, 0});
    return settle(SessionState::Paused);
  }
  if (secondsSince(recoveryKept_) >= Session::kRecoverySeconds && exporter_.idle()) keepRecovery();  // slow disks: less often
  publishIfDue();
  yieldTime(taken);
}

int SessionWorker::stopIteration() const { return stopAt_ > 0 ? std::min(stopAt_, planned_) : planned_; }

// Iterations up to where this thread has something to do.
int SessionWorker::longestBatch() const {
  int end = stopIteration();
  if (mail_.endWithBest) end = std::min(end, (iteration() / measureEvery() + 1) * measureEvery());
  if (secondsSince(checkpointKept_) >= kCheckpointSeconds)
    end = std::min(end, (iteration() / kCheckpointEvery + 1) * kCheckpointEvery);
  return std::max(1, end - iteration());
}

void SessionWorker::keepRegularCheckpoint() {
  keepCheckpoint("every 100 iterations", true);
  checkpointKept_ = Clock::now();
}

void SessionWorker::forgetRowsAfter(int iteration) {
  while (!history_.empty() && history_.back().iteration > iteration) history_.pop_back();
}

// Tells a person what became of the graphics card; when it failed, the fit has gone back to what the host knew.
void SessionWorker::noteBackend() {
  const std::string note = fitter_->takeBackendNote();
  if (note.empty()) return;
  warn(note);
  forgetRowsAfter(iteration());
  historyChanged_ = true;
}

void SessionWorker::report(Metrics metrics, const std::optional<std::string>& recovered, int iterations) {
  noteBackend();
  meshChanged_ = true;
  if (fitter_->facesVersion() != facesId_) facesChanged_ = true;
  facesId_ = fitter_->facesVersion();
  rateIterations_ += std::max(0, iterations);
  if (const double elapsed = secondsSince(rateSince_); elapsed > 0.5 || rate_ == 0) {
    rate_ = elapsed > 0 ? rateIterations_ / elapsed : 0;
    rateIterations_ = 0;
    rateSince_ = Clock::now();
  }
  if (recovered) {
    forgetRowsAfter(iteration());
    historyChanged_ = true;
    mail_.post({EventKind::Recovered, *recovered, {}, {}, 0});
    return;
  }
  addRow(metrics, iterations > 1);
}

// The graphics card tells metrics now and then (Fitter::iterate); where the fit rests, or is measured or kept, they have to
// be of the very last iteration.
void SessionWorker::reportRest() {
  std::optional<Metrics> metrics = fitter_->untoldMetrics();
  noteBackend();
  if (!metrics) return;
  metrics->seconds = stages_.fitting();
  addRow(*metrics, true);
}

// What is known already is no new row. `batch`: at most kRowsPerSecond rows; the newest is always there.
void SessionWorker::addRow(const Metrics& metrics, bool batch) {
  if (!history_.empty() && history_.back().iteration == metrics.iteration) return;
  historyChanged_ = true;
  forgetRowsAfter(metrics.iteration - 1);
  if (batch && history_.size() > 1 && secondsSince(rowAdded_) < 1 / kRowsPerSecond) {
    history_.back() = metrics;
    return;
  }
  rowAdded_ = Clock::now();
  history_.push_back(metrics);
  if (history_.size() <= kMaxHistory) return;
  std::size_t kept = 0;  // every second row and the last
  for (std::size_t i = 0; i < history_.size(); i += 2) history_[kept++] = history_[i];
  if (history_.size() % 2 == 0) history_[kept++] = history_.back();
  history_.resize(kept);
}

void SessionWorker::settle(SessionState state) {
  state_ = state;
  stopAt_ = 0;
  meshChanged_ = true;
  publish();
  keepRecovery();
  mail_.setRunning(false);
}

bool SessionWorker::careForMesh(bool atEnd) {
  const auto begun = Clock::now();
  const bool newton = resolvedSolver(options_, *views_) == SolverKind::Newton;
  if (newton && !atEnd && !care_.watchesNewton()) return false;
  const MeshCare::Fit fit{*fitter_, *views_, options_, *pool_, planned_,
                          [this](const char* deed) { keepCheckpoint("before " + std::string(deed), false); }, [this] { return returnToBest(); }};
  MeshCare::Outcome outcome;
  try {
    const StopScope stop(*pool_, mail_.interrupt());
    outcome = atEnd ? care_.atEnd(fit, newton && iteration() < planned_ && stopAt_ == 0) : care_.whileRunning(fit);
  } catch (const Interrupted&) {
    return true;
  }
  (atEnd ? stages_.polish : stages_.fit) += secondsSince(begun);
  meshReplaced(outcome);
  if (atEnd && !outcome.goOn) finish(outcome);
  return atEnd && !outcome.goOn;
}

void SessionWorker::meshReplaced(const MeshCare::Outcome& outcome) {
  if (!outcome.sentence.empty()) mail_.post({EventKind::Recarved, outcome.sentence, {}, {}, 0});
  if (!outcome.changed) return;
  facesChanged_ = meshChanged_ = watchChanged_ = true;
  facesId_ = fitter_->facesVersion();
}

void SessionWorker::finish(const MeshCare::Outcome& outcome) {
  const bool measured = !outcome.changed && !heldOut_.empty() && heldOut_.back().iteration == iteration();
  if (!measured) measure();
  const bool converged = fitter_->converged() && iteration() < planned_;
  const std::string count = std::to_string(iteration()) + (iteration() == 1 ? " iteration: " : " iterations: ");
  std::string text = (converged ? "Converged after " : "Finished after ") + count + outcome.verdict + ".", advice;
  if (best_.iou - best_.newest > kClearlyBetter) {
    text += " Iteration " + std::to_string(best_.iteration) + " was better: IoU " + fourDigits(best_.iou) +
            " instead of " + fourDigits(best_.newest) + ".";
    advice = "Restore the checkpoint '" + std::string(Checkpoints::kBestReason) + "' to go back to it.";
  }
  mail_.post({EventKind::Finished, text, advice, {}, 0});
  settle(SessionState::Done);
}

// Every so many iterations of the planned ones, but not at the first: what is to be the best comes later.
int SessionWorker::measureEvery() const {
  return std::clamp(planned_ / kMeasures, kMeasureEvery, kMostBetweenMeasures);
}

bool SessionWorker::measureDue() const {
  if (mail_.endWithBest) return iteration() % measureEvery() == 0 && iteration() > measureEvery();
  const double pause = std::max(kMeasureSeconds, measureSeconds_ / kMeasureShare);
  return iteration() - measuredAt_ >= kMeasureEvery && secondsSince(measured_) >= pause;
}

// Held-out views only choose among states here, they never drive the fit.
void SessionWorker::keepBest() {
  if (views_->heldOut.empty() && history_.empty()) return;
  best_.newest = views_->heldOut.empty() ? history_.back().trainIoU : heldOut_.back().iou;
  if (best_.newest <= best_.iou || iteration() == 0) return;
  best_.iou = best_.newest;
  best_.iteration = iteration();
  checkpoints_.keepAsBest(checkpointNow({}));
  mail_.publishCheckpoints(checkpoints_.list());
}

// The count of iterations goes on, and with it the verdict that there is nothing more to gain.
bool SessionWorker::returnToBest() {
  restoredFrom_ = 0;
  if (!mail_.endWithBest || views_->heldOut.empty() || best_.iteration == 0) return false;
  measure();
  if (best_.iou - best_.newest <= kSurelyBetter) return false;
  const auto best = checkpoints_.best();
  FitState state = best->fit;
  state.iteration = iteration();
  state.growth.stall = fitter_->state().growth.stall;
  Metrics row = best->history.back();
  row.iteration = iteration();
  row.seconds = stages_.fitting();
  fitter_->restore(state);
  history_.back() = row;
  historyChanged_ = true;
  restoredFrom_ = best_.iteration;
  mail_.post({EventKind::Restored, "Went back to the mesh of iteration " + std::to_string(best_.iteration) +
                                       ", better on held-out views: IoU " + fourDigits(best_.iou) + " instead of " +
                                       fourDigits(best_.newest) + ".", {}, {}, 0});
  return true;
}

void SessionWorker::measure() {
  reportRest();
  const auto begun = measured_ = Clock::now();
  measuredAt_ = iteration();
  if (views_->heldOut.empty()) return keepBest();
  while (!heldOut_.empty() && heldOut_.back().iteration >= iteration()) heldOut_.pop_back();
  heldOut_.push_back(fitter_->measureHeldOut());
  heldOutChanged_ = true;
  measured_ = Clock::now();
  measureSeconds_ = secondsSince(begun);
  keepBest();
}

// Leaves the asked share of time to others; a command ends the pause at once.
void SessionWorker::yieldTime(double stepSeconds) {
  const double share = std::clamp(mail_.yield.load(), 0.0, 0.9);
  if (share > 0) mail_.waitForCommand(std::min(1.0, stepSeconds * share / (1 - share)));
}

void SessionWorker::resetFitter() {
  const auto begun = Clock::now();
  fitter_->reset();
  stages_.start = secondsSince(begun);
}

void SessionWorker::clearRecords() {
  planned_ = options_.iterations;
  pastConvergence_ = false;
  restoredFrom_ = 0;
  care_.reset();
  stages_.fit = stages_.polish = 0;
  rate_ = 0;
  history_.clear();
  heldOut_.clear();
  edits_.clear();
  measured_ = Clock::now();
  measuredAt_ = iteration();
  meshChanged_ = historyChanged_ = editsChanged_ = heldOutChanged_ = watchChanged_ = true;
}

void SessionWorker::showMesh(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces) {
  const bool same = shown_.faces && *shown_.faces == faces;
  if (!same) {
    shown_.faces = shared(faces);
    ++shown_.facesVersion;
  }
  shown_.positions = shared(positions);
  shown_.normals = shared(smoothNormals(positions, faces));
}

void SessionWorker::copyMesh(Snapshot& s) {
  const bool running = state_ == SessionState::Running;
  s.geometry = running && mail_.shareGeometry ? fitter_->publishGeometry() : nullptr;
  if (s.geometry && !facesChanged_ && secondsSince(meshCopied_) < kHostCopySeconds) return;
  meshCopied_ = Clock::now();
  const FitState& fit = fitter_->state();
  showMesh(fit.positions, fit.faces);
  s.vertexGradient = shared(fitter_->vertexGradient());
  s.viewIoU = running ? fitter_->viewIoU() : fitter_->measureViewIoU();
}

void SessionWorker::copyWatched(Snapshot& s) {
  double bytes = 0;
  for (const auto& [view, mask] : s.coverage) bytes += 4.0 * double(mask->pixels.size());
  const bool running = state_ == SessionState::Running;
  if (running && !watchChanged_ && secondsSince(coverageCopied_) < bytes / kCopyBytesPerSecond) return;
  s.coverage.clear();
  for (const int view : watched_)
    if (view >= 0 && view < int(views_->train.size()))
      s.coverage[view] = std::make_shared<const Mask>(fitter_->coverage(view));
  coverageCopied_ = Clock::now();
  watchChanged_ = false;
}

// Coverage that the window draws from the card's memory.
void SessionWorker::sharePictures(Snapshot& s) {
  if (viewsChanged_ || state_ != SessionState::Running || wishes_.empty()) s.pictures.reset();
  if (state_ != SessionState::Running || wishes_.empty()) return;
  if (secondsSince(picturesShared_) < std::max(kPictureSeconds, pictureSeconds_ / kPictureShare)) return;
  std::vector<PictureWish> wishes;
  for (const PictureWish& wish : wishes_)
    if (wish.view >= 0 && wish.view < int(views_->train.size())) wishes.push_back(wish);
  const auto begun = Clock::now();
  s.pictures = fitter_->publishPictures(wishes);
  pictureSeconds_ = secondsSince(begun);
  picturesShared_ = Clock::now();
}

void SessionWorker::describeBackend(Snapshot& s) const {
  s.onCard = fitter_ && !fitter_->card().empty();
  s.backendReason = fitter_ ? fitter_->backendReason() : "";
  s.cardBytes = 0;
  if (!s.onCard) {
    const int threads = pool_->threads();
    s.backend = "CPU (" + std::to_string(threads) + (threads == 1 ? " thread, " : " threads, ") + toString(currentIsa()) + ")";
    return;
  }
  const CardUse use = fitter_->cardUse();
  const int views = int(views_->train.size()), step = options_.viewsPerStep > 0 ? std::min(options_.viewsPerStep, views) : views;
  s.cardBytes = use.bytes;
  s.backend = "CUDA (" + fitter_->card();
  if (use.viewsAtOnce > 0 && use.viewsAtOnce < step) s.backend += ", " + std::to_string(use.viewsAtOnce) + " of " + std::to_string(step) + " views at once";
  s.backend += ")";
}

void SessionWorker::publish() {
  Snapshot& s = shown_;
  ++s.version;
  s.state = state_;
  s.message = message_;
  s.progress = progress_;
  s.options = options_;
  if (viewsChanged_) {
    s.views = views_;
    ++s.viewsVersion;
  }
  if (fitter_) {
    if (meshChanged_ || facesChanged_) copyMesh(s);
    if (meshChanged_ || watchChanged_) copyWatched(s);
    sharePictures(s);
    noteBackend();
  }
  s.iteration = iteration();
  s.plannedIterations = fitter_ ? planned_ : options_.iterations;
  s.secondsFitting = stages_.fitting();
  s.stages = stages_;
  s.converged = fitter_ && fitter_->converged();
  s.bestIteration = restoredFrom_ > 0 ? restoredFrom_ : best_.iteration;
  s.restoredBest = restoredFrom_ > 0;
  s.solver = views_ ? resolvedSolver(options_, *views_) : SolverKind::Auto;
  s.iterationsPerSecond = rate_;
  if (historyChanged_ || !s.history) s.history = shared(history_);
  if (heldOutChanged_ || !s.heldOut) s.heldOut = shared(heldOut_);
  if (editsChanged_ || !s.edits) s.edits = shared(edits_);
  describeBackend(s);
  meshChanged_ = facesChanged_ = viewsChanged_ = historyChanged_ = editsChanged_ = heldOutChanged_ = false;
  published_ = Clock::now();
  mail_.publish(std::make_shared<const Snapshot>(s));
}

void SessionWorker::publishIfDue() {
  if (secondsSince(published_) >= kFrameSeconds) publish();
}

}  // namespace penumbra
