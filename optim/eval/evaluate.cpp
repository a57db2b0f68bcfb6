#include "optim/eval/evaluate.h"

#include <algorithm>
#include <cmath>

#include "optim/eval/exam_views.h"
#include "optim/eval/solid_overlap.h"
#include "optim/eval/surface_samples.h"
#include "optim/eval/triangle_bvh.h"
#include "optim/io/mesh_writers.h"
#include "optim/targets/metrics.h"
#include "optim/targets/targets.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

constexpr int kChunk = 1024;  // samples that one worker takes, one after another

Mesh moved(const Mesh& mesh, const Similarity& similarity) {
  Mesh result = mesh;
  for (glm::vec3& p : result.positions) p = glm::vec3(similarity.apply(glm::dvec3(p)));
  return result;
}

// From samples of one surface to another surface.
struct Gaps {
  std::vector<double> distance, normals;  // by sample; n . n' at the nearest point
  double mean = 0, meanSquare = 0, meanNormal = 0, meanAbsNormal = 0;

  double shareWithin(double threshold) const {
    const auto count = std::count_if(distance.begin(), distance.end(), [&](double d) { return d <= threshold; });
    return double(count) / double(distance.size());
  }
  double percentile(double share) {
    const auto index = std::size_t(std::ceil(share * double(distance.size()))) - 1;
    std::nth_element(distance.begin(), distance.begin() + std::ptrdiff_t(index), distance.end());
    return distance[index];
  }
};

Gaps measureGaps(const Mesh& from, const std::vector<SurfaceSample>& samples, const Mesh& to, const TriangleBvh& bvh,
                 ThreadPool& pool) {
  Gaps gaps;
  const int count = int(samples.size());
  gaps.distance.resize(samples.size());
  gaps.normals.resize(samples.size());
  pool.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
    int guess = -1;
    for (int i = chunk * kChunk; i < std::min(count, (chunk + 1) * kChunk); ++i) {
      const SurfaceSample& sample = samples[std::size_t(i)];
      const NearestPoint nearest = bvh.nearest(sample.point, guess);
      guess = nearest.face;
      gaps.distance[std::size_t(i)] = nearest.distance();
      gaps.normals[std::size_t(i)] = glm::dot(faceNormal(from, sample.face), faceNormal(to, nearest.face));
    }
  });
  for (std::size_t i = 0; i < samples.size(); ++i) {
    gaps.mean += gaps.distance[i] / count;
    gaps.meanSquare += gaps.distance[i] * gaps.distance[i] / count;
    gaps.meanNormal += gaps.normals[i] / count;
    gaps.meanAbsNormal += std::abs(gaps.normals[i]) / count;
  }
  return gaps;
}

double fScore(const Gaps& there, const Gaps& back, double threshold) {
  const double precision = there.shareWithin(threshold), recall = back.shareWithin(threshold);
  return precision + recall > 0 ? 2 * precision * recall / (precision + recall) : 0;
}

// Barycentric weights of a point on a face; a corner's where the face has no area.
glm::dvec3 weightsAt(const Mesh& mesh, int face, const glm::dvec3& p) {
  glm::dvec3 corner[3], weights(0);
  for (int k = 0; k < 3; ++k) corner[k] = glm::dvec3(mesh.positions[std::size_t(mesh.faces[std::size_t(face)][k])]);
  for (int k = 0; k < 3; ++k) weights[k] = glm::length(glm::cross(corner[(k + 1) % 3] - p, corner[(k + 2) % 3] - p));
  const double sum = weights.x + weights.y + weights.z;
  return sum > 0 ? weights / sum : glm::dvec3(1, 0, 0);
}

double flippedAreaPercent(const Mesh& mesh, const Mesh& reference, const TriangleBvh& bvh, ThreadPool& pool) {
  const int count = int(mesh.faces.size());
  const std::vector<glm::vec3> normals = vertexNormals(reference);
  std::vector<char> flipped(mesh.faces.size(), 0);
  pool.parallelFor((count + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int f = chunk * kChunk; f < std::min(count, (chunk + 1) * kChunk); ++f) {
      glm::dvec3 middle(0);
      for (int k = 0; k < 3; ++k) middle += glm::dvec3(mesh.positions[std::size_t(mesh.faces[std::size_t(f)][k])]) / 3.0;
      const NearestPoint nearest = bvh.nearest(middle);
      const glm::dvec3 weights = weightsAt(reference, nearest.face, nearest.point);
      glm::dvec3 there(0);
      for (int k = 0; k < 3; ++k)
        there += weights[k] * glm::dvec3(normals[std::size_t(reference.faces[std::size_t(nearest.face)][k])]);
      flipped[std::size_t(f)] = glm::dot(faceNormal(mesh, f), there) < 0;
    }
  });
  double all = 0, away = 0;
  for (int f = 0; f < count; ++f) {
    const double area = faceArea(mesh, f);
    all += area;
    away += flipped[std::size_t(f)] ? area : 0;
  }
  return 100 * away / all;
}

