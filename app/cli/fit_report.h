// What came out of a fit, for a person (a few lines) and for a program (JSON).
#pragma once
#include <filesystem>
#include <string>

#include "optim/session/session.h"

namespace penumbra {

struct ReportHeader {
  std::filesystem::path input, output;
  bool interrupted = false;
  double totalSeconds = 0, peakMemoryMiB = 0;  // memory 0: not known
};

// Keys: program, version, input, output, interrupted, seconds (of fitting), stage_seconds (targets, start, fit, polish:
// optim/session/stage_seconds.h), total_seconds (from opening the input to the mesh saved), peak_memory_mib (of the
// processor's memory), iterations, iterations_per_second, loss, train_iou,
// heldout_iou, contour_error_px, vertices, faces, components, closed, genus, mesh (what
// `penumbra eval` tells of it; lengths with the object at radius 1), backend, backend_reason (why not the graphics
// card; empty when it is), card_bytes (its memory in use), train_views, heldout_views,
// options (all of them, as `--config` reads them), edits, notes, history, heldout_history. A figure that was not
// measured is null.
std::string reportJson(const Snapshot& snapshot, const ReportHeader& header);

// Throws Error(Save).
void writeReport(const std::filesystem::path& path, const Snapshot& snapshot, const ReportHeader& header);

// A few lines: quality, time, memory, and the path of the mesh on a line of its own at the end.
std::string resultText(const Snapshot& snapshot, const ReportHeader& header);

}  // namespace penumbra
