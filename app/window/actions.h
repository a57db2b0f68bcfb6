// Everything a person can do by menu, key or button, in one table. The table feeds the menus, the tooltips, the key
// sheet and the keyboard itself, so none of them can go stale.
#pragma once
#include <cstdint>
#include <span>
#include <string>

namespace penumbra {

class AppState;

enum class Action {
  OpenModel, OpenFolder, Export, ExportAgain, Screenshot, Quit,
  Undo, Redo, CopyView, PasteView, CopyCommand, DefaultOptions, Preferences,
  StartPause, CancelLoad, Step, Step10, Reset, Recarve, History, MeshReport,
  Frame, Home, ViewFront, ViewBack, ViewRight, ViewLeft, ViewTop, ViewBottom, Orthographic,
  PreviousView, NextView, LookThrough, Leave,
  ShowTarget, ShowDifference, ShowContour, ShowSplit,
  ShadingClay, ShadingNormals, ShadingHeat, Wireframe, Ghost, Cameras, Grid,
  HidePanels, FullScreen, ScaleUp, ScaleDown, ScaleDefault,
  KeySheet, About
};

enum class Menu { File, Edit, Run, View, Help };
constexpr int kMenus = 5;
const char* toString(Menu menu);

// Key codes as GLFW numbers them (letters and digits are their capital ASCII code).
namespace key {
constexpr int kNone = 0, kSpace = 32, kEscape = 256, kEnter = 257, kTab = 258, kHome = 268, kF1 = 290, kF11 = 300, kF12 = 301,
              kMinus = 45, kEqual = 61, kSlash = 47, kLeftBracket = 91, kRightBracket = 93;
}
enum Modifier : std::uint8_t { kNoModifier = 0, kCtrl = 1, kShift = 2 };

struct Chord {
  int key = key::kNone;
  std::uint8_t modifiers = kNoModifier;
  bool operator==(const Chord&) const = default;
};

struct ActionInfo {
  Action action;
  Menu menu;
  bool separatorBefore;
  const char* label;
  Chord chord, alternative;  // alternative: a second key for the same
  const char* doc;           // one sentence, for tooltips and the key sheet
};

std::span<const ActionInfo> actionTable();   // in menu order, one row per Action
const ActionInfo& info(Action action);
std::string chordText(Chord chord);          // "Ctrl+Shift+Z"; "" for none
std::string shortcutText(Action action);     // both chords: "? or F1"
std::string tooltip(Action action);          // doc and shortcut

const ActionInfo* findAction(Chord chord);   // null when nothing is bound to it

bool enabled(const AppState& state, Action action);
bool checked(const AppState& state, Action action);  // for toggles
void perform(AppState& state, Action action);        // does nothing when not enabled

}  // namespace penumbra
