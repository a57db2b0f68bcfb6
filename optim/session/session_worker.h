// The state machine of a session; lives on one thread, which alone touches the optimiser.
//
//   Empty --load--> Loading --> Ready --start--> Running --pause, step done--> Paused --start--> Running
//   Running --planned iterations reached, or converged--> Done --start--> Running (as many more)
//   a load that fails goes back to what was there before (or Failed when there was nothing);
//   a fit that breaks down for good is Failed, its last good mesh stays and can be saved, reset or restored.
//
// One turn: carry out all waiting commands, then one iteration when Running, then publish when it is time. With nothing
// to do the thread sleeps on the mailbox. It runs at a lower priority than the rest of the program, and so do the pool's
// threads, which it starts.
#pragma once
#include <chrono>
#include <functional>
#include <memory>

#include "optim/fit/fitter.h"
#include "optim/fit/mesh_care.h"
#include "optim/session/checkpoints.h"
#include "optim/session/exporter.h"
#include "optim/session/mailbox.h"
#include "optim/session/recovery.h"
#include "optim/session/source.h"

namespace penumbra {

class Error;

class SessionWorker {
 public:
  SessionWorker(Mailbox& mail, const DeviceAccess& device) : mail_(mail), device_(device) {}
  void run();  // until the mailbox quits; exports asked for by then are made

 private:
  using Clock = std::chrono::steady_clock;

  // Commands (session_worker.cpp).
  void carryOut(Command& command);
  void breakOff(const Error& error);  // the fit
  void handle(command::LoadPath& c);
  void handle(command::LoadModel& c);
  void handle(command::Start&);
  void handle(command::Pause&);
  void handle(command::Step& c);
  void handle(command::Reset&);
  void handle(command::Recarve&);
  void handle(command::SetOptions& c);
  void handle(command::Export& c);
  void handle(command::Restore& c);
  void handle(command::Watch& c);
  void handle(command::SharePictures& c);
  void handle(command::KeepRecovery& c);
  void handle(command::Recover& c);
  using OpenSource = std::function<std::shared_ptr<const Source>()>;
  // `recovered`: the state to go back to instead of beginning; it is read by the time the source is open.
  void load(const std::string& what, const OpenSource& open, const Recovery* recovered = nullptr);
  bool loadInto(const std::string& what, const OpenSource& open, const Recovery* recovered);
  void takeOver(std::shared_ptr<const Source> source, std::shared_ptr<const ViewSet> views, std::unique_ptr<Fitter> fitter);
  void preview(const ViewSet& views);  // shows a coarse hull of what is being loaded
  void endPreview();                   // what there was before is shown again
  void keepRecovery();             // writes it in the background
  void stage(const std::string& message, double progress);
  void planMore(int iterations);
  std::shared_ptr<const ViewSet> newMasks(const FitOptions& next);
  void go();
  void applyOptions(const FitOptions& next, std::shared_ptr<const ViewSet> newViews);
  void recordEdits(const FitOptions& next);
  void resizePool(int threads);
  void keepCheckpoint(const std::string& reason, bool regular);
  Checkpoint checkpointNow(const std::string& reason) const;
  void warn(const std::string& text, const std::string& advice = {});
  void failed(const Error& error);

  // Iterations and what is shown of them (session_steps.cpp).
  void step();
  int stopIteration() const;  // where the fit rests or ends
  int longestBatch() const;
  void keepRegularCheckpoint();
  void report(Metrics metrics, const std::optional<std::string>& recovered, int iterations);
  void reportRest();
  void addRow(const Metrics& metrics, bool batch);
  void forgetRowsAfter(int iteration);
  void noteBackend();
  void describeBackend(Snapshot& s) const;
  void settle(SessionState state);  // Running -> Paused, Done or Failed
  void finish(const MeshCare::Outcome& outcome);
  // True when all is settled for this turn: the fit has ended, or was told to stop.
  bool careForMesh(bool atEnd);
  void meshReplaced(const MeshCare::Outcome& outcome);
  void measure();
  void keepBest();                 // when no state of this fit measured better
  bool returnToBest();             // when asked to; true when the fitter has its mesh
  bool measureDue() const;
  int measureEvery() const;        // iterations, with endWithBest
  void yieldTime(double stepSeconds);
  void publish();
  void publishIfDue();
  void showMesh(const std::vector<glm::vec3>& positions, const std::vector<Face>& faces);
  void copyMesh(Snapshot& s);
  void copyWatched(Snapshot& s);
  void sharePictures(Snapshot& s);
  void resetFitter();              // to the start shape
  void clearRecords();
  int iteration() const { return fitter_ ? fitter_->iteration() : 0; }

  Mailbox& mail_;
  const DeviceAccess device_;
  Exporter exporter_;
  std::unique_ptr<ThreadPool> pool_;
  FitOptions options_;
  std::shared_ptr<const Source> source_;
  std::shared_ptr<const ViewSet> views_;
  std::unique_ptr<Fitter> fitter_;
  Checkpoints checkpoints_;
  MeshCare care_;

  SessionState state_ = SessionState::Empty;
  std::string message_;
  double progress_ = 0;
  int planned_ = 0, stopAt_ = 0;  // stopAt_: iteration to pause at, 0 none
  bool pastConvergence_ = false;  // Start was given after the fit had converged: go on to what is planned
  std::uint64_t facesId_ = 0;     // of the faces seen last
  StageSeconds stages_;
  std::vector<Metrics> history_;
  std::vector<HeldOutMetrics> heldOut_;
  std::vector<OptionEdit> edits_;
  struct Best {
    double iou = -1, newest = -1;  // of held-out views, else of train views; newest: measured last
    int iteration = 0;
  };
  Best best_;
  int restoredFrom_ = 0;          // iteration of the best state that the fit has ended with; 0: with its own

  std::filesystem::path recoveryFile_;
  std::shared_ptr<std::atomic<bool>> recoveryRefused_ = std::make_shared<std::atomic<bool>>(false);  // told already

  // Speed over the last half second or more.
  Clock::time_point rateSince_;
  int rateIterations_ = 0;
  double rate_ = 0;
  // When what was last done.
  Clock::time_point published_{}, measured_{}, coverageCopied_{}, recoveryKept_{}, meshCopied_{}, rowAdded_{}, checkpointKept_{},
      picturesShared_{};
  double pictureSeconds_ = 0;
  double measureSeconds_ = 0;
  int measuredAt_ = 0;            // iteration

  std::vector<int> watched_;
  std::vector<PictureWish> wishes_;
  Snapshot shown_;                 // the newest published
  bool previewing_ = false;        // its mesh is not the fitter's
  bool meshChanged_ = false;       // since shown_
  bool facesChanged_ = false, viewsChanged_ = false, historyChanged_ = false, editsChanged_ = false,
       heldOutChanged_ = false, watchChanged_ = false;
};

}  // namespace penumbra
