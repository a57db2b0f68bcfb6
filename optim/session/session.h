// A running fit: one worker thread owns the optimiser; the window, the command line and the tests talk to it only
// through the commands below and read immutable snapshots and events. Commands never block on the optimiser; they are
// carried out in order at the next step boundary. Every method may be called from any thread.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "optim/io/export_frame.h"
#include "optim/options.h"
#include "optim/session/stage_seconds.h"
#include "optim/view_set.h"

namespace penumbra {

struct DeviceAccess;       // optim/fit/device_access.h
struct PictureWish;        // renderer/device_iteration.h
struct PublishedGeometry;  // renderer/cuda/published.h
struct PublishedPictures;

enum class SessionState { Empty, Loading, Ready, Running, Paused, Done, Failed };
const char* toString(SessionState state);

// One row of the loss plot.
struct Metrics {
  int iteration = 0;
  double seconds = 0;             // fitting time, pauses not counted
  double loss = 0;                // the objective (weighted sum)
  double silhouette = 0, laplacian = 0, normalConsistency = 0, edgeLength = 0, thinPlate = 0;  // weighted terms
  double trainIoU = 0;            // mean over the views of the step, alpha >= 0.5 against mask >= 0.5
  double outlinePx = -1;          // mean distance of the mesh's outlines to the masks', pixels; -1: not measured
  double gradientNorm = 0;
  double sigma = 0, learningRate = 0;  // in force at this iteration
  // Of the Gauss-Newton solver, see optim/newton/newton_solver.h
  int level = -1, levels = 0;     // of mesh density, 0 is the coarsest; -1: the mesh keeps its density
  double damping = 0;             // for the next step; 0: another solver
  int heldBack = -1;              // vertices stopped at half an edge (step_guard.h); -1: not counted
};

// Measured now and then by the independent hard rasteriser.
struct HeldOutMetrics {
  int iteration = 0;
  double iou = 0;                 // mean over held-out views, hard masks
  double contourErrorPx = 0;      // mean distance between the outlines, pixels of the view
};

struct OptionEdit {
  int iteration = 0;
  std::string name, from, to;     // as text, see optionText
};

// What the window shows. Immutable once published; the large parts are shared between snapshots.
struct Snapshot {
  std::uint64_t version = 0;
  SessionState state = SessionState::Empty;
  std::string message;            // what Loading is doing, why it Failed
  double progress = 0;            // of Loading, 0..1
  FitOptions options;             // in force
  std::shared_ptr<const ViewSet> views;                 // null while Empty
  std::uint64_t viewsVersion = 0;                       // grows when the masks change
  std::shared_ptr<const std::vector<glm::vec3>> positions, normals;  // of the mesh being fitted, normalised
  std::shared_ptr<const std::vector<Face>> faces;
  std::uint64_t facesVersion = 0;                       // grows when the faces change
  std::shared_ptr<const std::vector<float>> vertexGradient;  // |dL/dx| per vertex, for the heat display
  int iteration = 0, plannedIterations = 0;
  double secondsFitting = 0, iterationsPerSecond = 0;
  StageSeconds stages;            // secondsFitting is its fitting()
  std::shared_ptr<const std::vector<Metrics>> history;          // thinned when long, always with the last row
  std::shared_ptr<const std::vector<HeldOutMetrics>> heldOut;
  std::shared_ptr<const std::vector<OptionEdit>> edits;
  std::vector<float> viewIoU;     // per train view, the newest known; -1 unknown
  // Rendered coverage of the watched views (see watchViews), by train view index.
  std::map<int, std::shared_ptr<const Mask>> coverage;
  std::string backend;            // "CPU (2 threads, AVX-512)", "CUDA (NVIDIA H200)"
  bool onCard = false;            // the graphics card computes
  std::size_t cardBytes = 0;      // of its memory in use
  std::string backendReason;      // why it does not; empty when it does or nothing is loaded
  // The mesh in the card's memory, if asked for (shareGeometry) and while it runs: newer than `positions`.
  std::shared_ptr<const PublishedGeometry> geometry;
  std::shared_ptr<const PublishedPictures> pictures;  // likewise those asked for (sharePictures)
  SolverKind solver = SolverKind::Auto;  // that iterates; Auto while there are no views
  bool converged = false;         // the last iteration could not improve the mesh any more
  int bestIteration = 0;          // of the state that measured best on held-out, else on train views; 0: none yet
  bool restoredBest = false;      // the fit has ended with the mesh of that one, see endWithBest
};

enum class EventKind { Loaded, Started, Paused, Finished, Reset, Recovered, Exported, Restored, Recarved, Cancelled, Warning, Failed };
struct Event {
  EventKind kind;
  std::string text;               // one sentence for a person
  std::string advice;             // what to do, or empty
  std::string path;               // of the file written (Exported) or opened (Loaded)
  int exitCode = 0;               // ExitCode of a failure
};

struct CheckpointInfo {
  int id = 0, iteration = 0;
  std::string reason;             // "before reset", "every 100 iterations", ...
  double trainIoU = 0;
};

class Session {
 public:
  static constexpr double kRecoverySeconds = 10;