std::vector<SurfaceSample> samplesOf(const Mesh& mesh, const char* which, const EvalOptions& options) {
  std::vector<SurfaceSample> samples = sampleSurface(mesh, options.samples, options.seed);
  if (samples.empty())
    throw Error(ExitCode::Input, std::string("The ") + which + " has no area.", "Choose a mesh with faces that have some.");
  return samples;
}

void compareSurfaces(const Mesh& mesh, const Mesh& reference, const EvalOptions& options, ThreadPool& pool,
                     EvalReport& report) {
  const TriangleBvh meshTree(mesh), referenceTree(reference);
  Gaps there = measureGaps(mesh, samplesOf(mesh, "mesh", options), reference, referenceTree, pool);
  Gaps back = measureGaps(reference, samplesOf(reference, "reference", options), mesh, meshTree, pool);
  report.accuracy = there.mean;
  report.completeness = back.mean;
  report.chamferL1 = 0.5 * (there.mean + back.mean);
  report.rms = std::sqrt(0.5 * (there.meanSquare + back.meanSquare));
  report.normalConsistency = 0.5 * (there.meanAbsNormal + back.meanAbsNormal);
  report.normalConsistencySigned = 0.5 * (there.meanNormal + back.meanNormal);
  const double diagonal = boundsOf(reference).diagonal();
  report.fScore1 = fScore(there, back, 0.01 * diagonal);
  report.fScoreHalf = fScore(there, back, 0.005 * diagonal);
  report.hausdorff95 = std::max(there.percentile(0.95), back.percentile(0.95));
  report.hausdorffMax = std::max(there.percentile(1), back.percentile(1));
  report.flippedAreaPercent = flippedAreaPercent(mesh, reference, referenceTree, pool);
}

// Of masks drawn with `supersample` samples a pixel side.
SilhouetteReport compareMasks(const Mesh& mesh, std::span<const View> views, int supersample, ThreadPool& pool) {
  SilhouetteReport report;
  report.views = int(views.size());
  if (views.empty()) return report;
  std::vector<double> iou(views.size()), error(views.size());
  pool.parallelFor(int(views.size()), [&](int index, int) {
    const View& view = views[std::size_t(index)];
    const Mask mask = renderHardMask(mesh, view.camera, supersample);
    iou[std::size_t(index)] = maskIoU(mask, view.mask);
    error[std::size_t(index)] = contourErrorPx(mask, view.mask);
  });
  report.iou = 0;
  for (std::size_t i = 0; i < views.size(); ++i) {
    report.iou += iou[i] / double(views.size());
    report.contourErrorPx += error[i] / double(views.size());
  }
  report.worstIoU = *std::min_element(iou.begin(), iou.end());
  return report;
}

}  // namespace

EvalReport evaluate(const Mesh& mesh, const Mesh& reference, const EvalOptions& options, ThreadPool& pool) {
  if (options.samples < 1 || options.columns < 1)
    throw Error(ExitCode::Usage, "samples and columns must be at least 1.");
  const Similarity similarity = normalisationOf(reference);
  normalisationOf(mesh);  // refuses what cannot be measured
  const Mesh a = moved(mesh, similarity), b = moved(reference, similarity);
  EvalReport report;
  report.unit = 1 / similarity.scale;
  report.mesh = meshQuality(a, pool);
  report.reference = meshQuality(b, pool);
  compareSurfaces(a, b, options, pool, report);
  if (report.mesh.closed() && report.reference.closed())
    report.volumeIoU = overlapOfSolids(a, b, options.columns, pool).iou();
  return report;
}

SilhouetteReport evaluateSilhouettes(const Mesh& mesh, std::span<const View> views, ThreadPool& pool) {
  return compareMasks(mesh, views, kTargetSupersample, pool);
}

SilhouetteReport evaluateHeldOut(const Mesh& mesh, const Mesh& reference, ThreadPool& pool) {
  const Similarity similarity = normalisationOf(reference);
  normalisationOf(mesh);  // refuses what cannot be measured
  const std::vector<Camera> cameras = heldOutCameras();
  const std::vector<View> views = examViews(moved(reference, similarity), cameras, "held_out", pool);
  return compareMasks(moved(mesh, similarity), views, examSupersample(cameras[0].width), pool);
}

}  // namespace penumbra
