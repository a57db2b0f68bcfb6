// The window's state and logic, without graphics: what is selected, what is open, what a command does. Panels draw it
// and call it; tests drive it. The optimiser is reached through Session's commands and snapshots only.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "app/cli/presets.h"
#include "app/window/actions.h"
#include "app/window/export_dialog.h"
#include "app/window/file_browser.h"
#include "app/window/mesh_facts.h"
#include "app/window/mesh_report.h"
#include "app/window/native_dialog.h"
#include "app/window/notices.h"
#include "app/window/orbit_camera.h"
#include "app/window/recovery_store.h"
#include "app/window/settings.h"
#include "app/window/undo_stack.h"
#include "app/window/view_compare.h"
#include "optim/session/session.h"
#include "optim/targets/view_coverage.h"

namespace penumbra {

enum class Dialog { None, ConfirmReset, ConfirmQuit, ConfirmOpen, KeySheet, About, History, Preferences, Warnings };

// The one big button: what the state's next step is.
struct PrimaryButton {
  std::string label;
  Action action = Action::OpenModel;
  bool enabled = true;
};

struct PlotToggles {
  bool loss = true, outlinePx = true, silhouette = false, thinPlate = false, laplacian = false, normalConsistency = false, edgeLength = false;
  bool trainIoU = true, heldOutIoU = true, edits = true;
};

class AppState {
 public:
  // `session` may be null (tests of the drawing): then commands go nowhere. It must outlive this.
  AppState(Session* session, const Settings& settings, const FitOptions& options);

  // Once a frame: newest snapshot, events, eased camera moves, finished dialogs. `now` in seconds.
  void update(double now);
  void setSnapshot(std::shared_ptr<const Snapshot> snapshot);  // what update does with a new one
  void handle(const Event& event);

  // What is going on.
  const Snapshot& snapshot() const { return *snapshot_; }
  std::shared_ptr<const Snapshot> sharedSnapshot() const { return snapshot_; }
  bool hasMesh() const { return snapshot_->positions && !snapshot_->positions->empty() && snapshot_->faces; }
  int viewCount() const { return snapshot_->views ? int(snapshot_->views->train.size()) : 0; }
  bool unsavedWork() const;            // enough fitting since the last export to be worth a question
  std::string unsavedText() const;     // how much that is, as a sentence
  // As a person sees it: a failure whose card was dismissed is over.
  SessionState shownState() const;
  bool running() const { return snapshot_->state == SessionState::Running; }
  PrimaryButton primary() const;
  // What was asked for and not yet done, "Resetting..."; empty when nothing. Undo and redo wait for it.
  const std::string& pending() const { return pending_; }
  bool meshPending() const { return !pending_.empty() && pendingUntil_ != EventKind::Paused; }  // the mesh is about to change
  std::string title() const;           // of the window
  double now() const { return now_; }

  // Files.
  void requestOpen(const std::filesystem::path& path);  // asks first when work would be lost
  void openNow(const std::filesystem::path& path);
  void openPending();                  // ConfirmOpen was confirmed
  void dropFiles(const std::vector<std::filesystem::path>& paths);
  void browse(BrowsePurpose purpose);
  void browsed(BrowsePurpose purpose, const std::filesystem::path& path);  // a dialog answered
  void openExportDialog();
  void cancelLoad();
  void exportNow(bool thenShowFolder);
  void exportAgain();

  // Fits kept against crashes. `store` must outlive the session.
  void useRecovery(RecoveryStore& store);
  std::span<const AbandonedFit> abandonedFits() const;  // newest first
  void offerRecovery();                // a toast, where the welcome panel is not seen
  void requestRecover(std::size_t index);  // asks first when work would be lost
  void recoverFit(std::size_t index);
  void discardFit(std::size_t index);

  // Run.
  void startPause();
  void step(int iterations);
  void requestReset();                 // asks when much would be lost
  void resetNow();
  void recarve();
  void restoreCheckpoint(int id);

  // Options. `key` names the widget so that a drag is one undo entry; call endEdit when it is let go.
  const FitOptions& options() const { return options_; }
  void editOption(const Option& option, double value);
  void editOptionText(const Option& option, const std::string& text);
  void editAll(const FitOptions& options, const std::string& label);
  void endEdit();
  const std::vector<Preset>& presets() const { return presets_; }
  void choosePreset(int index);        // one undo entry
  bool applies(const Option& option) const;  // has an effect with the solver and the start in force
  bool resetWanted() const;            // an option that acts at Reset only differs from those the fit began with
  const std::string& optionProblem() const { return optionProblem_; }  // why the options are not in force
  void undo();
  void redo();

