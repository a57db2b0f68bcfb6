#include "optim/io/import_worker/time_budget.h"

#include <sys/time.h>

#include "optim/io/import_worker/sanitizers.h"

namespace penumbra {
namespace {

constexpr std::int64_t kMicrosecondsAtStart = 800'000;
constexpr std::int64_t kBytesPerMicrosecond = 2;
#ifdef PENUMBRA_SHADOW_MEMORY
constexpr std::int64_t kSlowdown = 2;  // sanitizers; assimp itself is not instrumented
#else
constexpr std::int64_t kSlowdown = 1;
#endif

void arm(std::int64_t microseconds) {
  itimerval timer{};
  timer.it_value.tv_sec = microseconds / 1'000'000;
  timer.it_value.tv_usec = microseconds % 1'000'000;
  ::setitimer(ITIMER_PROF, &timer, nullptr);
}

}  // namespace

void startTimeBudget() { arm(kSlowdown * kMicrosecondsAtStart); }

void extendTimeBudget(std::uint64_t bytes) {
  itimerval timer{};
  ::getitimer(ITIMER_PROF, &timer);
  const std::int64_t left = std::int64_t(timer.it_value.tv_sec) * 1'000'000 + timer.it_value.tv_usec;
  arm(left + kSlowdown * std::int64_t(bytes) / kBytesPerMicrosecond);
}

}  // namespace penumbra
