// What the status bar says of what computes, and of how its mesh gets into the window.
#pragma once
#include <string>

#include "app/window/drawing.h"

namespace penumbra {

struct BackendText {
  std::string backend, backendTip;    // "CPU (2 threads, AVX-512)"; the tip tells why it is not the graphics card
  std::string transfer, transferTip;  // "host copies" and why; empty while the processor computes
};

BackendText backendText(const Snapshot& snapshot, const Drawing& drawing);

}  // namespace penumbra
