// The summary at the lower right of the 3D view: how well the masks are met, and what the mesh itself is worth. It is
// small, for it lies over the view: what matters and what is wrong; the rest under "Details".
#include "app/panels/panels.h"

#include <algorithm>

#include "app/cli/fit_progress.h"
#include "app/window/plot_axes.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

constexpr double kGoodIoU = 0.95;

// Done, and nothing measured says that it came out badly.
bool wentWell(const Snapshot& s) {
  return s.state == SessionState::Done && (!s.heldOut || s.heldOut->empty() || s.heldOut->back().iou >= kGoodIoU);
}

Rgba goodIf(bool good) { return good ? colour::kGood : colour::kWarning; }

std::string titleOf(const Snapshot& s) {
  if (s.state == SessionState::Done) return s.converged ? "Converged" : "Reconstruction done";
  return s.iteration > 0 ? "After " + stepsText(s) : std::string("Start shape");
}

void header(AppState& state, Ui& ui, CardRoom room) {
  const Snapshot& s = state.snapshot();
  const bool done = s.state == SessionState::Done;
  bool& details = state.settings.reportDetails;
  ImGui::AlignTextToFramePadding();
  iconHeading(ui, wentWell(s) ? icon::kDone : done ? icon::kWarning : icon::kInfo, wentWell(s) ? colour::kGood : done ? colour::kWarning : colour::kAccent, titleOf(s).c_str());
  ImGui::SameLine(ImGui::GetContentRegionMax().x - 2 * ImGui::GetFrameHeight() - ui.px(4));
  if (iconButton(ui, "details", details ? icon::kFold : icon::kExpand, details ? "-" : "+", false, room == CardRoom::Details)) details = !details;
  tip(room != CardRoom::Details ? "All details need a larger 3D view." : details ? "Fewer details" : "All details");
  ImGui::SameLine(0, ui.px(4));
  if (iconButton(ui, "close", icon::kClose, "x")) state.showReport = false;
}

void fitRows(const Snapshot& s, CardRoom room) {
  if (s.heldOut && !s.heldOut->empty()) {
    const HeldOutMetrics& h = s.heldOut->back();
    const std::string when = h.iteration == s.iteration ? "" : " (at step " + std::to_string(h.iteration) + ")";
    valueRow("Held-out IoU", fixedText(h.iou, 4) + when, iouColour(h.iou));
    tip("Mean overlap with the masks of views that the fit never saw.");
    valueRow("Outline error", fixedText(h.contourErrorPx, 2) + " px" + when);
    tip("Mean distance between outlines in those views.");
  }
  if (s.iteration > 0 && room != CardRoom::Summary) valueRow("Time", stepsText(s) + ", " + durationText(s.secondsFitting));
  const bool measured = s.heldOut && !s.heldOut->empty();
  if (measured && room != CardRoom::Details) return;
  const bool known = std::any_of(s.viewIoU.begin(), s.viewIoU.end(), [](float iou) { return iou >= 0; });  // of this mesh
  if (known && s.history && !s.history->empty()) valueRow("Training IoU", fixedText(s.history->back().trainIoU, 4), iouColour(s.history->back().trainIoU));
}

void meshRows(const MeshReport& report, CardRoom room) {
  const bool details = room == CardRoom::Details;
  const MeshQuality& q = report.quality;
  if (details) valueRow("Mesh", shortNumber(q.vertices) + " vertices, " + shortNumber(q.faces) + " triangles");
  if (room != CardRoom::Summary || !q.closed()) {
    valueRow("Surface", surfaceText(q), goodIf(q.closed()));
    tip("Watertight: every edge has exactly two triangles. Genus: number of holes like that of a ring.");
  }
  if (details || q.selfIntersectingFaces > 0) {
    valueRow("Self-intersections", q.selfIntersectingFaces ? shortNumber(q.selfIntersectingFaces) + " triangles" : std::string("none"), goodIf(q.selfIntersectingFaces == 0));
    tip("Triangles that run through others (exact test).");
  }
  if (details || q.foldedEdges > 0) {
    valueRow("Folds", q.foldedEdges ? shortNumber(q.foldedEdges) + (q.foldedEdges == 1 ? " edge" : " edges") : std::string("none"), goodIf(q.foldedEdges == 0));
    tip("Edges whose two triangles lie almost back to back.");
  }
  if (details) {
    valueRow("Smallest angle", fixedText(q.minAngleDegrees, 0) + "\u00b0, 99 % above " + fixedText(q.angleP1Degrees, 0) + "\u00b0");
    valueRow("Mean edge", report.edgePixels > 0 ? fixedText(report.edgePixels, 1) + " px" : shortNumber(q.edgeMean));
    tip("In pixels of the views, at the middle of the object.");
  }
  if (!report.mismatch.mismatch) return;
  valueRow("Masks demand more", report.mismatch.summary(), colour::kWarning);
  tip("Holes and parts that the masks show and no fit of this mesh can reach. Re-carve makes them.");
}

void meshPart(AppState& state, CardRoom room) {
  const Snapshot& s = state.snapshot();
  if (room == CardRoom::Details) ImGui::Separator();
  if (state.reporter.newest()) {
    if (!state.reporter.isOf(s)) dimText(("Mesh after " + std::to_string(state.reporter.newest()->iteration) + " iterations").c_str());
    meshRows(*state.reporter.newest(), room);
  } else {
    dimText("Examining the mesh...");
  }
}

void buttons(AppState& state, Ui& ui, bool done) {
  ImGui::Dummy({0, ui.px(2)});
  const bool ofThisMesh = state.reporter.isOf(state.snapshot());
  const bool recarve = ofThisMesh && state.reporter.newest()->mismatch.mismatch;
  if (recarve && labelButton(ui, icon::kReset, "Re-carve", ButtonLook::Plain, -1)) perform(state, Action::Recarve);
  if (recarve) tip(tooltip(Action::Recarve));
  const float half = (ImGui::GetContentRegionAvail().x - ImGui::GetStyle().ItemSpacing.x) / 2;
  if (done) {
    if (labelButton(ui, icon::kExport, "Export...", ButtonLook::Primary, half)) perform(state, Action::Export);
    ImGui::SameLine();
    if (labelButton(ui, icon::kPlay, state.primary().label.c_str(), ButtonLook::Plain, half)) perform(state, Action::StartPause);
  } else if (!ofThisMesh) {
    if (labelButton(ui, icon::kRefresh, "Examine again", ButtonLook::Plain, -1, !state.reporter.working())) state.reporter.ask(state.sharedSnapshot());
  }
}

}  // namespace

void drawReportCard(AppState& state, Ui& ui) {
  const Rect& v = ui.layout.viewport;
  const Snapshot& s = state.snapshot();
  const bool done = s.state == SessionState::Done;
  const CardRoom possible = reportRoom(v, ui.scale);
  beginCard(ui, "report", {v.right() - ui.px(14), v.bottom() - ui.px(14)}, {1, 1}, std::min(ui.px(possible == CardRoom::Summary ? 250 : 312), v.width - ui.px(20)),
            wentWell(s) ? colour::kGood : colour::kBorder);
  header(state, ui, possible);
  const CardRoom room = possible == CardRoom::Details && !state.settings.reportDetails ? CardRoom::Rows : possible;
  ImGui::PushFont(ui.fonts.small);
  fitRows(s, room);
  meshPart(state, room);
  ImGui::PopFont();
  if (room != CardRoom::Summary) buttons(state, ui, done);  // else those of the left panel do
  endCard();
}

}  // namespace penumbra
