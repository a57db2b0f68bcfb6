#include "tests/bench/quality_goals.h"

#include <cstdio>

namespace penumbra::quality {
namespace {

struct Row {
  const char* shape;
  int views;
  Goal goal;
};

const Row kRows[] = {
    {"spot", 8, {.952, .0057, .982}},       {"spot", 16, {.985, .0018, .994}},
    {"spot", 32, {.992, .0010, .9975}},     {"spot", 64, {.995, .0006, .998}},
    {"bob", 8, {.980, .0026, .993}},        {"bob", 16, {.992, .0010, .997}},
    {"bob", 32, {.996, .0005, .9985}},      {"bob", 64, {.997, .0004, .999}},
    {"bunny", 8, {.925, .0103, .9865}},     {"bunny", 16, {.947, .0072, .994}},
    {"bunny", 32, {.962, .0050, .9975}},    {"bunny", 64, {.968, .0043, .9985}},
    {"armadillo", 8, {.922, .0058, .976}},  {"armadillo", 16, {.953, .0034, .9915}},
    {"armadillo", 32, {.966, .0026, .9955}}, {"armadillo", 64, {.975, .0019, .997}},
    {"nefertiti", 16, {.978, .0028, .996}}};
constexpr const char* kThin[] = {"plane", "scorpion", "hammer", "armchair", "boot", "wingnut", "plate_holes", "kettle", "tree"};

// "0.985" without the zero.
std::string shortened(const char* format, double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, format, value);
  return buffer[0] == '0' ? buffer + 1 : buffer;
}

std::string gap(const char* name, double difference) {
  char buffer[48];
  std::snprintf(buffer, sizeof buffer, " %s%+.4f", name, difference);
  return buffer;
}

}  // namespace

std::string Goal::missed(double volume, double chamfer, double heldOut) const {
  std::string text;
  if (!(volume >= volumeIoU)) text += gap("vol", volume - volumeIoU);
  if (!(chamfer <= chamferL1)) text += gap("cd", chamfer - chamferL1);
  if (!(heldOut >= heldOutIoU)) text += gap("ho", heldOut - heldOutIoU);
  return text;
}

std::string Goal::text() const {
  if (volumeIoU == 0) return "-/-/" + shortened("%.3f", heldOutIoU);
  return shortened("%.3f", volumeIoU) + "/" + shortened("%.4f", chamferL1) + "/" + shortened("%.4f", heldOutIoU);
}

std::optional<Goal> goalFor(const std::string& shape, int views, int size) {
  if (size != 512) return std::nullopt;
  for (const Row& row : kRows)
    if (shape == row.shape && views == row.views) return row.goal;
  for (const char* thin : kThin)
    if (shape == thin && views == 64) return Goal{0, 1e300, .975};
  return std::nullopt;
}

std::optional<TimeGoal> timeGoalFor(int views, int size) {
  if (views == 16 && size == 512) return TimeGoal{1.5, 5};
  if (views == 64 && size == 256) return TimeGoal{4, 12};
  return std::nullopt;
}

}  // namespace penumbra::quality
