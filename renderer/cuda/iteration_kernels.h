// The end of an iteration: its metrics, and the step to the next row of the table.
#pragma once
#include "renderer/cuda/mesh_pass.h"
#include "renderer/cuda/pixel_loss.h"

namespace penumbra::device {

struct MetricsRecord {
  double silhouette, trainIoU, gradientNorm;
  TermValues terms;
};

// One thread. Without `advance` the iteration stays where it is.
struct FinishIteration {
  const IterationRecord* table;
  const int* steps;  // see BeginIteration
  const ViewRecord* views;
  const ViewSums* viewSums;  // in the order of the step's views
  const MeshTotals* totals;
  TermWeights weights;
  MetricsRecord* metrics;
  Counters* counters;
  Loss loss;
  double silhouetteWeight;
  int stepStride, advance;
  PENUMBRA_HD void operator()(Index) const {
    if (counters->trouble) return;
    const int row = counters->iteration, count = table[row].slots;
    MetricsRecord m{};
    for (int s = 0; s < count; ++s) {
      const int view = steps ? steps[Index(row) * stepStride + s] : s;
      m.silhouette += viewLoss(loss, views[view], viewSums[s]);
      m.trainIoU += viewIoU(viewSums[s]);
    }
    m.silhouette *= silhouetteWeight / count;
    m.trainIoU /= count;
    m.gradientNorm = std::sqrt(totals->squaredGradient);
    m.terms = weights.values(*totals);
    *metrics = m;
    if (advance) counters->iteration = row + 1;
  }
};

}  // namespace penumbra::device
