#include "app/cli/fit_progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iostream>
#include <limits>

#include <nlohmann/json.hpp>

#include "app/cli/text.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

using Json = nlohmann::ordered_json;

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

int terminalWidth() {
  winsize size{};
  return ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 20 ? size.ws_col : 80;
}

// Seconds still to go; not finite while unknown.
double remainingSeconds(const Snapshot& s) {
  if (endsByItself(s)) return std::numeric_limits<double>::infinity();
  return (s.plannedIterations - s.iteration) / s.iterationsPerSecond;
}

double doneFraction(const Snapshot& s) {
  if (s.state == SessionState::Done) return 1;
  if (s.state == SessionState::Loading) return std::clamp(s.progress, 0.0, 1.0);
  return s.plannedIterations > 0 ? std::clamp(double(s.iteration) / s.plannedIterations, 0.0, 1.0) : 0;
}

const Metrics* lastMetrics(const Snapshot& s) { return s.history && !s.history->empty() ? &s.history->back() : nullptr; }

std::string fitNumbers(const Snapshot& s) {
  std::string text = "iteration " + std::to_string(s.iteration);
  if (!endsByItself(s)) text += "/" + std::to_string(s.plannedIterations);
  if (const Metrics* m = lastMetrics(s)) {
    text += "  IoU " + fixedText(m->trainIoU, 4);
    if (m->outlinePx >= 0) text += "  outline " + fixedText(m->outlinePx, 2) + " px";
  }
  text += "  " + fixedText(s.iterationsPerSecond, 1) + " it/s  " + durationText(s.secondsFitting);
  if (s.state == SessionState::Done) return text + (s.converged ? "  converged" : "  done");
  const double rest = remainingSeconds(s);
  return std::isfinite(rest) && rest > 0 ? text + "  ETA " + durationText(rest) : text;
}

bool isNews(const Snapshot& s) {
  return s.state == SessionState::Loading || s.state == SessionState::Running ||
         ((s.state == SessionState::Done || s.state == SessionState::Paused) && s.iteration > 0);
}

}  // namespace

ProgressStyle progressStyle(const std::string& name) {
  if (name == "auto") return isatty(STDERR_FILENO) ? ProgressStyle::Bar : ProgressStyle::Plain;
  if (name == "bar") return ProgressStyle::Bar;
  if (name == "plain") return ProgressStyle::Plain;
  if (name == "json") return ProgressStyle::Json;
  if (name == "none") return ProgressStyle::None;
  throw Error(ExitCode::Usage, "progress is " + name + ", must be auto, bar, plain, json or none.");
}

std::string stepsText(const Snapshot& s) { return std::to_string(s.iteration) + (s.iteration == 1 ? " step" : " steps"); }

bool endsByItself(const Snapshot& s) { return s.solver == SolverKind::Newton && s.options.stopWhenConverged; }

std::string progressLine(const Snapshot& s, int width) {
  const bool loading = s.state == SessionState::Loading;
  const std::string numbers = loading ? (s.message.empty() ? "loading" : s.message) : fitNumbers(s);
  if (width == 0) return numbers;
  if (endsByItself(s) && s.state == SessionState::Running) return numbers.substr(0, std::size_t(width));  // no end is known
  const double done = doneFraction(s);
  std::string percent = fixedText(100 * done, 0) + "%";
  percent.insert(0, 4 - std::min<std::size_t>(4, percent.size()), ' ');
  const int cells = std::clamp(width - int(numbers.size()) - 12, 0, 30), full = int(done * cells);
  std::string line;
  if (cells >= 5) {
    line.append(1, '[').append(std::size_t(full), '=');
    if (full < cells) line += '>';
    line.resize(std::size_t(cells) + 1, ' ');
    line += "] ";
  }
  line += percent + "  " + numbers;
  if (int(line.size()) > width) line.resize(std::size_t(width));
  return line;
}

