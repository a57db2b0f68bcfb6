// Small controls that Dear ImGui does not have, all on its draw list.
#pragma once
#include <string>

#include "app/cli/text.h"
#include "app/window/ui.h"

namespace penumbra {

enum class ButtonLook { Plain, Primary, Quiet, Danger };
// A button with an icon before its text. `width` 0: as wide as its text; < 0: up to the right edge.
bool labelButton(Ui& ui, const char* icon, const char* label, ButtonLook look, float width = 0, bool enabled = true);
// A square button with an icon; `text` is shown instead when the icon font is missing.
bool iconButton(Ui& ui, const char* id, const char* icon, const char* text, bool on = false, bool enabled = true);
// The button of an action: icon, tooltip and shortcut from the table; performs it.
bool actionButton(AppState& state, Ui& ui, Action action, const char* icon, const char* shortText);

// A tooltip with its own padding and corners, whatever is pushed where it appears.
void beginTip();
void endTip();
void tip(const std::string& text);           // tooltip of the last item, wrapped
void heading(Ui& ui, const char* text);
void dimText(const char* text);
void wrappedText(const std::string& text, Rgba colour);
// A thin bar 0..1 with rounded ends.
void progressBar(Ui& ui, double fraction, Rgba colour, float height = 6);
// The same for work of unknown length: a part of it that wanders.
void busyBar(Ui& ui, double seconds, Rgba colour, float height = 6);
// Label left, value right, on one line.
void valueRow(const char* label, const std::string& value, Rgba colour = colour::kText);
// Segmented choice; returns true when it changed.
bool segments(Ui& ui, const char* id, const char* const* labels, int count, int& chosen, float width);
std::string elided(const std::string& text, float width);  // "a long na..."

// A centred modal window; call endModal when it returned true. `width` in design units.
bool beginModal(Ui& ui, const char* title, float width, bool* open);
void endModal();
// Esc closes the menu or list whose begin returned true.
void closeByEscape(AppState& state);

// A framed window over the 3D view, as high as what is in it; endCard always follows.
void beginCard(Ui& ui, const char* name, ImVec2 at, ImVec2 pivot, float width, Rgba edge);
void endCard();
void iconHeading(Ui& ui, const char* icon, Rgba colour, const char* text);
void iconText(Ui& ui, const char* icon, Rgba colour);  // stays on its line; nothing without the icon font

// A borderless window that fills a rectangle. Its background goes to ui.underlays: clearing is much cheaper than
// blending when the processor draws.
bool beginRegion(Ui& ui, const char* name, const Rect& area, ImVec2 padding, Rgba background, int extraFlags = 0);
void endRegion();

}  // namespace penumbra
