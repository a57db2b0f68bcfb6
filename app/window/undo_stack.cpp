#include "app/window/undo_stack.h"

namespace penumbra {
namespace {
constexpr std::size_t kMaxEntries = 200;
}

void UndoStack::pushOptions(const FitOptions& before, const FitOptions& after, std::string label,
                            const std::string& key) {
  if (dragStart(key)) {
    entries_.back().after = after;
    entries_.back().label = std::move(label);
    if (entries_.back().before == after) {  // dragged back to where it began
      entries_.pop_back();
      --next_;
      openKey_.clear();
    }
    return;
  }
  if (before == after) return;
  push({UndoEntry::Kind::Options, std::move(label), before, after, -1, -1});
  openKey_ = key;
}

const FitOptions* UndoStack::dragStart(const std::string& key) const {
  const bool under = !key.empty() && key == openKey_ && canUndo() && !canRedo() && entries_.back().kind == UndoEntry::Kind::Options;
  return under ? &entries_.back().before : nullptr;
}

void UndoStack::pushMesh(std::string label, int checkpointBefore, int checkpointAfter) {
  push({UndoEntry::Kind::Checkpoint, std::move(label), {}, {}, checkpointBefore, checkpointAfter});
  openKey_.clear();
}

void UndoStack::clear() {
  entries_.clear();
  next_ = 0;
  openKey_.clear();
}

void UndoStack::dropMeshEntries() {
  std::vector<UndoEntry> kept;
  std::size_t keptNext = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    if (entries_[i].kind == UndoEntry::Kind::Checkpoint) continue;
    if (i < next_) ++keptNext;
    kept.push_back(entries_[i]);
  }
  entries_ = std::move(kept);
  next_ = keptNext;
  openKey_.clear();
}

const UndoEntry* UndoStack::undo() {
  openKey_.clear();
  return canUndo() ? &entries_[--next_] : nullptr;
}

const UndoEntry* UndoStack::redo() {
  openKey_.clear();
  return canRedo() ? &entries_[next_++] : nullptr;
}

void UndoStack::setRedoCheckpoint(int checkpoint) {
  if (canRedo() && entries_[next_].kind == UndoEntry::Kind::Checkpoint) entries_[next_].checkpointAfter = checkpoint;
}

void UndoStack::push(UndoEntry entry) {
  entries_.resize(next_);
  entries_.push_back(std::move(entry));
  if (entries_.size() > kMaxEntries) entries_.erase(entries_.begin());
  next_ = entries_.size();
}

}  // namespace penumbra
