// Shows how a fit is getting on: a bar on a terminal, lines otherwise, JSON lines for programs.
//
// Bar and lines go to stderr. JSON goes to stdout, one object a line, each with "event": "loading", "progress",
// "warning", or the lower-case name of a session event ("loaded", "finished", "exported", ...).
#pragma once
#include <string>

#include "optim/session/session.h"

namespace penumbra {

enum class ProgressStyle { Bar, Plain, Json, None };

// "auto" is a bar when stderr is a terminal and lines otherwise. Throws Error(Usage) for an unknown name.
ProgressStyle progressStyle(const std::string& name);

class FitProgress {
 public:
  explicit FitProgress(ProgressStyle style) : style_(style) {}
  void show(const Snapshot& snapshot);  // as often as one likes; writes at most as often as is readable
  void show(const Event& event);
  void note(const std::string& sentence);
  void finish(const Snapshot& snapshot);  // the last state, whatever was shown before

 private:
  void write(const Snapshot& snapshot);
  void clearBar();

  ProgressStyle style_;
  bool barShown_ = false;
  double lastShown_ = -1e9;
  std::string lastLine_;
};

// "[=======>      ]  45%  iteration 225/500  IoU 0.981  38.2 it/s  1.2 s  ETA 7.2 s", at most `width` characters;
// 0: the text alone, in full.
std::string progressLine(const Snapshot& snapshot, int width);
// One JSON object without line break.
std::string progressJson(const Snapshot& snapshot);
std::string eventJson(const Event& event);
// "1 step", "18 steps": iterations so far.
std::string stepsText(const Snapshot& snapshot);
// The fit goes on until it has converged, however many iterations are planned.
bool endsByItself(const Snapshot& snapshot);
const char* toString(EventKind kind);

}  // namespace penumbra
