#include "optim/newton/view_correction.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "optim/hull/visual_hull.h"
#include "optim/newton/newton_step.h"
#include "renderer/topology.h"

namespace penumbra {
namespace {

std::vector<ViewVector> motionsOf(const ViewCorrection& now, ThreadPool& pool) {
  using C = ViewCorrection;
  const std::vector<View>& views = now.views->train;
  const std::vector<const Mask*> distances = now.masks->distances();
  const KnownMasks known{distances, now.masks->trust};
  HullOptions options;
  options.resolution = C::kHullResolution;
  options.edgePixels = C::kEdgePixels;
  Mesh mesh = makeVisualHull(views, options, pool, &known).mesh;
  const Topology topology = buildTopology(int(mesh.positions.size()), mesh.faces);
  NewtonStepper stepper(now.views, pool, now.masks);
  NewtonSettings settings;
  settings.prior = 1 + C::kNoisePrior * known.trust.noise;
  settings.viewPrior = C::kViewPrior;
  settings.contour.robust = C::kRobust;
  double damping = 1e-3;
  for (int i = 0; i < C::kSteps; ++i)
    if (!stepper.step(mesh.positions, topology, settings, damping).accepted) break;
  std::vector<Camera> cameras;
  for (const View& view : views) cameras.push_back(view.camera);
  return withoutCommonMotion(cameras, stepper.viewMotions());
}

std::shared_ptr<const ViewSet> moved(const ViewSet& views, const std::vector<ViewVector>& motions) {
  auto corrected = std::make_shared<ViewSet>(views);
  corrected->heldOut.clear();
  for (std::size_t v = 0; v < motions.size(); ++v) {
    corrected->train[v].camera = movedCamera(corrected->train[v].camera, motions[v]);
    corrected->train[v].width += motions[v][6];
  }
  return corrected;
}

std::string oneDigit(double value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, 1).ptr};
}

}  // namespace

std::string ViewCorrection::summary() const {
  return "cameras corrected by " + oneDigit(meanMove) + " px, widths of masks by " + oneDigit(meanWidth) + " px";
}

ViewCorrection correctViews(std::shared_ptr<const ViewSet> views, std::shared_ptr<const JudgedMasks> masks, ThreadPool& pool) {
  ViewCorrection result;
  result.views = std::move(views);
  result.masks = std::move(masks);
  std::vector<ViewVector> sums(result.views->train.size(), ViewVector::Zero());
  while (result.rounds < ViewCorrection::kRounds) {
    const std::vector<ViewVector> motions = motionsOf(result, pool);
    const auto next = moved(*result.views, motions);
    const auto judged = std::make_shared<const JudgedMasks>(next->train, pool);
    if (judged->trust.noise >= std::max(result.masks->trust.noise, ViewTrust::kNoisy)) break;
    result.views = next;
    result.masks = judged;
    ++result.rounds;
    for (std::size_t v = 0; v < sums.size(); ++v) sums[v] += motions[v];
    if (!judged->trust.noisy()) break;
  }
  for (const ViewVector& q : sums) {
    result.meanMove += q.head<kViewUnknowns - 1>().norm() / double(sums.size());
    result.meanWidth += std::abs(q[kViewUnknowns - 1]) / double(sums.size());
  }
  return result;
}

}  // namespace penumbra
