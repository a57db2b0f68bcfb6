#include "optim/newton/contour_terms.h"

#include <algorithm>
#include <cmath>

namespace penumbra {
namespace {

double coveredIoU(const ViewOutline<float>& outline, const Mask& mask) {
  long both = 0, own = 0, target = 0;
  for (int y = 0; y < mask.height; ++y) {
    const float* row = mask.pixels.data() + std::size_t(y) * std::size_t(mask.width);
    for (int x = 0; x < mask.width; ++x) target += row[x] >= 0.5f;
    for (int r = outline.runStart[std::size_t(y)]; r < outline.runStart[std::size_t(y) + 1]; ++r) {
      const glm::ivec2 run = outline.runs[std::size_t(r)];
      own += run.y - run.x;
      for (int x = run.x; x < run.y; ++x) both += row[x] >= 0.5f;
    }
  }
  const long either = own + target - both;
  return either > 0 ? double(both) / double(either) : 1.0;
}

}  // namespace

ContourMisfit makeContourTerms(const MeshRef<float>& mesh, const CameraT<float>& camera, const ViewOutline<float>& outline,
                               const TargetField& target, const Mask& mask, const ContourTermOptions& options,
                               std::vector<ContourTerm>& terms) {
  terms.clear();
  ContourMisfit misfit;
  misfit.iou = coveredIoU(outline, mask);
  if (target.empty()) return misfit;
  const float focal = std::sqrt(camera.fx * camera.fy), clip = float(options.clip), k = float(options.robust);
  for (const OutlineSample<float>& s : outline.samples) {
    const OutlinePart<float>& part = outline.parts[std::size_t(s.part)];
    const TargetField::Sample seen = target.at(s.pixel);
    const float phi = std::clamp(seen.distance, -clip, clip), size = std::abs(phi);
    misfit.length += double(s.length);
    misfit.absolute += double(s.length * std::abs(seen.distance));
    misfit.squared += double(s.length * seen.distance * seen.distance);
    const float unit = outlineDepth(part, s.t) / focal;  // world units a pixel
    const float far = k > 0 && size > k ? k / size : 1;
    const float weight = float(kLengthScale) * s.length * unit;
    // Huber: r^2 / 2 up to k, then k |r| - k^2 / 2
    misfit.energy += double(weight * unit * unit * (far < 1 ? k * size - 0.5f * k * k : 0.5f * phi * phi));
    const OutlineRow<float> row = outlineRow(mesh, camera, part, s.t, s.normal, float(options.nearPlane));
    ContourTerm term{row.count, {}, {}, phi * unit, weight * far};
    for (int i = 0; i < row.count; ++i) {
      term.vertex[i] = row.vertex[i];
      term.row[i] = row.row[i] * unit;
    }
    terms.push_back(term);
  }
  return misfit;
}

}  // namespace penumbra
