// The loss plot: terms of the objective on a logarithmic axis at the left, IoU at the right, markers where an option
// was changed, values under the mouse.
#include "app/panels/panels.h"

#include <cmath>

#include "app/cli/fit_progress.h"
#include "app/window/plot_axes.h"
#include "app/window/plot_marks.h"
#include "app/window/widgets.h"

namespace penumbra {
namespace {

struct Curve {
  const char* label;
  Rgba colour;
  bool PlotToggles::*shown;
  double (*value)(const Metrics&);
  bool onIoUAxis;
};

constexpr Rgba kIoU{86, 199, 155}, kHeldOut{255, 214, 102};
constexpr Curve kCurves[] = {
    {"loss", {231, 233, 237}, &PlotToggles::loss, [](const Metrics& m) { return m.loss; }, false},
    {"outline px", {255, 128, 190}, &PlotToggles::outlinePx, [](const Metrics& m) { return m.outlinePx; }, false},
    {"silhouette", {92, 158, 255}, &PlotToggles::silhouette, [](const Metrics& m) { return m.silhouette; }, false},
    {"smoothness", {196, 160, 255}, &PlotToggles::thinPlate, [](const Metrics& m) { return m.thinPlate; }, false},
    {"laplacian", {255, 150, 50}, &PlotToggles::laplacian, [](const Metrics& m) { return m.laplacian; }, false},
    {"normals", {214, 130, 255}, &PlotToggles::normalConsistency, [](const Metrics& m) { return m.normalConsistency; }, false},
    {"edges", {240, 110, 90}, &PlotToggles::edgeLength, [](const Metrics& m) { return m.edgeLength; }, false},
    {"train IoU", kIoU, &PlotToggles::trainIoU, [](const Metrics& m) { return m.trainIoU; }, true}};

struct Data {
  std::vector<double> x;
  std::vector<std::vector<double>> y;  // per curve
  bool present[std::size(kCurves)] = {};  // curves with a value at all; the others are not offered
  bool shown(const AppState& state, std::size_t c) const { return present[c] && state.plot.*kCurves[c].shown; }
  Axis iterations, loss, iou;
};

// The right end of the axis: what is planned, or what was run when the fit ends by itself. It grows in leaps.
double lastShown(const Snapshot& s, double last) {
  if (s.state == SessionState::Done) return std::max(last, 5.0);
  if (s.views && !endsByItself(s)) return std::max({10.0, last, double(s.plannedIterations)});
  double end = 25;
  while (end < 1.05 * last) end = std::round(1.5 * end);
  return end;
}

Data collect(const AppState& state) {
  const Snapshot& s = state.snapshot();
  Data d;
  d.y.resize(std::size(kCurves));
  std::vector<double> lossValues;
  double least = 1, last = 0;
  if (s.history)
    for (const Metrics& m : *s.history) {
      d.x.push_back(m.iteration);
      last = std::max(last, double(m.iteration));
      for (std::size_t c = 0; c < std::size(kCurves); ++c) {
        const double v = kCurves[c].value(m);
        d.y[c].push_back(v);
        d.present[c] = d.present[c] || v > 0 || std::isnan(v);
        if (!(state.plot.*kCurves[c].shown)) continue;
        if (!kCurves[c].onIoUAxis) lossValues.push_back(v);
        else if (v > 0) least = std::min(least, v);
      }
    }
  if (s.heldOut && state.plot.heldOutIoU)
    for (const HeldOutMetrics& h : *s.heldOut) least = std::min(least, std::max(0.0, h.iou)), last = std::max(last, double(h.iteration));
  d.iterations = {0, lastShown(s, last), false};
  d.loss = logAxis(lossValues);
  d.iou = {std::floor(least * 10 - 1e-9) / 10, 1, false};
  if (d.iou.lower >= 0.95) d.iou.lower = 0.9;
  d.iou.lower = std::clamp(d.iou.lower, 0.0, 0.9);
  d.iou.upper = 1 + 0.07 * (1 - d.iou.lower);  // room above a perfect match
  return d;
}

void toggleChip(Ui& ui, const char* label, Rgba colour, bool& on, bool dot = false) {
  ImGui::PushID(label);
  const ImVec2 text = ImGui::CalcTextSize(label), at = ImGui::GetCursorScreenPos();
  const float height = text.y + ui.px(4), mark = ui.px(14);
  if (ImGui::InvisibleButton("chip", {mark + text.x + ui.px(8), height})) on = !on;
  const bool hovered = ImGui::IsItemHovered();
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Rgba c = on ? colour : mixColour(colour::kPanel, colour::kFaint, hovered ? 1.0 : 0.6);
  const float y = at.y + height / 2;
  if (dot) draw->AddCircleFilled({at.x + ui.px(5), y}, ui.px(3.4f), rgba(c));
  else draw->AddLine({at.x, y}, {at.x + ui.px(10), y}, rgba(c), ui.px(2.2f));
  draw->AddText({at.x + mark, at.y + ui.px(2)}, rgba(on ? (hovered ? colour::kText : colour::kDim) : c), label);
  ImGui::PopID();
}

// The newest measurement on views the fit never saw, at the right end of the row when there is room.
void newestHeldOut(const AppState& state, Ui& ui) {
  const auto& heldOut = state.snapshot().heldOut;
  if (!heldOut || heldOut->empty()) return;
  const HeldOutMetrics& newest = heldOut->back();
  const std::string text = "held-out IoU " + fixedText(newest.iou, 4) + ", " + fixedText(newest.contourErrorPx, 2) + " px";
  ImGui::SameLine(0, ui.px(14));
  const float room = ImGui::GetContentRegionAvail().x - ImGui::CalcTextSize(text.c_str()).x;
  if (room < 0) return ImGui::NewLine();
  ImGui::SetCursorPosX(ImGui::GetCursorPosX() + room);
  ImGui::TextColored(toVec(kHeldOut), "%s", text.c_str());
  tip("Measured at iteration " + std::to_string(newest.iteration) + " on views that the fit never saw: mean overlap, and mean distance between the outlines.");
}

void legend(AppState& state, Ui& ui, const Data& data) {
  ImGui::PushFont(ui.fonts.small);
  const auto next = [&](const char* label) {  // on the same line while there is room
    ImGui::SameLine(0, ui.px(6));
    if (ImGui::GetContentRegionAvail().x < ImGui::CalcTextSize(label).x + ui.px(22)) ImGui::NewLine();
  };
  bool first = true;
  const auto chip = [&](const char* label, Rgba colour, bool& on, bool dot) {
    if (!first) next(label);
    first = false;
    toggleChip(ui, label, colour, on, dot);
  };
  for (std::size_t c = 0; c < std::size(kCurves); ++c)
    if (data.present[c]) chip(kCurves[c].label, kCurves[c].colour, state.plot.*kCurves[c].shown, false);
  const Snapshot& s = state.snapshot();
  if (s.heldOut && !s.heldOut->empty()) chip("held-out IoU", kHeldOut, state.plot.heldOutIoU, true);
  if (!state.meshEdits.empty() || (s.edits && !s.edits->empty())) chip("edits", colour::kAccent, state.plot.edits, false);
  if (first) return ImGui::PopFont(), dimText("Loss and overlap");
  newestHeldOut(state, ui);
  ImGui::PopFont();
}

void axes(Ui& ui, const Rect& r, const Data& d) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  ImFont* font = ui.fonts.small;
  const auto text = [&](float x, float y, const std::string& label, float alignX) {
    const ImVec2 size = font->CalcTextSizeA(font->FontSize, 1e9f, 0, label.c_str());
    draw->AddText(font, font->FontSize, {std::round(x - size.x * alignX), std::round(y)}, rgba(colour::kFaint), label.c_str());
  };
  ui.underlays.push_back({r, colour::kWindow, 0});
  const float line = font->FontSize;
  for (const Tick& tick : ticks(d.loss, std::max(1, int(r.height / ui.px(26))))) {
    const float y = std::round(r.bottom() - float(d.loss.place(tick.value)) * r.height);
    draw->AddLine({r.x, y}, {r.right(), y}, rgba(withAlpha(colour::kBorder, 120)));
    text(r.x - ui.px(6), std::clamp(y - line / 2, r.y - ui.px(2), r.bottom() - line), tick.label, 1);
  }
  for (const Tick& tick : ticks(d.iou, 4)) {
    const float y = r.bottom() - float(d.iou.place(tick.value)) * r.height;
    text(r.right() + ui.px(6), std::clamp(y - line / 2, r.y - ui.px(2), r.bottom() - line), tick.label, 0);
  }
  for (const Tick& tick : ticks(d.iterations, std::max(2, int(r.width / ui.px(90))))) {
    const float x = std::round(r.x + float(d.iterations.place(tick.value)) * r.width);
    draw->AddLine({x, r.y}, {x, r.bottom()}, rgba(withAlpha(colour::kBorder, 70)));
    text(x, r.bottom() + ui.px(3), tick.label, tick.value <= 0 ? 0.f : 0.5f);
  }
}

// The line is broken where nothing was measured; what was measured alone is a point.
void curve(Ui& ui, const Rect& r, const Data& d, std::size_t c) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const Axis& axis = kCurves[c].onIoUAxis ? d.iou : d.loss;
  const ImU32 colour = rgba(kCurves[c].colour);
  std::vector<ImVec2> points;
  for (const Stretch& s : measuredStretches(d.y[c])) {
    const auto part = [&](const std::vector<double>& all) { return std::span(all).subspan(std::size_t(s.first), std::size_t(s.last - s.first)); };
    const auto x = part(d.x), y = part(d.y[c]);
    points.clear();
    for (int i : thinForPixels(x, y, d.iterations, int(r.width)))
      points.push_back({r.x + float(d.iterations.place(x[std::size_t(i)])) * r.width, r.bottom() - float(axis.place(y[std::size_t(i)])) * r.height});
    if (points.size() == 1) draw->AddCircleFilled(points[0], ui.px(1.6f), colour);
    else draw->AddPolyline(points.data(), int(points.size()), colour, 0, ui.px(1.6f));
  }
}

