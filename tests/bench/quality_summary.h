// What all rows come to: for every method the median and the worst over the shapes, and where the default fails.
#pragma once
#include <string>

#include "tests/bench/quality_row.h"

namespace penumbra::quality {

// Markdown: for each (number of views, size, masks) a table of the methods over the shapes that all of them sat, at least
// one; of several seeds the median counts. Then a line for every answer of the default that has a fault, is beaten by the
// hull, or sees less than kLeastHeldOut of unseen masks. `rows`: an array of rows (quality_row.h).
std::string summaryOf(const Json& rows);
inline constexpr double kLeastHeldOut = 0.975;

}  // namespace penumbra::quality
