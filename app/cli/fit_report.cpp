#include "app/cli/fit_report.h"

#include <nlohmann/json.hpp>

#include "app/cli/text.h"
#include "optim/eval/eval_json.h"
#include "optim/io/atomic_file.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

using Json = nlohmann::ordered_json;

const Metrics* lastMetrics(const Snapshot& s) { return s.history && !s.history->empty() ? &s.history->back() : nullptr; }

const HeldOutMetrics* lastHeldOut(const Snapshot& s) {
  return s.heldOut && !s.heldOut->empty() ? &s.heldOut->back() : nullptr;
}

Json metricsJson(const Snapshot& s) {
  Json rows = Json::array();
  if (s.history)
    for (const Metrics& m : *s.history)
      rows.push_back({{"iteration", m.iteration}, {"seconds", m.seconds}, {"loss", m.loss}, {"train_iou", m.trainIoU}});
  return rows;
}

Json heldOutJson(const Snapshot& s) {
  Json rows = Json::array();
  if (s.heldOut)
    for (const HeldOutMetrics& m : *s.heldOut)
      rows.push_back({{"iteration", m.iteration}, {"iou", m.iou}, {"contour_error_px", m.contourErrorPx}});
  return rows;
}

Json editsJson(const Snapshot& s) {
  Json rows = Json::array();
  if (s.edits)
    for (const OptionEdit& e : *s.edits)
      rows.push_back({{"iteration", e.iteration}, {"option", e.name}, {"from", e.from}, {"to", e.to}});
  return rows;
}

Json stagesJson(const StageSeconds& s) {
  return {{"targets", s.targets}, {"start", s.start}, {"fit", s.fit}, {"polish", s.polish}};
}

std::string stagesText(const StageSeconds& s, const ReportHeader& header) {
  std::string text = "masks " + durationText(s.targets) + ", start " + durationText(s.start) + ", fit " + durationText(s.fit) +
                     ", polish " + durationText(s.polish) + "; " + durationText(header.totalSeconds) + " in all";
  if (header.peakMemoryMiB > 0) text += ", at most " + fixedText(header.peakMemoryMiB, 0) + " MiB of memory";
  return text + "\n";
}

void addMesh(Json& json, const Snapshot& s) {
  if (!s.positions || !s.faces) return;
  const TopologySummary topology = summarise(buildTopology(int(s.positions->size()), *s.faces));
  json["vertices"] = s.positions->size();
  json["faces"] = s.faces->size();
  json["components"] = topology.components;
  json["closed"] = topology.closed();
  json["genus"] = topology.closed() ? Json(topology.genus()) : Json();
  ThreadPool pool(s.options.threads);
  json["mesh"] = toJson(meshQuality({*s.positions, *s.faces}, pool));
}

}  // namespace

std::string reportJson(const Snapshot& s, const ReportHeader& header) {
  const Metrics* metrics = lastMetrics(s);
  const HeldOutMetrics* heldOut = lastHeldOut(s);
  Json json = {{"program", "penumbra"},
               {"version", PENUMBRA_VERSION},
               {"input", header.input.string()},
               {"output", header.output.string()},
               {"interrupted", header.interrupted},
               {"seconds", s.secondsFitting},
               {"stage_seconds", stagesJson(s.stages)},
               {"total_seconds", header.totalSeconds},
               {"peak_memory_mib", header.peakMemoryMiB > 0 ? Json(header.peakMemoryMiB) : Json()},
               {"iterations", s.iteration},
               {"iterations_per_second", s.secondsFitting > 0 ? s.iteration / s.secondsFitting : 0}};
  json["converged"] = s.converged;
  if (metrics && metrics->outlinePx >= 0) json["outline_px"] = metrics->outlinePx;
  json["loss"] = metrics ? Json(metrics->loss) : Json();
  json["train_iou"] = metrics ? Json(metrics->trainIoU) : Json();
  json["heldout_iou"] = heldOut ? Json(heldOut->iou) : Json();
  json["contour_error_px"] = heldOut ? Json(heldOut->contourErrorPx) : Json();
  json["heldout_iteration"] = heldOut ? Json(heldOut->iteration) : Json();
  json["best_iteration"] = heldOut && s.bestIteration > 0 ? Json(s.bestIteration) : Json();
  json["restored_best"] = s.restoredBest;
  addMesh(json, s);
  json["backend"] = s.backend;
  json["backend_reason"] = s.backendReason;
  json["card_bytes"] = s.cardBytes;
  json["train_views"] = s.views ? s.views->train.size() : 0;
  json["heldout_views"] = s.views ? s.views->heldOut.size() : 0;
  json["options"] = Json::parse(optionsToJson(s.options, false));
  json["edits"] = editsJson(s);
  json["notes"] = s.views ? Json(s.views->notes) : Json::array();
  json["history"] = metricsJson(s);
  json["heldout_history"] = heldOutJson(s);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

void writeReport(const std::filesystem::path& path, const Snapshot& snapshot, const ReportHeader& header) {
  const std::string text = reportJson(snapshot, header);
  writeFileAtomically(path, std::as_bytes(std::span(text)));
}

std::string resultText(const Snapshot& s, const ReportHeader& header) {
  std::string text;
  if (const HeldOutMetrics* heldOut = lastHeldOut(s))
    text += "held-out IoU " + fixedText(heldOut->iou, 4) + ", contour error " + fixedText(heldOut->contourErrorPx, 2) +
            " px (" + std::to_string(s.views->heldOut.size()) + " views that were not fitted)\n";
  if (const Metrics* metrics = lastMetrics(s))
    text += "train IoU " + fixedText(metrics->trainIoU, 4) + ", " + std::to_string(s.iteration) + " iterations in " +
            durationText(s.secondsFitting) + " on " + s.backend + "\n";
  return text + stagesText(s.stages, header) + header.output.string() + "\n";
}

}  // namespace penumbra