void curves(const AppState& state, Ui& ui, const Rect& r, const Data& d) {
  ImDrawList* draw = ImGui::GetWindowDrawList();
  draw->PushClipRect({r.x, r.y}, {r.right(), r.bottom()}, true);
  for (std::size_t c = 0; c < std::size(kCurves); ++c)
    if (d.shown(state, c)) curve(ui, r, d, c);
  draw->PopClipRect();
  const float whole = ui.px(4);  // dots at the edge are not cut
  draw->PushClipRect({r.x - whole, r.y}, {r.right() + whole, r.bottom()}, true);
  if (state.plot.heldOutIoU && state.snapshot().heldOut)
    for (const HeldOutMetrics& h : *state.snapshot().heldOut)
      draw->AddCircleFilled({r.x + float(d.iterations.place(h.iteration)) * r.width, r.bottom() - float(d.iou.place(h.iou)) * r.height}, ui.px(3.2f), rgba(kHeldOut));
  draw->PopClipRect();
}

// Dashed lines where options were changed or the mesh was carved anew; returns the edits near the mouse.
std::vector<OptionEdit> editMarkers(const AppState& state, Ui& ui, const Rect& r, const Data& d, float mouseX) {
  std::vector<OptionEdit> near, all = state.meshEdits;
  if (!state.plot.edits) return near;
  if (state.snapshot().edits) all.insert(all.end(), state.snapshot().edits->begin(), state.snapshot().edits->end());
  ImDrawList* draw = ImGui::GetWindowDrawList();
  float drawn = -1e9f;
  for (const OptionEdit& edit : mergedEdits(all)) {
    const float x = std::round(r.x + float(d.iterations.place(edit.iteration)) * r.width);
    const bool close = std::abs(x - mouseX) < ui.px(5);
    if (close) near.push_back(edit);
    if (x == drawn) continue;
    drawn = x;
    const Rgba c = withAlpha(colour::kAccent, close ? 255 : 150);
    for (float y = r.y; y < r.bottom(); y += ui.px(6)) draw->AddLine({x, y}, {x, std::min(y + ui.px(3), r.bottom())}, rgba(c));
    draw->AddTriangleFilled({x - ui.px(4), r.y}, {x + ui.px(4), r.y}, {x, r.y + ui.px(6)}, rgba(c));
  }
  return near;
}

