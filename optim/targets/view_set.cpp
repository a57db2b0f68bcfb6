// From a model to views: normalise, place cameras, render masks.
#include <algorithm>
#include <cmath>

#include "optim/targets/targets.h"
#include "optim/targets/view_coverage.h"
#include "renderer/error.h"

namespace penumbra {
namespace {

std::string viewName(const char* kind, std::size_t index) {
  std::string digits = std::to_string(index);
  digits.insert(0, digits.size() < 3 ? 3 - digits.size() : 0, '0');
  return std::string(kind) + "_" + digits;
}

std::vector<View> makeViews(const char* kind, const std::vector<Camera>& cameras, std::span<Mask> masks) {
  std::vector<View> views;
  for (std::size_t i = 0; i < cameras.size(); ++i)
    views.push_back({viewName(kind, i), cameras[i], std::move(masks[i])});
  return views;
}

}  // namespace

Similarity normalisationOf(const Mesh& model) {
  if (model.faces.empty())
    throw Error(ExitCode::Input, "The model has no faces.", "Choose a file that holds a triangle mesh.");
  Bounds bounds;
  for (const Face& face : model.faces)
    for (int k = 0; k < 3; ++k) {
      if (face[k] < 0 || std::size_t(face[k]) >= model.positions.size())
        throw Error(ExitCode::Input, "A face names vertex " + std::to_string(face[k]) + ", but the model has " +
                                         std::to_string(model.positions.size()) + " vertices.");
      const glm::dvec3 p(model.positions[face[k]]);
      if (!std::isfinite(p.x + p.y + p.z))
        throw Error(ExitCode::Input, "Vertex " + std::to_string(face[k]) + " of the model is not a finite number.");
      bounds.add(p);
    }
  Similarity similarity;
  similarity.centre = bounds.centre();
  double radius = 0;
  for (const Face& face : model.faces)
    for (int k = 0; k < 3; ++k)
      radius = std::max(radius, glm::length(glm::dvec3(model.positions[face[k]]) - similarity.centre));
  if (!(radius > 0))
    throw Error(ExitCode::Input, "All vertices of the model lie on one point.", "Choose a model with some extent.");
  similarity.scale = 1 / radius;
  return similarity;
}

std::vector<Mask> renderHardMasks(const Mesh& mesh, std::span<const Camera> cameras, ThreadPool& pool,
                                  int supersample) {
  std::vector<Mask> masks(cameras.size());
  pool.parallelFor(int(cameras.size()),
                   [&](int i, int) { masks[i] = renderHardMask(mesh, cameras[i], supersample); });
  return masks;
}

ViewSet makeViewSet(const Mesh& model, const std::string& name, const FitOptions& options, ThreadPool& pool) {
  ViewSet set;
  set.name = name;
  set.normalisation = normalisationOf(model);
  auto reference = std::make_shared<Mesh>(model);
  for (glm::vec3& p : reference->positions) p = glm::vec3(set.normalisation.apply(glm::dvec3(p)));

  const std::vector<Camera> train = placeCameras(options), heldOut = placeHeldOutCameras(options);
  std::vector<Camera> all = train;
  all.insert(all.end(), heldOut.begin(), heldOut.end());
  std::vector<Mask> masks = renderHardMasks(*reference, all, pool, kTargetSupersample);
  set.train = makeViews("train", train, std::span(masks).first(train.size()));
  set.heldOut = makeViews("held_out", heldOut, std::span(masks).last(heldOut.size()));
  set.reference = std::move(reference);
  set.notes = viewCoverageNotes(set.train);
  return set;
}

}  // namespace penumbra
