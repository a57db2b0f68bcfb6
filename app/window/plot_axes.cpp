#include "app/window/plot_axes.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace penumbra {
namespace {

std::string general(double value, int digits) {
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value, std::chars_format::general, digits).ptr;
  return std::string(text, end);
}

// 1, 2 or 5 times a power of ten, not below `step`.
double roundStep(double step) {
  const double decade = std::pow(10.0, std::floor(std::log10(step)));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * decade >= step * (1 - 1e-9)) return factor * decade;
  return 10 * decade;
}

}  // namespace

double Axis::place(double value) const {
  double t;
  if (logarithmic) t = value > 0 ? std::log(value / lower) / std::log(upper / lower) : -0.1;
  else t = (value - lower) / (upper - lower);
  return std::isfinite(t) ? std::clamp(t, -0.1, 1.1) : -0.1;
}

double Axis::valueAt(double place) const {
  return logarithmic ? lower * std::pow(upper / lower, place) : lower + place * (upper - lower);
}

Axis logAxis(std::span<const double> values) {
  double least = 1e300, most = 0;
  for (double v : values)
    if (std::isfinite(v) && v > 0) least = std::min(least, v), most = std::max(most, v);
  if (most <= 0) return {1e-3, 1, true};
  double upper = std::pow(10.0, std::ceil(std::log10(most) - 1e-9));
  double lower = std::pow(10.0, std::floor(std::log10(least) + 1e-9));
  lower = std::max(lower, upper * 1e-10);
  if (lower >= upper) lower = upper / 10;
  return {lower, upper, true};
}

Axis linearAxis(double lower, double upper) {
  if (!std::isfinite(lower) || !std::isfinite(upper) || upper <= lower) {
    const double centre = std::isfinite(lower) ? lower : 0;
    return {centre - 0.5, centre + 0.5, false};
  }
  const double step = roundStep((upper - lower) / 5);
  return {std::floor(lower / step) * step, std::ceil(upper / step) * step, false};
}

std::vector<Tick> ticks(const Axis& axis, int wanted) {
  std::vector<Tick> result;
  wanted = std::max(1, wanted);
  if (axis.logarithmic) {
    const int first = int(std::lround(std::log10(axis.lower))), last = int(std::lround(std::log10(axis.upper)));
    const int stride = std::max(1, (last - first + wanted - 1) / wanted);
    for (int e = first; e <= last; e += stride) result.push_back({std::pow(10.0, e), shortNumber(std::pow(10.0, e))});
    return result;
  }
  const double step = roundStep((axis.upper - axis.lower) / wanted);
  for (double i = std::ceil(axis.lower / step - 1e-6); i * step <= axis.upper + 1e-6 * step; ++i)
    result.push_back({i * step, shortNumber(i * step)});
  return result;
}

std::string shortNumber(double value) {
  if (!std::isfinite(value)) return value != value ? "nan" : (value > 0 ? "inf" : "-inf");
  if (std::abs(value) < 1e-300) return "0";
  const double size = std::abs(value);
  if (size >= 1000 && size < 1e7) {
    std::string digits = general(std::round(size), 10), grouped;
    for (std::size_t i = 0; i < digits.size(); ++i) {
      if (i > 0 && (digits.size() - i) % 3 == 0 && digits.size() > 4) grouped += "\u2009";
      grouped += digits[i];
    }
    return value < 0 ? "-" + grouped : grouped;
  }
  return general(value, 3);
}

std::vector<int> thinForPixels(std::span<const double> x, std::span<const double> y, const Axis& xAxis, int pixels) {
  const int n = int(std::min(x.size(), y.size()));
  std::vector<int> kept;
  if (n <= 2 * std::max(1, pixels)) {
    for (int i = 0; i < n; ++i) kept.push_back(i);
    return kept;
  }
  for (int begin = 0; begin < n;) {
    const int column = int(xAxis.place(x[std::size_t(begin)]) * pixels);
    int end = begin, least = begin, most = begin;
    for (; end < n && int(xAxis.place(x[std::size_t(end)]) * pixels) == column; ++end) {
      if (y[std::size_t(end)] < y[std::size_t(least)]) least = end;
      if (y[std::size_t(end)] > y[std::size_t(most)]) most = end;
    }
    int picked[4] = {begin, std::min(least, most), std::max(least, most), end - 1};
    for (int i : picked)
      if (kept.empty() || kept.back() != i) kept.push_back(i);
    begin = end;
  }
  return kept;
}

std::vector<Stretch> measuredStretches(std::span<const double> values) {
  std::vector<Stretch> stretches;
  for (int i = 0, n = int(values.size()); i < n; ++i) {
    if (values[std::size_t(i)] < 0) continue;
    if (stretches.empty() || stretches.back().last != i) stretches.push_back({i, i});
    stretches.back().last = i + 1;
  }
  return stretches;
}

int nearestIndex(std::span<const double> x, double wanted) {
  if (x.empty()) return -1;
  const auto after = std::lower_bound(x.begin(), x.end(), wanted);
  if (after == x.end()) return int(x.size()) - 1;
  if (after == x.begin()) return 0;
  const auto before = after - 1;
  return int((wanted - *before <= *after - wanted ? before : after) - x.begin());
}

}  // namespace penumbra