const HeldOutMetrics* heldOutNear(const AppState& state, const Data& d, const Rect& r, Ui& ui, float mouseX) {
  if (!state.plot.heldOutIoU || !state.snapshot().heldOut) return nullptr;
  for (const HeldOutMetrics& h : *state.snapshot().heldOut)
    if (std::abs(r.x + float(d.iterations.place(h.iteration)) * r.width - mouseX) < ui.px(5)) return &h;
  return nullptr;
}

void hover(const AppState& state, Ui& ui, const Rect& r, const Data& d, const std::vector<OptionEdit>& edits) {
  const ImVec2 mouse = ImGui::GetIO().MousePos;
  const int i = nearestIndex(d.x, d.iterations.valueAt((mouse.x - r.x) / r.width));
  if (i < 0) return;
  const Metrics& m = (*state.snapshot().history)[std::size_t(i)];
  ImDrawList* draw = ImGui::GetWindowDrawList();
  const float x = r.x + float(d.iterations.place(m.iteration)) * r.width;
  draw->AddLine({x, r.y}, {x, r.bottom()}, rgba(withAlpha(colour::kText, 90)));
  draw->AddLine({r.x, mouse.y}, {r.right(), mouse.y}, rgba(withAlpha(colour::kText, 40)));
  beginTip();
  heading(ui, ("Iteration " + shortNumber(m.iteration)).c_str());
  for (std::size_t c = 0; c < std::size(kCurves); ++c) {
    if (!d.shown(state, c)) continue;
    const double v = d.y[c][std::size_t(i)];
    if (v < 0) continue;  // not measured there
    const Axis& axis = kCurves[c].onIoUAxis ? d.iou : d.loss;
    draw->AddCircleFilled({x, r.bottom() - float(axis.place(v)) * r.height}, ui.px(3), rgba(kCurves[c].colour));
    ImGui::TextColored(toVec(kCurves[c].colour), "%s  %s", kCurves[c].label, (kCurves[c].onIoUAxis ? fixedText(v, 4) : shortNumber(v)).c_str());
  }
  if (const HeldOutMetrics* h = heldOutNear(state, d, r, ui, mouse.x))
    ImGui::TextColored(toVec(kHeldOut), "held-out IoU  %s, outline error %s px", fixedText(h->iou, 4).c_str(), fixedText(h->contourErrorPx, 2).c_str());
  std::string more = "|gradient| " + shortNumber(m.gradientNorm);
  if (m.learningRate > 0) more = "sigma " + shortNumber(m.sigma) + "   rate " + shortNumber(m.learningRate) + "   " + more;
  dimText(more.c_str());
  for (const OptionEdit& edit : edits) {
    const Option* option = findOption(edit.name);
    if (!option && edit.from.empty()) ImGui::TextColored(toVec(colour::kAccent), "%s", edit.name.c_str());
    else ImGui::TextColored(toVec(colour::kAccent), "%s: %s \u2192 %s", option ? option->label : edit.name.c_str(), edit.from.c_str(), edit.to.c_str());
  }
  endTip();
}

}  // namespace

