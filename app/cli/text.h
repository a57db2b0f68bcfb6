// Small pieces of text for a terminal. Numbers are written the same whatever the locale.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace penumbra {

// "0.985" for (0.98512, 3); "-" when the value is not finite.
std::string fixedText(double value, int digits);
// At most so many significant digits: "1e-06", "0.1"; whole numbers in full: "1000000".
std::string shortText(double value, int digits = 6);
// "850 ms", "7.3 s", "2 min 05 s", "1 h 02 min".
std::string durationText(double seconds);
// Lines of at most `width` characters, broken at spaces.
std::vector<std::string> wrapText(std::string_view text, std::size_t width);
// Columns padded to the widest cell, two spaces apart; the first column to the left, the others to the right.
std::string tableText(const std::vector<std::vector<std::string>>& rows);
// How many single letters must be changed to turn one word into the other.
int editDistance(std::string_view a, std::string_view b);

}  // namespace penumbra
