#include "tests/bench/quality_row.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

#include "optim/eval/eval_json.h"
#include "tests/bench/quality_goals.h"
#include "tests/bench/quality_solid.h"

namespace penumbra::quality {
namespace {

const Json& quality(const Json& row) { return row.at("shape_quality"); }
const Json& mesh(const Json& row) { return quality(row).at("mesh"); }
const Json& reference(const Json& row) { return quality(row).at("reference"); }
double number(const Json& value) { return value.is_number() ? value.get<double>() : 0; }
std::string textOrDash(const Json& value) { return value.is_null() ? "-" : value.dump(); }
std::string ofTrue(const Json& row, const char* name) {
  return textOrDash(mesh(row).at(name)) + "/" + textOrDash(reference(row).at(name));
}

void add(std::string& list, const std::string& item) { list += (list.empty() ? "" : ", ") + item; }

// Marks of the faults, one letter each, and a missed time.
std::string marks(const Json& row) {
  std::string text;
  const int views = row.at("views"), size = row.at("size_px");
  if (row.at("method") == "default")
    if (const auto time = timeGoalFor(views, size); time && number(row.at("seconds")) > time->wanted)
      text += number(row.at("seconds")) > time->most ? "S" : "s";
  if (mesh(row).at("genus") != reference(row).at("genus")) text += "g";
  if (mesh(row).at("components") != reference(row).at("components")) text += "p";
  if (number(mesh(row).at("self_intersecting_percent")) > kMostSelfIntersectingPercent) text += "x";
  if (!mesh(row).at("closed")) text += "o";
  if (row.at("cut")) text += " cut";
  return text;
}

std::string verdict(const Json& row) {
  std::string text = marks(row);
  if (row.at("masks") != toString(Noise::None)) {
    if (!row.contains("gain_kept")) return text;
    const double kept = row.at("gain_kept");
    text += format(" gain kept %.0f %%", 100 * kept);
    return text + format(", over clean hull %.0f %% %s", 100 * number(row.at("gain_kept_over_clean_hull")),
                         kept >= kLeastGainKept ? "ok" : "MISSED");
  }
  const auto goal = goalFor(row.at("shape"), row.at("views"), row.at("size_px"));
  if (!goal) return text;
  const std::string missed = goal->missed(volumeIoU(row), quality(row).at("chamfer_l1"), row.at("held_out").at("iou"));
  return text + " " + goal->text() + (missed.empty() ? " ok" : " MISSED" + missed);
}

}  // namespace

std::string format(const char* pattern, ...) {
  char buffer[512];
  va_list values;
  va_start(values, pattern);
  std::vsnprintf(buffer, sizeof buffer, pattern, values);
  va_end(values);
  return buffer;
}

Json rowOf(const RowKey& key) {
  return {{"shape", key.shape}, {"views", key.views}, {"size_px", key.size}, {"cameras", key.cameras},
          {"method", key.method}, {"masks", key.masks}, {"seed", key.seed}};
}

std::string textOf(const Json& row) {
  std::string text;
  for (const char* name : {"shape", "views", "size_px", "cameras", "method", "masks", "seed"}) text += row.at(name).dump() + " ";
  return text;
}

void addAnswer(Json& row, const Answer& answer, double peakMebibytes) {
  row["seconds"] = answer.seconds;
  row["processor_seconds"] = answer.processorSeconds;
  row["stage_seconds"] = {{"start", answer.startSeconds},
                          {"fit", answer.seconds - answer.startSeconds - answer.polishSeconds},
                          {"polish", answer.polishSeconds}};
  row["iterations"] = answer.iterations;
  row["cut"] = answer.cut;
  row["peak_memory_mib"] = peakMebibytes;
}

void addFigures(Json& row, const Mesh& mesh, const Mesh& shape, const ViewSet& exam, ThreadPool& pool) {
  row["held_out"] = toJson(evaluateSilhouettes(mesh, exam.heldOut, pool));
  row["train"] = toJson(evaluateSilhouettes(mesh, exam.train, pool));
  row["shape_quality"] = toJson(evaluate(mesh, shape, {}, pool));
  Json& truth = row["shape_quality"]["reference"];
  if (truth.at("components") == 1) return;
  const SolidTopology solid = topologyOfSolid(shape);
  truth["components"] = solid.parts, truth["genus"] = solid.genus;
}

bool failed(const Json& row) { return row.contains("failure"); }

double volumeIoU(const Json& row) { return failed(row) ? 0 : number(quality(row).at("volume_iou")); }

Gain gainOver(const Json& row, const Json& hull) {
  if (failed(row) || failed(hull)) return {};
  const auto chamfer = [](const Json& r) { return number(quality(r).at("chamfer_l1")); };
  const auto heldOut = [](const Json& r) { return number(r.at("held_out").at("iou")); };
  return {volumeIoU(row) - volumeIoU(hull), chamfer(hull) - chamfer(row), heldOut(row) - heldOut(hull)};
}

double leastKept(const Gain& left, const Gain& clean) {
  double least = 1e300;
  for (const double Gain::*figure : {&Gain::volume, &Gain::chamfer, &Gain::heldOut})
    if (clean.*figure > 0) least = std::min(least, left.*figure / clean.*figure);
  return least < 1e300 ? least : 0;
}

std::string faultsOf(const Json& row) {
  if (failed(row)) return row.at("failure");
  std::string list;
  const auto dashed = [&](const char* name) { return textOrDash(mesh(row).at(name)) + " (" + textOrDash(reference(row).at(name)) + ")"; };
  if (!mesh(row).at("closed")) add(list, "not closed");
  if (mesh(row).at("genus") != reference(row).at("genus")) add(list, "genus " + dashed("genus"));
  if (mesh(row).at("components") != reference(row).at("components")) add(list, "parts " + dashed("components"));
  if (const double percent = number(mesh(row).at("self_intersecting_percent")); percent > kMostSelfIntersectingPercent)
    add(list, format("%.2f %% of the faces self-intersect", percent));
  if (const double percent = number(mesh(row).at("inverted_area_percent")); percent > 0)
    add(list, format("%.3f %% of the area inside out", percent));
  return list;
}

std::string tableHead() {
  return format("%-11s %3s %-18s %-12s %6s %7s %6s %5s %5s %5s %6s %6s %5s %5s %5s %5s %5s %5s %7s %7s %5s", "shape", "N",
                "method", "masks", "vol", "cd", "ho", "px", "F.5", "nc", "h95", "faces", "genus", "parts", "SI %", "fl %",
                "angle", "its", "s", "cpu s", "MiB");
}

std::string tableLine(const Json& row) {
  const std::string head = format("%-11s %3d %-18s %-12s ", row.at("shape").get<std::string>().c_str(), int(row.at("views")),
                                  row.at("method").get<std::string>().c_str(), row.at("masks").get<std::string>().c_str());
  if (failed(row)) return head + row.at("failure").get<std::string>();
  const Json& q = quality(row);
  const Json &held = row.at("held_out"), &m = mesh(row);
  return head +
         format("%6.4f %7.5f %6.4f %5.2f %5.3f %5.3f %6.4f %6d %5s %5s %5.2f %5.2f %5.1f %5d %7.2f %7.2f %5.0f  ", volumeIoU(row),
                number(q.at("chamfer_l1")), number(held.at("iou")), number(held.at("contour_error_px")),
                number(q.at("f_score_at_half_percent_of_diagonal")), number(q.at("normal_consistency")),
                number(q.at("hausdorff_p95")), int(m.at("faces")), ofTrue(row, "genus").c_str(), ofTrue(row, "components").c_str(),
                number(m.at("self_intersecting_percent")), number(q.at("flipped_area_percent")), number(m.at("min_angle_degrees")),
                int(row.at("iterations")), number(row.at("seconds")), number(row.at("processor_seconds")),
                number(row.at("peak_memory_mib"))) +
         verdict(row);
}

}  // namespace penumbra::quality
