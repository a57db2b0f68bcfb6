#include "optim/newton/contour_terms.h"

#include <algorithm>
#include <cmath>

#include "renderer/core/contour_fit.h"

namespace penumbra {
namespace {

double coveredIoU(const ViewOutline<float>& outline, const TargetField& target) {
  long both = 0, own = 0;
  for (int y = 0; y + 1 < int(outline.runStart.size()); ++y)
    for (int r = outline.runStart[std::size_t(y)]; r < outline.runStart[std::size_t(y) + 1]; ++r) {
      const glm::ivec2 run = outline.runs[std::size_t(r)];
      own += run.y - run.x;
      both += target.coveredBetween(y, run.x, run.y);
    }
  const long either = own + target.covered() - both;
  return either > 0 ? double(both) / double(either) : 1.0;
}

using ViewRow = Eigen::Matrix<float, kViewUnknowns, 1>;

// Sums over the samples of a part of w times the factors of A and B times the view's row.
struct PartViewSums {
  ViewRow a = ViewRow::Zero(), b = ViewRow::Zero();
};

struct PartRows {
  int count = 0;
  int vertex[3];
  glm::vec3 a[3], b[3];
};

PartRows rowsOf(const MeshRef<float>& mesh, const CameraT<float>& camera, const OutlinePart<float>& part,
                const glm::vec2& direction, float nearPlane) {
  PartRows rows;
  const auto add = [&](const OutlineRow<float>& row, bool atB) {
    for (int i = 0; i < row.count; ++i) {
      int k = 0;
      while (k < rows.count && rows.vertex[k] != row.vertex[i]) ++k;
      if (k == rows.count) {
        rows.vertex[k] = row.vertex[i];
        rows.a[k] = rows.b[k] = glm::vec3(0);
        ++rows.count;
      }
      (atB ? rows.b[k] : rows.a[k]) += row.row[i];
    }
  };
  add(outlineRow(mesh, camera, part, 0.0f, direction, nearPlane), false);
  add(outlineRow(mesh, camera, part, 1.0f, direction, nearPlane), true);
  return rows;
}

ContourTerm termOf(const PartRows& rows, const FitSums& sums) {
  ContourTerm term;
  term.count = rows.count;
  for (int k = 0; k < rows.count; ++k) {
    term.vertex[k] = rows.vertex[k];
    term.diagonal[k] = {};
    addOuter(term.diagonal[k], rows.a[k], sums.aa);
    addOuter(term.diagonal[k], rows.b[k], sums.bb);
    addOuterBoth(term.diagonal[k], rows.a[k], rows.b[k], sums.ab);
    term.pull[k] = sums.a * rows.a[k] + sums.b * rows.b[k];
  }
  const int pairs = rows.count * (rows.count - 1) / 2;
  for (int p = 0; p < pairs; ++p) {
    const int k = kTermPairs[p][0], l = kTermPairs[p][1];
    term.pair[p] = glm::outerProduct(sums.aa * rows.a[k] + sums.ab * rows.b[k], rows.a[l]) +
                   glm::outerProduct(sums.ab * rows.a[k] + sums.bb * rows.b[k], rows.b[l]);
  }
  return term;
}

// What one sample knows of its view, see ViewTerms; `row` in world units.
struct MovingView {
  const CameraT<float>& camera;
  const ViewVector& units;
  ViewTerms& terms;
  Eigen::Matrix<float, kViewUnknowns, kViewUnknowns> square;  // of one part: short sums may be floats
  ViewRow pull;

  ViewRow row(const OutlineSample<float>& s, float unit) const {
    const float depth = unit * std::sqrt(camera.fx * camera.fy);
    const glm::vec3 x = depth * glm::vec3((s.pixel.x - camera.cx) / camera.fx, (s.pixel.y - camera.cy) / camera.fy, 1);
    return unit * viewRow(camera, units, x, s.normal);
  }
  void beginPart() { square.setZero(), pull.setZero(); }
  void endPart(const PartRows& rows, const PartViewSums& sums) {
    terms.square += square.cast<double>();
    terms.pull += pull.cast<double>();
    for (int k = 0; k < rows.count; ++k) {
      ViewTerms::Coupling& c = terms.coupling.emplace_back();
      c.vertex = rows.vertex[k];
      for (int j = 0; j < kViewUnknowns; ++j) c.column[j] = sums.a[j] * rows.a[k] + sums.b[j] * rows.b[k];
    }
  }
};

ContourMisfit sumTerms(const MeshRef<float>& mesh, const CameraT<float>& camera, const ViewOutline<float>& outline,
                       const TargetField& target, const ContourTermOptions& options, float width,
                       std::vector<ContourTerm>& terms, MovingView* view) {
  terms.clear();
  ContourMisfit misfit;
  misfit.iou = coveredIoU(outline, target);
  if (target.empty()) return misfit;
  const float focal = std::sqrt(camera.fx * camera.fy);
  const FitRules rules{float(options.clip), float(options.robust), float(kLengthScale)};
  FitMisfit sum{};
  const auto& samples = outline.samples;
  for (std::size_t first = 0, next = 0; first < samples.size(); first = next) {
    const OutlinePart<float>& part = outline.parts[std::size_t(samples[first].part)];
    FitSums sums{};
    PartViewSums viewSums;
    if (view) view->beginPart();
    for (next = first; next < samples.size() && samples[next].part == samples[first].part; ++next) {
      const OutlineSample<float>& s = samples[next];
      const float unit = outlineDepth(part, s.t) / focal;  // world units a pixel
      const FitFactors f = addSample(rules, target.at(s.pixel).distance - width, unit, s.t, s.length, sums, sum);
      if (!view) continue;
      const ViewRow row = view->row(s, unit);
      view->square += f.w * row * row.transpose();
      view->pull += f.w * f.r * row;
      viewSums.a += f.w * f.a * row, viewSums.b += f.w * f.b * row;
    }
    const PartRows rows = rowsOf(mesh, camera, part, part.normal, float(options.nearPlane));
    terms.push_back(termOf(rows, sums));
    if (view) view->endPart(rows, viewSums);
  }
  misfit.energy = sum.energy, misfit.length = sum.length;
  misfit.absolute = sum.absolute, misfit.squared = sum.squared;
  return misfit;
}

}  // namespace

ContourMisfit makeContourTerms(const MeshRef<float>& mesh, const CameraT<float>& camera, const ViewOutline<float>& outline,
                               const TargetField& target, const ContourTermOptions& options,
                               std::vector<ContourTerm>& terms) {
  return sumTerms(mesh, camera, outline, target, options, 0, terms, nullptr);
}

ContourMisfit makeContourTerms(const MeshRef<float>& mesh, const CameraT<float>& camera, const ViewOutline<float>& outline,
                               const TargetField& target, const ContourTermOptions& options, double width,
                               const ViewVector& units, std::vector<ContourTerm>& terms, ViewTerms& view) {
  view.coupling.clear();
  view.square.setZero();
  view.pull.setZero();
  MovingView moving{camera, units, view, {}, {}};
  return sumTerms(mesh, camera, outline, target, options, float(width), terms, &moving);
}

}  // namespace penumbra