std::string progressJson(const Snapshot& s) {
  Json json;
  if (s.state == SessionState::Loading) {
    json = {{"event", "loading"}, {"message", s.message}, {"progress", s.progress}};
    return json.dump(-1, ' ', false, Json::error_handler_t::replace);
  }
  json = {{"event", "progress"},
          {"state", toString(s.state)},
          {"iteration", s.iteration},
          {"planned_iterations", s.plannedIterations},
          {"converged", s.converged},
          {"seconds", s.secondsFitting},
          {"iterations_per_second", s.iterationsPerSecond}};
  if (std::isfinite(remainingSeconds(s))) json["eta_seconds"] = remainingSeconds(s);
  if (const Metrics* m = lastMetrics(s)) {
    json["loss"] = m->loss;
    json["train_iou"] = m->trainIoU;
    if (m->outlinePx >= 0) json["outline_px"] = m->outlinePx;
    json["gradient_norm"] = m->gradientNorm;
    json["sigma"] = m->sigma;
    json["learning_rate"] = m->learningRate;
    if (m->level >= 0) json["level"] = m->level + 1;
    if (m->damping > 0) json["damping"] = m->damping;
    if (m->heldBack >= 0) json["held_back"] = m->heldBack;
  }
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

const char* toString(EventKind kind) {
  switch (kind) {
    case EventKind::Loaded: return "loaded";
    case EventKind::Started: return "started";
    case EventKind::Paused: return "paused";
    case EventKind::Finished: return "finished";
    case EventKind::Reset: return "reset";
    case EventKind::Recovered: return "recovered";
    case EventKind::Exported: return "exported";
    case EventKind::Restored: return "restored";
    case EventKind::Recarved: return "recarved";
    case EventKind::Cancelled: return "cancelled";
    case EventKind::Warning: return "warning";
    case EventKind::Failed: return "failed";
  }
  return "unknown";
}

std::string eventJson(const Event& event) {
  Json json = {{"event", toString(event.kind)}, {"text", event.text}};
  if (!event.advice.empty()) json["advice"] = event.advice;
  if (!event.path.empty()) json["path"] = event.path;
  if (event.kind == EventKind::Failed) json["exit_code"] = event.exitCode;
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void FitProgress::clearBar() {
  if (barShown_) std::cerr << "\r\x1b[2K" << std::flush;
  barShown_ = false;
}

void FitProgress::write(const Snapshot& s) {
  const std::string line = style_ == ProgressStyle::Json  ? progressJson(s)
                           : style_ == ProgressStyle::Bar ? progressLine(s, terminalWidth() - 1)
                                                          : progressLine(s, 0);
  if (line == lastLine_) return;
  lastLine_ = line;
  lastShown_ = now();
  if (style_ == ProgressStyle::Json) {
    std::cout << line << std::endl;
  } else if (style_ == ProgressStyle::Plain) {
    std::cerr << line << "\n";
  } else {
    std::cerr << "\r\x1b[2K" << line << std::flush;
    barShown_ = true;
  }
}

void FitProgress::show(const Snapshot& s) {
  const double pause = style_ == ProgressStyle::Bar ? 0.1 : style_ == ProgressStyle::Json ? 0.25 : 1.0;
  if (style_ != ProgressStyle::None && isNews(s) && now() - lastShown_ >= pause) write(s);
}

void FitProgress::show(const Event& event) {
  if (style_ == ProgressStyle::Json) {
    std::cout << eventJson(event) << std::endl;
    return;
  }
  const bool worthALine = event.kind == EventKind::Recovered || event.kind == EventKind::Warning ||
                          event.kind == EventKind::Loaded || event.kind == EventKind::Finished ||
                          event.kind == EventKind::Recarved || event.kind == EventKind::Restored;
  const bool quiet = style_ == ProgressStyle::None && event.kind != EventKind::Recovered && event.kind != EventKind::Warning;
  if (!worthALine || quiet) return;
  clearBar();
  std::cerr << event.text << (event.advice.empty() ? "" : " " + event.advice) << "\n";
}

void FitProgress::note(const std::string& sentence) {
  if (style_ == ProgressStyle::None) return;
  if (style_ == ProgressStyle::Json) {
    std::cout << Json({{"event", "note"}, {"text", sentence}}).dump(-1, ' ', false, Json::error_handler_t::replace) << std::endl;
    return;
  }
  clearBar();
  std::cerr << sentence << "\n";
}

void FitProgress::finish(const Snapshot& s) {
  if (style_ == ProgressStyle::None || !isNews(s)) return;
  write(s);
  if (barShown_) std::cerr << "\n";
  barShown_ = false;
}

}  // namespace penumbra
