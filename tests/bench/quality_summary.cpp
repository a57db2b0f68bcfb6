#include "tests/bench/quality_summary.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "tests/bench/quality_goals.h"
#include "tests/bench/quality_methods.h"

namespace penumbra::quality {
namespace {

using Rows = std::vector<const Json*>;

// Methods in the order they came, with the rows of each shape.
struct Table {
  std::string title;
  std::vector<std::string> methods;
  std::map<std::string, std::map<std::string, Rows>> rows;  // method, shape
};

bool isAblation(const std::string& method) {
  const std::string name = method.substr(0, method.find(':'));
  return std::any_of(ablations().begin(), ablations().end(), [&](const Method& m) { return m.name == name; });
}

void addTo(std::vector<Table>& tables, const std::string& title, const Json& row) {
  auto table = std::find_if(tables.begin(), tables.end(), [&](const Table& t) { return t.title == title; });
  if (table == tables.end()) table = tables.insert(tables.end(), Table{title, {}, {}});
  const std::string method = row.at("method");
  if (!table->rows.contains(method)) table->methods.push_back(method);
  table->rows[method][row.at("shape")].push_back(&row);
}

// Ablations apart from the methods, with the default in both.
std::vector<Table> tablesOf(const Json& rows) {
  std::vector<Table> tables;
  for (const Json& row : rows) {
    const std::string title = row.at("views").dump() + " views of " + row.at("size_px").dump() + " px, masks " +
                              row.at("masks").get<std::string>() + ", cameras " + row.at("cameras").get<std::string>();
    const std::string method = row.at("method");
    if (!isAblation(method)) addTo(tables, title, row);
    if (isAblation(method) || method == "default") addTo(tables, title + ", one ingredient changed", row);
  }
  std::erase_if(tables, [](const Table& t) { return t.title.ends_with("changed") && t.methods.size() == 1; });
  return tables;
}

std::set<std::string> commonShapes(const Table& table) {
  std::set<std::string> common;
  for (const auto& [shape, unused] : table.rows.at(table.methods.front())) common.insert(shape);
  for (const std::string& method : table.methods)
    std::erase_if(common, [&](const std::string& shape) { return !table.rows.at(method).contains(shape); });
  return common;
}

const Json& medianRun(const Rows& rows) {
  Rows sorted = rows;
  std::stable_sort(sorted.begin(), sorted.end(), [](const Json* a, const Json* b) { return volumeIoU(*a) < volumeIoU(*b); });
  return *sorted[sorted.size() / 2];
}

struct Value {
  double number;
  std::string shape;
};

double medianOf(std::vector<Value> values) {
  std::sort(values.begin(), values.end(), [](const Value& a, const Value& b) { return a.number < b.number; });
  const std::size_t n = values.size();
  return n % 2 ? values[n / 2].number : 0.5 * (values[n / 2 - 1].number + values[n / 2].number);
}

// "0.9856, worst 0.8112 (boot)"
std::string medianAndWorst(const std::vector<Value>& values, const char* pattern, bool moreIsBetter) {
  if (values.empty()) return "-";
  const auto less = [](const Value& a, const Value& b) { return a.number < b.number; };
  const Value& worst = moreIsBetter ? *std::min_element(values.begin(), values.end(), less)
                                    : *std::max_element(values.begin(), values.end(), less);
  const auto written = [pattern](double v) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, pattern, v);
    return std::string(buffer);
  };
  return written(medianOf(values)) + ", worst " + written(worst.number) + " (" + worst.shape + ")";
}

std::string methodLine(const Table& table, const std::string& method, const std::set<std::string>& shapes) {
  std::vector<Value> volume, chamfer, heldOut, seconds, processor, faces;
  int genus = 0, parts = 0, clean = 0, answered = 0;
  for (const std::string& shape : shapes) {
    const Json& row = medianRun(table.rows.at(method).at(shape));
    volume.push_back({volumeIoU(row), shape});
    heldOut.push_back({failed(row) ? 0 : double(row.at("held_out").at("iou")), shape});
    if (failed(row)) continue;
    ++answered;
    const Json &quality = row.at("shape_quality"), &mesh = quality.at("mesh"), &reference = quality.at("reference");
    chamfer.push_back({quality.at("chamfer_l1"), shape});
    seconds.push_back({row.at("seconds"), shape});
    processor.push_back({row.at("processor_seconds"), shape});
    faces.push_back({mesh.at("faces"), shape});
    genus += mesh.at("genus") == reference.at("genus");
    parts += mesh.at("components") == reference.at("components");
    clean += mesh.at("closed") && double(mesh.at("self_intersecting_percent")) <= kMostSelfIntersectingPercent;
  }
  if (answered == 0) return "| " + method + " | failed on all |\n";
  const auto of = [&](int count) { return std::to_string(count) + " / " + std::to_string(shapes.size()); };
  return "| " + method + " | " + medianAndWorst(volume, "%.4f", true) + " | " + medianAndWorst(chamfer, "%.4f", false) + " | " +
         medianAndWorst(heldOut, "%.4f", true) + " | " + of(genus) + " | " + of(parts) + " | " + of(clean) + " | " +
         format("%.0f", medianOf(faces)) + " | " + format("%.1f", medianOf(seconds)) + " | " +
         medianAndWorst(processor, "%.1f", false) + " |\n";
}

std::string whereItFails(const Table& table, const std::set<std::string>& shapes) {
  std::string text;
  if (!table.rows.contains("default")) return text;
  for (const std::string& shape : shapes) {
    const Json& row = medianRun(table.rows.at("default").at(shape));
    std::string faults = faultsOf(row);
    const auto add = [&](const std::string& fault) { faults += (faults.empty() ? "" : ", ") + fault; };
    if (!failed(row) && row.at("held_out").at("iou") < kLeastHeldOut)
      add(format("held-out IoU %.4f", double(row.at("held_out").at("iou"))));
    if (table.rows.contains("hull")) {
      const double hull = volumeIoU(medianRun(table.rows.at("hull").at(shape)));
      if (volumeIoU(row) < hull) add(format("volume IoU %.4f below the hull's %.4f", volumeIoU(row), hull));
    }
    if (!faults.empty()) text += "- " + shape + ": " + faults + "\n";
  }
  return text.empty() ? "The default has no fault on any of them.\n" : "Faults of the default:\n" + text;
}

}  // namespace

std::string summaryOf(const Json& rows) {
  std::string text;
  for (const Table& table : tablesOf(rows)) {
    const std::set<std::string> shapes = commonShapes(table);
    if (shapes.empty()) continue;
    text += "\n" + table.title + ", " + std::to_string(shapes.size()) + " shapes, median and worst:\n\n" +
            "| method | volume IoU | Chamfer-L1 | held-out IoU | genus right | parts right | closed, SI <= 0.1 % | faces | s | "
            "processor s |\n|---|---|---|---|---|---|---|---|---|---|\n";
    for (const std::string& method : table.methods) text += methodLine(table, method, shapes);
    text += "\n" + whereItFails(table, shapes);
  }
  return text;
}

}  // namespace penumbra::quality
