// Ctrl-C while a fit runs: the first one asks it to stop and save, the second one ends the program at once.
#pragma once

namespace penumbra {

// While it lives, SIGINT and SIGTERM set a flag instead of ending the program. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;
  bool requested() const;
};

}  // namespace penumbra
