// What every panel is given to draw with: fonts, scale, the graphics side and the frame's layout.
#pragma once
#include <imgui.h>

#include "app/window/app_state.h"
#include "app/window/colours.h"
#include "app/window/drawing.h"
#include "app/window/icons.h"
#include "app/window/layout.h"
#include "app/window/view_images.h"

namespace penumbra {

struct Fonts {
  ImFont *regular = nullptr, *bold = nullptr, *small = nullptr, *title = nullptr, *icons = nullptr;
  bool hasIcons = false;
};

// What lies under everything Dear ImGui draws: a plain colour, or the scene's texture.
struct Underlay {
  Rect area;
  Rgba colour;
  TextureId texture = 0;
};

struct Ui {
  Fonts fonts;
  float scale = 1;               // pixels per unit of design size
  Layout layout;
  float toolbarBottom = 0;       // of the switches over the 3D view, when they were drawn last
  Drawing* drawing = nullptr;
  ViewImages* images = nullptr;
  std::vector<Underlay> underlays;  // of this frame, drawn in order
  float frameMilliseconds = 0;   // the last frame's cost

  float px(float units) const { return units * scale; }
  ImVec2 px(float x, float y) const { return {x * scale, y * scale}; }
};

inline ImU32 rgba(Rgba c) { return IM_COL32(c.r, c.g, c.b, c.a); }
inline ImVec4 toVec(Rgba c) { return {c.r / 255.f, c.g / 255.f, c.b / 255.f, c.a / 255.f}; }

// One part of the window. The table decides the order of drawing; a new panel is one file and one row.
struct Panel {
  const char* name;
  bool (*visible)(const AppState&);
  void (*draw)(AppState&, Ui&);
};

}  // namespace penumbra
