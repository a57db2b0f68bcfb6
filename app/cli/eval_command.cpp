#include <iostream>
#include <span>

#include <nlohmann/json.hpp>

#include "app/cli/commands.h"
#include "app/cli/text.h"
#include "optim/eval/eval_json.h"
#include "optim/io/atomic_file.h"
#include "optim/io/mesh_io.h"

namespace penumbra {
namespace {

using Json = nlohmann::ordered_json;
using Rows = std::vector<std::vector<std::string>>;

struct QualityRow {
  const char* label;
  std::string (*text)(const MeshQuality&);
};

// The rows of a mesh's own figures, in the order in which they are shown.
std::span<const QualityRow> qualityRows() {
  using Q = const MeshQuality&;
  static const QualityRow rows[] = {
      {"vertices", [](Q q) { return std::to_string(q.vertices); }},
      {"faces", [](Q q) { return std::to_string(q.faces); }},
      {"components", [](Q q) { return std::to_string(q.components); }},
      {"genus", [](Q q) { return q.genus ? std::to_string(*q.genus) : "-"; }},
      {"boundary edges", [](Q q) { return std::to_string(q.boundaryEdges); }},
      {"non-manifold edges", [](Q q) { return std::to_string(q.nonManifoldEdges); }},
      {"edges wound inconsistently", [](Q q) { return std::to_string(q.inconsistentEdges); }},
      {"degenerate faces", [](Q q) { return std::to_string(q.degenerateFaces); }},
      {"self-intersecting faces", [](Q q) { return std::to_string(q.selfIntersectingFaces); }},
      {"self-intersecting, % of faces", [](Q q) { return fixedText(q.selfIntersectingPercent, 3); }},
      {"folded edges", [](Q q) { return std::to_string(q.foldedEdges); }},
      {"inside out, % of area", [](Q q) { return q.invertedAreaPercent ? fixedText(*q.invertedAreaPercent, 3) : "-"; }},
      {"smallest angle, degrees", [](Q q) { return fixedText(q.minAngleDegrees, 2); }},
      {"angle of the 1 % sharpest faces", [](Q q) { return fixedText(q.angleP1Degrees, 2); }},
      {"mean edge", [](Q q) { return shortText(q.edgeMean, 4); }},
      {"shortest edge", [](Q q) { return shortText(q.edgeMin, 4); }},
      {"longest edge", [](Q q) { return shortText(q.edgeMax, 4); }},
      {"area", [](Q q) { return shortText(q.area, 5); }},
      {"volume", [](Q q) { return q.volume ? shortText(*q.volume, 5) : "-"; }}};
  return rows;
}

Rows comparisonRows(const EvalReport& r, const SilhouetteReport& heldOut) {
  return {{"volume IoU", r.volumeIoU ? fixedText(*r.volumeIoU, 5) : "-"},
          {"held-out IoU", fixedText(heldOut.iou, 5)},
          {"contour error, px", fixedText(heldOut.contourErrorPx, 3)},
          {"Chamfer-L1", fixedText(r.chamferL1, 6)},
          {"accuracy (mesh to reference)", fixedText(r.accuracy, 6)},
          {"completeness (reference to mesh)", fixedText(r.completeness, 6)},
          {"RMS distance", fixedText(r.rms, 6)},
          {"Hausdorff, 95 %", fixedText(r.hausdorff95, 6)},
          {"Hausdorff, largest", fixedText(r.hausdorffMax, 6)},
          {"F-score at 1 % of the diagonal", fixedText(r.fScore1, 4)},
          {"F-score at 0.5 % of the diagonal", fixedText(r.fScoreHalf, 4)},
          {"normal consistency", fixedText(r.normalConsistency, 4)},
          {"normal consistency, signed", fixedText(r.normalConsistencySigned, 4)},
          {"flipped, % of area", fixedText(r.flippedAreaPercent, 3)}};
}

std::string comparisonText(const EvalReport& r, const SilhouetteReport& heldOut) {
  Rows quality = {{"", "mesh", "reference"}};
  for (const QualityRow& row : qualityRows()) quality.push_back({row.label, row.text(r.mesh), row.text(r.reference)});
  return tableText(comparisonRows(r, heldOut)) + "\n" + tableText(quality) +
         "\nLengths in units of " + shortText(r.unit) + " of the files: the reference's radius.\n";
}

std::string qualityText(const MeshQuality& q) {
  Rows rows;
  for (const QualityRow& row : qualityRows()) rows.push_back({row.label, row.text(q)});
  return tableText(rows);
}

struct Result {
  Json json;
  std::string table;
};

Result measure(const EvalArguments& a) {
  ThreadPool pool(a.threads);
  const Mesh mesh = readMesh(a.input);
  Result result;
  result.json = {{"file", a.input.string()}};
  if (a.reference.empty()) {
    const MeshQuality quality = meshQuality(mesh, pool);
    result.json["unit"] = "as in the file";
    result.json["mesh"] = toJson(quality);
    result.table = qualityText(quality);
    return result;
  }
  const Mesh reference = readMesh(a.reference);
  const EvalReport report = evaluate(mesh, reference, a.options, pool);
  const SilhouetteReport heldOut = evaluateHeldOut(mesh, reference, pool);
  result.json["reference_file"] = a.reference.string();
  result.json["samples"] = a.options.samples;
  result.json["seed"] = a.options.seed;
  result.json["heldout_views"] = heldOut.views;
  result.json["heldout_iou"] = heldOut.iou;
  result.json["heldout_worst_iou"] = heldOut.worstIoU;
  result.json["contour_error_px"] = heldOut.contourErrorPx;
  result.json.update(toJson(report));
  result.table = comparisonText(report, heldOut);
  return result;
}

}  // namespace

ExitCode runEval(const EvalArguments& a) {
  requireInput(a.input);
  if (!a.reference.empty()) requireInput(a.reference);
  refuseToOverwrite("--json", a.json, "the input", a.input);
  refuseToOverwrite("--json", a.json, "--reference", a.reference);
  const Result result = measure(a);
  const std::string json = result.json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (a.json == "-") {
    std::cout << json;
    return ExitCode::Ok;
  }
  if (!a.json.empty()) writeFileAtomically(a.json, std::as_bytes(std::span(json)));
  std::cout << result.table;
  return ExitCode::Ok;
}

}  // namespace penumbra
