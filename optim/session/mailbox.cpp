#include "optim/session/mailbox.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace penumbra {
namespace {

constexpr std::size_t kMaxEvents = 1000;  // nobody is reading them then; the oldest go

bool isLoad(const Command& c) {
  return std::holds_alternative<command::LoadPath>(c) || std::holds_alternative<command::LoadModel>(c) ||
         std::holds_alternative<command::Recover>(c);
}

bool isSetOptions(const Command& c) { return std::holds_alternative<command::SetOptions>(c); }

bool replacesLast(const Command& c) { return isSetOptions(c) || std::holds_alternative<command::Watch>(c); }

std::chrono::duration<double> bounded(double seconds) {
  return std::chrono::duration<double>(std::clamp(seconds, 0.0, 1e6));
}

}  // namespace

void Mailbox::send(Command command) {
  {
    const std::lock_guard lock(mutex_);
    if (isLoad(command)) {
      commands_.erase(std::remove_if(commands_.begin(), commands_.end(), isLoad), commands_.end());
      interrupt_ = true;
    }
    if (isSetOptions(command) && settingOptions_) interrupt_ = true;
    if (replacesLast(command) && !commands_.empty() && commands_.back().index() == command.index())
      commands_.back() = std::move(command);
    else
      commands_.push_back(std::move(command));
  }
  commandCame_.notify_all();
}

void Mailbox::quit() {
  {
    const std::lock_guard lock(mutex_);
    quit_ = true;
    interrupt_ = true;
  }
  commandCame_.notify_all();
}

void Mailbox::cancelLoad() {
  {
    const std::lock_guard lock(mutex_);
    const bool waiting = std::erase_if(commands_, isLoad) > 0;
    interrupt_ = quit_ || loading_;
    cancelled_ = loading_;
    if (waiting && !loading_) events_.push_back({EventKind::Cancelled, "Loading was cancelled.", {}, {}, 0});
  }
  changed_.notify_all();  // there may be nothing left to wait for
}

bool Mailbox::loadCancelled() const {
  const std::lock_guard lock(mutex_);
  return cancelled_;
}

bool Mailbox::loadPointless() const {
  const std::lock_guard lock(mutex_);
  return quit_ || cancelled_ || std::any_of(commands_.begin(), commands_.end(), isLoad);
}

std::optional<Command> Mailbox::receive(bool wait) {
  std::unique_lock lock(mutex_);
  if (wait) commandCame_.wait(lock, [this] { return quit_.load() || !commands_.empty(); });
  if (quit_) std::erase_if(commands_, [](const Command& c) { return !std::holds_alternative<command::Export>(c); });
  if (commands_.empty()) return std::nullopt;
  Command command = std::move(commands_.front());
  commands_.pop_front();
  busy_ = true;
  loading_ = isLoad(command);
  settingOptions_ = isSetOptions(command);
  cancelled_ = false;
  if (loading_) interrupt_ = std::any_of(commands_.begin(), commands_.end(), isLoad) || quit_.load();
  return command;
}

void Mailbox::postpone(Command command) {
  const std::lock_guard lock(mutex_);
  if (quit_) return;
  const auto load = std::find_if(commands_.begin(), commands_.end(), isLoad);
  const bool replaced = isSetOptions(command) && std::any_of(commands_.begin(), commands_.end(), isSetOptions);
  interrupt_ = load != commands_.end();
  if (!replaced) commands_.insert(load == commands_.end() ? commands_.begin() : load + 1, std::move(command));
}

void Mailbox::waitForCommand(double seconds) {
  std::unique_lock lock(mutex_);
  commandCame_.wait_for(lock, bounded(seconds), [this] { return quit_.load() || !commands_.empty(); });
}

void Mailbox::finished() {
  {
    const std::lock_guard lock(mutex_);
    if (cancelled_ || settingOptions_) interrupt_ = std::any_of(commands_.begin(), commands_.end(), isLoad) || quit_.load();
    busy_ = loading_ = settingOptions_ = false;
  }
  changed_.notify_all();
}

void Mailbox::setRunning(bool running) {
  {
    const std::lock_guard lock(mutex_);
    running_ = running;
  }
  changed_.notify_all();
}

void Mailbox::publish(std::shared_ptr<const Snapshot> snapshot) {
  {
    const std::lock_guard lock(mutex_);
    snapshot_.swap(snapshot);
  }
  changed_.notify_all();  // the old one, perhaps the last owner of large parts, is freed outside the lock
}

void Mailbox::publishCheckpoints(std::vector<CheckpointInfo> list) {
  const std::lock_guard lock(mutex_);
  checkpoints_ = std::move(list);
}

void Mailbox::post(Event event) {
  const std::lock_guard lock(mutex_);
  if (events_.size() >= kMaxEvents) events_.erase(events_.begin());
  events_.push_back(std::move(event));
}

void Mailbox::exportStarted() {
  const std::lock_guard lock(mutex_);
  ++exports_;
}

void Mailbox::exportDone() {
  {
    const std::lock_guard lock(mutex_);
    --exports_;
  }
  changed_.notify_all();
}

std::shared_ptr<const Snapshot> Mailbox::snapshot() const {
  const std::lock_guard lock(mutex_);
  return snapshot_;
}

std::vector<Event> Mailbox::takeEvents() {
  const std::lock_guard lock(mutex_);
  return std::exchange(events_, {});
}

std::vector<CheckpointInfo> Mailbox::checkpoints() const {
  const std::lock_guard lock(mutex_);
  return checkpoints_;
}

void Mailbox::waitIdle() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return commands_.empty() && !busy_ && !running_ && exports_ == 0; });
}

void Mailbox::waitForChange(std::uint64_t version, double seconds) const {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, bounded(seconds), [&] { return snapshot_->version > version; });
}

}  // namespace penumbra
