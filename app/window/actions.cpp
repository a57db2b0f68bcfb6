#include "app/window/actions.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "app/window/app_state.h"

namespace penumbra {
namespace {

constexpr Chord c(int k, int modifiers = 0) { return {k, std::uint8_t(modifiers)}; }
constexpr Chord kNoChord{};

constexpr ActionInfo kActions[] = {
    {Action::OpenModel, Menu::File, false, "Open model...", c('O', kCtrl), kNoChord, "Open a 3D model (.obj .glb .gltf .ply .stl); its silhouettes become the target."},
    {Action::OpenFolder, Menu::File, false, "Open folder...", c('O', kCtrl | kShift), kNoChord, "Open a folder of photographed masks with their cameras."},
    {Action::Export, Menu::File, true, "Export mesh...", c('E', kCtrl), kNoChord, "Save the reconstructed mesh in the input's own coordinates."},
    {Action::ExportAgain, Menu::File, false, "Export again", c('E', kCtrl | kShift), c('S', kCtrl), "Save once more to the same file, without questions."},
    {Action::Screenshot, Menu::File, false, "Save screenshot", c(key::kF12), kNoChord, "Save a picture of the window as PNG."},
    {Action::Quit, Menu::File, true, "Quit", c('Q', kCtrl), kNoChord, "Close Penumbra."},

    {Action::Undo, Menu::Edit, false, "Undo", c('Z', kCtrl), kNoChord, "Take back the last change of an option or of the mesh."},
    {Action::Redo, Menu::Edit, false, "Redo", c('Z', kCtrl | kShift), c('Y', kCtrl), "Do again what was taken back."},
    {Action::CopyView, Menu::Edit, true, "Copy view", c('C', kCtrl), kNoChord, "Copy the 3D camera as text."},
    {Action::PasteView, Menu::Edit, false, "Paste view", c('V', kCtrl), kNoChord, "Take the 3D camera from copied text."},
    {Action::CopyCommand, Menu::Edit, false, "Copy command line", kNoChord, kNoChord, "Copy a 'penumbra fit' command that does the same without a window."},
    {Action::DefaultOptions, Menu::Edit, true, "Reset all options", kNoChord, kNoChord, "Set every option back to its default (can be undone)."},
    {Action::Preferences, Menu::Edit, false, "Preferences...", kNoChord, kNoChord, "Size of the interface, mouse style, file dialogs."},

    {Action::StartPause, Menu::Run, false, "Start / pause", c(key::kSpace), kNoChord, "Start, pause or continue the reconstruction."},
    {Action::CancelLoad, Menu::Run, false, "Cancel loading", kNoChord, kNoChord, "Give up opening; what was there before stays. Esc does the same."},
    {Action::Step, Menu::Run, false, "Step", c('N'), kNoChord, "Do one iteration, then pause."},
    {Action::Step10, Menu::Run, false, "Step 10", c('N', kShift), kNoChord, "Do ten iterations, then pause."},
    {Action::Reset, Menu::Run, false, "Reset", c('R', kCtrl), kNoChord, "Back to the start shape; options stay (can be undone)."},
    {Action::Recarve, Menu::Run, false, "Re-carve", c('K', kCtrl), kNoChord, "Carve the mesh anew where the masks show holes or parts it cannot grow (can be undone)."},
    {Action::History, Menu::Run, true, "History...", c('H', kCtrl), kNoChord, "Earlier states of the mesh, to go back to."},

    {Action::MeshReport, Menu::Run, false, "Mesh report", c('M'), kNoChord, "How good the mesh is: fit to the masks, closedness, self-intersections, triangles."},

    {Action::Frame, Menu::View, false, "Frame mesh", c('F'), kNoChord, "Bring the whole mesh into view."},
    {Action::Home, Menu::View, false, "Start view", c(key::kHome), kNoChord, "Back to the view at the start."},
    {Action::ViewFront, Menu::View, true, "Front", c('1'), kNoChord, "Look from the front."},
    {Action::ViewBack, Menu::View, false, "Back", c('1', kCtrl), kNoChord, "Look from the back."},
    {Action::ViewRight, Menu::View, false, "Right", c('3'), kNoChord, "Look from the right."},
    {Action::ViewLeft, Menu::View, false, "Left", c('3', kCtrl), kNoChord, "Look from the left."},
    {Action::ViewTop, Menu::View, false, "Top", c('7'), kNoChord, "Look from above."},
    {Action::ViewBottom, Menu::View, false, "Bottom", c('7', kCtrl), kNoChord, "Look from below."},
    {Action::Orthographic, Menu::View, false, "Orthographic", c('5'), kNoChord, "Switch between perspective and parallel projection."},
    {Action::PreviousView, Menu::View, true, "Previous view", c(key::kLeftBracket), kNoChord, "Select the previous view."},
    {Action::NextView, Menu::View, false, "Next view", c(key::kRightBracket), kNoChord, "Select the next view."},
    {Action::LookThrough, Menu::View, false, "Look through view", c(key::kEnter), kNoChord, "See the mesh through the selected view's camera."},
    {Action::Leave, Menu::View, false, "Leave view", c(key::kEscape), kNoChord, "Stop looking through a view's camera, or close what is open."},
    {Action::ShowTarget, Menu::View, true, "Target / render", c('G'), kNoChord, "Switch the view picture between the target and the rendered mask."},
    {Action::ShowDifference, Menu::View, false, "Difference", c('D'), kNoChord, "Orange where the mesh covers too much, blue where too little."},
    {Action::ShowContour, Menu::View, false, "Contour", c('C'), kNoChord, "Outlines of the target (white) and of the mesh (orange)."},
    {Action::ShowSplit, Menu::View, false, "Split", c('X'), kNoChord, "Target on the left, rendered mask on the right of a movable line."},
    {Action::ShadingClay, Menu::View, true, "Clay", kNoChord, kNoChord, "Plain lit surface."},
    {Action::ShadingNormals, Menu::View, false, "Normals", kNoChord, kNoChord, "Colour by the direction the surface faces."},
    {Action::ShadingHeat, Menu::View, false, "Gradient heat", c('B'), kNoChord, "Colour by how strongly each vertex is being pulled."},
    {Action::Wireframe, Menu::View, true, "Wireframe", c('W'), kNoChord, "Draw the triangles' edges."},
    {Action::Ghost, Menu::View, false, "Target ghost", c('T'), kNoChord, "Draw the target model translucently over the mesh."},
    {Action::Cameras, Menu::View, false, "Cameras", c('V'), kNoChord, "Draw the cameras, coloured by how well their view matches."},
    {Action::Grid, Menu::View, false, "Ground grid", c('L'), kNoChord, "Draw a grid on the ground."},
    {Action::HidePanels, Menu::View, true, "Hide panels", c(key::kTab), kNoChord, "Leave only the 3D view."},
    {Action::FullScreen, Menu::View, false, "Full screen", c(key::kF11), kNoChord, "Fill the screen."},
    {Action::ScaleUp, Menu::View, true, "Larger interface", c(key::kEqual, kCtrl), c(key::kEqual, kCtrl | kShift), "Make text and controls larger."},
    {Action::ScaleDown, Menu::View, false, "Smaller interface", c(key::kMinus, kCtrl), kNoChord, "Make text and controls smaller."},
    {Action::ScaleDefault, Menu::View, false, "Normal interface", c('0', kCtrl), kNoChord, "Text and controls at their normal size."},

    {Action::KeySheet, Menu::Help, false, "Keys and mouse", c(key::kF1), c(key::kSlash, kShift), "All shortcuts on one sheet."},
    {Action::About, Menu::Help, true, "About Penumbra", kNoChord, kNoChord, "Version and what it is made of."}};

std::string keyName(int k) {
  switch (k) {
    case key::kSpace: return "Space";
    case key::kEscape: return "Esc";
    case key::kEnter: return "Enter";
    case key::kTab: return "Tab";
    case key::kHome: return "Home";
    case key::kMinus: return "-";
    case key::kEqual: return "+";
    default: break;
  }
  std::string name(1, k >= key::kF1 && k <= key::kF12 ? 'F' : char(k));
  if (k >= key::kF1 && k <= key::kF12) name += std::to_string(k - key::kF1 + 1);
  return name;
}

void lookAlong(AppState& s, AxisView axis) { s.camera.lookAlong(axis); }

void selectBy(AppState& s, int by) {
  const int n = s.viewCount(), view = (s.selectedView() + by + n) % n;
  s.selectView(view);
  if (s.camera.lockedView()) s.lookThrough(view);
}

void toggleShading(AppState& s, Shading shading) {
  auto& current = s.settings.display.shading;
  current = current == shading ? Shading::Clay : shading;
  s.settingsChanged = true;
}

void toggle(AppState& s, bool& value) {
  value = !value;
  s.settingsChanged = true;
}

void toggleCompare(AppState& s, CompareMode mode) {
  s.compare = s.compare == mode && mode == CompareMode::Target ? CompareMode::Render : mode;
}

void leave(AppState& s) {
  if (s.dialog != Dialog::None) s.dialog = Dialog::None;
  else if (s.browser.isOpen()) s.browser.close();
  else if (s.exporting.isOpen()) s.exporting.close();
  else if (s.camera.lockedView()) s.camera.leave();
  else if (s.fullScreen) s.fullScreen = false;
  else if (s.snapshot().state == SessionState::Loading) s.cancelLoad();
  else s.showReport = false;
}

void requestQuit(AppState& s) {
  if (s.unsavedWork()) s.dialog = Dialog::ConfirmQuit;
  else s.quit = true;
}

void scaleBy(AppState& s, double by) { s.setScale(std::round((s.settings.uiScale + by) * 100) / 100); }

bool performOnFiles(AppState& s, Action action) {
  switch (action) {
    case Action::OpenModel: s.browse(BrowsePurpose::OpenModel); return true;
    case Action::OpenFolder: s.browse(BrowsePurpose::OpenFolder); return true;
    case Action::Export: s.openExportDialog(); return true;
    case Action::ExportAgain: s.exportAgain(); return true;
    case Action::Screenshot: s.screenshotWanted.emplace(); return true;
    case Action::Quit: requestQuit(s); return true;
    case Action::Undo: s.undo(); return true;
    case Action::Redo: s.redo(); return true;
    case Action::CopyView: s.setClipboard(s.viewAsText()); s.toast(NoticeKind::Info, "View copied."); return true;
    case Action::PasteView:
      if (!s.viewFromText(s.getClipboard())) s.toast(NoticeKind::Warning, "The clipboard holds no view.", "Copy one with Ctrl+C first.");
      return true;
    case Action::CopyCommand: s.setClipboard(s.commandLine()); s.toast(NoticeKind::Info, "Command line copied."); return true;
    case Action::DefaultOptions: s.editAll(FitOptions{}, "All options to their defaults"); return true;
    case Action::Preferences: s.dialog = Dialog::Preferences; return true;
    case Action::StartPause: s.startPause(); return true;
    case Action::CancelLoad: s.cancelLoad(); return true;
    case Action::MeshReport: s.showReport = !s.showReport, s.reporter.ask(s.sharedSnapshot()); return true;
    case Action::Step: s.step(1); return true;
    case Action::Step10: s.step(10); return true;
    case Action::Reset: s.requestReset(); return true;
    case Action::Recarve: s.recarve(); return true;
    case Action::History: s.dialog = Dialog::History; return true;
    case Action::KeySheet: s.dialog = s.dialog == Dialog::KeySheet ? Dialog::None : Dialog::KeySheet; return true;
    case Action::About: s.dialog = Dialog::About; return true;
    default: return false;
  }
}

bool performOnCamera(AppState& s, Action action) {
  switch (action) {
    case Action::Frame: s.camera.frameBounds(s.meshBounds()); return true;
    case Action::Home: s.camera.home(); return true;
    case Action::ViewFront: lookAlong(s, AxisView::Front); return true;
    case Action::ViewBack: lookAlong(s, AxisView::Back); return true;
    case Action::ViewRight: lookAlong(s, AxisView::Right); return true;
    case Action::ViewLeft: lookAlong(s, AxisView::Left); return true;
    case Action::ViewTop: lookAlong(s, AxisView::Top); return true;
    case Action::ViewBottom: lookAlong(s, AxisView::Bottom); return true;
    case Action::Orthographic: s.camera.toggleOrthographic(); return true;
    case Action::PreviousView: selectBy(s, -1); return true;
    case Action::NextView: selectBy(s, 1); return true;
    case Action::LookThrough: s.lookThrough(s.selectedView()); return true;
    case Action::Leave: leave(s); return true;
    default: return false;
  }
}

void performOnDisplay(AppState& s, Action action) {
  DisplayToggles& d = s.settings.display;
  switch (action) {
    case Action::ShowTarget: toggleCompare(s, CompareMode::Target); break;
    case Action::ShowDifference: toggleCompare(s, CompareMode::Difference); break;
    case Action::ShowContour: toggleCompare(s, CompareMode::Contour); break;
    case Action::ShowSplit: toggleCompare(s, CompareMode::Split); break;
    case Action::ShadingClay: d.shading = Shading::Clay; s.settingsChanged = true; break;
    case Action::ShadingNormals: toggleShading(s, Shading::Normals); break;
    case Action::ShadingHeat: toggleShading(s, Shading::Heat); break;
    case Action::Wireframe: toggle(s, d.wireframe); break;
    case Action::Ghost: toggle(s, d.ghost); break;
    case Action::Cameras: toggle(s, d.cameras); break;
    case Action::Grid: toggle(s, d.grid); break;
    case Action::HidePanels: s.panelsHidden = !s.panelsHidden; break;
    case Action::FullScreen: s.fullScreen = !s.fullScreen; break;
    case Action::ScaleUp: scaleBy(s, 0.1); break;
    case Action::ScaleDown: scaleBy(s, -0.1); break;
    case Action::ScaleDefault: s.setScale(1); break;
    default: break;
  }
}

}  // namespace

const char* toString(Menu menu) {
  constexpr const char* kNames[kMenus] = {"File", "Edit", "Run", "View", "Help"};
  return kNames[int(menu)];
}

std::span<const ActionInfo> actionTable() { return kActions; }

const ActionInfo& info(Action action) {
  return *std::find_if(std::begin(kActions), std::end(kActions), [&](const ActionInfo& row) { return row.action == action; });
}

std::string chordText(Chord chord) {
  if (chord.key == key::kNone) return {};
  if (chord == c(key::kSlash, kShift)) return "?";
  std::string text;
  if (chord.modifiers & kCtrl) text += "Ctrl+";
  if (chord.modifiers & kShift) text += "Shift+";
  return text + keyName(chord.key);
}

std::string shortcutText(Action action) {
  const ActionInfo& row = info(action);
  std::string text = chordText(row.chord);
  const bool sameKey = row.alternative.key == row.chord.key;
  if (row.alternative.key != key::kNone && !sameKey) text += " or " + chordText(row.alternative);
  return text;
}

std::string tooltip(Action action) {
  const std::string keys = shortcutText(action);
  return std::string(info(action).doc) + (keys.empty() ? "" : "  [" + keys + "]");
}

const ActionInfo* findAction(Chord chord) {
  for (const ActionInfo& row : kActions)
    if (chord.key != key::kNone && (row.chord == chord || row.alternative == chord)) return &row;
  return nullptr;
}

bool enabled(const AppState& s, Action action) {
  const SessionState state = s.snapshot().state;
  const bool settled = state != SessionState::Empty && state != SessionState::Loading;
  switch (action) {
    case Action::Export: case Action::ExportAgain: case Action::Frame: return s.hasMesh();
    case Action::MeshReport: return settled && s.hasMesh();
    case Action::CancelLoad: return state == SessionState::Loading;
    case Action::Undo: return s.undoStack.canUndo() && s.pending().empty();
    case Action::Redo: return s.undoStack.canRedo() && s.pending().empty();
    case Action::DefaultOptions: return !(s.options() == FitOptions{});
    case Action::CopyCommand: return !s.opened.empty();
    case Action::StartPause: case Action::Step: case Action::Step10:
      return settled && s.viewCount() > 0 && (action == Action::StartPause || state != SessionState::Running);
    case Action::Reset: return settled && !s.meshPending() && s.viewCount() > 0 && s.hasMesh();
    case Action::Recarve: return settled && !s.meshPending() && s.viewCount() > 0 && s.snapshot().iteration > 0;
    case Action::History: return s.viewCount() > 0;
    case Action::PreviousView: case Action::NextView: case Action::LookThrough: return s.viewCount() > 0;
    case Action::Ghost: return s.snapshot().views && s.snapshot().views->reference;
    default: return true;
  }
}

bool checked(const AppState& s, Action action) {
  const DisplayToggles& d = s.settings.display;
  switch (action) {
    case Action::ShowTarget: return s.compare == CompareMode::Target || s.compare == CompareMode::Render;
    case Action::ShowDifference: return s.compare == CompareMode::Difference;
    case Action::ShowContour: return s.compare == CompareMode::Contour;
    case Action::ShowSplit: return s.compare == CompareMode::Split;
    case Action::ShadingClay: return d.shading == Shading::Clay;
    case Action::ShadingNormals: return d.shading == Shading::Normals;
    case Action::ShadingHeat: return d.shading == Shading::Heat;
    case Action::Wireframe: return d.wireframe;
    case Action::Ghost: return d.ghost;
    case Action::MeshReport: return s.showReport;
    case Action::Cameras: return d.cameras;
    case Action::Grid: return d.grid;
    case Action::HidePanels: return s.panelsHidden;
    case Action::FullScreen: return s.fullScreen;
    case Action::Orthographic: return s.camera.pose().orthographic;
    case Action::LookThrough: return s.camera.lockedView().has_value();
    default: return false;
  }
}

void perform(AppState& state, Action action) {
  if (!enabled(state, action)) return;
  if (performOnFiles(state, action) || performOnCamera(state, action)) return;
  performOnDisplay(state, action);
}

}  // namespace penumbra
