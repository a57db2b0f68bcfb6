#include "optim/session/session.h"

#include <algorithm>
#include <thread>

#include "optim/session/mailbox.h"
#include "optim/session/session_worker.h"

namespace penumbra {

const char* toString(SessionState state) {
  switch (state) {
    case SessionState::Empty: return "empty";
    case SessionState::Loading: return "loading";
    case SessionState::Ready: return "ready";
    case SessionState::Running: return "running";
    case SessionState::Paused: return "paused";
    case SessionState::Done: return "done";
    case SessionState::Failed: return "failed";
  }
  return "unknown";
}

struct Session::State {
  Mailbox mail;
  std::thread thread;
};

Session::Session() : Session(DeviceAccess{}) {}

Session::Session(const DeviceAccess& device) : state_(std::make_unique<State>()) {
  Mailbox& mail = state_->mail;
  state_->thread = std::thread([&mail, device] { SessionWorker(mail, device).run(); });
}

Session::~Session() {
  state_->mail.quit();
  state_->thread.join();
}

void Session::load(const std::filesystem::path& path) { state_->mail.send(command::LoadPath{path}); }
void Session::loadModel(Mesh model, std::string name) {
  state_->mail.send(command::LoadModel{std::move(model), std::move(name)});
}
void Session::start() { state_->mail.send(command::Start{}); }
void Session::pause() { state_->mail.send(command::Pause{}); }
void Session::step(int iterations) { state_->mail.send(command::Step{iterations}); }
void Session::reset() { state_->mail.send(command::Reset{}); }
void Session::recarve() { state_->mail.send(command::Recarve{}); }
void Session::setOptions(const FitOptions& options) { state_->mail.send(command::SetOptions{options}); }
void Session::cancelLoad() { state_->mail.cancelLoad(); }
void Session::exportMesh(const std::filesystem::path& path, const ExportFrame& frame) {
  state_->mail.send(command::Export{path, frame});
}
void Session::keepRecovery(const std::filesystem::path& file) { state_->mail.send(command::KeepRecovery{file}); }
void Session::recover(const std::filesystem::path& file) { state_->mail.send(command::Recover{file}); }
void Session::restore(int checkpoint) { state_->mail.send(command::Restore{checkpoint}); }
void Session::watchViews(std::vector<int> trainViews) { state_->mail.send(command::Watch{std::move(trainViews)}); }
void Session::setYield(double fraction) { state_->mail.yield = fraction; }
void Session::endWithBest(bool on) { state_->mail.endWithBest = on; }
void Session::shareGeometry(bool on) { state_->mail.shareGeometry = on; }
void Session::sharePictures(const std::vector<PictureWish>& wishes) { state_->mail.send(command::SharePictures{wishes}); }

std::shared_ptr<const Snapshot> Session::snapshot() const { return state_->mail.snapshot(); }
std::vector<Event> Session::takeEvents() { return state_->mail.takeEvents(); }
std::vector<CheckpointInfo> Session::checkpoints() const { return state_->mail.checkpoints(); }
void Session::waitIdle() { state_->mail.waitIdle(); }
void Session::waitForChange(std::uint64_t version, double seconds) const {
  state_->mail.waitForChange(version, seconds);
}

}  // namespace penumbra
