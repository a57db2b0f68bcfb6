#include "optim/fit/outline_residuals.h"

#include <cmath>

namespace penumbra {

OutlineMeter::OutlineMeter(std::shared_ptr<const ViewSet> views, ThreadPool& pool)
    : views_(std::move(views)), pool_(pool), tracer_(pool) {
  for (const View& view : views_->train) cameras_.emplace_back(view.camera);
}

OutlineResiduals OutlineMeter::measure(std::span<const glm::vec3> positions, const Topology& topology) {
  if (targets_.empty()) targets_ = makeTargetFields(views_->train, pool_);
  tracer_.trace({positions, &topology}, cameras_, {}, outlines_);
  // Distances of all samples.
  std::vector<std::vector<float>> away(outlines_.size());
  pool_.parallelFor(int(outlines_.size()), [&](int v, int) {
    const std::size_t view = std::size_t(v);
    if (targets_[view].empty()) return;
    for (const auto& sample : outlines_[view].samples)
      away[view].push_back(std::abs(targets_[view].at(sample.pixel).distance));
  });
  // Sums, in the order of the views.
  std::vector<float> sum(positions.size(), 0), length(positions.size(), 0);
  double total = 0, totalLength = 0;
  for (std::size_t view = 0; view < outlines_.size(); ++view)
    for (std::size_t s = 0; s < away[view].size(); ++s) {
      const auto& sample = outlines_[view].samples[s];
      const auto& part = outlines_[view].parts[std::size_t(sample.part)];
      total += double(sample.length * away[view][s]);
      totalLength += double(sample.length);
      for (const ContourEnd<float>& end : {part.endA, part.endB}) {
        sum[std::size_t(end.vertex)] += sample.length * away[view][s];
        length[std::size_t(end.vertex)] += sample.length;
      }
    }
  OutlineResiduals result{std::move(sum), totalLength > 0 ? total / totalLength : -1, totalLength};
  for (std::size_t i = 0; i < length.size(); ++i)
    result.vertex[i] = length[i] > 0 ? result.vertex[i] / length[i] : -1.0f;
  return result;
}

}  // namespace penumbra