  Session();
  explicit Session(const DeviceAccess& device);  // the graphics card to use; for tests
  ~Session();                     // stops promptly, between two views of a batch; meshes asked for are written first
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Commands. A model file, or a folder some dataset reader knows. Replaces what was loaded.
  void load(const std::filesystem::path& path);
  void loadModel(Mesh model, std::string name);  // the same from memory (demos, tests)
  // Gives up the load under way and those not yet begun; what was there before stays. Nothing else is affected.
  void cancelLoad();
  void start();                   // also resumes; after Done it plans `iterations` more
  void pause();
  void step(int iterations);      // then pauses
  void reset();                   // back to the start shape, keeps the options (a checkpoint is taken first)
  // Another topology where the masks demand one: carves the present mesh anew (reextract, optim/remesh/retopology.h).
  void recarve();                 // running goes on; a checkpoint is taken first
  void setOptions(const FitOptions& options);     // all at once; differences are recorded with their iteration
  // Of the newest state, in the input's coordinates or as `frame` turns, scales and reduces them; answers by an event.
  void exportMesh(const std::filesystem::path& path, const ExportFrame& frame = {});
  void restore(int checkpoint);   // pauses; itself undoable (a checkpoint is taken first)
  void watchViews(std::vector<int> trainViews);   // whose coverage snapshots should carry
  // From now on the state of a fit of something on disk is kept in this file (recovery.h) every kRecoverySeconds while
  // running and whenever it stops; empty: no longer. Failures to write are told once, as a warning.
  void keepRecovery(const std::filesystem::path& file);
  void recover(const std::filesystem::path& file);  // loads what the fit in the file was of and goes back to it, paused
  // A fit that ends while an earlier state was clearly better on the held-out views goes back to that mesh, before it is
  // polished, and says so (Restored). It is then measured after so many iterations, not by the clock, so that fits repeat.
  void endWithBest(bool on);      // off by default: the better state is kept and only told of
  void setYield(double fraction); // share of time the worker leaves to others, 0 (default) .. 0.9

  // The window draws from the card's memory: snapshots of a running fit carry `geometry`, host copies come 20 times a second.
  void shareGeometry(bool on);
  // Coverage of these train views too, 20 times a second at most; replaces what was asked for before.
  void sharePictures(const std::vector<PictureWish>& wishes);

  // Out.
  std::shared_ptr<const Snapshot> snapshot() const;  // the newest; never null, never waits for a step
  std::vector<Event> takeEvents();
  std::vector<CheckpointInfo> checkpoints() const;
  // Blocks until all commands given so far are carried out and the session neither loads nor runs.
  void waitIdle();
  // Blocks until the snapshot's version exceeds `version` or the time is over.
  void waitForChange(std::uint64_t version, double seconds) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace penumbra
