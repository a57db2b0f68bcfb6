// The parts of the window, one file each, and the table that lists them.
#pragma once
#include <span>

#include "app/window/ui.h"

namespace penumbra {

// The axes in the corner of the 3D view, in design units.
inline constexpr float kGizmoSide = 92, kGizmoGap = 10;

// In the order they are drawn. A new panel is a file in this folder and a row in panel_table.cpp.
std::span<const Panel> panelTable();

// All visible panels and the splitters between them, for a window of `width` x `height` pixels.
void drawPanels(AppState& state, Ui& ui, float width, float height);

// Keys pressed since the last frame, and the characters of this one, as actions; unless text is being typed or a
// dialog is open.
void handleKeys(AppState& state, std::span<const Chord> pressed);

void drawMenuBar(AppState&, Ui&);
void drawLeftPanel(AppState&, Ui&);
void drawViewport(AppState&, Ui&);
void drawViewportToolbar(AppState&, Ui&);
void drawWelcome(AppState&, Ui&);
void drawViews(AppState&, Ui&);
void drawPlot(AppState&, Ui&);
void drawStatusBar(AppState&, Ui&);
void drawCards(AppState&, Ui&);
void drawReportCard(AppState&, Ui&);
void drawBanner(AppState&, Ui&);
void drawToasts(AppState&, Ui&);
void drawExportDialog(AppState&, Ui&);
void drawFileBrowser(AppState&, Ui&);
void drawConfirm(AppState&, Ui&);
void drawKeySheet(AppState&, Ui&);
void drawAbout(AppState&, Ui&);
void drawHistory(AppState&, Ui&);
void drawPreferences(AppState&, Ui&);
void drawWarnings(AppState&, Ui&);

}  // namespace penumbra
