// What passes between the threads of a session: commands in; snapshots, events and the list of checkpoints out. All of
// it behind one mutex that is held for moments only, never while something is computed.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <variant>

#include "optim/session/session.h"
#include "renderer/device_iteration.h"

namespace penumbra {

namespace command {
struct LoadPath { std::filesystem::path path; };
struct LoadModel { Mesh model; std::string name; };
struct Start {};
struct Pause {};
struct Step { int iterations; };
struct Reset {};
struct Recarve {};
struct SetOptions { FitOptions options; };
struct Export { std::filesystem::path path; ExportFrame frame; };
struct Restore { int checkpoint; };
struct Watch { std::vector<int> views; };
struct SharePictures { std::vector<PictureWish> wishes; };
struct KeepRecovery { std::filesystem::path file; };
struct Recover { std::filesystem::path file; };
}  // namespace command
using Command = std::variant<command::LoadPath, command::LoadModel, command::Start, command::Pause, command::Step,
                             command::Reset, command::SetOptions, command::Export, command::Restore, command::Watch,
                             command::KeepRecovery, command::Recover, command::Recarve,
                             command::SharePictures>;

class Mailbox {
 public:
  Mailbox() : snapshot_(std::make_shared<const Snapshot>()) {}

  // In. A SetOptions or Watch right behind another one replaces it; a load drops loads not yet begun.
  void send(Command command);
  void quit();
  bool quitting() const { return quit_.load(); }
  void cancelLoad();         // of the present command, if it is one, and those waiting
  // Raised by loads, their cancelling, options that replace those being put in force, and quit: what is being computed for
  // the old state may stop between two views.
  const std::atomic<bool>& interrupt() const { return interrupt_; }
  bool loadCancelled() const;
  bool loadPointless() const;  // cancelled, or a newer load has been asked for, or quitting

  // For the worker. With `wait` it blocks until there is a command. Empty: none. When quitting, exports only.
  std::optional<Command> receive(bool wait);
  void postpone(Command command);  // the received one was interrupted: it comes again behind what interrupted it
  void waitForCommand(double seconds);  // at most so long
  void finished();           // the received command is carried out
  void setRunning(bool running);

  // Out.
  void publish(std::shared_ptr<const Snapshot> snapshot);
  void publishCheckpoints(std::vector<CheckpointInfo> list);
  void post(Event event);
  void exportStarted();
  void exportDone();
  std::shared_ptr<const Snapshot> snapshot() const;
  std::vector<Event> takeEvents();
  std::vector<CheckpointInfo> checkpoints() const;
  void waitIdle() const;
  void waitForChange(std::uint64_t version, double seconds) const;

  std::atomic<double> yield{0};
  std::atomic<bool> shareGeometry{false}, endWithBest{false};

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable commandCame_, changed_;
  std::deque<Command> commands_;
  std::atomic<bool> quit_{false}, interrupt_{false};
  bool busy_ = false, running_ = false, loading_ = false, cancelled_ = false;
  bool settingOptions_ = false;  // the present command
  int exports_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;
  std::vector<Event> events_;
  std::vector<CheckpointInfo> checkpoints_;
};

}  // namespace penumbra
