// The part of AppState that deals with files: opening, giving up, recovering, exporting.
#include "app/window/app_state.h"

#include <algorithm>
#include <utility>

#include "optim/io/mesh_io.h"

namespace penumbra {

namespace fs = std::filesystem;

void AppState::requestOpen(const fs::path& path) {
  if (!unsavedWork()) return openNow(path);
  pendingOpen = path;
  pendingFit.clear();
  dialog = Dialog::ConfirmOpen;
}

void AppState::openPending() {
  const fs::path path = std::exchange(pendingOpen, {}), file = std::exchange(pendingFit, {});
  if (file.empty()) return openNow(path);
  const auto fits = abandonedFits();
  const auto fit = std::find_if(fits.begin(), fits.end(), [&](const AbandonedFit& f) { return f.file == file; });
  recoverFit(std::size_t(fit - fits.begin()));
}

void AppState::openNow(const fs::path& path) {
  std::error_code failed;
  const fs::path whole = fs::absolute(path, failed).lexically_normal();
  pendingOpen.clear();
  notices.dismissError();
  opening = whole;
  openingFolder = fs::is_directory(whole, failed);
  settings.lastFolder = whole.parent_path();
  settingsChanged = true;
  if (session_) session_->load(whole);
}

void AppState::cancelLoad() {
  startWhenLoaded = false;
  if (session_) session_->cancelLoad();
}

void AppState::useRecovery(RecoveryStore& store) {
  recovery_ = &store;
  if (session_) session_->keepRecovery(store.file());
}

std::span<const AbandonedFit> AppState::abandonedFits() const {
  if (!recovery_) return {};
  return recovery_->abandoned();
}

void AppState::offerRecovery() {
  if (const auto fits = abandonedFits(); !fits.empty())
    toast(NoticeKind::Warning, "A fit of " + fits[0].info.name + " was cut short.", "File > Recover fit brings it back.");
}

void AppState::requestRecover(std::size_t index) {
  if (index >= abandonedFits().size()) return;
  if (!unsavedWork()) return recoverFit(index);
  pendingOpen = abandonedFits()[index].info.source;
  pendingFit = abandonedFits()[index].file;
  dialog = Dialog::ConfirmOpen;
}

void AppState::recoverFit(std::size_t index) {
  if (!session_ || index >= abandonedFits().size()) return;
  recovery_->adopting();
  recovering_ = abandonedFits()[index].file;
  std::error_code failed;
  opening = abandonedFits()[index].info.source;
  openingFolder = fs::is_directory(opening, failed);
  session_->recover(recovering_);
}

void AppState::discardFit(std::size_t index) {
  if (recovery_) recovery_->discard(index);
}

// The fit loaded is the recovered one: its options are those in force from now on.
void AppState::recovered() {
  recovery_->adopted(recovering_);
  recovering_.clear();
  options_ = snapshot_->options;
  toast(NoticeKind::Good, "Recovered iteration " + std::to_string(snapshot_->iteration) + ".");
}

void AppState::dropFiles(const std::vector<fs::path>& paths) {
  std::error_code failed;
  for (const fs::path& path : paths)
    if (fs::is_directory(path, failed) || canReadMesh(path)) {
      if (paths.size() > 1) toast(NoticeKind::Info, "Opening " + displayName(path.filename()) + " only; one at a time.");
      return requestOpen(path);
    }
  if (!paths.empty())
    notices.error("Could not open it", displayName(paths.front().filename()) + " is neither a model nor a folder.",
                  "Drop an .obj, .glb, .gltf, .ply or .stl file, or a folder with masks and cameras.");
}

void AppState::browse(BrowsePurpose purpose) {
  const fs::path start = purpose == BrowsePurpose::SaveMesh ? exporting.path().parent_path() : settings.lastFolder;
  if (settings.nativeDialogs && NativeDialog::available() && native.open(purpose, start)) return;
  browser.open(purpose, start.empty() ? samplesFolder() : start);
}

void AppState::browsed(BrowsePurpose purpose, const fs::path& path) {
  browser.close();
  if (purpose == BrowsePurpose::StartMesh) {
    FitOptions changed = options_;
    changed.start = StartShape::File;
    changed.startMesh = path.string();
    return editAll(changed, "Start from " + displayName(path.filename()));
  }
  if (purpose != BrowsePurpose::SaveMesh) return requestOpen(path);
  std::error_code failed;
  exporting.setPath(fs::is_directory(path, failed) ? path / exporting.path().filename() : path);
}

void AppState::openExportDialog() {
  fs::path folder = settings.exportFolder;
  std::error_code failed;
  if (folder.empty() || !fs::is_directory(folder, failed)) folder = fs::current_path(failed);
  exporting.open(folder, snapshot_->views ? snapshot_->views->name : "mesh", snapshot_->iteration, settings.exportFormat);
  if (snapshot_->state != SessionState::Running) reporter.ask(snapshot_);
}

void AppState::exportNow(bool thenShowFolder) {
  if (hasMesh()) exporting.follow(snapshot_->iteration);
  if (!exporting.problem().empty()) return;
  lastExport_ = exporting.path();
  settings.exportFolder = lastExport_.parent_path();
  settings.exportFormat = exportFormats()[std::size_t(exporting.format())].extension;
  settingsChanged = true;
  showFolderAfterExport_ = thenShowFolder;
  exporting.close();
  if (session_) session_->exportMesh(lastExport_, settings.exportFrame);
}

void AppState::exportAgain() {
  if (lastExport_.empty()) return openExportDialog();
  if (session_) session_->exportMesh(lastExport_, settings.exportFrame);
}

// Something else is open now.
void AppState::begun(const Event& event) {
  homeWanted_ = true;
  exportedIteration_ = 0;
  exportedSeconds_ = 0;
  showReport = false;
  lastExport_.clear();
  undoStack.dropMeshEntries();
  meshEdits.clear();
  opened = event.path;
  if (!opened.empty()) settings.remember(opened), settingsChanged = true;
  if (snapshot_->views && snapshot_->state != SessionState::Loading) loaded();
}

void AppState::exported(const Event& event) {
  exportedIteration_ = std::max(1, snapshot_->iteration);
  exportedSeconds_ = snapshot_->secondsFitting;
  lastExport_ = event.path;
  notices.toast(NoticeKind::Good, event.text, event.advice, now_, event.path);
  if (showFolderAfterExport_) openInFileManager(fs::path(event.path).parent_path());
  showFolderAfterExport_ = false;
}

}  // namespace penumbra
