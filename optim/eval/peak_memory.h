// The most memory the process has held (Linux: resident pages, graphics cards' memory and child processes not counted).
#pragma once

namespace penumbra {

// MiB since the process began or since forgetPeakMemory(); 0 where it cannot be told.
double peakMemoryMiB();
void forgetPeakMemory();

}  // namespace penumbra
