// Where the fixed parts of the window lie. All sizes in pixels; those of `LayoutSizes` are for scale 1.
#pragma once
#include "app/window/rect.h"

namespace penumbra {

// Dragged by the splitters, saved in the settings.
struct LayoutSizes {
  float left = 330, right = 330, bottom = 190;
};

struct Layout {
  Rect menu, left, viewport, right, plot, status;
  Rect leftSplitter, rightSplitter, bottomSplitter;
};

// The least window everything is usable in.
inline constexpr int kLeastWidth = 960, kLeastHeight = 600;

// What of the report card there is room for over this 3D view: it must not hide the mesh.
enum class CardRoom { Summary, Rows, Details };
CardRoom reportRoom(const Rect& viewport, float scale);

// Side panels give way in small windows so that the viewport keeps a useful width; `panelsHidden` leaves the
// menu, the viewport and the status bar.
Layout computeLayout(float width, float height, float scale, const LayoutSizes& sizes, bool panelsHidden);

// `sizes` after a splitter was dragged by `delta` pixels, kept within what is usable.
LayoutSizes dragLeft(LayoutSizes sizes, float delta, float scale);
LayoutSizes dragRight(LayoutSizes sizes, float delta, float scale);
LayoutSizes dragBottom(LayoutSizes sizes, float delta, float scale, float windowHeight);

}  // namespace penumbra