  // What the views cannot tell of the shape, a sentence each.
  const std::vector<std::string>& coverageNotes() const { return coverageNotes_; }
  // The same for the 3D view; nothing when the views suffice or the notes were closed.
  std::optional<ViewCoverage> unseen() const;

  // Views.
  int selectedView() const { return selectedView_; }
  void selectView(int view);
  void lookThrough(int view);
  void watch(const std::set<int>& visible);  // whose coverage is needed this frame

  // Camera.
  Bounds meshBounds() const;
  void pivotUnder(double x, double y, const Rect& area);
  std::string viewAsText() const;      // JSON, for the clipboard
  bool viewFromText(const std::string& text);
  std::string commandLine() const;     // `penumbra fit ...` that does the same

  void setScale(double scale);
  // Keys pressed while a dialog, a menu or a text box is open wait here for it, for one frame; true takes the key away.
  // They come from events: a key let go before the frame began is not lost.
  void offerKeys(std::span<const Chord> pressed);
  bool takeKey(int key);
  void toast(NoticeKind kind, const std::string& text, const std::string& advice = {}) { notices.toast(kind, text, advice, now_); }

  OrbitCamera camera;
  Settings settings;
  UndoStack undoStack;
  Notices notices;
  FileBrowser browser;
  NativeDialog native;
  ExportDialog exporting;
  MeshReporter reporter;
  Dialog dialog = Dialog::None;
  CompareMode compare = CompareMode::Difference;
  double split = 0.5;
  PlotToggles plot;
  std::vector<OptionEdit> meshEdits;   // when the mesh was carved anew, for the plot
  int hoveredView = -1;
  bool panelsHidden = false, fullScreen = false, showReport = false, coverageNotesClosed = false, quit = false, startWhenLoaded = false;
  bool settingsChanged = false;        // to be saved by the main loop
  std::optional<std::filesystem::path> screenshotWanted;
  std::filesystem::path opening;       // path of what is being loaded
  bool openingFolder = false;          // it is one
  std::filesystem::path opened;        // path of what is loaded; empty for none
  std::filesystem::path pendingOpen;   // waits for ConfirmOpen
  std::filesystem::path pendingFit;    // likewise, the abandoned fit of it; empty for a fresh one
  std::function<void(const std::string&)> setClipboard = [](const std::string&) {};
  std::function<std::string()> getClipboard = [] { return std::string(); };
  Session* session() { return session_; }
  std::vector<CheckpointInfo> checkpoints() const;

 private:
  void await(const char* word, EventKind until);
  void endWait(const Event& event);
  void sendOptions();
  void applyOptions(const FitOptions& options, const std::string& label, const std::string& key, bool later);
  void loaded();
  void noteViews();
  void restored();
  void recovered();
  void begun(const Event& event);
  void exported(const Event& event);
  int stepsAhead() const;
  bool notBegun() const { return snapshot_->state == SessionState::Ready && snapshot_->iteration == 0; }
  bool stepsMore() const;              // the next start does some steps past convergence
  void carryOut(const UndoEntry& entry, bool undoing);
  int newestCheckpoint() const;

  static constexpr int kMoreSteps = 25;

  Session* session_;
  RecoveryStore* recovery_ = nullptr;
  std::filesystem::path recovering_;   // the file asked for, until the session answers
  std::vector<std::string> coverageNotes_;
  ViewCoverage coverage_;
  std::shared_ptr<const ViewSet> notedViews_;  // that they belong to
  std::shared_ptr<const Snapshot> snapshot_ = std::make_shared<Snapshot>();
  FitOptions options_, begunWith_;     // in force; at the last load or reset
  std::string optionProblem_, pending_;
  EventKind pendingUntil_ = EventKind::Paused;  // ends the wait
  std::vector<Preset> presets_;
  bool optionsWaiting_ = false;        // changed during a drag, sent at its end
  bool homeWanted_ = false, showFolderAfterExport_ = false, mendRedo_ = false;
  bool fresh_ = false;                 // the fit had not begun in the last snapshot
  bool stepping_ = false;              // the next start does a few steps only
  bool redoing_ = false;               // the next Reset is part of undo or redo
  int restoring_ = -1;                 // the checkpoint asked for, until the session answers
  int checkpointBefore_ = -1;          // the newest one when a reset or restore was asked for
  int exportedIteration_ = 0, selectedView_ = 0;
  double exportedSeconds_ = 0;         // fitting time at the last export
  std::filesystem::path lastExport_;
  std::vector<int> watched_, offeredKeys_;
  double now_ = 0;
};

// Folder of the bundled models and the models in it, sorted by name.
std::filesystem::path samplesFolder();
std::vector<std::filesystem::path> sampleModels();

}  // namespace penumbra
