// States of a fit that can be gone back to, at most kMaxCheckpoints of them.
//
// When there are too many, the one goes whose neighbours of the same run are closest together in iterations; those a
// person's command made ("before reset") go only when no regular one is left, the oldest first. The newest stays. The
// best is kept beside them, first in the list: a new one takes the place of the old.
#pragma once
#include <memory>
#include <vector>

#include "optim/fit/fitter.h"
#include "optim/session/session.h"
#include "optim/session/source.h"

namespace penumbra {

struct Checkpoint {
  CheckpointInfo info;
  bool regular = false;  // made every so many iterations, not before a command
  FitState fit;
  int planned = 0;
  StageSeconds stages;
  std::vector<Metrics> history;
  std::vector<HeldOutMetrics> heldOut;
  std::vector<OptionEdit> edits;
  std::shared_ptr<const Source> source;
  std::shared_ptr<const ViewSet> views;
};

class Checkpoints {
 public:
  static constexpr std::size_t kMaxCheckpoints = 20;
  static constexpr const char* kBestReason = "best so far";

  void add(Checkpoint checkpoint);                          // gives it its id
  void keepAsBest(Checkpoint checkpoint);                   // the same; it gets kBestReason
  std::shared_ptr<const Checkpoint> best() const { return best_; }  // null: none
  std::shared_ptr<const Checkpoint> find(int id) const;     // null when unknown or thinned out
  std::vector<CheckpointInfo> list() const;                 // oldest first

 private:
  void thin();
  std::shared_ptr<const Checkpoint> best_;  // null: none
  std::vector<std::shared_ptr<const Checkpoint>> kept_;
  int nextId_ = 1;
};

}  // namespace penumbra
