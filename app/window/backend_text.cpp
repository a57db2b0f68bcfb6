#include "app/window/backend_text.h"

#include "app/cli/text.h"

namespace penumbra {

BackendText backendText(const Snapshot& s, const Drawing& drawing) {
  BackendText text;
  text.backend = s.backend;
  text.backendTip = "What computes the fit.";
  if (s.cardBytes > 0) text.backendTip += " It uses " + fixedText(double(s.cardBytes) / 1e6, 0) + " MB of its memory.";
  if (!s.backendReason.empty()) text.backendTip += " Not the graphics card: " + s.backendReason;
  if (!s.onCard) return text;
  const bool direct = drawing.readsTheCard();
  text.transfer = direct ? "drawn in place" : "host copies";
  text.transferTip = direct ? "Mesh and pictures are drawn from the card's memory, without a copy through the host."
                            : "Mesh and pictures are copied through the host. " + drawing.whyHostCopies();
  return text;
}

}  // namespace penumbra
