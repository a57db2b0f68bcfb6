#include <algorithm>
#include <iostream>
#include <set>

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/pictures.h"
#include "app/cli/text.h"
#include "optim/io/dataset_io.h"
#include "optim/io/mesh_io.h"
#include "renderer/error.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

using Json = nlohmann::ordered_json;

Json vectorJson(const glm::dvec3& v) { return {v.x, v.y, v.z}; }

Json meshInfo(const std::filesystem::path& path) {
  MeshReadReport report;
  const Mesh mesh = readMesh(path, &report);
  const TopologySummary topology = summarise(buildTopology(int(mesh.positions.size()), mesh.faces));
  const Bounds bounds = boundsOf(mesh);
  Json json = {{"file", path.string()},
               {"parts", report.parts},
               {"vertices", mesh.positions.size()},
               {"faces", mesh.faces.size()},
               {"vertices_welded", report.verticesWelded},
               {"faces_dropped", report.facesDropped},
               {"lower", vectorJson(bounds.lower)},
               {"upper", vectorJson(bounds.upper)},
               {"components", topology.components},
               {"closed", topology.closed()},
               {"boundary_edges", topology.boundaryEdges},
               {"non_manifold_edges", topology.nonManifoldEdges},
               {"inconsistent_edges", topology.inconsistentEdges}};
  const bool hasGenus = topology.closed() && topology.inconsistentEdges == 0;
  json["genus"] = hasGenus ? Json(topology.genus()) : Json();
  json["notes"] = report.notes;
  return json;
}

std::string sizesText(const std::vector<View>& views) {
  std::set<std::string> sizes;
  for (const View& view : views) sizes.insert(std::to_string(view.camera.width) + "x" + std::to_string(view.camera.height));
  std::string text;
  for (const auto& size : sizes) text += (text.empty() ? "" : ", ") + size;
  return text;
}

// Share of the image that the object covers, least and most over the views.
Json coverageRange(const std::vector<View>& views) {
  double least = 1, most = 0;
  for (const View& view : views) {
    double sum = 0;
    for (float value : view.mask.pixels) sum += value;
    const double share = view.mask.empty() ? 0 : sum / double(view.mask.pixels.size());
    least = std::min(least, share);
    most = std::max(most, share);
  }
  return views.empty() ? Json::array() : Json{least, most};
}

Json datasetInfo(const std::filesystem::path& folder) {
  DatasetOptions options;
  options.maxSize = 0;
  const ViewSet views = readDataset(folder, options);
  return {{"folder", folder.string()},
          {"views", views.train.size()},
          {"heldout_views", views.heldOut.size()},
          {"sizes", sizesText(views.train)},
          {"coverage", coverageRange(views.train)},
          {"notes", views.notes}};
}

// An entry as a person reads it: no brackets, no quotes, no braces.
std::string valueText(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_boolean()) return value.get<bool>() ? "yes" : "no";
  if (value.is_number_float()) return shortText(value.get<double>());
  if (value.is_null()) return "-";
  if (!value.is_array()) return value.dump();
  std::string text;
  for (const auto& item : value) text += (text.empty() ? "" : "  ") + valueText(item);
  return text;
}

void print(const Json& info) {
  for (const auto& [key, value] : info.items()) {
    if (key == "notes") continue;
    std::string label = key;
    std::replace(label.begin(), label.end(), '_', ' ');
    label.resize(20, ' ');
    std::cout << label << valueText(value) << "\n";
  }
  for (const auto& note : info["notes"]) std::cout << "note: " << note.get<std::string>() << "\n";
}

}  // namespace

ExitCode runInfo(const InfoArguments& a) {
  requireInput(a.input);
  const bool folder = std::filesystem::is_directory(a.input);
  if (folder && !a.picture.empty()) throw Error(ExitCode::Usage, "--picture draws a model, but " + a.input.string() + " is a folder.");
  if (!a.picture.empty()) writePicture(a.picture, readMesh(a.input), {0, 1, 0});
  const Json info = folder ? datasetInfo(a.input) : meshInfo(a.input);
  if (a.json) std::cout << info.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
  else print(info);
  return ExitCode::Ok;
}

}  // namespace penumbra