void drawPlot(AppState& state, Ui& ui) {
  const Rect& area = ui.layout.plot;
  beginRegion(ui, "plot", area, ui.px(12, 8), colour::kPanel, ImGuiWindowFlags_NoScrollbar | ImGuiWindowFlags_NoScrollWithMouse);
  const Data data = collect(state);
  legend(state, ui, data);
  const ImVec2 at = ImGui::GetCursorScreenPos();
  const float left = ui.px(50), right = ui.px(42), below = ui.px(20);
  const Rect r{at.x + left, at.y + ui.px(2), area.right() - ui.px(12) - right - at.x - left, area.bottom() - ui.px(4) - below - at.y};
  if (r.width > ui.px(40) && r.height > ui.px(20)) {
    axes(ui, r, data);
    ImGui::SetCursorScreenPos({r.x, r.y});
    ImGui::InvisibleButton("plot", {r.width, r.height});
    const bool hovered = ImGui::IsItemHovered();
    curves(state, ui, r, data);
    const auto edits = editMarkers(state, ui, r, data, hovered ? ImGui::GetIO().MousePos.x : -1e9f);
    if (hovered && !data.x.empty()) hover(state, ui, r, data, edits);
    if (data.x.empty()) {
      const char* text = "The loss appears here while the fit runs.";
      const ImVec2 size = ImGui::CalcTextSize(text);
      if (size.x < r.width) ImGui::GetWindowDrawList()->AddText({r.x + (r.width - size.x) / 2, r.y + (r.height - size.y) / 2}, rgba(colour::kFaint), text);
    }
  }
  endRegion();
}

}  // namespace penumbra
