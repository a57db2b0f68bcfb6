#include "optim/session/checkpoints.h"

#include <limits>

namespace penumbra {

void Checkpoints::add(Checkpoint checkpoint) {
  checkpoint.info.id = nextId_++;
  kept_.push_back(std::make_shared<const Checkpoint>(std::move(checkpoint)));
  if (kept_.size() > kMaxCheckpoints) thin();
}

void Checkpoints::keepAsBest(Checkpoint checkpoint) {
  checkpoint.info.id = nextId_++;
  checkpoint.info.reason = kBestReason;
  best_ = std::make_shared<const Checkpoint>(std::move(checkpoint));
}

void Checkpoints::thin() {
  std::size_t victim = 0;
  int smallestGap = std::numeric_limits<int>::max();
  for (std::size_t i = 0; i + 1 < kept_.size(); ++i) {
    if (!kept_[i]->regular) continue;
    const int before = i > 0 && kept_[i - 1]->fit.iteration < kept_[i]->fit.iteration ? kept_[i - 1]->fit.iteration : 0;
    const int gap = std::abs(kept_[i + 1]->fit.iteration - before);
    if (gap >= smallestGap) continue;
    smallestGap = gap;
    victim = i;
  }
  kept_.erase(kept_.begin() + std::ptrdiff_t(victim));
}

std::shared_ptr<const Checkpoint> Checkpoints::find(int id) const {
  if (best_ && best_->info.id == id) return best_;
  for (const auto& checkpoint : kept_)
    if (checkpoint->info.id == id) return checkpoint;
  return nullptr;
}

std::vector<CheckpointInfo> Checkpoints::list() const {
  std::vector<CheckpointInfo> infos;
  if (best_) infos.push_back(best_->info);
  for (const auto& checkpoint : kept_) infos.push_back(checkpoint->info);
  return infos;
}

}  // namespace penumbra
