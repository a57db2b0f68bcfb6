// A parser may use processor time in proportion to what it reads; one that loops is ended soon.
#pragma once
#include <cstdint>

namespace penumbra {

// Starts the clock with the time for nothing at all. When it runs out, SIGPROF ends the process.
void startTimeBudget();

// Adds the time for `bytes` more of input: one second for each 2 MB, a tenth of the usual speed or less.
void extendTimeBudget(std::uint64_t bytes);

}  // namespace penumbra
