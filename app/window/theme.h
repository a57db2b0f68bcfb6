// The dark theme and the fonts. Sizes are multiplied by the scale and the font atlas is built for it, so text stays sharp.
#pragma once
#include "app/window/ui.h"

namespace penumbra {

void applyTheme(float scale);

// Inter and Material Icons from the system's font folders; Dear ImGui's own font and text labels without them.
// Clears the atlas of the current context; the caller uploads it.
Fonts loadFonts(float scale);

}  // namespace penumbra
