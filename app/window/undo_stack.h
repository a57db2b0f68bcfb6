// Undo and redo of what changes the result: option edits and mesh checkpoints. What is merely shown (shading,
// camera, panels) is not undoable. Edits of one option during one drag are a single entry.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "optim/options.h"

namespace penumbra {

constexpr int kStartShape = -1;  // in place of a checkpoint: the start shape, which Reset brings back

struct UndoEntry {
  enum class Kind { Options, Checkpoint } kind = Kind::Options;
  std::string label;             // "Learning rate 0.02 -> 0.05", "Reset"
  FitOptions before, after;      // Kind::Options
  int checkpointBefore = -1;     // Kind::Checkpoint: what undo restores
  int checkpointAfter = -1;      // what redo restores; known once undo was carried out
};

class UndoStack {
 public:
  // `key` names the widget: edits with the same key coalesce until `endDrag`.
  void pushOptions(const FitOptions& before, const FitOptions& after, std::string label, const std::string& key);
  void pushMesh(std::string label, int checkpointBefore, int checkpointAfter = kStartShape);
  void endDrag() { openKey_.clear(); }
  const FitOptions* dragStart(const std::string& key) const;  // what the drag under way began with; null when none is
  void clear();
  void dropMeshEntries();        // checkpoints of a model that is gone

  bool canUndo() const { return next_ > 0; }
  bool canRedo() const { return next_ < entries_.size(); }
  const UndoEntry* undo();       // the entry to take back, null when there is none
  const UndoEntry* redo();
  const UndoEntry* nextUndo() const { return canUndo() ? &entries_[next_ - 1] : nullptr; }
  const UndoEntry* nextRedo() const { return canRedo() ? &entries_[next_] : nullptr; }
  // Restoring takes a checkpoint of what was there: the way back of the mesh entry undone last.
  void setRedoCheckpoint(int checkpoint);
  std::size_t size() const { return entries_.size(); }

 private:
  void push(UndoEntry entry);
  std::vector<UndoEntry> entries_;
  std::size_t next_ = 0;         // entries before it are done, from it on undone
  std::string openKey_;
};

}  // namespace penumbra
