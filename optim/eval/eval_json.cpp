#include "optim/eval/eval_json.h"

#include <nlohmann/json.hpp>

namespace penumbra {
namespace {

using Json = nlohmann::ordered_json;

template <class Value> Json orNull(const std::optional<Value>& value) { return value ? Json(*value) : Json(); }

}  // namespace

Json toJson(const MeshQuality& q) {
  return {{"vertices", q.vertices},
          {"faces", q.faces},
          {"components", q.components},
          {"genus", orNull(q.genus)},
          {"closed", q.closed()},
          {"boundary_edges", q.boundaryEdges},
          {"non_manifold_edges", q.nonManifoldEdges},
          {"inconsistent_edges", q.inconsistentEdges},
          {"degenerate_faces", q.degenerateFaces},
          {"self_intersecting_faces", q.selfIntersectingFaces},
          {"self_intersecting_percent", q.selfIntersectingPercent},
          {"folded_edges", q.foldedEdges},
          {"inverted_area_percent", orNull(q.invertedAreaPercent)},
          {"area", q.area},
          {"volume", orNull(q.volume)},
          {"min_angle_degrees", q.minAngleDegrees},
          {"angle_p1_degrees", q.angleP1Degrees},
          {"edge_mean", q.edgeMean},
          {"edge_min", q.edgeMin},
          {"edge_max", q.edgeMax},
          {"edge_deviation", q.edgeDeviation}};
}

Json toJson(const EvalReport& r) {
  return {{"unit", "distance of the reference's farthest vertex from the middle of its bounding box"},
          {"unit_in_input_coordinates", r.unit},
          {"volume_iou", orNull(r.volumeIoU)},
          {"chamfer_l1", r.chamferL1},
          {"accuracy", r.accuracy},
          {"completeness", r.completeness},
          {"rms", r.rms},
          {"hausdorff_p95", r.hausdorff95},
          {"hausdorff_max", r.hausdorffMax},
          {"f_score_at_1_percent_of_diagonal", r.fScore1},
          {"f_score_at_half_percent_of_diagonal", r.fScoreHalf},
          {"normal_consistency", r.normalConsistency},
          {"normal_consistency_signed", r.normalConsistencySigned},
          {"flipped_area_percent", r.flippedAreaPercent},
          {"mesh", toJson(r.mesh)},
          {"reference", toJson(r.reference)}};
}

Json toJson(const SilhouetteReport& r) {
  return {{"views", r.views}, {"iou", r.iou}, {"worst_iou", r.worstIoU}, {"contour_error_px", r.contourErrorPx}};
}

}  // namespace penumbra
