// The arithmetic of the loss plot: ranges, logarithmic and linear ticks, mapping to pixels, thinning for drawing.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace penumbra {

struct Axis {
  double lower = 0, upper = 1;
  bool logarithmic = false;
  double place(double value) const;    // 0 at lower .. 1 at upper; clamped to [-0.1, 1.1]; log of <= 0 is below
  double valueAt(double place) const;  // inverse of `place` inside [0, 1]
};

struct Tick { double value; std::string label; };

// Whole decades around the positive values, at least one decade, at most ten (the largest are kept).
Axis logAxis(std::span<const double> values);
// Round numbers around the values, never empty.
Axis linearAxis(double lower, double upper);
std::vector<Tick> ticks(const Axis& axis, int wanted);

// "0.00123", "1.2e-05", "12 400": three significant digits, for people; independent of the locale.
std::string shortNumber(double value);

// Of n values spread over `pixels` columns: per column the index of the first, smallest, largest and last, in order,
// without repeats - so that no spike is lost. All indices when there are few.
std::vector<int> thinForPixels(std::span<const double> x, std::span<const double> y, const Axis& xAxis, int pixels);

// Stretches of `values` that were measured, [first, last): a negative value says that nothing was. NaN counts as measured.
struct Stretch { int first, last; };
std::vector<Stretch> measuredStretches(std::span<const double> values);

// Index of the value in sorted `x` nearest to `wanted`; -1 when empty.
int nearestIndex(std::span<const double> x, double wanted);

}  // namespace penumbra
